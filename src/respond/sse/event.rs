//! `Event`: what is sent at once, written in its fields (HTML, 9.2.5).

use std::fmt::{Display, Write as _};
use std::panic::Location;
use std::time::Duration;

use serde::Serialize;

use crate::error::{Error, Result};

/// One event of [`Sse`](crate::Sse): data, and maybe a name, an id, a time to wait, a comment.
///
/// Line breaks in data and comments, be they LF, CR or CRLF, begin a line of the same field, so no
/// text can forge an event; the client reads them as LF. An id or a name cannot have any: such an
/// event is an error where it is sent, as is a value that cannot be written as JSON.
///
/// ```
/// use cepa::{Event, Sse, prelude::*};
///
/// async fn news() -> Result<Sse> {
///     let (events, sse) = Sse::channel(4);
///     events.send(Event::data("two\nlines").with_event("news").with_id(7)).await?;
///     events.send(Event::json(&json!({ "price": 40 }))).await?;
///     Ok(sse)
/// }
///
/// App::new().get("/", news).test().get("/").send().assert_text(
///     "data: two\ndata: lines\nevent: news\nid: 7\n\ndata: {\"price\":40}\n\n",
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "an event does nothing until it is sent"]
pub struct Event {
    /// Its fields, each with the end of its line.
    text: String,
    /// Why it cannot be sent.
    problem: Option<String>,
}

impl Event {
    /// An event with nothing in it. Without data, the browser tells nobody of an event, but keeps
    /// its id and its time to wait.
    pub fn new() -> Self {
        Self::default()
    }

    /// An event with this text, which may be empty.
    pub fn data(text: impl AsRef<str>) -> Self {
        let mut event = Self::new();
        event.lines("data", text.as_ref());
        event
    }

    /// An event with a value as JSON.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => Self::data(text),
            Err(error) => {
                let mut event = Self::new();
                event.refuse(&format!("it cannot be written as JSON: {error}"));
                event
            }
        }
    }

    /// A line that clients read over.
    pub fn comment(text: impl AsRef<str>) -> Self {
        let mut event = Self::new();
        event.lines("", text.as_ref());
        event
    }

    /// Names the event: the browser calls the listeners for this name, in place of `onmessage`.
    /// Without line breaks.
    #[track_caller]
    pub fn with_event(mut self, name: impl AsRef<str>) -> Self {
        self.line("event", name.as_ref());
        self
    }

    /// Gives it an id, which a client that lost the connection sends back
    /// ([`LastEventId`](crate::LastEventId)). Without line breaks and NUL; empty, it takes back the
    /// id before.
    #[track_caller]
    pub fn with_id(mut self, id: impl Display) -> Self {
        self.line("id", &id.to_string());
        self
    }

    /// How long the client waits before it connects again, from here on; in milliseconds, the rest
    /// is cut off.
    pub fn with_retry(mut self, time: Duration) -> Self {
        // Writing to a `String` never fails.
        let _ = writeln!(self.text, "retry: {}", time.as_millis());
        self
    }

    /// Adds a line that clients read over.
    pub fn with_comment(mut self, text: impl AsRef<str>) -> Self {
        self.lines("", text.as_ref());
        self
    }

    /// Adds the event to what is to be sent.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) -> Result<()> {
        self.check()?;
        if !self.text.is_empty() {
            out.reserve(self.text.len() + 1);
            out.extend_from_slice(self.text.as_bytes());
            out.push(b'\n');
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<()> {
        match &self.problem {
            None => Ok(()),
            Some(problem) => Err(Error::internal(format!(
                "an event cannot be sent: {problem}"
            ))),
        }
    }

    /// A field for each line of the text; a field without a name is a comment.
    fn lines(&mut self, field: &str, text: &str) {
        let mut rest = Some(text);
        while let Some(text) = rest {
            let end = text.find(['\n', '\r']);
            let (line, after) = text.split_at(end.unwrap_or(text.len()));
            rest = end.map(|_| after.strip_prefix("\r\n").unwrap_or(&after[1..]));
            self.field(field, line);
        }
    }

    /// A field that is one line.
    #[track_caller]
    fn line(&mut self, field: &str, value: &str) {
        if value.contains(['\n', '\r', '\0']) {
            let value = value.escape_debug();
            return self.refuse(&format!("no `{field}` can have a line break: \"{value}\""));
        }
        self.field(field, value);
    }

    fn field(&mut self, field: &str, value: &str) {
        self.text.reserve(field.len() + value.len() + 3);
        for part in [field, ": ", value, "\n"] {
            self.text.push_str(part);
        }
    }

    /// Notes the first problem, with the line of the program that it comes from.
    #[track_caller]
    fn refuse(&mut self, why: &str) {
        let place = Location::caller();
        self.problem
            .get_or_insert_with(|| format!("{why} (at {place})"));
    }
}
