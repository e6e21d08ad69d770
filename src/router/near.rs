//! The routes nearest to a request that none matches, and why each of them does not.
//!
//! Before it: the router found nothing. After it: `explain`, and pages that help while developing.

use std::fmt;
use std::sync::Arc;

use http::Method;

use super::{Route, RouteTable};
use crate::names::line;

/// A difference that is no typing mistake any more.
const UNRELATED: usize = 7;
/// What a segment costs that one side lacks.
const MISSING: usize = 4;
/// Routes further away than this are not shown.
const FAR: usize = 6;
/// How many routes are shown.
const SHOWN: usize = 5;
/// Segments, and bytes of one, beyond which nothing is compared.
const LONG: usize = 64;

/// A route that nearly matches a request.
///
/// ```
/// use cepa::prelude::*;
///
/// let app = App::new().get("/users/{id}", async || "a user");
/// let near = app.routes().nearest(&Method::GET, None, "/usres/7");
/// assert_eq!(near[0].route.path(), "/users/{id}");
/// assert_eq!(near[0].mismatch.to_string(), "`usres` is not `users`");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NearRoute {
    /// The route.
    pub route: Arc<Route>,
    /// Why it does not match.
    pub mismatch: Mismatch,
}

/// Why a route does not match a request; prints as the end of a sentence about the route.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The path matches, the method is another.
    Method,
    /// The path matches, the host does not.
    Host,
    /// Only the last slash is different.
    TrailingSlash {
        /// Whether the route has it.
        expected: bool,
    },
    /// The route has more segments than the path.
    More {
        /// How many.
        segments: usize,
    },
    /// The route has fewer segments than the path.
    Fewer {
        /// How many.
        segments: usize,
    },
    /// A segment is another; both are percent-encoded.
    Segment {
        /// What the route has there.
        expected: String,
        /// What the path has there.
        found: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |segments: usize| match segments {
            1 => "one segment".to_owned(),
            _ => format!("{segments} segments"),
        };
        match self {
            Self::Method => f.write_str("has another method"),
            Self::Host => f.write_str("belongs to another host"),
            Self::TrailingSlash { expected: true } => f.write_str("ends with a slash"),
            Self::TrailingSlash { expected: false } => f.write_str("ends without a slash"),
            Self::More { segments } => write!(f, "has {} more", count(*segments)),
            Self::Fewer { segments } => write!(f, "has {} less", count(*segments)),
            Self::Segment { expected, found } if expected.eq_ignore_ascii_case(found) => {
                write!(
                    f,
                    "`{found}` is written `{expected}` there, and case matters"
                )
            }
            Self::Segment { expected, found } => write!(f, "`{found}` is not `{expected}`"),
        }
    }
}

/// One line: the route, where it is written, and why it does not match.
impl fmt::Display for NearRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (title, line) = (self.route.title(), line(self.route.location()));
        write!(f, "{title} ({line}): {}", self.mismatch)
    }
}

impl RouteTable {
    /// The routes that come nearest to a request that none matches, the nearest first, at most
    /// five; none where nothing resembles it.
    ///
    /// It compares with every route, so it is for messages to developers.
    #[must_use]
    pub fn nearest(&self, method: &Method, host: Option<&str>, path: &str) -> Vec<NearRoute> {
        let path: Vec<&str> = segments(path).take(LONG + 1).collect();
        if path.len() > LONG {
            return Vec::new();
        }
        let is_here = |route: &Route| match (route.host(), host) {
            (Some(pattern), Some(host)) => is_host(pattern, host),
            (pattern, _) => pattern.is_none(),
        };
        let in_host = self
            .iter()
            .any(|route| route.host().is_some() && is_here(route));
        let mut near: Vec<(usize, NearRoute)> = Vec::new();
        for route in &self.0 {
            let elsewhere = !is_here(route) || (in_host && route.host().is_none());
            let (mut distance, found) = compare(route.path(), &path);
            let mismatch = match found {
                Some(mismatch) if !elsewhere => mismatch,
                Some(_) => continue,
                None if elsewhere => Mismatch::Host,
                None => Mismatch::Method,
            };
            if mismatch == Mismatch::Method && takes(route, method) {
                continue;
            }
            distance += usize::from(mismatch == Mismatch::Host) * MISSING;
            distance += usize::from(!takes(route, method));
            if distance <= FAR {
                let route = Arc::clone(route);
                near.push((distance, NearRoute { route, mismatch }));
            }
        }
        near.sort_by_key(|(distance, _)| *distance);
        near.into_iter().map(|(_, near)| near).take(SHOWN).collect()
    }
}

fn takes(route: &Route, method: &Method) -> bool {
    let is_get = *method == Method::HEAD && route.method() == Some(&Method::GET);
    is_get || route.method().is_none_or(|own| own == method)
}

/// Segments of a path; `/` has none, and a last slash is an empty one.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').skip(usize::from(path.is_empty()))
}

fn is_host(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let (ours, theirs) = (pattern.split('.'), host.split('.'));
    ours.clone().count() == theirs.clone().count()
        && ours
            .zip(theirs)
            .all(|(ours, theirs)| cost(ours, theirs) == 0)
}

/// How far a path is from a pattern, and the first reason why; none if it matches.
fn compare(pattern: &str, path: &[&str]) -> (usize, Option<Mismatch>) {
    let mut ours: Vec<&str> = segments(pattern).collect();
    let mut theirs = path.to_vec();
    let rest = ours.pop_if(|last| last.starts_with("{*"));
    if rest.is_some() && theirs.len() > ours.len() {
        let left = theirs.split_off(ours.len());
        if left == [""] {
            return (MISSING, Some(Mismatch::More { segments: 1 }));
        }
    } else if rest.is_some() {
        ours.push("{rest}");
    }
    let slash = ends_with_slash(&ours);
    if slash != ends_with_slash(&theirs) {
        let of = if slash { &mut ours } else { &mut theirs };
        of.pop();
        return match compare_segments(&ours, &theirs) {
            (_, None) => (1, Some(Mismatch::TrailingSlash { expected: slash })),
            (distance, mismatch) => (distance + 1, mismatch),
        };
    }
    compare_segments(&ours, &theirs)
}

fn ends_with_slash(segments: &[&str]) -> bool {
    segments.last().is_some_and(|last| last.is_empty())
}

fn compare_segments(ours: &[&str], theirs: &[&str]) -> (usize, Option<Mismatch>) {
    let segments = ours.len().abs_diff(theirs.len());
    let mismatch = match ours.len().cmp(&theirs.len()) {
        std::cmp::Ordering::Greater => Some(Mismatch::More { segments }),
        std::cmp::Ordering::Less => Some(Mismatch::Fewer { segments }),
        std::cmp::Ordering::Equal => {
            let mut pairs = ours.iter().zip(theirs);
            let other = pairs.find(|(ours, theirs)| cost(ours, theirs) > 0);
            other.map(|(ours, theirs)| Mismatch::Segment {
                expected: (*ours).to_owned(),
                found: (*theirs).to_owned(),
            })
        }
    };
    // Without a word in common, only the number of segments would be compared.
    let resembles = |ours: &&str| {
        !ours.contains('{') && theirs.iter().any(|theirs| cost(ours, theirs) < UNRELATED)
    };
    let distance = match mismatch.is_none() || ours.iter().any(resembles) {
        true => edits(ours, theirs, |_| MISSING, |ours, theirs| cost(ours, theirs)),
        false => FAR + 1,
    };
    (distance, mismatch)
}

/// How far a segment is from that of a pattern: 0 if it matches.
fn cost(ours: &str, theirs: &str) -> usize {
    if let Some((before, rest)) = ours.split_once('{') {
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let inner = theirs
            .strip_prefix(before)
            .and_then(|it| it.strip_suffix(after));
        return inner.map_or(MISSING, |inner| usize::from(inner.is_empty()) * MISSING);
    }
    if ours == theirs {
        return 0;
    }
    if ours.eq_ignore_ascii_case(theirs) {
        return 1;
    }
    if ours.len() > LONG || theirs.len() > LONG {
        return UNRELATED;
    }
    let edits = edits(
        ours.as_bytes(),
        theirs.as_bytes(),
        |_| 1,
        |a, b| usize::from(a != b),
    );
    // A typing mistake leaves most of a word as it is.
    match edits * 2 <= ours.len().max(theirs.len()) {
        true => (1 + edits).min(UNRELATED - 1),
        false => UNRELATED,
    }
}

/// The least cost to turn one list into the other.
fn edits<T>(
    ours: &[T],
    theirs: &[T],
    missing: impl Fn(&T) -> usize,
    other: impl Fn(&T, &T) -> usize,
) -> usize {
    let mut row: Vec<usize> = vec![0];
    row.extend(theirs.iter().scan(0, |sum, it| {
        *sum += missing(it);
        Some(*sum)
    }));
    for one in ours {
        let mut diagonal = row[0];
        row[0] += missing(one);
        for (i, two) in theirs.iter().enumerate() {
            let replaced = diagonal + other(one, two);
            diagonal = row[i + 1];
            row[i + 1] = replaced
                .min(diagonal + missing(one))
                .min(row[i] + missing(two));
        }
    }
    row[theirs.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::pattern::route_pattern;

    #[test]
    fn distances_are_those_of_typing_mistakes() {
        let rows = [
            ("users", "users", 0),
            ("users", "Users", 1),
            ("users", "user", 2),
            ("users", "usres", 3),
            ("users", "posts", UNRELATED),
            ("{id}", "7", 0),
            ("{id}", "", MISSING),
            ("img-{id}.png", "img-7.png", 0),
            ("img-{id}.png", "img-7.gif", MISSING),
        ];
        for (ours, theirs, wanted) in rows {
            assert_eq!(cost(ours, theirs), wanted, "{ours} {theirs}");
        }
    }

    #[test]
    fn a_pattern_is_compared_as_the_trie_matches_it() {
        let rows = [
            ("/", "/", None),
            ("/users/{id}", "/users/7", None),
            ("/files/{*path}", "/files/a/b/", None),
            ("/a/", "/a/", None),
            // A literal brace is no parameter: a pattern has it as it is matched.
            ("/a-{{x}}", "/a-%7Bx%7D", None),
            (
                "/a-{{x}}",
                "/a-7",
                Some(Mismatch::Segment {
                    expected: "a-%7Bx%7D".to_owned(),
                    found: "a-7".to_owned(),
                }),
            ),
        ];
        for (pattern, path, wanted) in rows {
            let pattern = route_pattern(pattern).unwrap();
            let path: Vec<_> = segments(path).collect();
            assert_eq!(compare(pattern.text(), &path).1, wanted, "{path:?}");
        }
    }
}
