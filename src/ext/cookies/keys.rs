//! The secrets of an app: values signed or encrypted by them, bound to a name, with rotation.
//!
//! Each secret is stretched by HKDF-SHA-256 (RFC 5869) into one key per use, so that no key ever
//! does two things.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::error::KeyError;

/// Bytes a secret has at least, and different ones among them.
const LEAST_BYTES: usize = 32;
const LEAST_DIFFERENT: usize = 8;
/// Bytes of a nonce of XChaCha20-Poly1305.
const NONCE: usize = 24;
/// Sets the keys of this version of the formats apart from those of any other use of the secret.
const SALT: &[u8] = b"cepa keys, version 1";

/// The secrets that sign and encrypt, in cookies and elsewhere; kept as the app's state.
///
/// The first secret signs and encrypts; all verify and decrypt. To rotate, put the new one first and
/// leave the old one in until what it signed has had its time:
/// `SECRET_KEY=<new>,<old>`.
///
/// What is signed or encrypted is bound to a name, that of the cookie, and reads as absent under any
/// other name. [`for_purpose`](Self::for_purpose) gives keys for everything that is no cookie.
///
/// ```
/// use cepa::cookies::Keys;
///
/// let keys = Keys::new("0123456789abcdef0123456789abcdef")?;
/// let links = keys.for_purpose("links in mails");
/// let token = links.sign("unsubscribe", "ada@example.com");
/// assert_eq!(links.verify("unsubscribe", &token).as_deref(), Some("ada@example.com"));
/// assert_eq!(links.verify("subscribe", &token), None);
/// assert_eq!(keys.verify("unsubscribe", &token), None);
///
/// let sealed = keys.encrypt("note", "buy onions");
/// assert_eq!(keys.decrypt("note", &sealed).as_deref(), Some("buy onions"));
/// # Ok::<(), cepa::cookies::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Keys(Arc<[Key]>);

impl Keys {
    /// Keys of one secret: at least 32 bytes that were drawn at random, in any form.
    ///
    /// # Errors
    /// [`KeyError`] if it is too short, or so regular that nobody has drawn it.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Ok(Self([Key::new(secret.as_ref())?].into()))
    }

    /// The same keys with a further secret that verifies and decrypts only.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_old(self, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let old = Key::new(secret.as_ref())?;
        Ok(Self(self.0.iter().cloned().chain([old]).collect()))
    }

    /// Keys of the secrets in this environment variable: the newest first, separated by commas or
    /// white space. `openssl rand -hex 32` draws one.
    ///
    /// # Errors
    /// [`KeyError`] if there is no such variable, or as [`new`](Self::new).
    pub fn from_env(variable: &str) -> Result<Self, KeyError> {
        let text = std::env::var(variable).unwrap_or_default();
        let is_between = |c: char| c == ',' || c.is_whitespace();
        let mut secrets = text.split(is_between).filter(|secret| !secret.is_empty());
        let Some(first) = secrets.next() else {
            let variable = variable.to_owned();
            return Err(KeyError::Missing { variable });
        };
        secrets.try_fold(Self::new(first)?, Self::with_old)
    }

    /// Keys of a secret that is drawn now and known to nobody: for tests, and for programs whose
    /// cookies need not outlive a restart.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn random() -> Self {
        Self([Key::of(<[u8; 32]>::generate())].into())
    }

    /// Keys derived from these for something else, such as links in mails: what is signed or
    /// encrypted by the ones is nothing to the others.
    #[must_use]
    pub fn for_purpose(&self, purpose: &str) -> Self {
        let derive = |key: &Key| Key::of(expand(&key.root, &["purpose: ", purpose]));
        Self(self.0.iter().map(derive).collect())
    }

    /// The value with a signature over it and the name, in letters, digits, `-`, `_` and one `.`.
    /// Who has it can read it.
    #[must_use]
    pub fn sign(&self, name: &str, value: &str) -> String {
        let tag = self.0[0].mac(name, value).finalize().into_bytes();
        let mut token = BASE64.encode(value);
        token.push('.');
        BASE64.encode_string(tag, &mut token);
        token
    }

    /// The value that was signed under this name; `None` for anything else.
    #[must_use]
    pub fn verify(&self, name: &str, token: &str) -> Option<String> {
        let (value, tag) = token.split_once('.')?;
        // A client can send a thousand tokens; those of another length cost no hashing.
        let tag: [u8; 32] = BASE64.decode(tag).ok()?.try_into().ok()?;
        let value = String::from_utf8(BASE64.decode(value).ok()?).ok()?;
        // `verify_slice` takes the same time wherever the tags differ.
        let is_signed = |key: &Key| key.mac(name, &value).verify_slice(&tag).is_ok();
        self.0.iter().any(is_signed).then_some(value)
    }

    /// The value, encrypted and bound to the name, in letters, digits, `-` and `_`. Its length, and
    /// nothing else, can be seen. Two calls never give the same.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn encrypt(&self, name: &str, value: &str) -> String {
        let nonce = XNonce::generate();
        let (msg, aad) = (value.as_bytes(), name.as_bytes());
        let sealed = self.0[0].cipher.encrypt(&nonce, Payload { msg, aad });
        let sealed = sealed.expect("no string is longer than the 256 GiB that can be encrypted");
        BASE64.encode([&nonce[..], &sealed].concat())
    }

    /// The value that was encrypted under this name; `None` for anything else.
    #[must_use]
    pub fn decrypt(&self, name: &str, token: &str) -> Option<String> {
        let bytes = BASE64.decode(token).ok()?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>()?;
        let aad = name.as_bytes();
        let open = |key: &Key| {
            let opened = key.cipher.decrypt(&(*nonce).into(), Payload { msg, aad });
            opened.ok()
        };
        String::from_utf8(self.0.iter().find_map(open)?).ok()
    }
}

/// How many there are, and nothing of them.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

/// What is derived from one secret.
#[derive(Clone)]
struct Key {
    root: Hmac<Sha256>,
    sign: Hmac<Sha256>,
    cipher: XChaCha20Poly1305,
}

impl Key {
    fn new(secret: &[u8]) -> Result<Self, KeyError> {
        let bytes = secret.len();
        if bytes < LEAST_BYTES {
            return Err(KeyError::Short { bytes });
        }
        let mut seen = [false; 256];
        secret.iter().for_each(|&byte| seen[byte as usize] = true);
        if seen.iter().filter(|seen| **seen).count() < LEAST_DIFFERENT {
            return Err(KeyError::Regular);
        }
        Ok(Self::of(extract(SALT, secret)))
    }

    fn of(root: [u8; 32]) -> Self {
        let root = hmac(&root);
        Self {
            sign: hmac(&expand(&root, &["sign"])),
            cipher: XChaCha20Poly1305::new(&expand(&root, &["encrypt"]).into()),
            root,
        }
    }

    /// Over the name and the value; the length tells where the one ends.
    fn mac(&self, name: &str, value: &str) -> Hmac<Sha256> {
        let length = (name.len() as u64).to_be_bytes();
        let mac = self.sign.clone().chain_update(length);
        mac.chain_update(name).chain_update(value)
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// HKDF-Extract (RFC 5869, 2.2).
fn extract(salt: &[u8], secret: &[u8]) -> [u8; 32] {
    let mac = hmac(salt).chain_update(secret);
    mac.finalize().into_bytes().into()
}

/// The first block of HKDF-Expand (RFC 5869, 2.3), which is all that a key needs.
fn expand(root: &Hmac<Sha256>, info: &[&str]) -> [u8; 32] {
    let mac = info.iter().fold(root.clone(), Mac::chain_update);
    mac.chain_update([1]).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";

    fn keys() -> Keys {
        Keys::new(SECRET).unwrap()
    }

    /// RFC 5869, A.1: the first 32 bytes of its 42.
    #[test]
    fn keys_are_derived_by_hkdf() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let root = extract(&salt, &[0x0b; 22]);
        let info = String::from_utf8((0xf0..=0xf9).map(|_| b'x').collect()).unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(
            hex(&root),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
        );
        // The RFC's info is not text; its bytes go in here one by one.
        let mac = (0xf0..=0xf9).fold(hmac(&root), |mac, byte: u8| mac.chain_update([byte]));
        let block: [u8; 32] = mac.chain_update([1]).finalize().into_bytes().into();
        assert_eq!(
            hex(&block),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
        let mac = hmac(&root).chain_update(&info).chain_update([1]);
        let block: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(expand(&hmac(&root), &[&info[..4], &info[4..]]), block);
    }

    #[test]
    fn a_signed_value_is_read_under_its_own_name_only() {
        let token = keys().sign("a", "x.y \u{e9}");
        assert_eq!(keys().verify("a", &token).as_deref(), Some("x.y \u{e9}"));
        assert_eq!(keys().verify("b", &token), None);
        assert_eq!(keys().verify("", &token), None);
        // Name and value are not one text: `ab` + `c` is not `a` + `bc`.
        let tag = |token: String| token.split_once('.').unwrap().1.to_owned();
        assert_ne!(tag(keys().sign("ab", "c")), tag(keys().sign("a", "bc")));
        assert_eq!(keys().verify("", &keys().sign("", "")).as_deref(), Some(""));
    }

    #[test]
    fn an_encrypted_value_is_read_under_its_own_name_only() {
        let token = keys().encrypt("a", "x \u{e9}");
        assert_eq!(keys().decrypt("a", &token).as_deref(), Some("x \u{e9}"));
        assert_eq!(keys().decrypt("b", &token), None);
        assert_ne!(keys().encrypt("a", "x \u{e9}"), token);
        let told = keys().encrypt("a", "nobody may read this");
        assert!(!String::from_utf8_lossy(&BASE64.decode(&told).unwrap()).contains("nobody"));
        let empty = keys().encrypt("a", "");
        assert_eq!(keys().decrypt("a", &empty).as_deref(), Some(""));
    }

    #[test]
    fn a_token_with_any_byte_changed_or_gone_is_nothing() {
        let keys = keys();
        let (signed, sealed) = (keys.sign("a", "Ada"), keys.encrypt("a", "Ada"));
        for (token, is_signed) in [(signed, true), (sealed, false)] {
            let read = |token: &str| match is_signed {
                true => keys.verify("a", token),
                false => keys.decrypt("a", token),
            };
            assert_eq!(read(&token).as_deref(), Some("Ada"));
            for at in 0..token.len() {
                for byte in (b' '..=b'~').filter(|byte| *byte != token.as_bytes()[at]) {
                    let mut other = token.clone().into_bytes();
                    other[at] = byte;
                    let other = String::from_utf8(other).unwrap();
                    assert_eq!(read(&other), None, "{token} as {other}");
                }
                assert_eq!(read(&token[..at]), None);
                assert_eq!(read(&format!("{}{}", &token[..at], &token[at + 1..])), None);
            }
            assert_eq!(read(&format!("{token}=")), None);
            assert_eq!(read(&format!("{token}.")), None);
        }
    }

    #[test]
    fn random_tokens_are_nothing() {
        let keys = keys();
        let alphabet = b"AQgw-_.=+/ \xc3\xa9\0";
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..20_000 {
            let mut token = Vec::new();
            for _ in 0..state % 90 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                token.push(alphabet[(state >> 20) as usize % alphabet.len()]);
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let token = String::from_utf8_lossy(&token);
            assert_eq!(keys.verify("a", &token), None);
            assert_eq!(keys.decrypt("a", &token), None);
        }
    }

    #[test]
    fn old_secrets_verify_and_the_first_one_signs() {
        let (old, new) = (keys(), Keys::new(OTHER).unwrap());
        let both = new.clone().with_old(SECRET).unwrap();
        let (signed, sealed) = (old.sign("a", "1"), old.encrypt("a", "1"));
        assert_eq!(both.verify("a", &signed).as_deref(), Some("1"));
        assert_eq!(both.decrypt("a", &sealed).as_deref(), Some("1"));
        assert_eq!(new.verify("a", &signed), None);
        assert_eq!(new.decrypt("a", &sealed), None);
        let (signed, sealed) = (both.sign("a", "2"), both.encrypt("a", "2"));
        assert_eq!(new.verify("a", &signed).as_deref(), Some("2"));
        assert_eq!(new.decrypt("a", &sealed).as_deref(), Some("2"));
        assert_eq!(old.verify("a", &signed), None);
    }

    #[test]
    fn each_use_has_a_key_of_its_own() {
        let keys = keys();
        let mail = keys.for_purpose("mail");
        let token = mail.sign("a", "1");
        assert_eq!(mail.verify("a", &token).as_deref(), Some("1"));
        assert_eq!(keys.verify("a", &token), None);
        assert_eq!(keys.for_purpose("sms").verify("a", &token), None);
        assert_eq!(
            keys.for_purpose("mail").verify("a", &token).as_deref(),
            Some("1")
        );
        assert_eq!(mail.decrypt("a", &keys.encrypt("a", "1")), None);
        // The old secret of the outer keys is an old one of the inner ones.
        let rotated = Keys::new(OTHER).unwrap().with_old(SECRET).unwrap();
        let rotated = rotated.for_purpose("mail");
        assert_eq!(rotated.verify("a", &token).as_deref(), Some("1"));
        assert_eq!(Keys::random().verify("a", &token), None);
    }

    #[test]
    fn a_secret_that_nobody_has_drawn_is_refused() {
        let short = KeyError::Short { bytes: 31 };
        assert_eq!(Keys::new(&SECRET[1..]).unwrap_err(), short);
        assert_eq!(Keys::new([0; 64]).unwrap_err(), KeyError::Regular);
        let word = "changeme".repeat(8);
        assert_eq!(Keys::new(word).unwrap_err(), KeyError::Regular);
        assert_eq!(keys().with_old(&SECRET[1..]).unwrap_err(), short);
        let error = Keys::from_env("CEPA_NO_SUCH_VARIABLE").unwrap_err();
        assert!(error.to_string().contains("`CEPA_NO_SUCH_VARIABLE`"));
        assert_eq!(format!("{:?}", keys()), "Keys(1)");
    }
}
