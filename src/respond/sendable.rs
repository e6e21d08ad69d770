//! Whether a response can be sent as a handler or middleware made it; if not, it is a 500.
//!
//! Before it: a step of the chain has answered. After it: the rendering of the error, or hyper, which
//! would answer in our place or believe what is wrong.

use http::header::{CONTENT_LENGTH, UPGRADE};
use http::{HeaderValue, StatusCode};

use crate::error::Error;
use crate::response::{Response, is_bodiless};

impl Response {
    /// Whether it is no answer, but only an announcement of one (RFC 9110, 15.2). A 101 is an answer,
    /// if it names the protocol as it must (15.2.2).
    #[inline]
    pub(crate) fn is_interim(&self) -> bool {
        let status = self.status();
        status.is_informational()
            && !(status == StatusCode::SWITCHING_PROTOCOLS && self.headers().contains_key(UPGRADE))
    }

    /// Fails for the status that no handler and no middleware can send.
    #[cold]
    pub(crate) fn refuse_interim(&mut self) {
        self.fail(Error::internal(match self.status() {
            StatusCode::SWITCHING_PROTOCOLS => "a 101 without `Upgrade` header is no response: \
                take an `Upgrade` and return what its `accept` gives"
                .to_owned(),
            status => format!(
                "{} is no response but announces one: return a status from 200 on",
                status.as_u16()
            ),
        }));
    }

    /// Fails for a `Content-Length` of the app's own that is not the length of the body, since hyper
    /// believes it. Whether it answers HEAD is for the caller to know: no body is sent then.
    #[inline]
    pub(crate) fn check_length(&mut self, head: bool) {
        if self.headers().contains_key(CONTENT_LENGTH) && !head {
            self.compare_length();
        }
    }

    fn compare_length(&mut self) {
        let status = self.status();
        let length = http_body::Body::size_hint(self.body()).exact();
        let Some(length) = length.filter(|_| !is_bodiless(status)) else {
            return;
        };
        let fits = |told: &&HeaderValue| {
            let told = told.as_bytes();
            let number = std::str::from_utf8(told).ok().map(str::parse);
            told.iter().all(u8::is_ascii_digit) && number == Some(Ok(length))
        };
        let mut told = self.headers().get_all(CONTENT_LENGTH).iter();
        if let Some(wrong) = told.find(|told| !fits(told)) {
            let message = format!(
                "the response says `content-length: {}` and its body has {length} bytes: leave the \
                 header out, it is set by itself",
                wrong.as_bytes().escape_ascii()
            );
            self.fail(Error::internal(message));
        }
    }
}
