//! The content codings that there are (RFC 9110, 8.4.1; RFC 7932; RFC 8878).

/// A content coding.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::compression::{Coding, Compression};
///
/// let compression = Compression::new().with_codings([Coding::Gzip]);
/// let app = App::new().with(compression).get("/", async || "onion ".repeat(500));
/// let res = app.test().get("/").header("accept-encoding", "br, gzip").send();
/// res.assert_header("content-encoding", Coding::Gzip.as_str());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// `zstd`: as small as br in less than half the time.
    Zstd,
    /// `br`: known to more clients than zstd.
    Brotli,
    /// `gzip`: known everywhere.
    Gzip,
    /// `deflate`, in the form of zlib.
    Deflate,
}

impl Coding {
    /// The best first.
    pub(super) const ALL: [Self; 4] = [Self::Zstd, Self::Brotli, Self::Gzip, Self::Deflate];

    /// What a request may have, for `Accept-Encoding`.
    pub(super) const LIST: &'static str = "zstd, br, gzip, deflate";

    /// Its name in `Content-Encoding` and `Accept-Encoding`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The coding of this name, in any case; `x-gzip` is `gzip` (RFC 9110, 8.4.1.3).
    pub(super) fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("x-gzip") {
            return Some(Self::Gzip);
        }
        let mut all = Self::ALL.into_iter();
        all.find(|coding| coding.as_str().eq_ignore_ascii_case(name))
    }
}
