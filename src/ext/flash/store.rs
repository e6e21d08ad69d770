//! What the cookie holds, and its form as text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::form::Submission;
use crate::{Value, json};

/// How long something is kept that no page reads.
pub(super) const AGE: Duration = Duration::from_secs(600);
/// How much the clocks of two servers may differ.
const SKEW: u64 = 60;
/// Characters of a message that are kept.
const LONGEST: usize = 300;
/// Bytes that all messages may take as they are written, so that a form has room beside them.
const MESSAGES: usize = 1_800;

/// A message for the next page.
///
/// ```
/// use cepa::cookies::{CookieJar, Keys};
/// use cepa::flash::{Flash, Message};
/// use cepa::prelude::*;
///
/// async fn page(flash: Flash) -> Result<String> {
///     flash.add("warning", "the shop closes soon")?;
///     let messages: Vec<Message> = flash.take()?;
///     Ok(format!("{}: {}", messages[0].kind(), messages[0].text()))
/// }
///
/// let app = App::new().state(Keys::random()).with(CookieJar::new()).get("/", page);
/// app.test().get("/").send().assert_text("warning: the shop closes soon");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub(super) kind: String,
    pub(super) text: String,
}

impl Message {
    /// What it is: `success`, `error`, or a word of your own.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// All that is kept for the next page.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) messages: Vec<Message>,
    pub(super) form: Submission,
}

impl Kept {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.form.is_empty()
    }

    /// Adds a message, for which the oldest go where there are too many.
    pub(super) fn push(&mut self, kind: String, text: String) {
        let text = cut(text, LONGEST);
        self.messages.push(Message { kind, text });
        while self.messages.len() > 1 && self.messages().to_string().len() > MESSAGES {
            self.messages.remove(0);
        }
    }

    fn messages(&self) -> Value {
        self.messages
            .iter()
            .map(|it| [&*it.kind, &it.text])
            .collect()
    }

    pub(super) fn to_text(&self) -> String {
        let kept = json!({
            "t": now(),
            "m": self.messages(),
            "v": self.form.values,
            "e": self.form.errors,
            "l": self.form.lost,
        });
        kept.to_string()
    }

    /// `None` if it is too old. It was signed by us, so a form that is not ours is of another version.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let kept: Value = serde_json::from_str(text).ok()?;
        let (time, now) = (kept["t"].as_u64()?, now());
        if time > now + SKEW || now > time + AGE.as_secs() {
            return None;
        }
        let pairs = |key: &str| -> Option<Vec<(String, String)>> {
            serde_json::from_value(kept[key].clone()).ok()
        };
        let message = |(kind, text)| Message { kind, text };
        Some(Self {
            messages: pairs("m")?.into_iter().map(message).collect(),
            form: Submission {
                values: pairs("v")?,
                errors: pairs("e")?,
                lost: serde_json::from_value(kept["l"].clone()).ok()?,
            },
        })
    }
}

/// So many characters of a text at most, an ellipsis for the rest.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('\u{2026}');
    }
    text
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_for_ten_minutes() {
        let mut kept = Kept::default();
        kept.form.reject("a", "wrong \"here\"");
        kept.messages.push(Message {
            kind: "k".to_owned(),
            text: "\u{e9}<".to_owned(),
        });
        let text = kept.to_text();
        let read = Kept::of_text(&text).unwrap();
        assert_eq!(read.messages, kept.messages);
        assert_eq!(read.form.error("a"), Some("wrong \"here\""));

        let at = |time: u64| text.replace(&now().to_string(), &time.to_string());
        assert!(Kept::of_text(&at(now() - 590)).is_some());
        assert!(Kept::of_text(&at(now() - 610)).is_none());
        assert!(Kept::of_text(&at(now() + 30)).is_some());
        assert!(Kept::of_text(&at(now() + 100)).is_none());
        for text in ["", "1", "{}", "[]", "{\"t\":true}"] {
            assert!(Kept::of_text(text).is_none(), "{text}");
        }
    }
}
