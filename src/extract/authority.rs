//! The host and port of a `Host` field, of `:authority` and of what a trusted proxy forwards.
//!
//! The server and the extractors read the raw value before; nothing after them has to look at a
//! host that is not one. Only the syntax is checked here, not whether the host is served.

use std::net::Ipv6Addr;
use std::str::from_utf8;

/// Splits `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2.2); an IPv6 address
/// keeps its brackets, and an empty port is no port.
///
/// `None` for user information, an empty host, spaces, control characters, anything outside of
/// ASCII, a port above 65535, and brackets around what is not an IPv6 address: a zone identifier
/// or an address of a future version, which RFC 3986 has refused where it is not supported.
pub(crate) fn parse_host(value: &[u8]) -> Option<(&str, Option<u16>)> {
    let end_of_host = match value.first()? {
        b'[' => value.iter().position(|&byte| byte == b']')? + 1,
        _ => value
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(value.len()),
    };
    let (host, port) = value.split_at(end_of_host);
    let host = from_utf8(host).ok()?;
    let is_host = match host.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
        None => is_reg_name(host.as_bytes()),
    };
    if !is_host {
        return None;
    }
    match port {
        [] | [b':'] => Some((host, None)),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            Some((host, Some(from_utf8(digits).ok()?.parse().ok()?)))
        }
        _ => None,
    }
}

/// `reg-name` of RFC 3986 without the empty one; an IPv4 address is written with the same signs.
fn is_reg_name(mut host: &[u8]) -> bool {
    if host.is_empty() {
        return false;
    }
    while let [byte, rest @ ..] = host {
        host = match (byte, rest) {
            (b'%', [high, low, rest @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            (byte, _) if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte) => rest,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_taken_by_the_grammar_of_the_rfc() {
        let table = [
            ("example.com", "example.com", None),
            ("EXAMPLE.com:80", "EXAMPLE.com", Some(80)),
            ("localhost:3000", "localhost", Some(3000)),
            ("a_b-c.~d", "a_b-c.~d", None),
            ("example.com.", "example.com.", None),
            ("caf%C3%A9.example", "caf%C3%A9.example", None),
            ("a!$&'()*+,;=b", "a!$&'()*+,;=b", None),
            ("127.0.0.1:65535", "127.0.0.1", Some(65535)),
            ("[::1]", "[::1]", None),
            ("[2001:db8::1]:443", "[2001:db8::1]", Some(443)),
            ("[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]", Some(1)),
            ("example.com:", "example.com", None),
            ("[::1]:", "[::1]", None),
            ("example.com:0080", "example.com", Some(80)),
        ];
        for (value, host, port) in table {
            assert_eq!(
                parse_host(value.as_bytes()),
                Some((host, port)),
                "{value:?}"
            );
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        let table = "\
            |:80|user@example.com|user:pw@example.com|example.com:80@evil.com|example.com:65536\
            |example.com:-1|example.com:+1|example.com:80:80|example.com:http|example.com: 80\
            |example.com :80| example.com|example.com\t|exa\0mple|exa\rmple|a\nb|example.com/\
            |example.com\\|example.com?x|example.com#x|http://example.com|<script>|a\u{7f}\
            |caf\u{e9}.example|%|a%4|a%zz|[]|[|]|[::1|::1]|::1|2001:db8::1|[::1]x|[::1]]|[[::1]]\
            |x[::1]|[::1]:80x|[127.0.0.1]|[example.com]|[fe80::1%25eth0]|[fe80::1%eth0]|[v1.x]";
        for value in table.split('|') {
            assert_eq!(parse_host(value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(parse_host(b"a\xff"), None);
    }

    #[test]
    fn what_is_taken_of_random_bytes_is_an_authority_without_a_user() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut value = Vec::new();
        let mut taken = 0;
        for _ in 0..100_000 {
            value.clear();
            for _ in 0..state % 9 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                value.push(b"a1f.::[]%@ -/\xc3\0"[state as usize % 15]);
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let Some((host, port)) = parse_host(&value) else {
                continue;
            };
            taken += 1;
            assert!(value.starts_with(host.as_bytes()) && !host.is_empty());
            assert!(!value.contains(&b'@') && value.is_ascii());
            let authority = http::uri::Authority::try_from(&value[..]);
            if let Ok(authority) = authority {
                assert_eq!((authority.host(), authority.port_u16()), (host, port));
            }
        }
        assert!(taken > 1_000, "{taken}");
    }
}
