//! Who the client is behind proxies: `Forwarded` (RFC 7239) and `X-Forwarded-For`.
//!
//! The connection knows its peer before; `ClientAddr` asks here. Each proxy appends what it saw, so
//! lists are read from the right: what stands left of a trusted proxy's own entry is anyone's text
//! and can neither change that entry nor hide it.
//!
//! A proxy writes one of the two and passes the other on as the client sent it. Nobody can tell
//! which, so a request whose two lists contradict each other has no address to be believed.

use std::net::{IpAddr, SocketAddr};
use std::str::from_utf8;

use http::HeaderMap;

use super::proxies::TrustedProxies;

pub(super) const FORWARDED: &str = "forwarded";
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

impl TrustedProxies {
    /// The address of the client: the peer, or behind trusted proxies the rightmost address that
    /// is not one of them; the leftmost if all are. An entry that is malformed, `unknown` or
    /// obfuscated ends the walk at the address found so far. An IPv4-mapped address is returned as
    /// the IPv4 address.
    ///
    /// `None` where `Forwarded` and `X-Forwarded-For` lead to different addresses.
    pub(crate) fn client_addr(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if !self.contain(peer) {
            return Some(peer);
        }
        let for_node = |element| parameter(element, "for");
        let forwarded = self.walk(peer, members(headers, FORWARDED), for_node);
        let listed = self.walk(peer, members(headers, FORWARDED_FOR), Some);
        match (forwarded, listed) {
            (Some(one), Some(other)) => (one == other).then_some(one),
            (one, other) => one.or(other).or(Some(peer)),
        }
    }

    /// Goes from the peer outwards as long as the one who says so is trusted. `None` if nobody
    /// says anything.
    fn walk<'h>(
        &self,
        peer: IpAddr,
        members: impl Iterator<Item = Option<&'h str>>,
        node: fn(&'h str) -> Option<&'h str>,
    ) -> Option<IpAddr> {
        let mut members = members.peekable();
        members.peek()?;
        let mut nearest = peer;
        for member in members {
            match member.and_then(node).and_then(node_addr) {
                Some(addr) if self.contain(nearest) => nearest = addr,
                _ => break,
            }
        }
        Some(nearest)
    }
}

/// The members of all lines of a field, last first; `None` for one that is not UTF-8.
///
/// A comma separates them in quotes, too. No host and no address has one, and [`parameter`]
/// refuses the halves, since each has a quote of its own.
pub(super) fn members<'h>(
    headers: &'h HeaderMap,
    name: &'static str,
) -> impl Iterator<Item = Option<&'h str>> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
        .map(|member| from_utf8(member).ok())
}

/// The value of a parameter of an element such as `for="[::1]:80";proto=https`.
///
/// `None` also if the parameter is there twice or any part of the element is malformed.
pub(super) fn parameter<'h>(element: &'h str, name: &str) -> Option<&'h str> {
    let mut found = None;
    let pairs = element.split(';').map(str::trim);
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let value = unquoted(value)?;
        if key.eq_ignore_ascii_case(name) && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

/// A value without its quotes, if it has none but these; escapes are not needed for any address.
fn unquoted(value: &str) -> Option<&str> {
    let plain = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!plain.contains(['"', '\\'])).then_some(plain)
}

/// The address of a node such as `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]` or `[::1]:80`.
pub(super) fn node_addr(node: &str) -> Option<IpAddr> {
    let inner = node
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let alone = inner.unwrap_or(node).parse::<IpAddr>();
    let addr = alone.or_else(|_| node.parse::<SocketAddr>().map(|addr| addr.ip()));
    addr.ok().map(|addr| addr.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::HeaderValue;

    use super::*;
    use crate::random::Random;

    /// Lines are separated by `|`; an `X` begins one of `X-Forwarded-For`.
    fn headers(lines: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines.split('|').map(str::trim) {
            let (name, value) = match line.as_bytes().first() {
                Some(b'X') => (FORWARDED_FOR, &line[1..]),
                Some(_) => (FORWARDED, line),
                None => continue,
            };
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn trusted() -> TrustedProxies {
        TrustedProxies::parse(["loopback", "private", "2001:db8::/32"]).unwrap()
    }

    #[track_caller]
    fn client(peer: &str, lines: &str, wanted: &str) {
        let client = trusted().client_addr(peer.parse().unwrap(), &headers(lines));
        let client = client.map_or("-".to_owned(), |client| client.to_string());
        assert_eq!(client, wanted, "{peer}: {lines}");
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_is_the_client() {
        client("127.0.0.1", "", "127.0.0.1");
        client("9.9.9.9", "for=1.1.1.1", "9.9.9.9");
        client("::ffff:9.9.9.9", "X 1.1.1.1", "9.9.9.9");
        client("127.0.0.1", "for=1.1.1.1", "1.1.1.1");
        client("::ffff:127.0.0.1", "For=1.1.1.1", "1.1.1.1");
        client("::1", "for=1.1.1.1, for=2.2.2.2", "2.2.2.2");
        client("::1", "for=1.1.1.1, for=2.2.2.2,for=10.1.1.1", "2.2.2.2");
        client("::1", "for=1.1.1.1 | for=2.2.2.2 | for=10.1.1.1", "2.2.2.2");
        client("::1", "for=10.3.3.3, for=10.2.2.2", "10.3.3.3");
        client("::1", "by=x;for=\"1.1.1.1:80\";proto=https", "1.1.1.1");
        client("::1", "for=1.1.1.1:80; proto=https;;", "1.1.1.1");
        client("::1", "for=\"[2001:db9::1]:4711\"", "2001:db9::1");
        client("::1", "for=[2001:db9::1]", "2001:db9::1");
        client("::1", "for=1.1.1.1, for=\"[::ffff:10.0.0.9]\"", "1.1.1.1");
        client("::1", "for=\"[::ffff:1.1.1.1]\"", "1.1.1.1");
        client("::1", "for=1.1.1.1,, , for=10.1.1.1,", "1.1.1.1");
        client("::1", "X 1.1.1.1, 2.2.2.2", "2.2.2.2");
        client("::1", "X 1.1.1.1 | X 10.2.2.2", "1.1.1.1");
        client("::1", "X 2001:db9::1, 2001:db8::1", "2001:db9::1");
        client("::1", "X [2001:db9::1]:80", "2001:db9::1");
        client("::1", "X 1.1.1.1:80", "1.1.1.1");
    }

    #[test]
    fn an_entry_that_names_no_address_ends_the_walk() {
        client("::1", "for=1.1.1.1, for=unknown, for=10.9.9.9", "10.9.9.9");
        client("::1", "X 1.1.1.1, unknown, 10.2.2.2", "10.2.2.2");
        client("::1", "for=1.1.1.1, for=_hidden", "::1");
        client("::1", "for=1.1.1.1, proto=https", "::1");
        client("::1", "for=1.1.1.1, 2.2.2.2", "::1");
        client("::1", "for=1.1.1.1;for=2.2.2.2", "::1");
        client("::1", "for =1.1.1.1", "::1");
        client("::1", "for=1.1.1.1x", "::1");
        client("::1", "for=\"1.1.1.1", "::1");
        client("::1", "for=", "::1");
        client("::1", "for=\"1.1.1.1:65536\"", "::1");
        client("::1", "for=1.1.1.1;x=\"\\\"\"", "::1");
        client("::1", "for=1.1.1.1;x=\"a;b\"", "::1");
        client("::1", "for=\"x, for=6.6.6.6\", for=10.1.1.1", "10.1.1.1");
        client("::1", "for=5.5.5.5;x=\", for=6.6.6.6", "6.6.6.6");
        client("::1", "X unknown", "::1");
    }

    #[test]
    fn two_kinds_of_fields_count_if_they_agree() {
        client("::1", "X 1.1.1.1 | for=1.1.1.1", "1.1.1.1");
        client("::1", "X 1.1.1.1, 10.1.1.1 | for=\"1.1.1.1:80\"", "1.1.1.1");
        client("::1", "X 1.1.1.1 | for=6.6.6.6", "-");
        client("::1", "X 6.6.6.6 | for=1.1.1.1", "-");
        client("::1", "X 1.1.1.1 | for=6.6.6.6, for=10.1.1.1", "-");
        client("::1", "X 1.1.1.1 | for=unknown", "-");
        client("::1", "X , | for=1.1.1.1", "1.1.1.1");
        client("::ffff:127.0.0.1", "X 1.1.1.1 | for=6.6.6.6", "-");
        client("9.9.9.9", "X 1.1.1.1 | for=6.6.6.6", "9.9.9.9");
    }

    #[test]
    fn nothing_a_client_sends_changes_what_the_nearest_proxy_says() {
        let (trusted, peer) = (trusted(), Ipv4Addr::LOCALHOST.into());
        let own = [
            r#"for=9.9.9.9;host=a.com"#,
            r#"host="a.com";for="9.9.9.9:1""#,
        ];
        let mut random = Random::new();
        let mut sent = Vec::new();
        for round in 0..100_000 {
            sent.clear();
            for _ in 0..random.below(16) {
                sent.push(b"for=,;\"\\1.[:] _\xff"[random.below(16)]);
            }
            let mut headers = HeaderMap::new();
            let mut line = |bytes: &[u8]| {
                headers.append(FORWARDED, HeaderValue::from_bytes(bytes).unwrap());
            };
            let proxy = own[round % 2].as_bytes();
            if round % 4 < 2 {
                line(&sent);
                line(proxy);
            } else {
                line(&[&sent, &b", "[..], proxy].concat());
            }
            let client = trusted.client_addr(peer, &headers);
            assert_eq!(client, Some(Ipv4Addr::new(9, 9, 9, 9).into()));
        }
    }
}
