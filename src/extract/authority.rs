//! The host and port of a `Host` field, of `:authority` and of what a trusted proxy forwards.
//!
//! The server and the extractors read the raw value before; nothing after them has to look at a
//! host that is not one. Only the syntax is checked here, not whether the host is served.

use std::net::Ipv6Addr;
use std::str::from_utf8;

/// Splits `uri-host [ ":" port ]` (RFC 9110 section 7.2); an IPv6 address keeps its brackets, and
/// an empty port is no port.
///
/// A name is made of the letters, digits and `-._~` of RFC 3986. `None` for any other sign, user
/// information and percent-encoding among them, for an empty host, a port above 65535, and
/// brackets around what is not an IPv6 address.
pub(crate) fn parse_host(value: &[u8]) -> Option<(&str, Option<u16>)> {
    let (host, port) = split_host(value)?;
    Some((from_utf8(host).ok()?, port))
}

/// Whether it is a host, without a port.
pub(crate) fn is_host(text: &str) -> bool {
    parse_host(text.as_bytes()) == Some((text, None))
}

/// The same as [`parse_host`] as bytes, which costs less where only the grammar matters.
pub(crate) fn split_host(value: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let literal = value.first() == Some(&b'[');
    let end = match literal {
        true => value.iter().position(|&byte| byte == b']')? + 1,
        false => {
            let end = value.iter().position(|&byte| !UNRESERVED[byte as usize]);
            end.unwrap_or(value.len())
        }
    };
    let (host, rest) = value.split_at(end);
    if literal {
        from_utf8(&host[1..end - 1])
            .ok()?
            .parse::<Ipv6Addr>()
            .ok()?;
    } else if host.is_empty() {
        return None;
    }
    match rest {
        [] | [b':'] => Some((host, None)),
        [b':', digits @ ..] => Some((host, Some(number(digits)?))),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |sum, &digit| match digit {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u16::from(digit - b'0')),
        _ => None,
    })
}

/// The bytes of a name.
static UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_host_is_taken_by_the_grammar_of_the_rfc() {
        let table = [
            ("example.com", "example.com", None),
            ("EXAMPLE.com:80", "EXAMPLE.com", Some(80)),
            ("localhost:3000", "localhost", Some(3000)),
            ("a_b-c.~d", "a_b-c.~d", None),
            ("example.com.", "example.com.", None),
            ("127.0.0.1:65535", "127.0.0.1", Some(65535)),
            ("[::1]", "[::1]", None),
            ("[2001:db8::1]:443", "[2001:db8::1]", Some(443)),
            ("[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]", Some(1)),
            ("example.com:", "example.com", None),
            ("[::1]:", "[::1]", None),
            ("example.com:0080", "example.com", Some(80)),
        ];
        for (value, host, port) in table {
            let parsed = parse_host(value.as_bytes());
            assert_eq!(parsed, Some((host, port)), "{value:?}");
            assert_eq!(is_host(value), value == host, "{value:?}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        let table = "\
            |:80|user@example.com|user:pw@example.com|example.com:80@evil.com|example.com:65536\
            |example.com:-1|example.com:+1|example.com:80:80|example.com:http|example.com: 80\
            |example.com :80| example.com|example.com\t|exa\0mple|exa\rmple|a\nb|example.com/\
            |example.com\\|example.com?x|example.com#x|http://example.com|<script>|a\u{7f}\
            |caf\u{e9}.example|%|caf%C3%A9.example|a;b|a,b|[]|[|]|[::1|::1]|::1|2001:db8::1|[::1]x|[::1]]|[[::1]]\
            |x[::1]|[::1]:80x|[127.0.0.1]|[example.com]|[fe80::1%25eth0]|[fe80::1%eth0]|[v1.x]";
        for value in table.split('|') {
            assert_eq!(parse_host(value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(parse_host(b"a\xff"), None);
    }

    #[test]
    fn what_is_taken_of_random_bytes_is_an_authority_without_a_user() {
        let mut random = Random::new();
        let mut value = Vec::new();
        let mut taken = 0;
        for _ in 0..100_000 {
            value.clear();
            for _ in 0..random.below(9) {
                value.push(b"a1f.::[]%@ -/\xc3\0"[random.below(15)]);
            }
            let Some((host, port)) = parse_host(&value) else {
                continue;
            };
            taken += 1;
            assert!(value.starts_with(host.as_bytes()) && !host.is_empty());
            assert!(!value.contains(&b'@') && value.is_ascii());
            if let Ok(authority) = http::uri::Authority::try_from(&value[..]) {
                assert_eq!((authority.host(), authority.port_u16()), (host, port));
            }
        }
        assert!(taken > 1_000, "{taken}");
    }
}
