//! Whether a client behind proxies came by https: `proto` of `Forwarded` (RFC 7239) and
//! `X-Forwarded-Proto`.
//!
//! The connection knows its own encryption before; `Request::is_secure` asks here first, since a
//! proxy may have it too. As in `forwarded`, a list is read from the right for as long as the one
//! who says so is trusted, and the last word is of the proxy that the client is connected to.

use std::net::IpAddr;

use http::HeaderMap;

use super::forwarded::{FORWARDED, FORWARDED_FOR, members, node_addr, parameter};
use super::proxies::TrustedProxies;

const FORWARDED_PROTO: &str = "x-forwarded-proto";

impl TrustedProxies {
    /// Whether the client came by https, as its proxy says; `None` if it says nothing, or the peer
    /// is no trusted proxy. Two fields that differ are a no.
    pub(crate) fn says_secure(&self, peer: IpAddr, headers: &HeaderMap) -> Option<bool> {
        if !self.contain(peer) {
            return None;
        }
        let forwarded = self.forwarded_proto(peer, headers);
        let alone = self.alone_proto(headers);
        match (forwarded, alone) {
            (Some(one), Some(other)) => Some(one && other),
            (one, other) => one.or(other),
        }
    }

    /// The `proto` of the element that names the client: each element stands for one connection.
    fn forwarded_proto(&self, peer: IpAddr, headers: &HeaderMap) -> Option<bool> {
        let mut nearest = Some(peer);
        let mut said = None;
        for element in members(headers, FORWARDED) {
            if !nearest.is_some_and(|speaker| self.contain(speaker)) {
                break;
            }
            said = element
                .and_then(|element| parameter(element, "proto"))
                .map(is_secure);
            nearest = element
                .and_then(|element| parameter(element, "for"))
                .and_then(node_addr);
        }
        said
    }

    /// `X-Forwarded-Proto` names no addresses. Where proxies append to it, as many of its members
    /// are theirs as `X-Forwarded-For` has trusted speakers: the peer, and each proxy it names.
    fn alone_proto(&self, headers: &HeaderMap) -> Option<bool> {
        let speakers = members(headers, FORWARDED_FOR)
            .map_while(|node| node.and_then(node_addr))
            .take_while(|&addr| self.contain(addr));
        let protos = members(headers, FORWARDED_PROTO);
        let said = protos.take(1 + speakers.count()).last()?;
        Some(said.is_some_and(is_secure))
    }
}

/// Some proxies name the protocol of WebSockets.
fn is_secure(proto: &str) -> bool {
    proto.eq_ignore_ascii_case("https") || proto.eq_ignore_ascii_case("wss")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::HeaderValue;

    use super::*;
    use crate::random::Random;

    fn trusted() -> TrustedProxies {
        TrustedProxies::parse(["loopback", "private"]).unwrap()
    }

    /// Lines are separated by `|` and begin with `F` (`Forwarded`), `P` (`-Proto`) or `A` (`-For`).
    fn headers(lines: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines.split('|').filter(|line| !line.is_empty()) {
            let name = match &line[..1] {
                "F" => FORWARDED,
                "P" => FORWARDED_PROTO,
                _ => FORWARDED_FOR,
            };
            headers.append(name, HeaderValue::from_str(&line[2..]).unwrap());
        }
        headers
    }

    #[test]
    fn the_proxy_of_the_client_says_how_it_came() {
        let (yes, no) = (Some(true), Some(false));
        let table = [
            ("", None),
            ("F for=1.1.1.1", None),
            ("F for=1.1.1.1;proto=https", yes),
            ("F for=1.1.1.1;PROTO=\"HTTPS\"", yes),
            ("F proto=https", yes),
            ("F for=unknown;proto=https", yes),
            ("F for=1.1.1.1;proto=http", no),
            ("F for=1.1.1.1;proto=", no),
            ("F for=1.1.1.1;proto=https;proto=https", None),
            ("F for=1.1.1.1;proto=\"https", None),
            // The client's own element stands left of the proxy's.
            ("F for=2.2.2.2;proto=https, for=1.1.1.1;proto=http", no),
            ("F for=2.2.2.2;proto=https|F for=1.1.1.1;proto=http", no),
            ("F for=2.2.2.2;proto=https, for=unknown;proto=http", no),
            ("F proto=https, proto=http", no),
            // 10.0.0.1 is a proxy as well.
            ("F for=1.1.1.1;proto=https, for=10.0.0.1;proto=http", yes),
            ("F for=1.1.1.1;proto=http, for=10.0.0.1;proto=https", no),
            ("F for=1.1.1.1, for=10.0.0.1;proto=https", None),
            ("P https", yes),
            ("P wss", yes),
            ("P HTTPS", yes),
            ("P http", no),
            ("P httpss", no),
            ("P https, http", no),
            ("P https|P http", no),
            ("P http, https", yes),
            ("P https, http|A 1.1.1.1", no),
            ("P https, http|A 2.2.2.2, 1.1.1.1", no),
            ("P https, http|A 1.1.1.1, 10.0.0.1", yes),
            ("P https, http|A 10.0.0.2, 1.1.1.1", no),
            ("P https, http|A 10.0.0.2, unknown", no),
            ("P http, https, http|A 1.1.1.1, 10.0.0.1", yes),
            // One that is passed on along two proxies.
            ("P https|A 1.1.1.1, 10.0.0.1", yes),
            ("F for=1.1.1.1;proto=https|P https", yes),
            ("F for=1.1.1.1;proto=https|P http", no),
            ("F for=1.1.1.1;proto=http|P https", no),
            ("F for=1.1.1.1|P https", yes),
        ];
        for (lines, wanted) in table {
            let headers = headers(lines);
            let said = trusted().says_secure(Ipv4Addr::LOCALHOST.into(), &headers);
            assert_eq!(said, wanted, "{lines}");
            let said = trusted().says_secure(Ipv4Addr::new(9, 9, 9, 9).into(), &headers);
            assert_eq!(said, None, "from a stranger: {lines}");
        }
    }

    #[test]
    fn nothing_a_client_sends_changes_what_its_proxy_says() {
        let (trusted, peer) = (trusted(), Ipv4Addr::LOCALHOST.into());
        let own = [
            (FORWARDED, "for=9.9.9.9;proto=https", true),
            (FORWARDED, "proto=http;for=9.9.9.9", false),
            (FORWARDED_PROTO, "https", true),
            (FORWARDED_PROTO, "http", false),
        ];
        let words = "proto=https|proto=http|https|http|for=10.0.0.1|10.0.0.1|=|,|;|\"|\\| |\u{e9}";
        let words: Vec<_> = words.split('|').collect();
        let mut random = Random::new();
        let mut sent = Vec::new();
        for round in 0..100_000 {
            sent.clear();
            for _ in 0..random.below(8) {
                sent.extend_from_slice(words[random.below(words.len())].as_bytes());
            }
            let (name, says, wanted) = own[round % 4];
            let mut headers = HeaderMap::new();
            let mut line = |bytes: &[u8]| {
                headers.append(name, HeaderValue::from_bytes(bytes).unwrap());
            };
            if round % 8 < 4 {
                line(&sent);
                line(says.as_bytes());
            } else {
                line(&[&sent, &b", "[..], says.as_bytes()].concat());
            }
            assert_eq!(trusted.says_secure(peer, &headers), Some(wanted));
        }
    }
}
