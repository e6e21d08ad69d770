//! Which of several formats a client prefers, by its `Accept` fields (RFC 9110 section 12.5.1).
//!
//! The request's head is read before; the renderer of errors and responses in several formats
//! write the one chosen here after.
//!
//! One rule of our own: a media type with the suffix `+json` (RFC 6839 section 3.1) is also
//! matched by `application/json`, so that who asks for JSON gets `application/problem+json`.

/// The index of the offer that the client likes best, `None` if it accepts none of them.
///
/// `accept` are the values of all `Accept` fields. The quality of an offer is that of the most
/// specific range that matches it: with parameters, `type/subtype`, the suffix rule, `type/*`,
/// `*/*`. Quality 0 excludes. At equal quality a range that names the type beats the suffix rule
/// and that a wildcard, then the first offer wins. The parameter `charset` is not compared.
///
/// Malformed entries are skipped; a client whose fields say nothing gets the first offer.
pub(crate) fn preferred<'a>(
    accept: impl Iterator<Item = &'a [u8]>,
    offers: &[&str],
) -> Option<usize> {
    let mut matches: Vec<Option<Match>> = vec![None; offers.len()];
    let mut says_something = false;
    let entries = accept.flat_map(|value| split(value, b','));
    for range in entries.filter_map(Range::parse) {
        says_something = true;
        for (best, offer) in matches.iter_mut().zip(offers) {
            let found = range.specificity(offer).map(|specificity| Match {
                specificity,
                quality: range.quality,
            });
            *best = found.max(*best);
        }
    }
    if !says_something {
        return (!offers.is_empty()).then_some(0);
    }
    let mut chosen = None;
    for (index, found) in matches.iter().enumerate() {
        let rank = found.map_or((0, 0), |found| (found.quality, found.specificity.rank()));
        if rank.0 > 0 && chosen.is_none_or(|(best, _)| rank > best) {
            chosen = Some((rank, index));
        }
    }
    chosen.map(|(_, index)| index)
}

/// The range that decides about an offer; the greater one does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    specificity: Specificity,
    /// In thousandths.
    quality: u16,
}

/// How closely a range describes an offer, least closely first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Any,
    Type,
    Suffix,
    Named { parameters: usize },
}

impl Specificity {
    /// What counts between offers of equal quality: wildcards are alike.
    fn rank(self) -> u8 {
        match self {
            Self::Any | Self::Type => 0,
            Self::Suffix => 1,
            Self::Named { .. } => 2,
        }
    }
}

/// One entry of `Accept`.
struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    parameters: Vec<&'a [u8]>,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(entry: &'a [u8]) -> Option<Self> {
        let mut parts = split(entry, b';');
        let (kind, subtype) = media_type(parts.next()?)?;
        if kind == b"*" && subtype != b"*" {
            return None;
        }
        let mut range = Self {
            kind,
            subtype,
            parameters: Vec::new(),
            quality: 1000,
        };
        for part in parts.filter(|part| !part.is_empty()) {
            let equals = part.iter().position(|&byte| byte == b'=')?;
            let (name, value) = (&part[..equals], &part[equals + 1..]);
            if !is_token(name) || value.is_empty() {
                return None;
            }
            if name.eq_ignore_ascii_case(b"q") {
                range.quality = quality(value)?;
                // What follows the weight is the accept-ext of RFC 7231, which nobody used.
                break;
            }
            if !name.eq_ignore_ascii_case(b"charset") {
                range.parameters.push(part);
            }
        }
        Some(range)
    }

    /// How this range describes `offer`, if it does.
    fn specificity(&self, offer: &str) -> Option<Specificity> {
        let mut parts = split(offer.as_bytes(), b';');
        let (kind, subtype) = media_type(parts.next()?)?;
        let own: Vec<&[u8]> = parts.collect();
        let has = |wanted: &&[u8]| own.iter().any(|part| part.eq_ignore_ascii_case(wanted));
        if !self.parameters.iter().all(has) {
            return None;
        }
        let same_type = self.kind.eq_ignore_ascii_case(kind);
        if same_type && self.subtype.eq_ignore_ascii_case(subtype) {
            let parameters = self.parameters.len();
            Some(Specificity::Named { parameters })
        } else if self.is_json() && ends_with_json(subtype) {
            Some(Specificity::Suffix)
        } else if same_type && self.subtype == b"*" {
            Some(Specificity::Type)
        } else if self.kind == b"*" {
            Some(Specificity::Any)
        } else {
            None
        }
    }

    fn is_json(&self) -> bool {
        self.kind.eq_ignore_ascii_case(b"application") && self.subtype.eq_ignore_ascii_case(b"json")
    }
}

fn ends_with_json(subtype: &[u8]) -> bool {
    let suffix = subtype.last_chunk::<5>();
    suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json"))
}

/// The parts between separators that are not within a quoted string, without outer spaces.
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |&byte| {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        }
        !quoted && byte == separator
    });
    parts.map(<[u8]>::trim_ascii)
}

fn media_type(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = text.iter().position(|&byte| byte == b'/')?;
    let (kind, subtype) = (&text[..slash], &text[slash + 1..]);
    (is_token(kind) && is_token(subtype)).then_some((kind, subtype))
}

/// `token` of RFC 9110 section 5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_sign = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.iter().all(is_sign)
}

/// `qvalue` of RFC 9110 section 12.4.2 in thousandths; also `.2`, which old Java clients send.
fn quality(text: &[u8]) -> Option<u16> {
    let (whole, digits) = match text {
        [b'1', rest @ ..] => (1000, rest),
        [b'0', rest @ ..] => (0, rest),
        [b'.', _, ..] => (0, text),
        _ => return None,
    };
    let digits = match digits {
        [] => digits,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let mut value = whole;
    for (digit, weight) in digits.iter().zip([100, 10, 1]) {
        value += weight * u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: &[&str] = &["application/problem+json", "text/html", "text/plain"];
    const API: &[&str] = &["application/json", "text/html;level=1", "image/svg+xml"];

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
            ("text/plain, text/html", "text/html"),
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
            ("application/json;charset=utf-8", "application/problem+json"),
            ("*/*, application/json", "application/problem+json"),
            ("text/html, application/json;q=0.9", "text/html"),
            ("application/json, text/html", "text/html"),
            ("application/json, application/problem+json;q=0", "none"),
            ("application/xml", "none"),
            ("text/html;level=1", "none"),
            ("text/html;charset=\"utf-8\"", "text/html"),
            (
                "text/html;q=0.1, text/html;q=0.9, text/plain;q=0.5",
                "text/html",
            ),
            ("text/html ; q=0.3 , text/plain\t;\tq=0.4", "text/plain"),
            ("text/html;;q=0.3,,text/plain;q=0.1;x=y", "text/html"),
            (
                "text/x;a=\"q=1, text/plain;\\\"\", text/html;q=0.1",
                "text/html",
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
            "/",
            "text/",
            "/html",
            "*/html",
            "*",
            "text/html;q=2",
            "text/html;q=0.1234",
            "text/html;q=",
            "text/html;q",
            "text/html;q=-1",
            "text/html;q=1.001",
            "text/html;q=a",
            "text/html;q=.",
            "text/html q=1",
            "te xt/html",
            "text/html;=x",
            "text/h\u{e9}",
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
    fn parameters_and_suffixes_decide_how_specific_a_range_is() {
        let table = [
            ("text/html;level=1", "text/html;level=1"),
            ("text/html;level=2", "none"),
            ("text/html", "text/html;level=1"),
            (
                "text/html;level=1;q=0, text/html, application/json;q=0.1",
                "application/json",
            ),
            ("application/*+json", "none"),
            ("image/*", "image/svg+xml"),
            ("application/json;v=1", "none"),
        ];
        for (accept, wanted) in table {
            assert_eq!(choose(accept, API), wanted, "{accept}");
        }
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
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut accept = Vec::new();
        for _ in 0..100_000 {
            accept.clear();
            for _ in 0..state % 20 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
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
                    ][state as usize % 12],
                );
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
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
