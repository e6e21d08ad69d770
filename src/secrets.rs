//! Which parameters and headers are secrets, and how a query looks without their values: for log lines, and pages
//! for developers.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// Words that make a name one of a secret, wherever in it they are.
const WORDS: [&str; 13] = [
    "accesskey",
    "apikey",
    "authorization",
    "cardnumber",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "session",
    "signature",
    "token",
];

/// Words that are secrets only where they stand alone, as in `otp`, `user[otp]` and `X-Otp-Code`; in paths
/// they are too common.
const NAMES: [&str; 16] = [
    "auth", "card", "code", "csrf", "cvc", "cvv", "hmac", "jwt", "key", "otp", "pass", "pin",
    "pwd", "sid", "sig", "ticket",
];

/// The names an app added, reduced.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn add(&mut self, name: &str) {
        self.0.push(reduced(name));
    }

    pub(crate) fn has_nameless(&self) -> bool {
        self.0.iter().any(String::is_empty)
    }

    /// The query with `***` for each secret.
    pub(crate) fn masked<'a>(&self, query: &'a str) -> Cow<'a, str> {
        let mut masked = String::new();
        // How much of the query is in `masked`.
        let mut done = 0;
        let mut start = 0;
        for pair in query.split('&') {
            if let Some(value) = self.secret_in(pair) {
                masked += &query[done..start + value];
                masked += MASK;
                done = start + pair.len();
            }
            start += pair.len() + 1;
        }
        if done == 0 {
            return Cow::Borrowed(query);
        }
        masked += &query[done..];
        Cow::Owned(masked)
    }

    /// Where in the pair a secret value begins. Some servers separate pairs by `;` too, while a
    /// secret may have one in it: all behind it is part of the secret.
    fn secret_in(&self, pair: &str) -> Option<usize> {
        let mut start = 0;
        for part in pair.split(';') {
            if let Some((name, _)) = part.split_once('=')
                && self.is_secret(name, &NAMES)
            {
                return Some(start + name.len() + 1);
            }
            start += part.len() + 1;
        }
        None
    }

    /// Whether a parameter of this route's path is a secret.
    pub(crate) fn are_in_path(&self, route: &str) -> bool {
        let names = route
            .split('{')
            .skip(1)
            .filter_map(|it| it.split('}').next());
        let mut names = names.map(|name| name.trim_start_matches('*'));
        names.any(|name| self.is_secret(name, &[]))
    }

    /// Whether the value of a header of this name is a secret.
    pub(crate) fn are_in_header(&self, name: &str) -> bool {
        self.is_secret(name, &NAMES)
    }

    fn is_secret(&self, name: &str, names: &[&str]) -> bool {
        let name = &*percent_decode_str(name).decode_utf8_lossy();
        let is_one = |word: &str| names.iter().any(|it| it.eq_ignore_ascii_case(word));
        let mut room = [0; SHORT];
        let letters = match short(name, &mut room) {
            Some(short) => Cow::Borrowed(short),
            None => Cow::Owned(reduced(name)),
        };
        name.split(|c: char| !c.is_alphanumeric()).any(is_one)
            || self.0.iter().any(|own| *own == letters)
            || WORDS.iter().any(|word| letters.contains(word))
    }
}

/// Room for the names that there usually are.
const SHORT: usize = 64;

/// The same as [`reduced`] without an allocation, for a name that is short and of plain ASCII.
fn short<'r>(name: &str, room: &'r mut [u8; SHORT]) -> Option<&'r str> {
    if name.len() > SHORT || !name.is_ascii() {
        return None;
    }
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    let mut length = 0;
    for (place, letter) in room.iter_mut().zip(letters) {
        *place = letter.to_ascii_lowercase();
        length += 1;
    }
    std::str::from_utf8(&room[..length]).ok()
}

/// A name in lower case, without punctuation: `apikey` for `API-Key`.
fn reduced(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn values_of_secrets_are_masked_and_nothing_else() {
        let mut secrets = Secrets::default();
        secrets.add("Customer-Iban");
        let table = [
            ("", ""),
            ("a=1&b=2", "a=1&b=2"),
            ("token=x", "token=***"),
            ("a=1&token=x&b=2", "a=1&token=***&b=2"),
            ("token=x&token=y", "token=***&token=***"),
            (
                "TOKEN=x&Api-Key=y&access_token=z",
                "TOKEN=***&Api-Key=***&access_token=***",
            ),
            (
                "X-Amz-Signature=x&X-Amz-Date=y",
                "X-Amz-Signature=***&X-Amz-Date=y",
            ),
            (
                "user[password]=x&user[name]=y",
                "user[password]=***&user[name]=y",
            ),
            ("user%5Bpassword%5D=x", "user%5Bpassword%5D=***"),
            ("%74oken=x", "%74oken=***"),
            (
                "user[pass]=a&login_pwd=b&user%5Bpin%5D=c&otp_code=d&Card.Number=e&cardNumber=f",
                "user[pass]=***&login_pwd=***&user%5Bpin%5D=***&otp_code=***&Card.Number=***&cardNumber=***",
            ),
            (
                "cvv=a&cvc=b&my+key=c&%6Bey-1=d",
                "cvv=***&cvc=***&my+key=***&%6Bey-1=***",
            ),
            (
                "passenger=a&spin[]=b&discard=c&authors=d&pins=e",
                "passenger=a&spin[]=b&discard=c&authors=d&pins=e",
            ),
            ("code=x&zipcode=y&barcode=z", "code=***&zipcode=y&barcode=z"),
            ("key=x&keyboard=y&monkey=z", "key=***&keyboard=y&monkey=z"),
            ("secret=", "secret=***"),
            ("secret", "secret"),
            ("secret=a=b", "secret=***"),
            ("secret=a;b", "secret=***"),
            ("a=1;secret=b;c=2&d=3", "a=1;secret=***&d=3"),
            ("customer_iban=x&iban=y", "customer_iban=***&iban=y"),
            ("=x&&=&a", "=x&&=&a"),
        ];
        for (query, masked) in table {
            assert_eq!(secrets.masked(query), masked, "{query}");
        }
    }

    #[test]
    fn a_short_name_is_reduced_like_any_other() {
        let mut random = Random::new();
        let mut shorts = 0;
        for _ in 0..50_000 {
            let length = random.below(80);
            let name: String = (0..length)
                .map(|_| char::from(b"aZ09-_[]. +\x00"[random.below(12)]))
                .collect();
            let mut room = [0; SHORT];
            if let Some(short) = short(&name, &mut room) {
                shorts += 1;
                assert_eq!(short, reduced(&name), "{name:?}");
            }
        }
        assert!(shorts > 10_000, "{shorts}");
        for other in ["é", &"a".repeat(SHORT + 1)] {
            assert_eq!(short(other, &mut [0; SHORT]), None, "{other}");
        }
    }

    #[test]
    fn routes_with_secrets_in_their_path_are_known() {
        let mut secrets = Secrets::default();
        secrets.add("key");
        for route in [
            "/reset/{token}",
            "/a/{b}/x-{api_key}.png",
            "/{*secret}",
            "/{key}",
        ] {
            assert!(secrets.are_in_path(route), "{route}");
        }
        for route in ["/", "/token", "/countries/{code}", "/{id}/secret"] {
            assert!(!secrets.are_in_path(route), "{route}");
        }
    }

    #[test]
    fn headers_with_secrets_are_known() {
        for name in [
            "authorization",
            "proxy-authorization",
            "x-api-key",
            "x-admin-key",
            "x-auth",
            "x-csrf-token",
            "x-amz-security-token",
            "session-id",
            "x-hub-signature-256",
        ] {
            assert!(Secrets::default().are_in_header(name), "{name}");
        }
        for name in [
            "host",
            "accept",
            "user-agent",
            "x-request-id",
            "content-type",
            "x-keyboard",
        ] {
            assert!(!Secrets::default().are_in_header(name), "{name}");
        }
    }

    #[test]
    fn no_query_makes_it_stop_and_no_secret_stays() {
        let mut random = Random::new();
        let pieces = [
            "token", "=", "&", ";", "%", "%74", "a", "é", "hidden", "=hidden", "+", "",
        ];
        for _ in 0..50_000 {
            let mut query = String::new();
            for _ in 0..8 {
                query += pieces[random.below(pieces.len())];
            }
            let masked = Secrets::default().masked(&query).into_owned();
            let mut pairs = masked.split(['&', ';']);
            let is_open = pairs.any(|pair| pair.starts_with("token=hidden"));
            assert!(!is_open, "{query}: {masked}");
            assert_eq!(Secrets::default().masked(&masked), masked, "{query}");
        }
    }
}
