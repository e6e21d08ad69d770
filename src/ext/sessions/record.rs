//! What a store keeps of a session, and what a request changes of that.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::clock;
use super::id::SessionKey;
use crate::{Value, json};

/// A session as a store keeps it: its values as JSON, whose it is, and until when.
///
/// Times are milliseconds since 1970.
///
/// ```
/// use cepa::sessions::SessionRecord;
///
/// let record = SessionRecord::new(1_000, 61_000).with_value("n", "3").with_user("42");
/// let text = record.to_text();
/// assert_eq!(text, r#"{"c":1000,"e":61000,"u":"42","v":{"n":"3"}}"#);
/// assert_eq!(SessionRecord::of_text(&text), Some(record));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    values: Arc<BTreeMap<String, String>>,
    user: Option<Arc<str>>,
    created: u64,
    expires: u64,
}

impl SessionRecord {
    /// One without values, of this time, that ends at that one.
    #[must_use]
    pub fn new(created: u64, expires: u64) -> Self {
        let (values, user) = (Arc::default(), None);
        Self {
            values,
            user,
            created,
            expires,
        }
    }

    /// The same with a value, which is JSON.
    #[must_use]
    pub fn with_value(mut self, key: impl Into<String>, json: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.values).insert(key.into(), json.into());
        self
    }

    /// The same, of this user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<Arc<str>>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The value of this name, if there is one and it is of this type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.values.get(key)?).ok()
    }

    /// The values by their names, each as JSON.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Whose it is, if somebody signed in.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// When it was begun, or its user signed in.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.created
    }

    /// When it ends.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.expires <= clock::now()
    }

    /// Changes it.
    pub fn apply(&mut self, change: &SessionChange) {
        if change.is_cleared || !change.values.is_empty() {
            let values = Arc::make_mut(&mut self.values);
            if change.is_cleared {
                values.clear();
            }
            for (key, json) in &change.values {
                match json {
                    Some(json) => values.insert(key.clone(), json.clone()),
                    None => values.remove(key),
                };
            }
        }
        if let Some(user) = &change.user {
            self.user = Some(Arc::clone(user));
        }
        self.created = change.created.unwrap_or(self.created);
        self.expires = change.expires;
    }

    /// All of it as one text, for stores that keep it so.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = json!({ "c": self.created, "e": self.expires, "v": *self.values });
        if let Some(user) = &self.user {
            text["u"] = Value::from(&**user);
        }
        text.to_string()
    }

    /// The record that was written by [`to_text`](Self::to_text); `None` for any other text.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let mut text: Value = serde_json::from_str(text).ok()?;
        let values = serde_json::from_value(text.get_mut("v")?.take()).ok()?;
        let user = match text.get("u") {
            Some(user) => Some(user.as_str()?.into()),
            None => None,
        };
        Some(Self {
            values: Arc::new(values),
            user,
            created: text.get("c")?.as_u64()?,
            expires: text.get("e")?.as_u64()?,
        })
    }
}

/// What a request changed of its session.
///
/// ```
/// use cepa::sessions::{SessionChange, SessionRecord};
///
/// let mut record = SessionRecord::new(0, 60_000).with_value("a", "1").with_value("b", "2");
/// let change = SessionChange::new(90_000).with_value("a", None).with_value("c", Some("3".to_owned()));
/// record.apply(&change);
/// assert_eq!(record.values().keys().collect::<Vec<_>>(), ["b", "c"]);
/// assert_eq!(record.expires(), 90_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionChange {
    pub(super) values: BTreeMap<String, Option<String>>,
    pub(super) is_cleared: bool,
    pub(super) user: Option<Arc<str>>,
    pub(super) created: Option<u64>,
    pub(super) expires: u64,
    pub(super) new_key: Option<SessionKey>,
}

impl SessionChange {
    /// One that changes nothing but the time at which the session ends.
    #[must_use]
    pub fn new(expires: u64) -> Self {
        Self {
            values: BTreeMap::new(),
            is_cleared: false,
            user: None,
            created: None,
            expires,
            new_key: None,
        }
    }

    /// The same with a value that is set to this JSON, or removed.
    #[must_use]
    pub fn with_value(mut self, key: impl Into<String>, json: Option<String>) -> Self {
        self.values.insert(key.into(), json);
        self
    }

    /// The same with a time at which the session is said to have begun.
    #[must_use]
    pub fn with_created(mut self, created: u64) -> Self {
        self.created = Some(created);
        self
    }

    /// The same with another key for the session.
    #[must_use]
    pub fn with_new_key(mut self, key: SessionKey) -> Self {
        self.new_key = Some(key);
        self
    }

    /// The same with a user whose session it is from now on.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<Arc<str>>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The values that are set to this JSON, or removed.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, Option<String>> {
        &self.values
    }

    /// Whether all values are removed before [`values`](Self::values) are set.
    #[must_use]
    pub fn is_cleared(&self) -> bool {
        self.is_cleared
    }

    /// The user whose session it is from now on, if that changes.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// When it is said to have begun, if that changes.
    #[must_use]
    pub fn created(&self) -> Option<u64> {
        self.created
    }

    /// When it ends.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// The key it is kept under from now on, if that changes; the old one is worth nothing then.
    #[must_use]
    pub fn new_key(&self) -> Option<&SessionKey> {
        self.new_key.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn random_texts_are_records_only_if_they_mean_one() {
        let mut random = Random::new();
        let whole = SessionRecord::new(1, 2)
            .with_value("a\"\u{e9}", "{\"x\":[1]}")
            .with_user("");
        let text = whole.to_text();
        assert_eq!(SessionRecord::of_text(&text), Some(whole));
        let mut read = 0;
        for _ in 0..100_000 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = b"{}[]\":,0a\0\xff e"[random.below(13)];
            }
            let other = String::from_utf8_lossy(&bytes);
            if let Some(record) = SessionRecord::of_text(&other) {
                read += 1;
                let again = SessionRecord::of_text(&record.to_text());
                assert_eq!(again, Some(record));
            }
        }
        assert!((100..100_000).contains(&read), "{read}");
        for text in ["", "1", "{}", "[]", "null", r#"{"c":-1,"e":1,"v":{}}"#] {
            assert_eq!(SessionRecord::of_text(text), None, "{text}");
        }
        for text in [
            r#"{"c":1,"e":1,"v":{"a":1}}"#,
            r#"{"c":1,"e":1,"u":1,"v":{}}"#,
        ] {
            assert_eq!(SessionRecord::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let mut record = SessionRecord::new(1, 2)
            .with_value("a", "1")
            .with_user("ada");
        record.apply(&SessionChange::new(3));
        let same = SessionRecord::new(1, 3)
            .with_value("a", "1")
            .with_user("ada");
        assert_eq!(record, same);
        let mut change = SessionChange::new(4).with_value("b", Some("2".to_owned()));
        change.is_cleared = true;
        record.apply(&change.with_user("bob").with_created(2));
        let other = SessionRecord::new(2, 4)
            .with_value("b", "2")
            .with_user("bob");
        assert_eq!(record, other);
    }
}
