//! What can be wrong with a template, when the app is built and when a page is made.

use std::fmt;
use std::panic::Location;

use super::scan::position;
use crate::Excerpt;

/// A problem of one template: where it is, and a sentence with the fix.
///
/// By `?` it is a 500 whose text is logged; handlers of errors find it by
/// [`Error::downcast_ref`](crate::Error::downcast_ref).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::templates::{TemplateError, Templates, View};
///
/// let client = App::new()
///     .plug(Templates::embedded([("hello.html", "<p>\n  Hello, {{ nmae }}!")]))
///     .get("/", async || View::new("hello.html", json!({ "name": "Ada" })))
///     .test();
/// let res = client.get("/").send();
/// let error = res.error().and_then(|error| error.downcast_ref::<TemplateError>());
/// let error = error.expect("the name is spelt otherwise");
/// assert_eq!((error.template(), error.line(), error.column()), ("hello.html", 2, 13));
/// assert!(error.to_string().contains("`nmae` is undefined"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    template: String,
    /// The file, as it is shown.
    file: String,
    place: Option<(usize, usize)>,
    excerpt: Option<Box<Excerpt>>,
    message: String,
    view: Option<&'static Location<'static>>,
}

impl TemplateError {
    pub(super) fn new(template: &str, file: &str, message: impl Into<String>) -> Self {
        Self {
            template: template.to_owned(),
            file: file.to_owned(),
            place: None,
            excerpt: None,
            message: message.into(),
            view: None,
        }
    }

    /// At this byte of the template.
    pub(super) fn at(self, source: &str, at: usize) -> Self {
        self.at_place(Some(source), position(source, at))
    }

    /// At this line and column.
    pub(super) fn at_place(mut self, source: Option<&str>, place: (usize, usize)) -> Self {
        self.place = Some(place);
        self.excerpt = source.map(|source| Excerpt::of(&*self.file, source, place.0).into());
        self
    }

    /// Made for the view of this line.
    pub(super) fn of_view(mut self, view: &'static Location<'static>) -> Self {
        self.view = Some(view);
        self
    }

    /// The name of the template.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The line in it, from 1; 0 if it is the template as a whole.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place.map_or(0, |(line, _)| line)
    }

    /// The character in the line, from 1; 0 if it is the template as a whole.
    #[must_use]
    pub fn column(&self) -> usize {
        self.place.map_or(0, |(_, column)| column)
    }

    /// What is wrong and how to mend it, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The lines of the template around the one at fault, where they are known.
    #[must_use]
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_deref()
    }

    /// The line of the program that made the view, where a page was asked for.
    #[must_use]
    pub fn view(&self) -> Option<&'static Location<'static>> {
        self.view
    }
}

/// `templates/users/show.html:3:8: ` and the sentence, which stands alone where it is about all.
impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            return f.write_str(&self.message);
        }
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for TemplateError {}

/// Of these names, the one that was probably meant.
pub(super) fn meant<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = names.map(|other| (edits(name, other), other));
    let (edits, other) = near.min_by_key(|(edits, _)| *edits)?;
    (edits * 3 <= name.len().max(3)).then_some(other)
}

/// How many letters are to be changed, added, left out, or swapped with the next.
fn edits(one: &str, other: &str) -> usize {
    let letters = |text: &str| text.chars().take(128).collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, c) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, d) in other.iter().enumerate() {
            let mut least = (row[j] + usize::from(c != d)).min(row[j + 1] + 1);
            if i > 0 && j > 0 && one[i - 1] == *d && *c == other[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least.min(next[j] + 1));
        }
        before = std::mem::replace(&mut row, next);
    }
    row[other.len()]
}
