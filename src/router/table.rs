//! The routes of one host: a trie per method, and the prefixes whose scopes answer for a miss.

use http::Method;

use super::{Answer, Pattern, Spans, TrailingSlash};

/// One trie per method. Values are indices of chains.
#[derive(Default)]
pub(crate) struct Table {
    host: Option<String>,
    tries: Vec<(Method, matchit::Router<usize>)>,
    /// Routes for any method, for methods without a trie of their own.
    any: matchit::Router<usize>,
    /// All that was added, to find both sides of a conflict.
    entries: Vec<Entry>,
    prefixes: Prefixes,
}

struct Entry {
    method: Option<Method>,
    pattern: Pattern,
    route: Target,
}

/// Where a route leads, and who answers for its path where the method is another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) chain: usize,
    /// The chain of the scope's automatic answers.
    pub(crate) automatic: usize,
    pub(crate) slash: TrailingSlash,
    /// Parameters in the prefix of the route's scope.
    pub(crate) prefix_params: usize,
}

/// A route that ranks equal to one added before.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// The chain of the other route, if it could be found.
    pub(crate) other: Option<usize>,
    /// A path that both match.
    pub(crate) path: String,
}

impl Table {
    pub(crate) fn of_host(host: &str) -> Self {
        Self {
            host: Some(host.to_owned()),
            ..Self::default()
        }
    }

    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Notes a route; `freeze` puts it into the tries.
    pub(crate) fn add(&mut self, method: Option<Method>, pattern: Pattern, route: Target) {
        self.entries.push(Entry {
            method,
            pattern,
            route,
        });
    }

    /// Notes a scope that answers for everything below a prefix nothing matched in.
    pub(crate) fn add_prefix(&mut self, prefix: &Pattern, chain: usize) {
        self.prefixes.add(prefix, chain);
    }

    /// Builds the tries and reports routes that rank equal, as `(index of chain, conflict)`.
    pub(crate) fn freeze(&mut self) -> Vec<(usize, Conflict)> {
        let mut conflicts = Vec::new();
        let mut methods: Vec<Method> = Vec::new();
        for method in self
            .entries
            .iter()
            .filter_map(|entry| entry.method.as_ref())
        {
            if !methods.contains(method) {
                methods.push(method.clone());
            }
        }
        methods.sort_by_key(|method| *method != Method::GET);
        for method in methods {
            let trie = self.trie(Some(&method), &mut conflicts);
            self.tries.push((method, trie));
        }
        self.any = self.trie(None, &mut conflicts);
        conflicts.sort_by_key(|(chain, _)| *chain);
        conflicts.dedup_by_key(|(chain, _)| *chain);
        conflicts
    }

    /// The trie of one method: its own routes, then those of any method where it has none, and
    /// for HEAD those of GET.
    fn trie(
        &self,
        method: Option<&Method>,
        conflicts: &mut Vec<(usize, Conflict)>,
    ) -> matchit::Router<usize> {
        let mut trie = matchit::Router::new();
        let mut inside: Vec<&Entry> = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for rank in Self::ranks(method) {
            let mut added = Vec::new();
            for entry in self.entries.iter().filter(|entry| entry.method == rank) {
                let shape = shape(&entry.pattern);
                if taken.contains(&shape) {
                    continue;
                }
                added.push(shape);
                match trie.insert(entry.pattern.text(), entry.route.chain) {
                    Ok(()) => inside.push(entry),
                    Err(_) => conflicts.push((entry.route.chain, conflict(entry, &inside))),
                }
            }
            taken.extend(added);
        }
        trie
    }

    /// Whose routes stand in the trie of a method, the first winning for equal patterns.
    fn ranks(method: Option<&Method>) -> Vec<Option<Method>> {
        match method {
            None => vec![None],
            Some(&Method::HEAD) => vec![Some(Method::HEAD), Some(Method::GET), None],
            Some(method) => vec![Some(method.clone()), None],
        }
    }

    /// The chain for a method and path; captures the parameters, or notes what to answer.
    pub(crate) fn find(
        &self,
        method: &Method,
        path: &str,
        spans: &mut Spans,
        answer: &mut Answer,
    ) -> usize {
        if let Ok(found) = self.trie_of(method).at(path) {
            capture(path, &found.params, spans);
            return *found.value;
        }
        self.miss(method, path, spans, answer)
    }

    fn trie_of(&self, method: &Method) -> &matchit::Router<usize> {
        let own = |method: &Method| {
            self.tries
                .iter()
                .find(|(m, _)| m == method)
                .map(|(_, trie)| trie)
        };
        own(method)
            .or_else(|| {
                if *method == Method::HEAD {
                    own(&Method::GET)
                } else {
                    None
                }
            })
            .unwrap_or(&self.any)
    }

    #[cold]
    fn miss(&self, method: &Method, path: &str, spans: &mut Spans, answer: &mut Answer) -> usize {
        if let Some((chain, allow)) = self.other_methods(path, spans) {
            *answer = Answer::Methods(allow);
            return chain;
        }
        if let Some(chain) = self.other_slash(method, path, spans, answer) {
            return chain;
        }
        self.prefixes.longest(path, spans)
    }

    /// The methods that match a path, and the chain that answers for them.
    fn other_methods(&self, path: &str, spans: &mut Spans) -> Option<(usize, String)> {
        let mut first = None;
        let mut allow: Vec<&str> = Vec::new();
        for (method, trie) in &self.tries {
            if let Ok(found) = trie.at(path) {
                if first.is_none() {
                    capture(path, &found.params, spans);
                    first = self
                        .entries
                        .iter()
                        .find(|entry| entry.route.chain == *found.value);
                }
                allow.push(method.as_str());
            }
        }
        let route = first?.route;
        spans.truncate(route.prefix_params);
        if allow.contains(&"GET") && !allow.contains(&"HEAD") {
            allow.push("HEAD");
        }
        if !allow.contains(&"OPTIONS") {
            allow.push("OPTIONS");
        }
        allow.sort_unstable();
        Some((route.automatic, allow.join(", ")))
    }

    fn other_slash(
        &self,
        method: &Method,
        path: &str,
        spans: &mut Spans,
        answer: &mut Answer,
    ) -> Option<usize> {
        let toggled = match path.strip_suffix('/') {
            Some("") => return None,
            Some(plain) => plain.to_owned(),
            None => format!("{path}/"),
        };
        let found = self.trie_of(method).at(&toggled).ok()?;
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.route.chain == *found.value)?;
        match entry.route.slash {
            TrailingSlash::Strict => None,
            TrailingSlash::Redirect => {
                // A path like `//host` would lead a browser away from this site.
                if !crate::respond::is_local(&toggled) {
                    return None;
                }
                capture(&toggled, &found.params, spans);
                spans.truncate(entry.route.prefix_params);
                *answer = Answer::Redirect(toggled);
                Some(entry.route.automatic)
            }
            TrailingSlash::Same => {
                capture(&toggled, &found.params, spans);
                spans_within(path, spans).then_some(entry.route.chain)
            }
        }
    }

    /// The entries, to warn about routes that are never reached.
    pub(crate) fn shadowed(&self) -> impl Iterator<Item = usize> {
        const ALL: [Method; 9] = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::CONNECT,
            Method::TRACE,
        ];
        self.entries
            .iter()
            .filter(|entry| entry.method.is_none())
            .filter_map(|any| {
                let same = |method: &Method| {
                    let method = Some(method.clone());
                    self.entries
                        .iter()
                        .any(|e| e.method == method && shape(&e.pattern) == shape(&any.pattern))
                };
                ALL.iter().all(same).then_some(any.route.chain)
            })
    }
}

/// A catch-all captured one byte more of the toggled path than the path has.
fn spans_within(path: &str, spans: &Spans) -> bool {
    spans.iter().all(|(_, end)| end as usize <= path.len())
}

/// A pattern without its parameter names: equal for patterns that match the same paths.
fn shape(pattern: &Pattern) -> String {
    let mut shape = String::new();
    for part in pattern.parts() {
        match part {
            super::pattern::Part::Literal(text) => shape.push_str(text),
            super::pattern::Part::Param(_) => shape.push_str("{}"),
            super::pattern::Part::Rest(_) => shape.push_str("{*}"),
        }
    }
    shape
}

/// Who an entry conflicts with, found by trying it against each alone.
fn conflict(entry: &Entry, inside: &[&Entry]) -> Conflict {
    let other = inside.iter().find(|other| {
        let mut pair = matchit::Router::new();
        let first = pair.insert(other.pattern.text(), ());
        first.is_ok() && pair.insert(entry.pattern.text(), ()).is_err()
    });
    let samples = other
        .into_iter()
        .map(|other| other.pattern.sample())
        .chain([entry.pattern.sample()]);
    let matches = |pattern: &Pattern, path: &str| {
        let mut one = matchit::Router::new();
        one.insert(pattern.text(), ()).is_ok() && one.at(path).is_ok()
    };
    let path = samples
        .filter(|path| matches(&entry.pattern, path))
        .find(|path| other.is_none_or(|other| matches(&other.pattern, path)))
        .unwrap_or_else(|| entry.pattern.sample());
    Conflict {
        other: other.map(|other| other.route.chain),
        path,
    }
}

/// Notes where in `path` the captured values are.
pub(super) fn capture(path: &str, params: &matchit::Params<'_, '_>, spans: &mut Spans) {
    for (_, value) in params.iter() {
        let start = value.as_ptr() as usize - path.as_ptr() as usize;
        spans.push(start as u32, (start + value.len()) as u32);
    }
}

/// Which scope answers for a path below its prefix.
#[derive(Default)]
struct Prefixes {
    trie: matchit::Router<usize>,
    /// The chain for paths below no prefix.
    root: usize,
    /// Slashes in the longest prefix.
    depth: usize,
}

impl Prefixes {
    fn add(&mut self, prefix: &Pattern, chain: usize) {
        if prefix.text().is_empty() {
            self.root = chain;
            return;
        }
        // Prefixes of equal shape: the first mount answers for what none of them matches.
        if self.trie.insert(prefix.text(), chain).is_ok() {
            self.depth = self.depth.max(prefix.text().matches('/').count());
        }
    }

    fn longest(&self, path: &str, spans: &mut Spans) -> usize {
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .skip(1)
            .take(self.depth);
        let mut ends: Vec<usize> = ends.collect();
        if ends.len() < self.depth {
            ends.push(path.len());
        }
        for end in ends.into_iter().rev() {
            if let Ok(found) = self.trie.at(&path[..end]) {
                capture(path, &found.params, spans);
                return *found.value;
            }
        }
        self.root
    }
}
