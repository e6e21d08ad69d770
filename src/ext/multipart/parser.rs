//! From the bytes of a body to its parts (RFC 2046, 5.1.1), piece by piece.
//!
//! Before it: `Multipart` found the boundary. After it: a `Field` hands the bytes of its part on.
//! What is kept meanwhile is one piece of the body, or one head.

use bytes::{Buf, BytesMut};
use memchr::memmem::{self, Finder};

use super::error::MultipartError;
use super::head::{PartHead, parse_head};
use super::limits::Limits;
use crate::{Body, Bytes, Result};

/// Bytes that are looked through at a time.
const PIECE: usize = 64 * 1024;

/// Bytes that are copied at a time to what is left of the piece before.
const JOINED: usize = 4 * 1024;

/// Reads one part after the other.
pub(super) struct Parser {
    body: Body,
    /// What was read and not handed on.
    piece: Bytes,
    /// What the body gave beyond that.
    rest: Bytes,
    /// The line break and boundary between parts.
    delimiter: Finder<'static>,
    place: Place,
    limits: Limits,
    parts: usize,
    files: usize,
    /// The part that is read is a file without a name, which counts once it has content.
    is_nameless: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first delimiter, where nothing counts.
    Preamble,
    /// Behind a delimiter.
    Delimiter,
    /// In the content of a part, of which so many bytes may still come.
    Content { left: u64 },
    /// Behind the last delimiter.
    End,
    /// Behind a mistake.
    Lost,
}

impl Parser {
    pub(super) fn new(body: Body, boundary: &str, limits: Limits) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            body,
            // The first delimiter needs no line break before it.
            piece: Bytes::from_static(b"\r\n"),
            rest: Bytes::new(),
            delimiter: Finder::new(&delimiter).into_owned(),
            place: Place::Preamble,
            limits,
            parts: 0,
            files: 0,
            is_nameless: false,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Goes on to the next part; what is left of this one is passed over. `None` behind the last.
    pub(super) async fn next_part(&mut self) -> Result<Option<PartHead>> {
        let head = self.go_on().await;
        if head.is_err() {
            self.place = Place::Lost;
        }
        head
    }

    async fn go_on(&mut self) -> Result<Option<PartHead>> {
        match self.place {
            Place::End => return Ok(None),
            Place::Lost => return Err(MultipartError::Malformed(AFTER_A_MISTAKE).into_error()),
            Place::Preamble => while self.up_to_delimiter().await?.is_some() {},
            Place::Content { .. } => while self.content("").await?.is_some() {},
            Place::Delimiter => {}
        }
        if self.is_last().await? {
            self.place = Place::End;
            // What stands behind it is nothing, but the connection can be used again.
            while let Some(chunk) = self.body.chunk().await {
                chunk?;
            }
            return Ok(None);
        }
        let head = self.head().await?;
        let left = self.admit(&head).map_err(MultipartError::into_error)?;
        self.place = Place::Content { left };
        Ok(Some(head))
    }

    /// The next bytes of the part that is read, which belongs to this field; `None` at its end.
    pub(super) async fn content(&mut self, field: &str) -> Result<Option<Bytes>> {
        let Place::Content { left } = self.place else {
            return Ok(None);
        };
        let Some(bytes) = self.up_to_delimiter().await? else {
            return Ok(None);
        };
        if std::mem::take(&mut self.is_nameless)
            && let Err(error) = self.admit_file()
        {
            self.place = Place::Lost;
            return Err(error.into_error());
        }
        let Some(left) = left.checked_sub(bytes.len() as u64) else {
            self.place = Place::Lost;
            let (field, limit) = (field.to_owned(), self.limits.file_size);
            return Err(MultipartError::FileTooLarge { field, limit }.into_error());
        };
        if self.place != Place::Delimiter {
            self.place = Place::Content { left };
        }
        Ok(Some(bytes))
    }

    /// The next bytes before a delimiter, some at least; `None` behind it.
    async fn up_to_delimiter(&mut self) -> Result<Option<Bytes>> {
        while self.place != Place::Delimiter {
            if let Some(at) = self.delimiter.find(&self.piece) {
                let bytes = self.piece.split_to(at);
                self.piece.advance(self.delimiter.needle().len());
                self.place = Place::Delimiter;
                return Ok(Some(bytes).filter(|bytes| !bytes.is_empty()));
            }
            let certain = self.piece.len() - self.begun();
            if certain > 0 {
                return Ok(Some(self.piece.split_to(certain)));
            }
            self.need().await?;
        }
        Ok(None)
    }

    /// How many bytes at the end of the piece can be the beginning of a delimiter. It has one
    /// carriage return, its first byte.
    fn begun(&self) -> usize {
        let delimiter = self.delimiter.needle();
        let from = self.piece.len().saturating_sub(delimiter.len() - 1);
        let end = &self.piece[from..];
        match memchr::memrchr(b'\r', end) {
            Some(at) if delimiter.starts_with(&end[at..]) => end.len() - at,
            _ => 0,
        }
    }

    /// Whether the delimiter that was passed ends the whole.
    async fn is_last(&mut self) -> Result<bool> {
        while self.piece.len() < 2 {
            self.need().await?;
        }
        Ok(self.piece.starts_with(b"--"))
    }

    /// What stands between a delimiter and the content: the end of its line, then headers.
    async fn head(&mut self) -> Result<PartHead> {
        const END: &[u8] = b"\r\n\r\n";
        let limit = self.limits.part_head;
        loop {
            let most = self.piece.len().min(limit.saturating_add(END.len()));
            if let Some(at) = memmem::find(&self.piece[..most], END) {
                let head = self.piece.split_to(at + END.len());
                return parse_head(&head[..at]).map_err(MultipartError::into_error);
            }
            if most < self.piece.len() || most > limit {
                return Err(MultipartError::HeadTooLarge { limit }.into_error());
            }
            self.need().await?;
        }
    }

    /// Counts a part; how many bytes it may have.
    fn admit(&mut self, head: &PartHead) -> Result<u64, MultipartError> {
        self.parts += 1;
        if self.parts > self.limits.parts {
            let limit = self.limits.parts;
            return Err(MultipartError::TooManyParts { limit });
        }
        // A file input without a choice is sent without a name and content, and is no file.
        self.is_nameless = head.file_name.as_deref() == Some("");
        match &head.file_name {
            None => return Ok(u64::MAX),
            Some(_) if self.is_nameless => {}
            Some(_) => self.admit_file()?,
        }
        Ok(self.limits.file_size)
    }

    fn admit_file(&mut self) -> Result<(), MultipartError> {
        self.files += 1;
        match self.limits.files {
            limit if self.files > limit => Err(MultipartError::TooManyFiles { limit }),
            _ => Ok(()),
        }
    }

    /// Reads on, where the body must not end yet.
    async fn need(&mut self) -> Result<()> {
        let filled = self.fill().await;
        if !matches!(filled, Ok(true)) {
            self.place = Place::Lost;
        }
        match filled? {
            true => Ok(()),
            false => Err(MultipartError::Truncated.into_error()),
        }
    }

    /// Adds to the piece; whether there was something to add.
    async fn fill(&mut self) -> Result<bool> {
        while self.rest.is_empty() {
            match self.body.chunk().await {
                Some(chunk) => self.rest = chunk?,
                None => return Ok(false),
            }
        }
        if self.piece.is_empty() {
            self.piece = self.rest.split_to(self.rest.len().min(PIECE));
            return Ok(true);
        }
        let more = self.rest.split_to(self.rest.len().min(JOINED));
        let mut joined = BytesMut::with_capacity(self.piece.len() + more.len());
        joined.extend_from_slice(&self.piece);
        joined.extend_from_slice(&more);
        self.piece = joined.freeze();
        Ok(true)
    }
}

const AFTER_A_MISTAKE: &str = "it was read on after a mistake in it";
