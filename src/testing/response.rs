//! An answer of the test client, and what can be asserted of it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::response::Response;

/// A whole response. Assertions return it again, and say on failure what was asked and answered.
#[derive(Debug)]
pub struct TestResponse {
    asked: String,
    head: Response,
    bytes: Bytes,
}

impl TestResponse {
    pub(super) async fn read(asked: String, mut res: Response) -> Self {
        match res.take_body().collect(u64::MAX).await {
            Ok(bytes) => {
                res.tell_sent(bytes.len());
                Self {
                    asked,
                    head: res,
                    bytes,
                }
            }
            Err(error) => panic!("{asked}: the response body broke off: {error:?}"),
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The first value of a header, if it is there and visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    #[track_caller]
    #[must_use]
    pub fn text(&self) -> &str {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(error) => panic!("{}: the body is not UTF-8: {error}", self.asked),
        }
    }

    /// The body, parsed as JSON.
    ///
    /// # Panics
    /// If it is not JSON of this type.
    #[track_caller]
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.bytes) {
            Ok(value) => value,
            Err(error) => panic!("{self}\nis not the expected JSON: {error}"),
        }
    }

    /// The error the response answers for, with its cause by type.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.head.error()
    }

    /// Asserts the status.
    ///
    /// # Panics
    /// If it is another one.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert!(
            self.status().as_u16() == status,
            "{self}\nshould have the status {status}"
        );
        self
    }

    /// Asserts a header's value.
    ///
    /// # Panics
    /// If it is missing or another one.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        assert!(
            self.header(name) == Some(value),
            "{self}\nshould have `{name}: {value}`"
        );
        self
    }

    /// Asserts the whole body.
    ///
    /// # Panics
    /// If it is another one.
    #[track_caller]
    pub fn assert_text(&self, text: &str) -> &Self {
        assert!(self.text() == text, "{self}\nshould have the body\n{text}");
        self
    }

    /// Asserts that the body has this text in it.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn assert_contains(&self, text: &str) -> &Self {
        assert!(
            self.text().contains(text),
            "{self}\nshould have in its body\n{text}"
        );
        self
    }

    /// Asserts the whole body, as JSON.
    ///
    /// # Panics
    /// If it is not JSON or another value.
    #[track_caller]
    pub fn assert_json(&self, value: &Value) -> &Self {
        assert!(
            self.json::<Value>() == *value,
            "{self}\nshould have the JSON body\n{value:#}"
        );
        self
    }
}

/// What was asked and what was answered, as failed assertions show it.
impl std::fmt::Display for TestResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n{}", self.asked, self.status())?;
        for (name, value) in self.headers() {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.bytes))?;
        match self.error() {
            Some(error) => write!(f, "\n(error: {error:?})"),
            None => Ok(()),
        }
    }
}
