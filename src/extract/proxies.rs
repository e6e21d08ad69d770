//! Which peers are trusted proxies, by the addresses that `App::trust_proxies` lists.
//!
//! Read once at start-up; `forwarded` asks per request whose word counts.

use std::net::IpAddr;

/// The proxies whose forwarding fields are believed; by default none.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<Range>);

impl TrustedProxies {
    /// Reads single addresses (`10.0.0.1`, `::1`), ranges (`10.0.0.0/8`) and the words `loopback`
    /// and `private`: RFC 1918, `fc00::/7` and the link-local ranges. The error is a sentence.
    pub(crate) fn parse(list: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let mut ranges = Vec::new();
        for entry in list {
            let entry = entry.as_ref();
            let meant = match entry {
                "loopback" => "127.0.0.0/8 ::1",
                "private" => {
                    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 fc00::/7 fe80::/10"
                }
                range => range,
            };
            for range in meant.split(' ') {
                ranges.push(Range::parse(range).ok_or_else(|| {
                    format!(
                        "the trusted proxy `{entry}` is no address (`10.0.0.7`), no range that \
                         begins with its lowest address (`10.0.0.0/8`), not `loopback` or `private`"
                    )
                })?);
            }
        }
        Ok(Self(ranges))
    }

    /// Whether there is none.
    pub(crate) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this address, IPv4-mapped or not, is one of them.
    pub(crate) fn contain(&self, addr: IpAddr) -> bool {
        let addr = addr.to_canonical();
        self.0.iter().any(|range| range.contains(addr))
    }
}

/// All addresses of one family that begin like `lowest`.
#[derive(Clone, Copy, Debug)]
struct Range {
    is_ipv4: bool,
    lowest: u128,
    mask: u128,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (addr, prefix) = text.split_once('/').unzip();
        let addr = addr.unwrap_or(text).parse::<IpAddr>().ok()?.to_canonical();
        let is_ipv4 = addr.is_ipv4();
        let bits = if is_ipv4 { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).ok();
        let after_prefix = 128 - prefix.filter(|&prefix| prefix <= bits)?;
        let range = Self {
            is_ipv4,
            lowest: left_aligned(addr),
            mask: u128::MAX.checked_shl(after_prefix).unwrap_or(0),
        };
        range.contains(addr).then_some(range)
    }

    fn contains(self, addr: IpAddr) -> bool {
        addr.is_ipv4() == self.is_ipv4 && left_aligned(addr) & self.mask == self.lowest
    }
}

/// The bits of an address from the highest one down, so that a mask does for both families.
fn left_aligned(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()) << 96,
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "1.2.3.4", false),
            ("::/0", "fe80::1", true),
            ("1.2.3.4", "1.2.3.4", true),
            ("1.2.3.4", "1.2.3.5", false),
            ("1.2.3.4", "::ffff:1.2.3.4", true),
            ("::ffff:1.2.3.4", "1.2.3.4", true),
            ("2001:db8::/33", "2001:db8:7fff::", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("loopback", "127.9.9.9", true),
            ("loopback", "::1", true),
            ("private", "127.0.0.1", false),
            ("private", "172.31.0.1", true),
            ("private", "172.32.0.1", false),
            ("private", "fdff::1", true),
        ];
        for (range, addr, wanted) in table {
            let proxies = TrustedProxies::parse([range]).unwrap();
            let contained = proxies.contain(addr.parse().unwrap());
            assert_eq!(contained, wanted, "{range} {addr}");
        }
        assert!(!TrustedProxies::default().contain(Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn what_is_no_range_is_answered_with_what_is() {
        let table = "|lan|10.0.0|10.0.0.0/|10.0.0.0/33|10.0.0.1/8|::/129|::1/64|/8|10.0.0.0/-1";
        for bad in table.split('|') {
            let error = TrustedProxies::parse(["::1", bad]).unwrap_err();
            let start = format!("the trusted proxy `{bad}` is no address");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
