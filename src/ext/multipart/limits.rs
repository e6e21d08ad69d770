//! `UploadLimits`: how much of what an upload may have.

use std::fmt;

/// How much an upload may have, for an app by [`Uploads::with_limits`](super::Uploads::with_limits),
/// and as a middleware for a part of it or one route. More is a 413.
///
/// What is not said stays as it is further out, so a route says only what is special about it.
///
/// ```
/// use cepa::multipart::{FormData, MultipartForm, UploadLimits, UploadedFile, Uploads};
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Video { file: UploadedFile }
///
/// async fn publish(MultipartForm(video): MultipartForm<Video>) -> String {
///     video.file.size().to_string()
/// }
///
/// let films = UploadLimits::new().with_total(2 * 1024 * 1024 * 1024).with_files(1);
/// let client = App::new().plug(Uploads::new()).post("/films", publish.with(films)).test();
/// let form = FormData::new().with_file("file", "a.mp4", "film");
/// let req = client.post("/films").header("content-type", form.content_type());
/// req.body(form).send().assert_text("4");
/// ```
#[derive(Clone, Copy, Default)]
#[must_use = "limits do nothing until they are in an app: `handler.with(limits)`"]
pub struct UploadLimits {
    total: Option<u64>,
    parts: Option<usize>,
    part_head: Option<usize>,
    files: Option<usize>,
    file_size: Option<u64>,
    text_size: Option<u64>,
    memory: Option<usize>,
}

/// The same with everything said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) total: u64,
    pub(super) parts: usize,
    pub(super) part_head: usize,
    pub(super) files: usize,
    pub(super) file_size: u64,
    pub(super) text_size: u64,
    pub(super) memory: usize,
}

const MIB: u64 = 1024 * 1024;

impl UploadLimits {
    /// The defaults, or what holds further out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the whole body. Default: what [`BodyLimit`](crate::BodyLimit) or
    /// [`Server::with_body_limit`](crate::Server::with_body_limit) said, otherwise 32 MiB. What is
    /// said here counts before those.
    pub fn with_total(mut self, bytes: u64) -> Self {
        self.total = Some(bytes);
        self
    }

    /// Parts, be they text or files. Default: 1,000.
    pub fn with_parts(mut self, parts: usize) -> Self {
        self.parts = Some(parts);
        self
    }

    /// Bytes of the headers of one part. Default: 8 KiB.
    pub fn with_part_head(mut self, bytes: usize) -> Self {
        self.part_head = Some(bytes);
        self
    }

    /// Files. Default: 100.
    pub fn with_files(mut self, files: usize) -> Self {
        self.files = Some(files);
        self
    }

    /// Bytes of one file. Default: no limit but that of the whole body.
    pub fn with_file_size(mut self, bytes: u64) -> Self {
        self.file_size = Some(bytes);
        self
    }

    /// Bytes of one part that is read into memory by `bytes`, `text` or `json`, and of all the text
    /// of a form together. Default: 1 MiB.
    pub fn with_text_size(mut self, bytes: u64) -> Self {
        self.text_size = Some(bytes);
        self
    }

    /// Bytes of the files of a form that stay in memory, all together; what is more goes to a
    /// temporary file. Default: 1 MiB.
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// These, and where nothing is said, the others.
    pub(super) fn or(self, outer: Self) -> Self {
        Self {
            total: self.total.or(outer.total),
            parts: self.parts.or(outer.parts),
            part_head: self.part_head.or(outer.part_head),
            files: self.files.or(outer.files),
            file_size: self.file_size.or(outer.file_size),
            text_size: self.text_size.or(outer.text_size),
            memory: self.memory.or(outer.memory),
        }
    }

    /// What holds, where the request's body has maybe a limit of its own.
    pub(super) fn settle(self, body_limit: Option<u64>) -> Limits {
        Limits {
            total: self.total.or(body_limit).unwrap_or(32 * MIB),
            parts: self.parts.unwrap_or(1_000),
            part_head: self.part_head.unwrap_or(8 * 1024),
            files: self.files.unwrap_or(100),
            file_size: self.file_size.unwrap_or(u64::MAX),
            text_size: self.text_size.unwrap_or(MIB),
            memory: self.memory.unwrap_or(1024 * 1024),
        }
    }

    /// What is wrong with them.
    pub(super) fn wrong_options(&self) -> Vec<String> {
        let none = [
            (self.total == Some(0), "with_total"),
            (self.parts == Some(0), "with_parts"),
            (self.part_head == Some(0), "with_part_head"),
        ];
        let none = none.iter().filter(|(is_none, _)| *is_none);
        none.map(|(_, knob)| {
            format!("`{knob}(0)` lets no upload through: allow more, or leave the route out")
        })
        .collect()
    }
}

/// What was said.
impl fmt::Debug for UploadLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = [
            ("total", self.total),
            ("parts", self.parts.map(|it| it as u64)),
            ("part_head", self.part_head.map(|it| it as u64)),
            ("files", self.files.map(|it| it as u64)),
            ("file_size", self.file_size),
            ("text_size", self.text_size),
            ("memory", self.memory.map(|it| it as u64)),
        ];
        let said = said
            .iter()
            .filter_map(|(name, value)| Some((name, (*value)?)));
        let mut shown = f.debug_struct("UploadLimits");
        for (name, value) in said {
            shown.field(name, &value);
        }
        shown.finish()
    }
}
