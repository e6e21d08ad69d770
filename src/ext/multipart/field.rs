//! `Field`: one part of an upload, read as it arrives.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::BytesMut;
use serde::de::DeserializeOwned;

use super::error::MultipartError;
use super::file::{UploadedFile, place};
use super::head::PartHead;
use super::name::safe_name;
use super::parser::Parser;
use super::save::SaveTo;
use super::spill::Spill;
use crate::{Bytes, Error, Result};

/// One part of an upload: a text field or a file, whose bytes are still on their way.
///
/// What is not read of it is passed over by the next
/// [`next_field`](super::Multipart::next_field).
///
/// ```
/// use cepa::multipart::{FormData, Multipart, Uploads};
/// use cepa::prelude::*;
///
/// async fn sum(mut parts: Multipart) -> Result<String> {
///     let mut told = String::new();
///     while let Some(mut field) = parts.next_field().await? {
///         let mut bytes = 0;
///         while let Some(chunk) = field.chunk().await {
///             bytes += chunk?.len();
///         }
///         told += &format!("{} {:?} {bytes};", field.name(), field.file_name());
///     }
///     Ok(told)
/// }
///
/// let client = App::new().plug(Uploads::new()).post("/", sum).test();
/// let form = FormData::new().with_text("a", "one").with_file("b", "c", "twenty");
/// let req = client.post("/").header("content-type", form.content_type());
/// req.body(form).send().assert_text("a None 3;b Some(\"c\") 6;");
/// ```
pub struct Field<'a> {
    parser: &'a mut Parser,
    temp_dir: &'a Arc<Path>,
    head: PartHead,
}

impl<'a> Field<'a> {
    pub(super) fn new(parser: &'a mut Parser, temp_dir: &'a Arc<Path>, head: PartHead) -> Self {
        Self {
            parser,
            temp_dir,
            head,
        }
    }

    /// The name of the form's field.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// The name that the client gives the file; `None` if this is no file. It may be empty, or a
    /// path to anywhere: use [`safe_name`](Self::safe_name) or a name of your own to store it.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.head.file_name.as_deref()
    }

    /// What can be a file's name of [`file_name`](Self::file_name); see [`safe_name`].
    #[must_use]
    pub fn safe_name(&self) -> String {
        safe_name(self.file_name().unwrap_or_default())
    }

    /// The media type that the client gives; it need not be true.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// 413 above a limit, 400 where the upload is malformed or ends too early, 408 if the client is
    /// too slow.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        self.parser.content(&self.head.name).await.transpose()
    }

    /// All bytes, at most [`with_text_size`](super::UploadLimits::with_text_size) of them.
    ///
    /// # Errors
    /// 413 if there are more, otherwise as [`chunk`](Self::chunk).
    pub async fn bytes(self) -> Result<Bytes> {
        let mut left = self.parser.limits().text_size;
        self.bytes_within(&mut left).await
    }

    /// All of it as UTF-8 text, as [`bytes`](Self::bytes).
    ///
    /// # Errors
    /// 422 if it is no UTF-8 text, otherwise as [`bytes`](Self::bytes).
    pub async fn text(self) -> Result<String> {
        let mut left = self.parser.limits().text_size;
        self.text_within(&mut left).await
    }

    /// All of it as JSON, whatever its content type, as [`bytes`](Self::bytes).
    ///
    /// # Errors
    /// 422 that names the field if it is no JSON of this shape, otherwise as
    /// [`bytes`](Self::bytes).
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        let name = self.head.name.clone();
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("`{name}` is not the JSON that is expected: {error}");
            Error::unprocessable(message).with_field(name, error.to_string())
        })
    }

    /// All of it, as a file that is in memory or, if it is larger than
    /// [`with_memory`](super::UploadLimits::with_memory), a temporary one.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); 500 or 507 if it cannot be written.
    pub async fn file(self) -> Result<UploadedFile> {
        let mut left = self.parser.limits().memory;
        self.file_within(&mut left).await
    }

    /// Writes all of it to a file, which appears under its name once it is complete; how many bytes
    /// it has.
    ///
    /// Until then it is a temporary file, which is removed if the client goes away or anything
    /// fails. The path is yours to choose: never make it of [`file_name`](Self::file_name).
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); 409 if there is a file at the path, 500 or 507 if it cannot be
    /// written.
    pub async fn save(mut self, to: impl Into<SaveTo>) -> Result<u64> {
        let to = to.into();
        let mut spill = Spill::new(Arc::clone(self.temp_dir));
        while let Some(chunk) = self.chunk().await {
            spill.write(chunk?).await?;
        }
        let size = spill.size();
        place(to, spill.finish().await?).await?;
        Ok(size)
    }

    /// [`bytes`](Self::bytes), of which so many may be kept; takes away what is.
    async fn bytes_within(mut self, left: &mut u64) -> Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            let chunk = chunk?;
            let Some(rest) = left.checked_sub(chunk.len() as u64) else {
                let limit = self.parser.limits().text_size;
                let field = self.head.name;
                return Err(MultipartError::TextTooLarge { field, limit }.into_error());
            };
            *left = rest;
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    pub(super) async fn text_within(self, left: &mut u64) -> Result<String> {
        let field = self.head.name.clone();
        let bytes = self.bytes_within(left).await?;
        String::from_utf8(bytes.into()).map_err(|_| MultipartError::NotText { field }.into_error())
    }

    pub(super) async fn file_within(mut self, left: &mut usize) -> Result<UploadedFile> {
        let mut kept = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            let chunk = chunk?;
            match left.checked_sub(kept.len() + chunk.len()) {
                Some(_) => kept.extend_from_slice(&chunk),
                None => return self.spilled(kept.freeze(), chunk).await,
            }
        }
        *left -= kept.len();
        Ok(UploadedFile::in_memory(
            self.head,
            kept.freeze(),
            Arc::clone(self.temp_dir),
        ))
    }

    /// The file of what is there and what is to come.
    async fn spilled(mut self, kept: Bytes, chunk: Bytes) -> Result<UploadedFile> {
        let mut spill = Spill::new(Arc::clone(self.temp_dir));
        spill.write(kept).await?;
        spill.write(chunk).await?;
        while let Some(chunk) = self.chunk().await {
            spill.write(chunk?).await?;
        }
        let size = spill.size();
        Ok(UploadedFile::on_disk(
            self.head,
            spill.finish().await?,
            size,
        ))
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name())
            .field("file_name", &self.file_name())
            .field("content_type", &self.content_type())
            .finish_non_exhaustive()
    }
}
