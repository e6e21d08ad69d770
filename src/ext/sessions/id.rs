//! The id of a session, which the client has, and its hash, which the store has.
//!
//! Before it: the cookie of a request, or the random numbers of the operating system. After it: a
//! store is asked by the key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};

use super::error::SessionError;

/// 256 random bits, which nobody guesses.
const BYTES: usize = 32;

/// What the cookie holds: whoever has it has the session.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SessionId([u8; BYTES]);

impl SessionId {
    /// How long its text is.
    pub(super) const TEXT: usize = 43;

    /// A new one, of the operating system's random numbers.
    pub(super) fn random() -> Result<Self, SessionError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| SessionError::random(&error))?;
        Ok(Self(bytes))
    }

    /// The one that was written by [`to_text`](Self::to_text); `None` for any other text.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        // Of any other length it is not worth decoding.
        if text.len() != Self::TEXT {
            return None;
        }
        Some(Self(BASE64.decode(text).ok()?.try_into().ok()?))
    }

    /// In letters, digits, `-` and `_`.
    pub(super) fn to_text(&self) -> String {
        BASE64.encode(self.0)
    }

    /// What a store knows the session of this id and this cookie by.
    pub(super) fn key(&self, cookie: &str) -> SessionKey {
        let hash = Sha256::new()
            .chain_update("cepa session key, version 1\0")
            .chain_update((cookie.len() as u64).to_be_bytes())
            .chain_update(cookie)
            .chain_update(self.0);
        SessionKey(hash.finalize().into())
    }

    /// A keyed hash that only those can make who have the id.
    pub(super) fn hmac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length")
    }
}

/// Nothing of it, since it is a secret.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// What a store knows a session by: a SHA-256 of the id that its client has and the name of the cookie.
/// Who reads the store can use no session of it, and an id is worth nothing in another cookie.
///
/// ```
/// use cepa::sessions::SessionKey;
///
/// let key = SessionKey::from_bytes([0xab; 32]);
/// assert_eq!(key.to_hex(), "ab".repeat(32));
/// assert_eq!(SessionKey::from_hex(&key.to_hex()), Some(key));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; BYTES]);

impl SessionKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key that was written by [`to_hex`](Self::to_hex); `None` for any other text.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let mut bytes = [0; BYTES];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != BYTES || !rest.is_empty() || text.bytes().any(|b| b.is_ascii_uppercase())
        {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
        }
        Some(Self(bytes))
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 hexadecimal digits, in lower case.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        let bytes = self.0.iter();
        bytes
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect()
    }
}

/// In hexadecimal digits.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn an_id_is_read_as_it_was_written() {
        for _ in 0..1000 {
            let id = SessionId::random().unwrap();
            let text = id.to_text();
            assert_eq!(text.len(), SessionId::TEXT);
            assert_eq!(SessionId::of_text(&text), Some(id.clone()));
            let key = id.key("session");
            assert_eq!(SessionKey::from_hex(&key.to_hex()), Some(key));
            assert!(!format!("{id:?} {key:?}").contains(&text));
        }
    }

    /// As Python's `hashlib` makes it: stores keep it, so it stays.
    #[test]
    fn a_key_is_the_sha_256_of_the_name_and_the_id() {
        let id = SessionId([0; BYTES]);
        let hash = "34e4b91b9d76a374e2a6b97a16ec5e2e7eabcd8e78a6cb83124ce22a56d83a4f";
        assert_eq!(id.key("session").to_hex(), hash);
        assert_ne!(id.key("admin"), id.key("session"));
    }

    /// By the table of RFC 4648, 5, bit by bit; `None` unless it is the one spelling of 32 bytes.
    fn decoded(text: &str) -> Option<[u8; BYTES]> {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digits: Option<Vec<usize>> = text.chars().map(|c| ALPHABET.find(c)).collect();
        let digits = digits.filter(|digits| digits.len() == 43)?;
        let bits = digits
            .iter()
            .flat_map(|digit| (0..6).rev().map(move |at| digit >> at & 1));
        let bits: Vec<_> = bits.collect();
        let mut bytes = [0; BYTES];
        for (byte, bits) in bytes.iter_mut().zip(bits.chunks(8)) {
            *byte = bits
                .iter()
                .fold(0, |byte, bit| byte << 1 | u8::try_from(*bit).unwrap());
        }
        bits[8 * BYTES..]
            .iter()
            .all(|bit| *bit == 0)
            .then_some(bytes)
    }

    #[test]
    fn texts_are_ids_only_as_they_are_written() {
        let mut random = Random::new();
        let mut found = [0; 2];
        for _ in 0..50_000 {
            let mut text: Vec<char> = SessionId::random().unwrap().to_text().chars().collect();
            for _ in 0..random.below(3) {
                let (at, c) = (random.below(text.len()), random.below(12));
                let c = [
                    'A', 'B', 'z', '0', '8', '-', '_', '=', '+', '/', '\0', '\u{e9}',
                ][c];
                match random.below(8) {
                    0 => drop(text.remove(at)),
                    1 => text.insert(at, c),
                    2 => *text.last_mut().unwrap() = c,
                    _ => text[at] = c,
                }
            }
            let text: String = text.into_iter().collect();
            let read = SessionId::of_text(&text);
            found[usize::from(read.is_some())] += 1;
            assert_eq!(read.map(|id| id.0), decoded(&text), "{text}");
        }
        assert!(found.iter().all(|count| *count > 10_000), "{found:?}");
    }

    #[test]
    fn texts_are_keys_only_as_they_are_written() {
        let mut random = Random::new();
        let mut found = [0; 2];
        for _ in 0..50_000 {
            let mut text: Vec<char> = SessionId::random()
                .unwrap()
                .key("a")
                .to_hex()
                .chars()
                .collect();
            for _ in 0..random.below(3) {
                let (at, c) = (random.below(text.len()), random.below(8));
                let c = ['0', 'a', '9', 'f', 'F', 'g', ' ', '\u{e9}'][c];
                match random.below(8) {
                    0 => drop(text.remove(at)),
                    1 => text.insert(at, c),
                    _ => text[at] = c,
                }
            }
            let text: String = text.into_iter().collect();
            let is_key = text.len() == 64 && text.chars().all(|c| "0123456789abcdef".contains(c));
            let read = SessionKey::from_hex(&text);
            found[usize::from(is_key)] += 1;
            assert_eq!(read.is_some(), is_key, "{text}");
            assert!(read.is_none_or(|key| key.to_hex() == text));
        }
        assert!(found.iter().all(|count| *count > 10_000), "{found:?}");
    }
}
