//! The fields of a form, and how they become a struct that has files in it.
//!
//! serde hands on numbers and text, and no files. So a file travels as its number, in a newtype that
//! text cannot pass for, and `UploadedFile` fetches it from the shelf that its thread has meanwhile.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};

use super::de::{FormDeserializer, FormError};
use super::file::UploadedFile;
use crate::{Error, Result};

/// The values of a form by the names of their fields.
#[derive(Default)]
pub(super) struct Collected {
    values: BTreeMap<String, Vec<Value>>,
    files: Vec<Option<UploadedFile>>,
}

/// One value of a field.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// The number of a file.
    File(usize),
}

impl Collected {
    pub(super) fn add_text(&mut self, name: String, text: String) {
        self.values.entry(name).or_default().push(Value::Text(text));
    }

    /// A file input without a choice leaves a field without a value.
    pub(super) fn add_file(&mut self, name: String, file: UploadedFile) {
        let values = self.values.entry(name).or_default();
        if !file.is_no_choice() {
            values.push(Value::File(self.files.len()));
            self.files.push(Some(file));
        }
    }

    pub(super) fn into_value<T: DeserializeOwned>(self) -> Result<T> {
        let shelf = Shelf::fill(self.files);
        let value = T::deserialize(FormDeserializer::new(self.values));
        drop(shelf);
        value.map_err(explain)
    }
}

/// 422 with the field, if one is to blame.
fn explain(error: FormError) -> Error {
    let message = format!("the form is not as expected: {error}");
    let FormError {
        field,
        message: what,
    } = error;
    match field {
        Some(field) => Error::unprocessable(message).with_field(field, what),
        None => Error::unprocessable(message),
    }
}

thread_local! {
    /// The files of the form that is made into a value on this thread.
    static SHELF: RefCell<Vec<Option<UploadedFile>>> = const { RefCell::new(Vec::new()) };
}

/// Files stand on the shelf as long as this lives; what stood there before comes back then.
struct Shelf(Vec<Option<UploadedFile>>);

impl Shelf {
    fn fill(files: Vec<Option<UploadedFile>>) -> Self {
        Self(SHELF.replace(files))
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        drop(SHELF.replace(std::mem::take(&mut self.0)));
    }
}

/// The name by which `UploadedFile` asks for a file.
pub(super) const FILE: &str = "cepa::multipart::UploadedFile";

/// Works in [`MultipartForm`](super::MultipartForm) alone, since no other format has files.
impl<'de> Deserialize<'de> for UploadedFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(FILE, FileVisitor)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = UploadedFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<UploadedFile, D::Error> {
        let number = usize::deserialize(deserializer).ok();
        let file = number.and_then(|at| SHELF.with_borrow_mut(|files| files.get_mut(at)?.take()));
        file.ok_or_else(|| de::Error::custom("a file is expected"))
    }
}
