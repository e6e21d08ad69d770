//! `UploadedFile`: a file that arrived, in memory or in a temporary file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::head::PartHead;
use super::name::safe_name;
use super::save::{SaveTo, io_error};
use super::spill::Spill;
use super::temp::TempPath;
use crate::{Bytes, Result};

/// A file that a client sent, complete. It is a field of the struct that
/// [`MultipartForm`](super::MultipartForm) makes; as an `Option` it may be missing, and a `Vec` has
/// any number of them.
///
/// What is not [saved](Self::save) is gone when this is dropped.
///
/// ```
/// use cepa::multipart::{FormData, MultipartForm, UploadedFile, Uploads};
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Letter { scan: UploadedFile }
///
/// async fn receive(MultipartForm(letter): MultipartForm<Letter>) -> Result<String> {
///     let scan = letter.scan;
///     let bytes = scan.bytes().await?;
///     Ok(format!("{} is {} bytes: {bytes:?}", scan.safe_name(), scan.size()))
/// }
///
/// let client = App::new().plug(Uploads::new()).post("/", receive).test();
/// let form = FormData::new().with_file("scan", "../a.txt", "hi");
/// let req = client.post("/").header("content-type", form.content_type());
/// req.body(form).send().assert_text("a.txt is 2 bytes: b\"hi\"");
/// ```
pub struct UploadedFile {
    head: PartHead,
    size: u64,
    content: Content,
}

enum Content {
    /// With the folder for temporary files.
    Memory(Bytes, Arc<Path>),
    Disk(TempPath),
}

impl UploadedFile {
    pub(super) fn in_memory(head: PartHead, bytes: Bytes, temp_dir: Arc<Path>) -> Self {
        Self {
            head,
            size: bytes.len() as u64,
            content: Content::Memory(bytes, temp_dir),
        }
    }

    pub(super) fn on_disk(head: PartHead, path: TempPath, size: u64) -> Self {
        let content = Content::Disk(path);
        Self {
            head,
            size,
            content,
        }
    }

    /// Whether it is what browsers send for a file input without a choice.
    pub(super) fn is_no_choice(&self) -> bool {
        self.size == 0 && self.file_name().is_empty()
    }

    /// The name that the client gives. It may be empty, or a path to anywhere: use
    /// [`safe_name`](Self::safe_name) or a name of your own to store it.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.head.file_name.as_deref().unwrap_or_default()
    }

    /// What can be a file's name of [`file_name`](Self::file_name); see [`safe_name`].
    #[must_use]
    pub fn safe_name(&self) -> String {
        safe_name(self.file_name())
    }

    /// The media type that the client gives; it need not be true.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The temporary file, if it is not in memory; it is there until this is dropped or saved.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Memory(..) => None,
            Content::Disk(path) => Some(path.path()),
        }
    }

    /// All bytes, read into memory. For large files, [`path`](Self::path) is better.
    ///
    /// # Errors
    /// 500 if the temporary file cannot be read.
    pub async fn bytes(&self) -> Result<Bytes> {
        match &self.content {
            Content::Memory(bytes, _) => Ok(bytes.clone()),
            Content::Disk(path) => {
                let path = path.path().to_owned();
                let bytes = crate::blocking(move || std::fs::read(path)).await?;
                let bytes = bytes.map_err(|error| io_error(error, "read"))?;
                Ok(bytes.into())
            }
        }
    }

    /// Saves it at a path, where it appears complete or not at all. The path is yours to choose:
    /// never make it of [`file_name`](Self::file_name).
    ///
    /// # Errors
    /// 409 if there is a file at the path, 500 or 507 if it cannot be written.
    pub async fn save(self, to: impl Into<SaveTo>) -> Result<()> {
        let to = to.into();
        let temp = match self.content {
            Content::Disk(path) => path,
            Content::Memory(bytes, dir) => {
                let mut spill = Spill::new(dir);
                spill.write(bytes).await?;
                spill.finish().await?
            }
        };
        place(to, temp).await
    }
}

/// Gives a temporary file its name, off the event loop.
pub(super) async fn place(to: SaveTo, temp: TempPath) -> Result<()> {
    crate::blocking(move || to.place(temp)).await?
}

impl fmt::Debug for UploadedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadedFile")
            .field("file_name", &self.file_name())
            .field("content_type", &self.content_type())
            .field("size", &self.size)
            .field("path", &self.path())
            .finish()
    }
}
