//! `Submission`: a form as it was sent, with what is wrong with it.

use serde::de::DeserializeOwned;

use super::store::cut;
use crate::{Body, Error, Form, FromRequest, Request, Result};

/// Characters that are kept of what is wrong with a field, and of its name.
const LONGEST: usize = 200;
/// How many errors are kept.
const ERRORS: usize = 64;
/// Bytes that no cookie has room for.
const COOKIE: usize = 4096;

/// The fields of a form as they were sent, and a sentence for each that is wrong.
///
/// As an argument it reads the body, as [`Form`] does, and takes fields of any name. A handler notes
/// what is wrong, and either shows the page again, or leaves the form for the page that it redirects
/// to ([`Flash::keep`](super::Flash::keep)).
///
/// ```
/// use cepa::flash::Submission;
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Order { count: u8 }
///
/// async fn order(mut form: Submission) -> Result<String, String> {
///     if let Some(order) = form.parse::<Order>() {
///         form.check("count", order.count < 10, "at most nine");
///         if form.is_valid() {
///             return Ok(format!("{} ordered", order.count));
///         }
///     }
///     let error = form.error("count").unwrap_or_default();
///     Err(format!("{}: {error}", form.value("count")))
/// }
///
/// let client = App::new().post("/", order).test();
/// client.post("/").form(&[("count", "3")]).send().assert_text("3 ordered");
/// client.post("/").form(&[("count", "30")]).send().assert_text("30: at most nine");
/// client.post("/").form(&[("count", "x")]).send().assert_text("x: expected a whole number, found \"x\"");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    pub(super) values: Vec<(String, String)>,
    pub(super) errors: Vec<(String, String)>,
    pub(super) lost: Vec<String>,
}

impl Submission {
    /// The value of a field; of several, the first. Empty if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let mut values = self.values.iter();
        let found = values.find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    /// All values of a field, such as of checkboxes of one name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.values.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| &**value)
    }

    /// The fields as a type, as [`Form`] reads it. Where that fails, it is noted for the field at
    /// fault, or for the form as a whole, under the empty name.
    pub fn parse<T: DeserializeOwned>(&mut self) -> Option<T> {
        let text = serde_html_form::to_string(&self.values).unwrap_or_default();
        let error = match Form::parse(text.as_bytes()) {
            Ok(Form(value)) => return Some(value),
            Err(error) => error,
        };
        match error.fields() {
            [] => self.reject("", error.message()),
            fields => fields
                .iter()
                .for_each(|it| self.reject(it.field.clone(), it.message.clone())),
        }
        None
    }

    /// Notes what is wrong with a field, or under the empty name with the form as a whole.
    pub fn reject(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push((field.into(), message.into()));
    }

    /// Notes what is wrong with a field, unless the condition holds.
    pub fn check(&mut self, field: &str, holds: bool, message: &str) {
        if !holds {
            self.reject(field, message);
        }
    }

    /// Notes the field errors of an [`Error`], such as one of a validator.
    pub fn reject_all(&mut self, error: &Error) {
        for it in error.fields() {
            self.reject(it.field.clone(), it.message.clone());
        }
    }

    /// Whether nothing wrong was noted.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// What is wrong with a field; of several sentences, the first.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<&str> {
        let mut errors = self.errors();
        errors.find_map(|(name, message)| (name == field).then_some(message))
    }

    /// Names of fields and what is wrong with them, in the order noted.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        let errors = self.errors.iter();
        errors.map(|(field, message)| (&**field, &**message))
    }

    /// The same without the values of this field, which are not to come back.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.values.retain(|(other, _)| other != name);
        self
    }

    /// Whether a value of this field was too long to come back.
    #[must_use]
    pub fn is_lost(&self, name: &str) -> bool {
        self.lost.iter().any(|lost| lost == name)
    }

    /// Whether nothing was sent and nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.errors.is_empty() && self.lost.is_empty()
    }

    /// What a cookie may hold of it: no secret, and of what is larger than any cookie, not all. What is
    /// left is small enough to be tried a few times.
    pub(super) fn to_keep(mut self) -> Self {
        let is_secret =
            |name: &str| name == "_csrf" || name.to_ascii_lowercase().contains("password");
        self.values.retain(|(name, _)| !is_secret(name));
        self.errors.truncate(ERRORS);
        for text in self.errors.iter_mut().flat_map(|(name, it)| [name, it]) {
            *text = cut(std::mem::take(text), LONGEST);
        }
        // Each has quotes and commas around it.
        let length = |(name, value): &(String, String)| name.len() + value.len() + 6;
        while self.values.iter().map(length).sum::<usize>() > COOKIE {
            self.lose();
        }
        self
    }

    /// Leaves out the longest value, or the longest error where there is no value left; false if there
    /// is nothing to leave out.
    pub(super) fn lose(&mut self) -> bool {
        let Some((name, _)) = take_longest(&mut self.values) else {
            return take_longest(&mut self.errors).is_some() || self.lost.pop().is_some();
        };
        // A name that no page shows is not worth the room.
        if name.len() < 64 && self.lost.len() < 16 && !self.is_lost(&name) {
            self.lost.push(name);
        }
        true
    }
}

fn take_longest(pairs: &mut Vec<(String, String)>) -> Option<(String, String)> {
    let lengths = pairs.iter().map(|(_, text)| text.len()).enumerate();
    let (at, _) = lengths.max_by_key(|(_, length)| *length)?;
    Some(pairs.remove(at))
}

impl FromRequest<Body> for Submission {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let Form(values) = req.extract_body().await?;
        Ok(Self {
            values,
            ..Self::default()
        })
    }
}
