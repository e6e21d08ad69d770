//! All that is wrong with an input, gathered into one error.
//!
//! Before it: an extractor read the input, and its shape is right. After it: the handler, or a 422
//! that names every field that is wrong.

use std::borrow::Cow;

use super::{Error, FieldError, Result};

/// Checks the fields of an input one by one, and fails for all of them at once.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::FieldErrors;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Person {
///     name: String,
///     age: u8,
/// }
///
/// async fn join(Json(person): Json<Person>) -> Result<StatusCode> {
///     let mut errors = FieldErrors::new();
///     errors.check("name", !person.name.is_empty(), "is empty");
///     errors.check("age", person.age >= 16, "is below 16");
///     errors.finish()?;
///     Ok(StatusCode::NO_CONTENT)
/// }
///
/// let client = App::new().post("/", join).test();
/// client.post("/").json(&json!({"name": "Ada", "age": 36})).send().assert_status(204);
/// let res = client.post("/").json(&json!({"name": "", "age": 7})).send();
/// res.assert_status(422);
/// assert_eq!(res.error().map(|error| error.fields().len()), Some(2));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing fails until `finish()?`"]
pub struct FieldErrors {
    fields: Vec<FieldError>,
}

impl FieldErrors {
    /// Nothing is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a sentence about the field at this path, such as `items[2].price`, unless it `fits`.
    pub fn check(&mut self, field: impl Into<String>, fits: bool, message: impl Into<String>) {
        if !fits {
            self.add(field, message);
        }
    }

    /// Notes what is wrong with the field at this path.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.fields.push(FieldError::new(field, message));
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Fails if anything was wrong.
    ///
    /// # Errors
    /// 422 with all fields, in the order noted.
    #[track_caller]
    pub fn finish(self) -> Result<()> {
        self.finish_with("some fields are wrong")
    }

    /// The same with a sentence of one's own about the whole.
    ///
    /// # Errors
    /// 422 with this message and all fields, in the order noted.
    #[track_caller]
    pub fn finish_with(self, message: impl Into<Cow<'static, str>>) -> Result<()> {
        if self.fields.is_empty() {
            return Ok(());
        }
        let mut error = Error::unprocessable(message);
        error.0.fields = self.fields;
        Err(error)
    }
}
