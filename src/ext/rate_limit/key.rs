//! Who is counted: a client address, or a text of the app's own, under the name of a limiter.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

/// Who a request is counted for. As text, for stores: `default:203.0.113.7`,
/// `default:2001:db8:1:2::/64`, and for keys of one's own `sign-in:=ada`. Each text is one key's
/// alone: in the name of a limiter, `:` is written `%3A` and `%` is written `%25`.
///
/// ```
/// use cepa::rate_limit::RateLimitKey;
///
/// let key = RateLimitKey::addr("default", "2001:db8:1:2:3:4:5:6".parse()?);
/// assert_eq!(key.to_string(), "default:2001:db8:1:2::/64");
/// assert_eq!(RateLimitKey::text("sign-in", "ada").to_string(), "sign-in:=ada");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitKey<'a> {
    limiter: &'a str,
    client: Client,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Client {
    /// In IPv6 with 64 bits of zeros at the end.
    Addr(IpAddr),
    Text(String),
}

impl<'a> RateLimitKey<'a> {
    /// The network of an address, to the limiter of this name: IPv4 by address, IPv6 by /64.
    #[must_use]
    pub fn addr(limiter: &'a str, addr: IpAddr) -> Self {
        let network = match addr.to_canonical() {
            IpAddr::V6(addr) => Ipv6Addr::from_bits(addr.to_bits() >> 64 << 64).into(),
            addr => addr,
        };
        let client = Client::Addr(network);
        Self { limiter, client }
    }

    /// A key of the app's own, to the limiter of this name.
    #[must_use]
    pub fn text(limiter: &'a str, text: impl Into<String>) -> Self {
        let client = Client::Text(text.into());
        Self { limiter, client }
    }
}

/// By bytes that tell the kinds apart, so that no text passes for an address.
impl Hash for RateLimitKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.limiter.hash(state);
        match &self.client {
            Client::Addr(IpAddr::V4(addr)) => (4_u8, addr.to_bits()).hash(state),
            Client::Addr(IpAddr::V6(addr)) => (6_u8, addr.to_bits()).hash(state),
            Client::Text(text) => (0_u8, text).hash(state),
        }
    }
}

impl fmt::Display for RateLimitKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limiter = Escaped(self.limiter);
        match &self.client {
            Client::Addr(addr @ IpAddr::V4(_)) => write!(f, "{limiter}:{addr}"),
            Client::Addr(addr) => write!(f, "{limiter}:{addr}/64"),
            Client::Text(text) => write!(f, "{limiter}:={text}"),
        }
    }
}

/// A name that the first `:` ends.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains([':', '%']) {
            return f.write_str(self.0);
        }
        for c in self.0.chars() {
            match c {
                ':' => f.write_str("%3A")?,
                '%' => f.write_str("%25")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_subscriber_are_one_key() {
        let table = [
            ("1.2.3.4", "1.2.3.4", true),
            ("1.2.3.4", "1.2.3.5", false),
            ("1.2.3.4", "::ffff:1.2.3.4", true),
            ("2001:db8::1", "2001:db8::ffff:0:0:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ];
        for (one, other, same) in table {
            let key = |addr: &str| RateLimitKey::addr("a", addr.parse().unwrap());
            assert_eq!(key(one) == key(other), same, "{one} {other}");
            assert_eq!(key(one).to_string() == key(other).to_string(), same);
        }
        let addr = RateLimitKey::addr("a", [1, 2, 3, 4].into());
        let text = RateLimitKey::text("a", "1.2.3.4");
        assert_ne!(addr.to_string(), text.to_string());
        assert_ne!(addr, text);
        assert_ne!(addr, RateLimitKey::addr("b", [1, 2, 3, 4].into()));
    }

    #[test]
    fn no_name_of_a_limiter_passes_for_a_key_of_another() {
        let addr = |limiter| RateLimitKey::addr(limiter, [1, 2, 3, 4].into());
        let all = [
            (RateLimitKey::text("a", "b:1.2.3.4"), "a:=b:1.2.3.4"),
            (addr("a:=b"), "a%3A=b:1.2.3.4"),
            (addr("a%3A=b"), "a%253A=b:1.2.3.4"),
            (RateLimitKey::text("a:=b", "c"), "a%3A=b:=c"),
            (RateLimitKey::text("a", "b:=c"), "a:=b:=c"),
        ];
        for (key, text) in all {
            assert_eq!(key.to_string(), text);
        }
    }
}
