//! Who the client is behind proxies: the `Forwarded` and `X-Forwarded-*` fields, from those whose
//! word counts.
//!
//! The connection knows its peer before; the extractors of the client's address, scheme and host
//! ask here. Everything is read from the right, element by element, because each proxy appends
//! what it saw: what stands left of a trusted proxy's own element is anyone's text and can
//! neither change that element nor hide it.
//!
//! If both are present, `Forwarded` alone is used. A proxy that writes only `X-Forwarded-For`
//! therefore has to remove a `Forwarded` that its client sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::from_utf8;

use http::HeaderMap;
use http::header::FORWARDED;

use super::authority::parse_host;

/// The proxies whose forwarding fields are believed; by default none.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies {
    ranges: Vec<Range>,
}

impl TrustedProxies {
    /// Reads single addresses (`10.0.0.1`, `::1`), ranges (`10.0.0.0/8`) and the words `loopback`
    /// and `private`: RFC 1918, `fc00::/7` and the link-local ranges. The error is a sentence.
    pub(crate) fn parse(list: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let mut ranges = Vec::new();
        for entry in list {
            let entry = entry.as_ref().trim();
            let words: &[&str] = match entry {
                "loopback" => &LOOPBACK,
                "private" => &PRIVATE,
                _ => &[entry],
            };
            for word in words {
                ranges.push(Range::parse(word)?);
            }
        }
        Ok(Self { ranges })
    }

    /// The address of the client: the peer, or behind trusted proxies the rightmost address that
    /// is not one of them; the leftmost if all are. An entry that is malformed, `unknown` or
    /// obfuscated ends the walk at the address found so far.
    ///
    /// An IPv4-mapped IPv6 address counts as, and is returned as, the IPv4 address.
    pub(crate) fn client_addr(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if headers.contains_key(FORWARDED) {
            let elements = elements(headers).map(Element::parse);
            self.walk(peer, elements.map(|element| node_addr(&element?.node?)))
        } else {
            self.walk(peer, listed(headers, "x-forwarded-for").map(listed_addr))
        }
    }

    /// The scheme, in lower case, by which the client reached the nearest proxy, if that proxy is
    /// trusted and says so.
    pub(crate) fn forwarded_proto(&self, peer: IpAddr, headers: &HeaderMap) -> Option<String> {
        let proto = self.nearest(peer, headers, |element| element.proto, "x-forwarded-proto")?;
        let is_scheme = proto.starts_with(|c: char| c.is_ascii_alphabetic())
            && proto
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        is_scheme.then(|| proto.to_ascii_lowercase())
    }

    /// The host, with its port if it has one, that the client asked the nearest proxy for, if
    /// that proxy is trusted and says so.
    pub(crate) fn forwarded_host(&self, peer: IpAddr, headers: &HeaderMap) -> Option<String> {
        let host = self.nearest(peer, headers, |element| element.host, "x-forwarded-host")?;
        parse_host(host.as_bytes()).is_some().then_some(host)
    }

    fn trusts(&self, addr: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(addr))
    }

    /// Goes from the peer outwards as long as the one who says so is trusted.
    fn walk(&self, peer: IpAddr, entries: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut nearest = peer.to_canonical();
        for entry in entries {
            match entry {
                Some(addr) if self.trusts(nearest) => nearest = addr.to_canonical(),
                _ => break,
            }
        }
        nearest
    }

    fn nearest(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        part: fn(Element) -> Option<String>,
        otherwise: &'static str,
    ) -> Option<String> {
        if !self.trusts(peer) {
            None
        } else if headers.contains_key(FORWARDED) {
            part(Element::parse(elements(headers).next()?)?)
        } else {
            let value = listed(headers, otherwise).next()?;
            from_utf8(value).ok().map(str::to_owned)
        }
    }
}

const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];
const PRIVATE: [&str; 6] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

/// All addresses of one family that begin like `network`.
#[derive(Clone, Copy, Debug)]
struct Range {
    network: IpAddr,
    prefix: u32,
}

impl Range {
    fn parse(text: &str) -> Result<Self, String> {
        let (addr, prefix) = text.split_once('/').unzip();
        let network: IpAddr = addr.unwrap_or(text).parse().map_err(|_| {
            format!(
                "the trusted proxy `{text}` is not an IP address, a range such as `10.0.0.0/8`, \
                 `loopback` or `private`"
            )
        })?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(digits) => number(digits)
                .filter(|&prefix| prefix <= bits)
                .ok_or_else(|| {
                    format!(
                        "the trusted proxy `{text}` needs a prefix of 0 to {bits} after the `/`"
                    )
                })?,
        };
        let range = Self { network, prefix };
        let first = range.first();
        if first != network {
            return Err(format!(
                "the trusted proxy `{text}` is an address within a range; write \
                 `{first}/{prefix}` or `{network}`"
            ));
        }
        Ok(range.canonical())
    }

    /// The lowest address of the range.
    fn first(self) -> IpAddr {
        match self.network {
            IpAddr::V4(addr) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                Ipv4Addr::from_bits(addr.to_bits() & mask).into()
            }
            IpAddr::V6(addr) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                Ipv6Addr::from_bits(addr.to_bits() & mask).into()
            }
        }
    }

    /// A range of IPv4-mapped addresses as one of IPv4.
    fn canonical(self) -> Self {
        match (self.network.to_canonical(), self.prefix.checked_sub(96)) {
            (network @ IpAddr::V4(_), Some(prefix)) if self.network.is_ipv6() => {
                Self { network, prefix }
            }
            _ => self,
        }
    }

    fn contains(self, addr: IpAddr) -> bool {
        let network = addr.to_canonical();
        network.is_ipv4() == self.network.is_ipv4()
            && Self { network, ..self }.first() == self.network
    }
}

/// Digits alone: `parse` by itself would take a sign, too.
fn number(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| all)
}

/// The members of all lines of a comma-separated field without quoting, last first.
fn listed<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

/// The elements of all `Forwarded` lines, last first.
fn elements(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(FORWARDED).iter().rev();
    lines
        .flat_map(|line| {
            let mut left = Some(line.as_bytes());
            std::iter::from_fn(move || {
                let text = left?;
                let comma = last_comma(text);
                left = comma.map(|at| &text[..at]);
                Some(text[comma.map_or(0, |at| at + 1)..].trim_ascii())
            })
        })
        .filter(|element| !element.is_empty())
}

/// The last comma that is not within a quoted string, found from the right.
fn last_comma(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in text.iter().enumerate().rev() {
        match byte {
            b'"' if quoted => {
                let before = text[..at].iter().rev();
                quoted = before.take_while(|&&byte| byte == b'\\').count() % 2 == 1;
            }
            b'"' => quoted = true,
            b',' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// What one proxy says (RFC 7239 section 4); `by` and extensions are read over.
struct Element {
    node: Option<String>,
    proto: Option<String>,
    host: Option<String>,
}

impl Element {
    /// `None` if malformed, which a parameter given twice is, too.
    fn parse(text: &[u8]) -> Option<Self> {
        let (mut node, mut proto, mut host) = (None, None, None);
        let mut left = text;
        while !left.is_empty() {
            if let [b';', rest @ ..] = left {
                left = rest.trim_ascii_start();
                continue;
            }
            let equals = left.iter().position(|&byte| byte == b'=')?;
            let name = from_utf8(&left[..equals]).ok()?;
            if name.is_empty() || !name.bytes().all(is_token) {
                return None;
            }
            let (value, rest) = value(&left[equals + 1..])?;
            left = rest.trim_ascii_start();
            if !left.is_empty() && left[0] != b';' {
                return None;
            }
            let slot = match &*name.to_ascii_lowercase() {
                "for" => &mut node,
                "proto" => &mut proto,
                "host" => &mut host,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(Self { node, proto, host })
    }
}

/// A token or quoted string and what follows. Ports and brackets are taken without quotes, too,
/// because proxies are known to write them so.
fn value(text: &[u8]) -> Option<(String, &[u8])> {
    let (value, rest) = match text {
        [b'"', quoted @ ..] => {
            let (mut value, mut bytes) = (Vec::new(), quoted.iter());
            loop {
                match bytes.next()? {
                    b'"' => break,
                    b'\\' => value.push(*bytes.next()?),
                    byte => value.push(*byte),
                }
            }
            (value, bytes.as_slice())
        }
        _ => {
            let is_end = |&byte: &u8| !is_token(byte) && !b":[]".contains(&byte);
            let end = text.iter().position(is_end).unwrap_or(text.len());
            (text[..end].to_vec(), &text[end..])
        }
    };
    let value = String::from_utf8(value).ok()?;
    (!value.is_empty()).then_some((value, rest))
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The address of a node `1.2.3.4`, `1.2.3.4:80`, `[::1]` or `[::1]:80` (RFC 7239 section 6).
fn node_addr(node: &str) -> Option<IpAddr> {
    let (addr, port) = match node.strip_prefix('[') {
        Some(literal) => {
            let (addr, port) = literal.split_once(']')?;
            (addr.parse::<Ipv6Addr>().ok()?.into(), port)
        }
        None => {
            let (addr, port) = node.split_at(node.find(':').unwrap_or(node.len()));
            (addr.parse::<Ipv4Addr>().ok()?.into(), port)
        }
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| match port.strip_prefix('_') {
                Some(hidden) => {
                    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
                    !hidden.is_empty() && hidden.bytes().all(is_sign)
                }
                None => number(port).is_some_and(|port| port <= 65535),
            });
    is_port.then_some(addr)
}

/// The address of a member of `X-Forwarded-For`, where an IPv6 address has no brackets.
fn listed_addr(member: &[u8]) -> Option<IpAddr> {
    let member = from_utf8(member).ok()?;
    member.parse().ok().or_else(|| node_addr(member))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Lines are separated by `|`; an `X`, `P` or `H` begins one of `X-Forwarded-For`, `-Proto`
    /// or `-Host`.
    fn headers(lines: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines.split('|').map(str::trim) {
            let (name, value) = match line.as_bytes().first() {
                Some(b'X') => ("x-forwarded-for", &line[1..]),
                Some(b'P') => ("x-forwarded-proto", &line[1..]),
                Some(b'H') => ("x-forwarded-host", &line[1..]),
                Some(_) => ("forwarded", line),
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
        assert_eq!(client.to_string(), wanted, "{peer}: {lines}");
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
        client("::1", "for=1.1.1.1:_p-1; proto=https;;", "1.1.1.1");
        client("::1", "for=\"[2001:db9::1]:4711\"", "2001:db9::1");
        client("::1", "for=[2001:db9::1]", "2001:db9::1");
        client("::1", "for=\"1.1\\.1.1\"", "1.1.1.1");
        client("::1", "for=1.1.1.1, for=\"[::ffff:10.0.0.9]\"", "1.1.1.1");
        client("::1", "for=\"[::ffff:1.1.1.1]\"", "1.1.1.1");
        client("::1", "for=1.1.1.1,, , for=10.1.1.1,", "1.1.1.1");
        client("::1", "X 1.1.1.1, 2.2.2.2", "2.2.2.2");
        client("::1", "X 1.1.1.1 | X 10.2.2.2", "1.1.1.1");
        client("::1", "X 2001:db9::1, 2001:db8::1", "2001:db9::1");
        client("::1", "X [2001:db9::1]:80", "2001:db9::1");
        client("::1", "X 1.1.1.1:80", "1.1.1.1");
        client("::1", "X 6.6.6.6 | for=1.1.1.1", "1.1.1.1");
    }

    #[test]
    fn an_entry_that_names_no_address_ends_the_walk() {
        client("::1", "for=1.1.1.1, for=unknown, for=10.9.9.9", "10.9.9.9");
        client("::1", "X 1.1.1.1, unknown, 10.2.2.2", "10.2.2.2");
        client("::1", "X 6.6.6.6 | for=unknown", "::1");
        client("::1", "for=1.1.1.1, for=_hidden", "::1");
        client("::1", "for=1.1.1.1, proto=https", "::1");
        client("::1", "for=1.1.1.1, 2.2.2.2", "::1");
        client("::1", "for=1.1.1.1;for=2.2.2.2", "::1");
        client("::1", "for =1.1.1.1", "::1");
        client("::1", "for=1.1.1.1x", "::1");
        client("::1", "for=\"1.1.1.1", "::1");
        client("::1", "for=", "::1");
        client("::1", "for=\"2001:db9::1\"", "::1");
        client("::1", "for=\"1.1.1.1:65536\"", "::1");
        client("::1", "for=\"1.1.1.1:+80\"", "::1");
        client("::1", "for=\"x, for=6.6.6.6\", for=10.1.1.1", "10.1.1.1");
        client("::1", "for=5.5.5.5;x=\", for=6.6.6.6", "6.6.6.6");
        client("::1", "x=\"\\\", for=6.6.6.6, for=\"10.1.1.1\"", "6.6.6.6");
    }

    #[test]
    fn scheme_and_host_are_those_of_the_nearest_proxy() {
        #[track_caller]
        fn row(peer: &str, lines: &str, wanted: &str) {
            let (peer, headers) = (peer.parse().unwrap(), headers(lines));
            let proto = trusted().forwarded_proto(peer, &headers);
            let host = trusted().forwarded_host(peer, &headers);
            let said = [proto, host].map(|part| part.unwrap_or_else(|| "-".to_owned()));
            assert_eq!(said.join(" "), wanted);
        }
        row("::1", "proto=HTTPS;host=\"a.com:81\"", "https a.com:81");
        row("::1", "host=evil.com, proto=http;host=a.com", "http a.com");
        row("::1", "proto=https;host=evil.com, for=1.1.1.1", "- -");
        row("::1", "proto=1x;host=\"u@a.com\"", "- -");
        row(
            "::1",
            "P http, https | H evil.com | H [::1]:80",
            "https [::1]:80",
        );
        row("::1", "P https | H a.com/x", "https -");
        row("::1", "P https | H a.com | for=1.1.1.1", "- -");
        row("9.9.9.9", "proto=https;host=a.com", "- -");
        row("9.9.9.9", "P https | H a.com", "- -");
    }

    #[test]
    fn ranges_hold_what_they_say_and_mistakes_are_explained() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "1.2.3.4", false),
            ("::/0", "fe80::1", true),
            ("1.2.3.4", "::ffff:1.2.3.4", true),
            ("::ffff:1.2.3.4", "1.2.3.4", true),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("loopback", "127.9.9.9", true),
            ("private", "127.0.0.1", false),
            ("private", "172.31.0.1", true),
            ("private", "172.32.0.1", false),
            (" private ", "fdff::1", true),
        ];
        for (range, addr, wanted) in table {
            let proxies = TrustedProxies::parse([range]).unwrap();
            assert_eq!(
                proxies.trusts(addr.parse().unwrap()),
                wanted,
                "{range} {addr}"
            );
        }
        for bad in [
            "",
            "lan",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "::/+1",
            "/8",
        ] {
            let error = TrustedProxies::parse(["::1", bad]).unwrap_err();
            assert!(
                error.starts_with(&format!("the trusted proxy `{bad}` ")),
                "{error}"
            );
        }
        let error = TrustedProxies::parse(["10.0.0.1/8"]).unwrap_err();
        assert!(
            error.ends_with("write `10.0.0.0/8` or `10.0.0.1`"),
            "{error}"
        );
        assert!(!TrustedProxies::default().trusts(Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn nothing_a_client_sends_changes_what_the_nearest_proxy_says() {
        let (trusted, peer) = (trusted(), Ipv4Addr::LOCALHOST.into());
        let own = [
            r#"for=9.9.9.9;proto=https"#,
            r#"proto="https";for="9.9.9.9:1""#,
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut sent = Vec::new();
        for round in 0..100_000 {
            sent.clear();
            for _ in 0..state % 16 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                sent.push(b"for=,;\"\\1.[:] _\xff"[state as usize % 16]);
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
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
            assert_eq!(trusted.client_addr(peer, &headers).to_string(), "9.9.9.9");
            let proto = trusted.forwarded_proto(peer, &headers);
            assert_eq!(proto.as_deref(), Some("https"));
        }
    }
}
