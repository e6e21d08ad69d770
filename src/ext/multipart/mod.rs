//! Uploads: streamed field by field, or into a struct with files in it.
//!
//! # Example
//!
//! ```
//! use cepa::multipart::{FormData, MultipartForm, UploadedFile, Uploads};
//! use cepa::prelude::*;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Picture {
//!     title: String,
//!     file: UploadedFile,
//! }
//!
//! async fn add(MultipartForm(picture): MultipartForm<Picture>) -> Result<String> {
//!     let path = std::env::temp_dir().join(format!("{}.png", std::process::id()));
//!     picture.file.save(&path).await?; // complete, or not there at all
//!     let stored = std::fs::read_to_string(&path)?; // blocks: `tokio::fs` in a program
//!     std::fs::remove_file(path)?;
//!     Ok(format!("{}: {stored}", picture.title))
//! }
//!
//! let client = App::new().plug(Uploads::new()).post("/pictures", add).test();
//! let form = FormData::new().with_text("title", "An onion").with_file("file", "a.png", "layers");
//! let req = client.post("/pictures").header("content-type", form.content_type());
//! req.body(form).send().assert_text("An onion: layers");
//! ```
//!
//! [`MultipartForm`] reads all of an upload before the handler runs. [`Multipart`] hands out part by
//! part while it arrives; a [`Field`] is read chunk by chunk, or written to a file by
//! [`Field::save`], and memory holds a piece of it at a time.
//!
//! [`Uploads`] has to be plugged in the app or around it; `build` reports where it is missing.
//! [`FormData`] is what a browser would send, for tests.
//!
//! # Options
//!
//! | of | option | default |
//! |---|---|---|
//! | [`Uploads`] | `with_limits` | those below |
//! | | `with_temp_dir`: where uploads stand until they are complete | the system's folder |
//! | | `with_max_age`: temporary files last written so long ago are removed at start | 24 hours |
//! | | `with_swept`: further folders to look for them | none |
//! | [`UploadLimits`] | `with_total`: bytes of the body | the body limit that was chosen, or 32 MiB |
//! | | `with_parts` | 1,000 |
//! | | `with_part_head`: bytes of the headers of a part | 8 KiB |
//! | | `with_files` | 100 |
//! | | `with_file_size`: bytes of one file | no limit of its own |
//! | | `with_text_size`: bytes of one field read into memory, and of all text of a form | 1 MiB |
//! | | `with_memory`: bytes of a form's files that stay in memory | 1 MiB |
//! | [`SaveTo`] | `with_overwrite`: replaces a file that is there | no: 409 |
//! | | `with_fsync`: waits for the disk | no |
//! | | `with_mode`: who may read it, on Unix | `0o600` |
//!
//! [`UploadLimits`] is also a middleware, for one route or a part of the app. The limit of the body
//! is the only one that [`BodyLimit`](crate::BodyLimit) and the server share: where `with_total` says
//! nothing, theirs holds; the 2 MiB that other extractors read by default do not hold here.
//!
//! # Errors
//!
//! - 415 for another content type than `multipart/form-data`.
//! - 400 without a usable boundary, for what is malformed, and for what ends too early.
//! - 413 above a limit; 408 if the client is too slow, by the server's timeouts.
//! - 422 with the names of fields that are missing, do not parse, or are no text.
//! - 409 where a file is to be saved under a name that is taken.
//! - 507 where the disk is full, 500 where it cannot be written to for another reason.
//!
//! [`MultipartError`] is the source of those that are about the upload itself. A folder for temporary
//! files that cannot be written to ends the start.
//!
//! # Security
//!
//! - A client's file name is never used as a path. [`UploadedFile::file_name`] says what it is; for a
//!   file, take a name of your own, or [`safe_name`].
//! - The content type is what the client says. Serve uploads with a type that you know, as
//!   attachments, or from another host: a page that was uploaded runs as yours.
//! - An upload is written to the folder for temporary files, under a random name, readable by this
//!   user alone, and gets its name when it is complete. So a process that is killed meanwhile leaves
//!   nothing in the folder that it saves to. What it leaves among the temporaries, files that begin with
//!   `.cepa-upload-`, is removed by a later start, when it is old enough.
//! - On the file system of the target, saving is a link or a rename. From another one, the file is
//!   copied to the target's folder under such a name first; a process killed at that moment leaves
//!   the copy, which is found there by `with_swept`. Best name a `with_temp_dir` beside the target.
//! - Files are written and removed on threads that hold up no other request.
//! - What is beyond a limit is refused as soon as it is seen. Memory holds a piece of the body, the
//!   head of one part, and what a form keeps; a part's head is looked through once.
//! - Uploads of signed-in users need protection against other sites' forms:
//!   [`CrossOrigin`](crate::CrossOrigin).

mod config;
mod de;
mod error;
mod extract;
mod field;
mod file;
mod form;
mod form_data;
mod head;
mod limits;
mod middleware;
mod name;
mod parser;
mod save;
mod spill;
mod temp;

pub use config::Uploads;
pub use error::MultipartError;
pub use extract::{Multipart, MultipartForm};
pub use field::Field;
pub use file::UploadedFile;
pub use form_data::FormData;
pub use limits::UploadLimits;
pub use name::safe_name;
pub use save::SaveTo;
