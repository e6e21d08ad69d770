//! Which form of a file a client takes: by `Accept-Encoding`, and whether it wants a page at all.
//!
//! Before it: the head of the request. After it: one of the files beside each other is sent.

use http::header::{ACCEPT, ACCEPT_ENCODING};

use crate::{HeaderMap, HeaderName};

/// A way in which a file was compressed beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Zstd,
    Gzip,
}

impl Encoding {
    /// The smallest first.
    pub(super) const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in HTTP.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What such a file's name ends with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// Those that the client prefers to the file as it is, the best first (RFC 9110, 12.5.3).
    pub(super) fn accepted(headers: &HeaderMap) -> [Option<Self>; 3] {
        let list = List::of(headers, ACCEPT_ENCODING);
        let plain = list.quality("identity");
        let mut found = Self::ALL.map(|encoding| {
            let quality = list.quality(encoding.name());
            let quality = match encoding {
                Self::Gzip => quality.or_else(|| list.quality("x-gzip")),
                _ => quality,
            };
            let quality = quality.or_else(|| list.quality("*")).unwrap_or(0);
            (quality, encoding)
        });
        // Stable, so that of equals the smallest comes first.
        found.sort_by_key(|&(quality, _)| std::cmp::Reverse(quality));
        found.map(|(quality, encoding)| {
            (quality > 0 && plain.is_none_or(|plain| quality >= plain)).then_some(encoding)
        })
    }
}

/// Whether the client takes HTML (RFC 9110, 12.5.1); who says nothing takes all.
pub(super) fn takes_html(headers: &HeaderMap) -> bool {
    let list = List::of(headers, ACCEPT);
    let ranges = ["text/html", "text/*", "*/*"];
    let quality = ranges.iter().find_map(|range| list.quality(range));
    list.0.is_empty() || quality > Some(0)
}

/// A list of names with qualities, in thousandths.
struct List<'a>(Vec<(&'a str, u16)>);

impl<'a> List<'a> {
    fn of(headers: &'a HeaderMap, name: HeaderName) -> Self {
        let values = headers.get_all(name).iter();
        let members = values.filter_map(|value| value.to_str().ok());
        let members = members.flat_map(|value| value.split(','));
        Self(members.filter_map(member).collect())
    }

    fn quality(&self, name: &str) -> Option<u16> {
        let mut members = self.0.iter();
        let found = members.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|&(_, quality)| quality)
    }
}

fn member(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix(['q', 'Q'])?.strip_prefix('='));
    let quality: f32 = weight.map_or(Ok(1.0), str::parse).ok()?;
    (0.0..=1.0)
        .contains(&quality)
        .then_some((name, (quality * 1000.0).round() as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in value.split('|').filter(|line| !line.is_empty()) {
            headers.append(name, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn encodings_are_taken_in_the_order_of_the_client_then_by_size() {
        let table = [
            ("", ""),
            ("gzip", "gzip"),
            ("gzip, deflate, br, zstd", "br zstd gzip"),
            ("GZIP", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip;q=1, br;q=0.5", "gzip br"),
            ("br;q=0, gzip", "gzip"),
            ("*", "br zstd gzip"),
            ("*;q=0", ""),
            ("gzip, *;q=0", "gzip"),
            ("br;q=0, *", "zstd gzip"),
            ("identity", ""),
            ("identity, gzip;q=0.5", ""),
            ("identity;q=0.5, gzip", "gzip"),
            ("identity;q=0, gzip;q=0.1", "gzip"),
            ("gzip;q=2, br;q=x, zstd;q=-1", ""),
            ("deflate", ""),
            ("gzip|br", "br gzip"),
            (" gzip ; q=0.001 ,, br ;q=0.002", "br gzip"),
        ];
        for (value, wanted) in table {
            let found = Encoding::accepted(&headers(&ACCEPT_ENCODING, value));
            let found: Vec<_> = found.into_iter().flatten().map(Encoding::name).collect();
            assert_eq!(found.join(" "), wanted, "{value}");
        }
    }

    #[test]
    fn who_takes_html_says_so_or_nothing() {
        for (value, wanted) in [
            ("", true),
            ("*/*", true),
            ("text/html", true),
            ("text/*;q=0.1", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json", false),
            ("image/avif,image/webp", false),
            ("text/html;q=0, */*", false),
            ("text/plain, */*;q=0", false),
        ] {
            assert_eq!(takes_html(&headers(&ACCEPT, value)), wanted, "{value}");
        }
    }
}
