//! `Accept`: which formats a client wants to read (RFC 9110, 12.5.1).
//!
//! One rule of our own: a media type with the suffix `+json` (RFC 6839 section 3.1) is also
//! matched by `application/json`, so that who asks for JSON gets `application/problem+json`.

use std::cmp::Reverse;

use http::HeaderMap;
use http::header::ACCEPT;

use super::{Entry, Values, entries};

/// The `Accept` of a request, for what is there in several formats.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Accept, http::header::ACCEPT};
///
/// async fn onion(headers: HeaderMap) -> Response {
///     let accept = Accept::of(&headers);
///     let mut res = match accept.preferred(&["text/html", "application/json"]) {
///         Some("application/json") => json!("onion").into_response(),
///         _ => Html("<h1>Onion</h1>").into_response(),
///     };
///     res.vary_by(ACCEPT);
///     res
/// }
///
/// let client = App::new().get("/", onion).test();
/// client.get("/").send().assert_text("<h1>Onion</h1>");
/// client.get("/").header("accept", "application/json").send().assert_text("\"onion\"");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Accept(Values);

impl Accept {
    /// Keeps the header's values; nothing is read yet.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self(Values::of(headers, ACCEPT))
    }

    /// Which of these media types, in lower case and without parameters, the client likes best;
    /// `None` if it takes none of them.
    ///
    /// The closest range that matches a type gives its quality, and quality 0 excludes. At equal
    /// quality the type with the closer range wins, then the one whose range stands first, then the
    /// first offered. Entries that are malformed count as not sent, and who says nothing takes all.
    #[must_use]
    pub fn preferred<'a>(&self, offers: &[&'a str]) -> Option<&'a str> {
        preferred(self.0.bytes(), offers).map(|index| offers[index])
    }
}

/// The index of the offer that [`Accept::preferred`] gives, by the values of all `Accept` fields.
///
/// A suffix counts like a name. Parameters other than `q` are read over.
pub(crate) fn preferred<'a>(
    accept: impl Iterator<Item = &'a [u8]>,
    offers: &[&str],
) -> Option<usize> {
    let entries = entries(accept).filter(|entry| entry.range.contains('/'));
    let entries: Vec<Entry<'_>> = entries.collect();
    if entries.is_empty() {
        return (!offers.is_empty()).then_some(0);
    }
    let ranked = offers.iter().enumerate().filter_map(|(index, offer)| {
        let matches = entries.iter().enumerate().filter_map(|(place, entry)| {
            let closeness = Closeness::of(entry.range, offer)?;
            Some((closeness, entry.quality, Reverse(place)))
        });
        let (closeness, quality, place) = matches.max()?;
        let by_name = closeness.min(Closeness::Suffix);
        (quality > 0).then_some((quality, by_name, place, closeness, Reverse(index)))
    });
    ranked.max().map(|(.., Reverse(index))| index)
}

/// How closely a range describes an offer, least closely first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Any,
    Type,
    Suffix,
    Named,
}

impl Closeness {
    fn of(range: &str, offer: &str) -> Option<Self> {
        let (kind, subtype) = offer.split_once('/')?;
        if range.eq_ignore_ascii_case(offer) {
            return Some(Self::Named);
        }
        match range.split_once('/')? {
            ("*", "*") => Some(Self::Any),
            (wanted, "*") if wanted.eq_ignore_ascii_case(kind) => Some(Self::Type),
            _ if subtype.ends_with("+json") && range.eq_ignore_ascii_case("application/json") => {
                Some(Self::Suffix)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const PROBLEM: &[&str] = &["application/problem+json", "text/html", "text/plain"];

    /// Lines of `Accept` are separated by `|`.
    fn choose<'o>(accept: &str, offers: &[&'o str]) -> &'o str {
        let lines = accept.split('|').map(str::as_bytes);
        preferred(lines, offers).map_or("none", |index| offers[index])
    }

    #[test]
    fn the_offer_with_the_best_quality_wins() {
        let table = [
            ("*/*", "application/problem+json"),
            ("text/html", "text/html"),
            ("TEXT/Html", "text/html"),
            ("text/*", "text/html"),
            ("text/plain, text/html", "text/plain"),
            ("text/html;q=0.5, text/plain", "text/plain"),
            ("text/html;q=0.5 | text/plain;q=0.501", "text/plain"),
            ("text/plain;Q=0.2,text/*;q=0.1", "text/plain"),
            ("*/*, text/plain", "text/plain"),
            ("*/*, text/plain;q=0.9", "application/problem+json"),
            ("text/*, */*;q=0.1", "text/html"),
            ("text/*;q=0, */*", "application/problem+json"),
            ("*/*, application/*;q=0, text/html;q=0", "text/plain"),
            ("text/html;q=0, text/*", "text/plain"),
            ("text/html;q=0", "none"),
            ("*/*;q=0", "none"),
            ("image/png", "none"),
            ("application/json", "application/problem+json"),
            ("*/*, application/json", "application/problem+json"),
            ("text/html, application/json;q=0.9", "text/html"),
            ("application/json, text/html", "application/problem+json"),
            ("application/json, application/problem+json;q=0", "none"),
            ("application/xml", "none"),
            ("text/html;q=0.1, text/*, text/html;q=0.9", "text/plain"),
            ("text/html;q=0.1, text/html, text/*;q=0.9", "text/html"),
            ("text/html ; q=0.3 , text/plain\t;\tq=0.4", "text/plain"),
            ("text/html;;q=0.3,,text/plain;q=0.1;x=y", "text/html"),
            (
                "application/json;v=\"1\";charset=utf-8",
                "application/problem+json",
            ),
            ("text/html, image/gif, *; q=.2, */*; q=.2", "text/html"),
            ("image/gif, *; q=.2, */*; q=.2", "application/problem+json"),
            // What browsers send.
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "text/html",
            ),
        ];
        for (accept, wanted) in table {
            assert_eq!(choose(accept, PROBLEM), wanted, "{accept}");
        }
    }

    #[test]
    fn malformed_entries_count_as_not_sent() {
        for bad in [
            "html",
            "*",
            "text/html;q=2",
            "text/html;q=",
            "text/html;q=-1",
            "text/html;q=1.001",
            "text/html;q=a",
            "text/html;q=.",
            "\0",
            "text/html;q=\"1\"",
            "",
            ",;,",
        ] {
            assert_eq!(choose(bad, PROBLEM), "application/problem+json", "{bad}");
            let both = format!("{bad}, text/plain;q=0.1");
            assert_eq!(choose(&both, PROBLEM), "text/plain", "{bad}");
        }
        assert_eq!(preferred([].into_iter(), PROBLEM), Some(0));
        assert_eq!(preferred([].into_iter(), &[]), None);
        assert_eq!(choose("*/*", &[]), "none");
    }

    #[test]
    fn json_is_asked_for_by_its_name_or_as_a_suffix() {
        let both = ["application/hal+json", "application/json"];
        assert_eq!(choose("application/json", &both), "application/json");
        assert_eq!(
            choose("application/json;q=0.5, */*;q=0.1", &both[..1]),
            both[0]
        );
        assert_eq!(
            choose("application/hal+json;q=0.1, application/json", &both),
            both[1]
        );
    }

    #[test]
    fn an_offer_named_first_is_never_refused_whatever_follows() {
        let mut random = Random::new();
        let mut accept = Vec::new();
        for _ in 0..100_000 {
            accept.clear();
            for _ in 0..random.below(20) {
                accept.extend(
                    [
                        &b"*/*"[..],
                        b"text/",
                        b"html",
                        b"plain",
                        b",",
                        b";",
                        b"q=",
                        b"0",
                        b".5",
                        b"\"",
                        b"\\",
                        b"\xff",
                    ][random.below(12)],
                );
            }
            let any = preferred([&accept[..]].into_iter(), PROBLEM);
            assert!(any.is_none_or(|index| index < PROBLEM.len()));
            let named = [&b"text/plain"[..], &accept];
            let chosen = preferred(named.into_iter(), PROBLEM).map(|index| PROBLEM[index]);
            assert!(
                matches!(chosen, Some("text/plain" | "text/html")),
                "{accept:?}: {chosen:?}"
            );
        }
    }
}
