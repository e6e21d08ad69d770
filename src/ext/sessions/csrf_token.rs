//! `CsrfToken`: what shows that a form was sent from a page of this app, to this client.
//!
//! Before it: a page with a form is made. After it: the browser sends the token with the form.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::Mac;

use super::error::SessionError;
use super::extract::Session;
use super::id::SessionId;
use crate::{Error, FromRequest, Need, Request, Result};

/// The name of the field of a form.
pub(super) const FIELD: &str = "_csrf";

/// Bytes of HMAC-SHA-256, and of the mask.
const BYTES: usize = 32;

/// Sets this use of a session's id apart from any other.
const PURPOSE: &[u8] = b"cepa csrf token, version 1";

/// The token of the client's session, for forms that [`CsrfTokens`](super::CsrfTokens) guards. As an
/// argument it asks no store; a client without a session gets one. In a handler that changes the session
/// too, `Session` stands before it, so that a client whose session is over gets the token of the new one.
///
/// It is a keyed hash of the session's id, so it is worthless to other clients, and after the session
/// was [renewed](super::Session::renew): forms that were loaded before somebody signed in do not work
/// after it. Each one is masked anew, so that compressed pages do not give it away (BREACH).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::sessions::{CsrfToken, CsrfTokens, Sessions};
///
/// async fn form(token: CsrfToken) -> Html<String> {
///     Html(format!("<form method=\"post\">{}<button>Buy</button></form>", token.field()))
/// }
///
/// let client = App::new()
///     .plug(Sessions::memory())
///     .with(CsrfTokens::new())
///     .get("/", form)
///     .post("/", async || "bought")
///     .get("/token", async |token: CsrfToken| token.to_string())
///     .test();
/// client.get("/").send().assert_contains("<input type=\"hidden\" name=\"_csrf\" value=\"");
/// let token = client.get("/token").send().text().to_owned();
/// client.post("/").send().assert_status(403);
/// client.post("/").form(&[("_csrf", &token)]).send().assert_text("bought");
/// client.post("/").header("x-csrf-token", token).send().assert_text("bought");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken(String);

impl CsrfToken {
    pub(super) fn of(id: &SessionId) -> Result<Self, SessionError> {
        let mut bytes = [0; 2 * BYTES];
        getrandom::fill(&mut bytes[..BYTES]).map_err(|error| SessionError::random(&error))?;
        let tag = mac(id).finalize().into_bytes();
        let (mask, masked) = bytes.split_at_mut(BYTES);
        for ((to, mask), tag) in masked.iter_mut().zip(mask).zip(tag) {
            *to = *mask ^ tag;
        }
        Ok(Self(BASE64.encode(bytes)))
    }

    /// Whether this text is a token of the session with this id.
    pub(super) fn is_of(text: &str, id: &SessionId) -> bool {
        if text.len() != (2 * BYTES * 4).div_ceil(3) {
            return false;
        }
        let Ok(bytes) = BASE64.decode(text) else {
            return false;
        };
        let (mask, masked) = bytes.split_at(BYTES.min(bytes.len()));
        let tag: Vec<u8> = mask.iter().zip(masked).map(|(a, b)| a ^ b).collect();
        // Takes the same time wherever they differ.
        mac(id).verify_slice(&tag).is_ok()
    }

    /// The token, in letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `<input type="hidden" name="_csrf" value="..">`. In a form with files it has to stand first.
    #[must_use]
    pub fn field(&self) -> String {
        format!(
            "<input type=\"hidden\" name=\"{FIELD}\" value=\"{}\">",
            self.0
        )
    }
}

fn mac(id: &SessionId) -> impl Mac {
    id.hmac().chain_update(PURPOSE)
}

impl FromRequest for CsrfToken {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let session = req.local::<Session>();
        let missing = || Error::internal("a `CsrfToken` needs `Sessions` around");
        let token = session.ok_or_else(missing)?.csrf_token();
        token.map_err(|error| error.to_error())
    }

    fn requires() -> Vec<Need> {
        Session::requires()
    }
}

impl fmt::Display for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Nothing of it, since it is a secret.
impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_token_is_that_of_one_session() {
        let (one, other) = (SessionId::random().unwrap(), SessionId::random().unwrap());
        for _ in 0..100 {
            let token = CsrfToken::of(&one).unwrap();
            assert!(CsrfToken::is_of(token.as_str(), &one));
            assert!(!CsrfToken::is_of(token.as_str(), &other));
            assert!(!token.as_str().contains(&one.to_text()[..8]));
            assert_eq!(format!("{token:?}"), "CsrfToken(..)");
        }
    }

    /// What the two halves hide, by the table of RFC 4648, 5; `None` unless it is the one spelling.
    fn hidden(text: &str) -> Option<Vec<usize>> {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digits: Option<Vec<usize>> = text.chars().map(|c| ALPHABET.find(c)).collect();
        let digits = digits.filter(|digits| digits.len() == 86)?;
        let bits = digits
            .iter()
            .flat_map(|digit| (0..6).rev().map(move |at| digit >> at & 1));
        let bits: Vec<_> = bits.collect();
        let (halves, rest) = bits.split_at(512);
        let (mask, masked) = halves.split_at(256);
        let hidden = mask.iter().zip(masked).map(|(a, b)| a ^ b).collect();
        rest.iter().all(|bit| *bit == 0).then_some(hidden)
    }

    /// Whichever way a token is changed, it is one if it hides what the token hid, and if not, the
    /// comparison says so.
    #[test]
    fn texts_are_tokens_only_if_they_hide_the_same() {
        let mut random = Random::new();
        let id = SessionId::random().unwrap();
        let mut found = [0; 3];
        for _ in 0..30_000 {
            let token = CsrfToken::of(&id).unwrap();
            let wanted = hidden(token.as_str()).unwrap();
            let mut text: Vec<char> = token.as_str().chars().collect();
            for _ in 0..random.below(3) {
                let (at, c) = (random.below(text.len()), random.below(10));
                let c = ['A', 'Q', 'g', 'w', '-', '_', '=', '+', '\0', '\u{e9}'][c];
                match random.below(16) {
                    0 => drop(text.remove(at)),
                    1 => text.insert(at, c),
                    2 => *text.last_mut().unwrap() = c,
                    _ => text[at] = c,
                }
            }
            let mut text: String = text.into_iter().collect();
            if let (Ok(mut bytes), 0) = (BASE64.decode(&text), random.below(4))
                && bytes.len() == 2 * BYTES
            {
                // The same bit of both halves.
                let (at, bit) = (random.below(BYTES), random.below(8));
                bytes[at] ^= 1 << bit;
                bytes[at + BYTES] ^= 1 << bit;
                text = BASE64.encode(bytes);
            }
            let other = hidden(&text);
            let is_token = other.as_ref() == Some(&wanted);
            found[usize::from(other.is_some()) + usize::from(is_token)] += 1;
            assert_eq!(CsrfToken::is_of(&text, &id), is_token, "{text}");
        }
        assert!(found.iter().all(|count| *count > 3_000), "{found:?}");
    }
}
