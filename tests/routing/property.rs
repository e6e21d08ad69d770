//! The whole router against a matcher that tries every route in turn.

use std::cmp::Reverse;

use cepa::prelude::*;
use cepa::testing::TestClient;

/// Numbers of Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

#[derive(Clone, Debug)]
struct Written {
    method: &'static str,
    pattern: String,
    /// The scope it was written in, to tell whose 405 it is.
    scope: usize,
}

/// A mounted app, or the outermost with an empty prefix, and whether it has a fallback.
#[derive(Clone, Debug)]
struct Scope {
    prefix: String,
    fallback: bool,
}

const METHODS: [&str; 5] = ["GET", "GET", "POST", "HEAD", "ANY"];
const ASKED: [&str; 4] = ["GET", "POST", "HEAD", "OPTIONS"];

/// Names differ by depth, so that they are unique in a route and different between routes.
fn pattern(random: &mut Random, depth: usize, names: &str) -> String {
    let mut text = String::new();
    let count = 1 + random.below(3);
    for index in 0..count {
        let name = format!("{names}{}", depth + index);
        let kinds = ["a", "b", "ab", "{x}", "{x}", "a{x}", "{x}b", "{*x}"];
        let last = index + 1 == count;
        let kind = random.one(&kinds[..if last { 8 } else { 7 }]);
        text += &format!("/{}", kind.replace('x', &name));
    }
    if random.below(8) == 0 && !text.ends_with("}") {
        text.push('/');
    }
    text
}

fn path(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(4) {
        text += "/";
        text += random.one(&["a", "b", "ab", "aab", "abb", "ba", "", "c"]);
    }
    text
}

/// How a pattern's segments match those of a path: a rank and the captured text for each.
fn matches(pattern: &str, path: &str) -> Option<(Vec<Rank>, Vec<String>)> {
    let mut rest = Some(&path[1..]);
    let (mut ranks, mut values) = (Vec::new(), Vec::new());
    for segment in pattern[1..].split('/') {
        let left = rest?;
        if segment.starts_with("{*") {
            values.push(left.to_owned());
            ranks.push(Rank::Rest);
            return (!left.is_empty()).then_some((ranks, values));
        }
        let (this, after) = match left.split_once('/') {
            Some((this, after)) => (this, Some(after)),
            None => (left, None),
        };
        rest = after;
        let Some((before, tail)) = segment.split_once('{') else {
            if segment != this {
                return None;
            }
            ranks.push(Rank::Literal);
            continue;
        };
        let (_, behind) = tail.split_once('}')?;
        let value = this.strip_prefix(before)?.strip_suffix(behind)?;
        if value.is_empty() {
            return None;
        }
        values.push(value.to_owned());
        ranks.push(match (before.len(), behind.len()) {
            (0, 0) => Rank::Param,
            (before, behind) => Rank::Mixed(Reverse(before), Reverse(behind)),
        });
    }
    rest.is_none().then_some((ranks, values))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    /// The longer literal in front goes first, then the longer one behind.
    Mixed(Reverse<usize>, Reverse<usize>),
    Param,
    Rest,
}

/// What should be answered, by the list in `src/router/mod.rs`.
fn wanted(routes: &[Written], scopes: &[Scope], method: &str, path: &str) -> String {
    let found = |method: &str| {
        let competing: &[&str] = match method {
            "HEAD" => &["HEAD", "GET", "ANY"],
            other => &[other, "ANY"],
        };
        let mut best: Option<(Vec<Rank>, usize, usize, Vec<String>)> = None;
        for (index, route) in routes.iter().enumerate() {
            let Some(order) = competing.iter().position(|it| *it == route.method) else {
                continue;
            };
            let Some((ranks, values)) = matches(&route.pattern, path) else {
                continue;
            };
            let better = best
                .as_ref()
                .is_none_or(|(r, o, ..)| (&ranks, order) < (r, *o));
            if better {
                best = Some((ranks, order, index, values));
            }
        }
        best
    };
    if let Some((.., index, values)) = found(method) {
        return format!("200 {index} {}", values.join(" "));
    }
    let mut allow: Vec<&str> = ["GET", "HEAD", "POST"]
        .into_iter()
        .filter(|method| found(method).is_some())
        .collect();
    if !allow.is_empty() {
        allow.insert(
            allow.len() - usize::from(allow.ends_with(&["POST"])),
            "OPTIONS",
        );
        let status = if method == "OPTIONS" { 204 } else { 405 };
        return format!("{status} {}", allow.join(", "));
    }
    let below = |prefix: &str| {
        let depth = prefix.matches('/').count();
        let cut: Vec<&str> = path.splitn(depth + 2, '/').take(depth + 1).collect();
        let ranks = match depth {
            0 => Vec::new(),
            _ => matches(prefix, &cut.join("/"))?.0,
        };
        Some((Reverse(depth), ranks))
    };
    let best = scopes
        .iter()
        .enumerate()
        .filter_map(|(index, scope)| Some((below(&scope.prefix)?, index, scope)))
        .min_by(|(one, ..), (other, ..)| one.cmp(other));
    match best {
        Some((_, index, scope)) if scope.fallback => format!("fallback {index}"),
        // Inherited from the outermost, which is around all of them.
        _ if scopes[0].fallback => "fallback 0".to_owned(),
        _ => "404".to_owned(),
    }
}

fn answered(client: &TestClient, method: &str, path: &str) -> String {
    let res = client.request(method.parse().unwrap(), path).send();
    let header = |name| res.header(name).unwrap_or("nothing");
    match res.status().as_u16() {
        200 => header("x-answer").to_owned(),
        status @ (204 | 405) => format!("{status} {}", header("allow")),
        status => status.to_string(),
    }
}

fn build(routes: &[Written], scopes: &[Scope]) -> App {
    let mut apps = scopes.iter().enumerate().map(|(index, scope)| {
        let answer = move || async move { ([("x-answer", format!("fallback {index}"))], "") };
        let app = App::new();
        let app = if scope.fallback {
            app.fallback(answer)
        } else {
            app
        };
        let own = routes
            .iter()
            .enumerate()
            .filter(|(_, route)| route.scope == index);
        own.fold(app, |app, (index, route)| {
            let answer = move |Path(values): Path<Vec<String>>| async move {
                (
                    [("x-answer", format!("200 {index} {}", values.join(" ")))],
                    "",
                )
            };
            let path = &route.pattern[scope.prefix.len()..];
            match route.method {
                "ANY" => app.any(path, answer),
                method => app.route(method.parse().unwrap(), path, answer),
            }
        })
    });
    let outermost = apps.next().unwrap();
    let inner = scopes[1..].iter().zip(apps);
    inner.fold(outermost, |app, (scope, inner)| {
        app.mount(&scope.prefix, inner)
    })
}

fn random_app(random: &mut Random) -> (Vec<Written>, Vec<Scope>) {
    let fallback = random.below(2) == 0;
    let mut scopes = vec![Scope {
        prefix: String::new(),
        fallback,
    }];
    for _ in 0..random.below(3) {
        let prefix = random.one(&["/a", "/b", "/{m0}", "/a/{m1}", "/a/b", "/a{m0}"]);
        let fallback = random.below(2) == 0;
        if scopes.iter().all(|scope| scope.prefix != prefix) {
            scopes.push(Scope {
                prefix: prefix.to_owned(),
                fallback,
            });
        }
    }
    let routes = (0..1 + random.below(6)).map(|index| {
        let scope = random.below(scopes.len());
        let prefix = &scopes[scope].prefix;
        let names = ["p", "q", "r", "s", "t", "u"][index];
        let pattern = prefix.clone() + &pattern(random, 4, names);
        Written {
            method: METHODS[random.below(METHODS.len())],
            pattern,
            scope,
        }
    });
    let routes = routes.collect();
    (routes, scopes)
}

/// Whether two patterns rank equal for some path: for certain, or only if literals of different
/// length beside a parameter are held to be equal.
fn rank_equal(one: &str, other: &str) -> Option<bool> {
    let (one, other) = (one.split('/'), other.split('/'));
    if one.clone().count() != other.clone().count() {
        return None;
    }
    let mut certain = true;
    for (one, other) in one.zip(other) {
        match (halves(one), halves(other)) {
            (None, None) if one == other => {}
            (Some(one), Some(other)) if one == other => {}
            (Some(("", "" | "*")), _) | (_, Some(("", "" | "*"))) => return None,
            (Some((a, b)), Some((c, d))) => {
                let fit =
                    (a.starts_with(c) || c.starts_with(a)) && (b.ends_with(d) || d.ends_with(b));
                if !fit {
                    return None;
                }
                certain = false;
            }
            _ => return None,
        }
    }
    Some(certain)
}

/// The literals around a segment's parameter; behind that for the rest there is a star.
fn halves(segment: &str) -> Option<(&str, &str)> {
    let (before, tail) = segment.split_once('{')?;
    match tail.split_once('}')? {
        (name, _) if name.starts_with('*') => Some((before, "*")),
        (_, behind) => Some((before, behind)),
    }
}

#[test]
fn only_routes_that_rank_equal_are_refused() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut refused, mut accepted) = (0, 0);
    for _ in 0..3_000 {
        let (routes, scopes) = random_app(&mut random);
        let pairs = routes
            .iter()
            .enumerate()
            .flat_map(|(index, one)| routes[..index].iter().map(move |other| (one, other)));
        let equal: Vec<_> = pairs
            .filter_map(|(one, other)| {
                let certain = rank_equal(&one.pattern, &other.pattern)?;
                Some((one.method == other.method, certain))
            })
            .collect();
        let built = build(&routes, &scopes).build();
        if equal.contains(&(true, true)) {
            refused += 1;
            assert!(built.is_err(), "{routes:#?}");
        } else if equal.iter().all(|(_, certain)| *certain) {
            accepted += 1;
            assert!(built.is_ok(), "{built:?}");
        }
    }
    assert!(refused > 30 && accepted > 1_000, "{refused} {accepted}");
}

#[test]
fn the_router_finds_what_trying_every_route_in_turn_finds() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut lookups, mut refused, mut found) = (0, 0, 0);
    while lookups < 100_000 {
        let (routes, scopes) = random_app(&mut random);
        if build(&routes, &scopes).build().is_err() {
            refused += 1;
            continue;
        }
        let client = build(&routes, &scopes).test();
        for _ in 0..60 {
            let (method, path) = (random.one(&ASKED), path(&mut random));
            let wanted = wanted(&routes, &scopes, method, &path);
            let answered = answered(&client, method, &path);
            assert_eq!(
                answered, wanted,
                "{method} {path} in {routes:#?} {scopes:?}"
            );
            lookups += 1;
            found += usize::from(wanted.starts_with("200"));
        }
    }
    assert!(
        found > 10_000,
        "{found} of {lookups} found something, {refused} apps were refused"
    );
}
