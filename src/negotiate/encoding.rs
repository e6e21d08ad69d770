//! `AcceptEncoding`: which content codings a client takes (RFC 9110, 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::{Values, entries};

/// The `Accept-Encoding` of a request, to be asked when the response is there.
///
/// ```
/// use cepa::{AcceptEncoding, HeaderMap};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("accept-encoding", "gzip;q=0.8, br".parse().unwrap());
/// let accepts = AcceptEncoding::of(&headers);
/// assert_eq!(accepts.preferred(&["zstd", "gzip", "br"]), Some("br"));
/// assert_eq!(accepts.preferred(&["zstd", "gzip"]), Some("gzip"));
/// assert_eq!(accepts.preferred(&["zstd"]), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct AcceptEncoding(Values);

impl AcceptEncoding {
    /// Keeps the header's values; nothing is read yet.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self(Values::of(headers, ACCEPT_ENCODING))
    }

    /// Which of these codings the client likes best; `None` if it likes none of them better than
    /// the content as it is (`identity`).
    ///
    /// Of equal ones, the first offered counts. A coding that the client does not name has the
    /// quality of `*`, or is not accepted; quality 0 excludes. `x-gzip` is `gzip`. Entries that are
    /// malformed count as not sent. Who sends no header, or an empty one, gets the content as it is.
    #[must_use]
    pub fn preferred<'a>(&self, offers: &[&'a str]) -> Option<&'a str> {
        let mut best = None;
        for offer in offers {
            let quality = self.quality(offer).or_else(|| self.quality("*"));
            let quality = quality.unwrap_or(0);
            if quality > best.map_or(0, |(best, _)| best) {
                best = Some((quality, *offer));
            }
        }
        let (quality, offer) = best?;
        (quality >= self.quality("identity").unwrap_or(0)).then_some(offer)
    }

    /// Whether the client takes the content as it is: unless it says `identity;q=0`, or `*;q=0`
    /// without naming `identity`.
    #[must_use]
    pub fn allows_identity(&self) -> bool {
        let quality = self.quality("identity").or_else(|| self.quality("*"));
        quality != Some(0)
    }

    /// In thousandths, if it is named; the best, if it is named twice.
    fn quality(&self, name: &str) -> Option<u16> {
        let named = entries(self.0.bytes()).filter(|entry| {
            entry.range.eq_ignore_ascii_case(name)
                || name == "gzip" && entry.range.eq_ignore_ascii_case("x-gzip")
        });
        named.map(|entry| entry.quality).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use http::HeaderValue;

    const OFFERS: &[&str] = &["br", "zstd", "gzip", "deflate"];

    /// Lines are separated by `|`.
    fn of(lines: &str) -> AcceptEncoding {
        let mut headers = HeaderMap::new();
        for line in lines.split('|') {
            let value = HeaderValue::from_bytes(line.as_bytes());
            headers.append(ACCEPT_ENCODING, value.unwrap());
        }
        AcceptEncoding::of(&headers)
    }

    #[test]
    fn the_coding_with_the_best_quality_wins() {
        let table = [
            ("gzip", "gzip", true),
            ("GZip", "gzip", true),
            ("x-gzip", "gzip", true),
            ("gzip, deflate, br, zstd", "br", true),
            ("gzip, deflate", "gzip", true),
            ("gzip;q=0.5, deflate", "deflate", true),
            ("gzip;q=0.5 | deflate;q=0.501", "deflate", true),
            ("br;q=0, gzip", "gzip", true),
            ("br;q=0.0, *", "zstd", true),
            ("*", "br", true),
            ("*;q=0.1, gzip;q=0.2", "gzip", true),
            ("*;q=0", "none", false),
            ("gzip, *;q=0", "gzip", false),
            ("gzip, identity, *;q=0", "gzip", true),
            ("identity", "none", true),
            ("identity;q=0", "none", false),
            ("identity;q=0, gzip;q=0.1", "gzip", false),
            ("identity, gzip;q=0.9", "none", true),
            ("identity;q=0.5, gzip;q=0.5", "gzip", true),
            ("identity;q=0.5, gzip;q=0.9", "gzip", true),
            ("", "none", true),
            ("compress, exi", "none", true),
            ("gzip;q=2, br;q=x, zstd;q=-1, deflate;q=1.001", "none", true),
            ("gzip;q=0, gzip", "gzip", true),
            (" gzip ; q=0.2 , br\t;\tq=0.1", "gzip", true),
            (";q=1,,gzip;;q=0.3", "gzip", true),
            ("gzip-not, br x", "none", true),
            ("\u{e9}|gzip", "gzip", true),
        ];
        for (lines, wanted, identity) in table {
            let accepts = of(lines);
            let chosen = accepts.preferred(OFFERS).unwrap_or("none");
            assert_eq!(chosen, wanted, "{lines}");
            assert_eq!(accepts.allows_identity(), identity, "{lines}");
        }
        let silent = AcceptEncoding::of(&HeaderMap::new());
        assert!(silent.preferred(OFFERS).is_none() && silent.allows_identity());
        assert!(of("*").preferred(&[]).is_none());
    }

    #[test]
    fn nothing_is_sent_that_was_excluded() {
        let parts = [
            "gzip", "br", "zstd", "identity", "*", ",", ";", "q=", "0", ".5", "1", " ", "x", "\"",
        ];
        let excluded = of("br;q=0,gzip;q=0,zstd;q=0,*;q=0");
        assert!(excluded.preferred(OFFERS).is_none());
        let mut random = Random::new();
        for _ in 0..50_000 {
            let length = random.below(20);
            let pieces = (0..length).map(|_| parts[random.below(parts.len())]);
            let text: String = pieces.collect();
            let accepts = of(&text);
            match accepts.preferred(OFFERS) {
                None => {}
                Some(chosen) => assert!(
                    text.contains(chosen) || text.contains('*'),
                    "{text}: {chosen}"
                ),
            }
            // What follows as an entry of its own is understood, whatever stands before.
            let both = of(&format!("{text},br;q=0,gzip;q=0,zstd;q=0,*;q=0"));
            if accepts.preferred(OFFERS).is_none() {
                assert!(both.preferred(OFFERS).is_none(), "{text}");
            }
            let last = of(&format!("{text},deflate,identity;q=0"));
            assert!(last.preferred(OFFERS).is_some(), "{text}");
        }
    }
}
