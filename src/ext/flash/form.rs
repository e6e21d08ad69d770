//! `Submission`: a form as it was sent, with what is wrong with it.

use serde::de::DeserializeOwned;

use super::store::cut;
use crate::{Body, Error, Form, FromRequest, Request, Result};

/// Characters that are kept of what is wrong with a field, and of its name.
const LONGEST: usize = 200;
/// How many errors are kept.
const ERRORS: usize = 64;
/// Bytes that are read of a form, again and again, for all of its fields that are wrong; of a large one,
/// so many times its own.
const READ: usize = 128 * 1024;
const ROUNDS: usize = 8;
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
/// struct Order { item: String, count: u8 }
///
/// async fn order(mut form: Submission) -> Result<String, String> {
///     let order = form.parse::<Order>();
///     // Checks run either way, so that all that is wrong is told at once.
///     form.check("item", !form.value("item").is_empty(), "is missing");
///     form.check("count", order.as_ref().is_none_or(|it| it.count < 10), "is above nine");
///     match order.filter(|_| form.is_valid()) {
///         Some(order) => Ok(format!("{} x {}", order.count, order.item)),
///         None => Err(form.errors().map(|(field, it)| format!("{field} {it};")).collect()),
///     }
/// }
///
/// let client = App::new().post("/", order).test();
/// let order = |item, count| client.post("/").form(&[("item", item), ("count", count)]).send();
/// order("onion", "3").assert_text("3 x onion");
/// order("onion", "30").assert_text("count is above nine;");
/// order("", "x").assert_text("count expected a whole number, found \"x\";item is missing;");
/// order("", "").assert_text("count is missing;item is missing;");
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

    /// The fields as a type, as [`Form`] reads it, without white space around numbers. Where that
    /// fails, it is noted: for each field at fault, for the first one that is missing, or for the form
    /// as a whole, under the empty name. What the fields say can be checked all the same.
    pub fn parse<T: DeserializeOwned>(&mut self) -> Option<T> {
        let mut values = self.values.clone();
        let mut refused: Vec<String> = Vec::new();
        let size: usize = values
            .iter()
            .map(|(name, it)| 1 + name.len() + it.len())
            .sum();
        let rounds = ROUNDS.max(READ / size.max(1));
        for left in (0..rounds).rev() {
            let text = serde_html_form::to_string(&values).unwrap_or_default();
            let error = match Form::parse(text.as_bytes()) {
                Ok(Form(value)) => return refused.is_empty().then_some(value),
                Err(error) => error,
            };
            let Some(it) = error.fields().first() else {
                if refused.is_empty() {
                    self.reject("", error.message());
                }
                return None;
            };
            if left > 0 && trim(&mut values, &it.field) {
                continue;
            }
            if refused.contains(&it.field) {
                return None;
            }
            self.reject(it.field.clone(), it.message.clone());
            refused.push(it.field.clone());
            // What was refused comes last, where it hides no other field.
            values.sort_by_key(|(name, _)| refused.contains(name));
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
    pub(super) fn trimmed(mut self) -> Self {
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

/// Takes the white space off the values of a field; false if there is none.
fn trim(values: &mut [(String, String)], field: &str) -> bool {
    let mut is_changed = false;
    for (_, value) in values.iter_mut().filter(|(name, _)| name == field) {
        let trimmed = value.trim();
        is_changed |= trimmed.len() < value.len();
        *value = trimmed.to_owned();
    }
    is_changed
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
