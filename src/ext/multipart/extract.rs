//! `Multipart` and `MultipartForm`: uploads as arguments of handlers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::config::Uploads;
use super::error::MultipartError;
use super::field::Field;
use super::form::Collected;
use super::head::parse_boundary;
use super::limits::UploadLimits;
use super::parser::Parser;
use crate::{Body, Error, FromRequest, Need, Request, Result};

/// An upload, part by part, as it arrives (`multipart/form-data`, RFC 7578).
///
/// 415 for another content type, 400 without a usable boundary; what is wrong later is told by
/// [`next_field`](Self::next_field) and the methods of [`Field`].
///
/// ```
/// use cepa::multipart::{FormData, Multipart, Uploads};
/// use cepa::prelude::*;
///
/// async fn names(mut parts: Multipart) -> Result<String> {
///     let mut names = String::new();
///     while let Some(field) = parts.next_field().await? {
///         names += field.name();
///     }
///     Ok(names)
/// }
///
/// let client = App::new().plug(Uploads::new()).post("/", names).test();
/// let form = FormData::new().with_text("one", "1").with_text("two", "2");
/// let req = client.post("/").header("content-type", form.content_type());
/// req.body(form).send().assert_text("onetwo");
/// client.post("/").body("one=1").send().assert_status(415);
/// ```
pub struct Multipart {
    parser: Parser,
    temp_dir: Arc<Path>,
}

impl Multipart {
    fn open(req: &mut Request) -> Result<Self> {
        let content_type = req.header("content-type").unwrap_or_default();
        let boundary = parse_boundary(content_type).map_err(MultipartError::into_error)?;
        let Some(uploads) = req.state::<Uploads>() else {
            return Err(Error::internal(format!("uploads are not set up: {FIX}")));
        };
        let temp_dir = Arc::clone(&uploads.temp_dir);
        let limits = req.local::<UploadLimits>().copied().unwrap_or_default();
        let limits = limits.or(uploads.limits).settle(req.body_limit());
        req.set_body_limit(limits.total);
        let parser = Parser::new(req.take_body()?, &boundary, limits);
        Ok(Self { parser, temp_dir })
    }

    /// The next part; `None` behind the last. What was not read of the part before is passed over.
    ///
    /// # Errors
    /// 413 above a limit, 400 where the upload is malformed or ends too early, 408 if the client is
    /// too slow. After an error, there are only errors.
    pub async fn next_field(&mut self) -> Result<Option<Field<'_>>> {
        let head = self.parser.next_part().await?;
        Ok(head.map(|head| Field::new(&mut self.parser, &self.temp_dir, head)))
    }
}

const FIX: &str = "add `.plug(Uploads::new())`";

impl FromRequest<Body> for Multipart {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Self::open(req)
    }

    fn requires() -> Vec<Need> {
        vec![Need::state::<Uploads>().with_fix(FIX)]
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart")
            .field("limits", self.parser.limits())
            .finish_non_exhaustive()
    }
}

/// A whole upload as a struct: text fields, and files as [`UploadedFile`](super::UploadedFile).
///
/// A field that is there several times becomes a `Vec`; an `Option` may be missing, and a file
/// input without a choice is `None`. Text is parsed as [`Form`](crate::Form) does. Files beyond
/// [`with_memory`](super::UploadLimits::with_memory) are temporary files, gone when they are dropped.
///
/// 422 with the field's name if one is missing or does not parse, otherwise as for [`Multipart`].
///
/// ```
/// use cepa::multipart::{FormData, MultipartForm, UploadedFile, Uploads};
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Profile {
///     name: String,
///     avatar: Option<UploadedFile>,
///     #[serde(default)]
///     photos: Vec<UploadedFile>,
/// }
///
/// async fn save(MultipartForm(profile): MultipartForm<Profile>) -> String {
///     format!("{} {} {}", profile.name, profile.avatar.is_some(), profile.photos.len())
/// }
///
/// let client = App::new().plug(Uploads::new()).post("/", save).test();
/// let ask = |form: FormData| {
///     client.post("/").header("content-type", form.content_type()).body(form).send()
/// };
/// let photos = FormData::new().with_file("photos", "a.png", "a").with_file("photos", "b.png", "b");
/// ask(photos.clone().with_text("name", "Ada")).assert_text("Ada false 2");
/// let res = ask(photos);
/// res.assert_status(422);
/// assert_eq!(res.error().map(|error| error.fields()[0].field.as_str()), Some("name"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MultipartForm<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> FromRequest<Body> for MultipartForm<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let mut parts = Multipart::open(req)?;
        let limits = parts.parser.limits();
        let (mut text, mut memory) = (limits.text_size, limits.memory);
        let mut form = Collected::default();
        while let Some(field) = parts.next_field().await? {
            let name = field.name().to_owned();
            match field.file_name() {
                None => form.add_text(name, field.text_within(&mut text).await?),
                Some(_) => form.add_file(name, field.file_within(&mut memory).await?),
            }
        }
        form.into_value().map(Self)
    }

    fn requires() -> Vec<Need> {
        Multipart::requires()
    }
}
