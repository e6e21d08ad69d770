//! Origins as browsers write them, `https://example.com:8443` (RFC 6454, 6.2).
//!
//! `Cors` and `CrossOrigin` read their lists here at start-up, and split the `Origin` of a request.

use crate::extract::parse_host;

/// The parts of an origin, as written.
pub(super) struct Origin<'a> {
    pub(super) scheme: &'a str,
    /// An IPv6 address keeps its brackets.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// `None` for `null` and for all that has more, or less, than a scheme, a host and a port.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let begins = scheme
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic());
        // A port is not empty here (RFC 6454, 6.1).
        let (host, port) = parse_host(rest.as_bytes()).filter(|_| !rest.ends_with(':'))?;
        (begins && scheme.bytes().all(is_scheme)).then_some(Self { scheme, host, port })
    }
}

/// The port that goes without saying.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        None
    }
}

/// An origin of a list in the spelling browsers send: lower case, without the port that goes
/// without saying. The error is a sentence.
pub(super) fn written(text: &str) -> Result<Box<str>, String> {
    let Some(origin) = Origin::split(text) else {
        return Err(format!(
            "`{text}` is no origin: write scheme, host and port alone, such as `https://example.com` or `http://localhost:5173`"
        ));
    };
    let mut written = format!("{}://{}", origin.scheme, origin.host).to_ascii_lowercase();
    if let Some(port) = origin
        .port
        .filter(|_| origin.port != default_port(origin.scheme))
    {
        written.push_str(&format!(":{port}"));
    }
    Ok(written.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        let table = [
            ("https://example.com", "https://example.com"),
            ("HTTPS://Example.COM:443", "https://example.com"),
            ("http://example.com:80", "http://example.com"),
            ("http://example.com:443", "http://example.com:443"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://abcd", "chrome-extension://abcd"),
        ];
        for (text, wanted) in table {
            assert_eq!(written(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        let table = "\
            |*|null|example.com|//example.com|https://|https:example.com|https://example.com/\
            |https://example.com/a|https://example.com?a|https://example.com#a|https://*.example.com\
            |https://user@example.com|https://example.com:|https://example.com:x|https://a:1:2\
            |https://example.com:65536|https://example.com:+1|https://[::1|https://[x]|https://::1\
            |https://[::1]x|https://exa mple.com|https://caf\u{e9}.example|1https://a|://a|https://a,b\
            |https://a\n|https:///a|https://a\\b|https://a;b";
        for text in table.split('|') {
            assert!(written(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn random_bytes_are_taken_only_if_they_are_written_again() {
        let mut random = Random::new();
        let mut taken = 0;
        for _ in 0..100_000 {
            let mut text = "a://".to_owned();
            for _ in 0..random.below(9) {
                text.push(char::from(b"a1f.::[]/@ -_*,\0"[random.below(16)]));
            }
            if let Some(origin) = Origin::split(&text) {
                taken += 1;
                let rest = text
                    .strip_prefix("a://")
                    .and_then(|rest| rest.strip_prefix(origin.host));
                let rest = rest.expect("the host follows");
                assert!(
                    rest.is_empty() == origin.port.is_none() && !origin.host.contains(['/', '@'])
                );
            }
        }
        assert!(taken > 1_000, "{taken}");
    }
}
