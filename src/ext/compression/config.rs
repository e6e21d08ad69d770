//! `Compression` and `Decompression`: what is compressed how, and what is not.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::coding::Coding;
use super::rules::is_text;

/// Middleware that compresses responses; see the [module](self::super).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::compression::{Coding, Compression, CompressionLevel};
///
/// let compression = Compression::new()
///     .with_level(CompressionLevel::Fast)
///     .with_codings([Coding::Zstd, Coding::Gzip])
///     .with_min_size(100);
/// let client = App::new()
///     .with(compression)
///     .get("/", async || "many words, many words. ".repeat(10))
///     .test();
/// let res = client.get("/").header("accept-encoding", "gzip, deflate, br").send();
/// res.assert_header("content-encoding", "gzip");
/// client.get("/").send().assert_contains("many words");
/// ```
#[must_use = "it compresses nothing until it is in an app: `app.with(compression)`"]
pub struct Compression {
    pub(super) is_off: bool,
    pub(super) level: CompressionLevel,
    pub(super) min_size: u64,
    pub(super) codings: Vec<Coding>,
    /// Their names, to choose from.
    pub(super) names: Vec<&'static str>,
    pub(super) is_compressible: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Taken by bodies that are compressed while they are sent.
    pub(super) streams: Arc<Semaphore>,
}

/// Streams that are compressed at once: with the largest of encoders, some 350 MB.
const STREAMS: usize = 128;

/// How much time a smaller response is worth.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::compression::{Compression, CompressionLevel};
///
/// async fn numbers() -> String {
///     (0..9_999).map(|n| n.to_string()).collect()
/// }
///
/// let size = |level| {
///     let app = App::new().with(Compression::new().with_level(level)).get("/", numbers);
///     app.test().get("/").header("accept-encoding", "gzip").send().bytes().len()
/// };
/// assert!(size(CompressionLevel::Small) < size(CompressionLevel::Fast));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompressionLevel {
    /// Little time: br 1, zstd, gzip and deflate 3.
    Fast,
    /// Small enough for its time: br 4, zstd, gzip and deflate 6.
    #[default]
    Balanced,
    /// A few percent less, at twice the time: br 6, zstd, gzip and deflate 9. More would hold up other
    /// requests: what is the same for everyone is better compressed beforehand.
    Small,
}

impl Compression {
    /// Compresses by zstd, br, gzip or deflate what is text and 1 KiB at least.
    pub fn new() -> Self {
        let compression = Self {
            is_off: false,
            level: CompressionLevel::default(),
            min_size: 1024,
            codings: Vec::new(),
            names: Vec::new(),
            is_compressible: Box::new(is_text),
            streams: Arc::new(Semaphore::new(STREAMS)),
        };
        compression.with_codings(Coding::ALL)
    }

    /// Lets no `Compression` further out compress what is inside: for routes whose answers have
    /// secrets beside text that strangers chose (BREACH).
    pub fn off() -> Self {
        let mut compression = Self::new();
        compression.is_off = true;
        compression
    }

    /// Which codings are used. Of those that a client likes equally, the first is. None is a problem
    /// that `build` reports.
    pub fn with_codings(mut self, codings: impl IntoIterator<Item = Coding>) -> Self {
        self.codings = codings.into_iter().collect();
        self.names = self.codings.iter().map(|coding| coding.as_str()).collect();
        self
    }

    /// Time or size. Default: [`CompressionLevel::Balanced`].
    pub fn with_level(mut self, level: CompressionLevel) -> Self {
        self.level = level;
        self
    }

    /// How many bytes a body has at least, where its length is known. Default: 1024; below, what is
    /// won is less than a packet.
    pub fn with_min_size(mut self, bytes: u64) -> Self {
        self.min_size = bytes;
        self
    }

    /// How many responses are compressed at the same time while they are sent, each in up to 3 MiB
    /// of memory until it is over; those beyond are sent as they are. Default: 128. What is up to
    /// 64 KiB in memory is compressed at once and does not count.
    pub fn with_max_streams(mut self, streams: usize) -> Self {
        self.streams = Arc::new(Semaphore::new(streams.min(Semaphore::MAX_PERMITS)));
        self
    }

    /// Which media types are compressed: it is asked with the type in lower case and without
    /// parameters, such as `text/html`. Event streams never are. Default: those that are text.
    pub fn with_types(
        mut self,
        is_compressible: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.is_compressible = Box::new(is_compressible);
        self
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compression")
            .field("is_off", &self.is_off)
            .field("codings", &self.names)
            .field("level", &self.level)
            .field("min_size", &self.min_size)
            .finish_non_exhaustive()
    }
}

/// Middleware that decompresses requests; see the [module](self::super).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::compression::Decompression;
///
/// let app = App::new().with(Decompression::new()).post("/", async |text: String| text);
/// let client = app.test();
/// let zlib = b"\x78\x01\x01\x02\x00\xfd\xffhi\x01\x3b\x00\xd2".to_vec();
/// client.post("/").header("content-encoding", "deflate").body(zlib).send().assert_text("hi");
/// let res = client.post("/").header("content-encoding", "lzma").body("hi").send();
/// res.assert_status(415).assert_header("accept-encoding", "zstd, br, gzip, deflate");
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "it decompresses nothing until it is in an app: `app.with(Decompression::new())`"]
pub struct Decompression(());

impl Decompression {
    /// Decompresses zstd, br, gzip and deflate.
    pub fn new() -> Self {
        Self(())
    }
}
