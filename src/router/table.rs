//! The routes of one host: a trie per method, and the prefixes whose scopes answer for a miss.

use std::collections::HashSet;

use http::Method;

use super::trie::Trie;
use super::{Answer, Pattern, Place, Spans, TrailingSlash};

/// One trie per method, by what was added until `freeze`.
#[derive(Default)]
pub(crate) struct Table {
    host: Option<String>,
    entries: Vec<Entry>,
    /// GET first; the trie of `None` serves methods without one of their own.
    tries: Vec<(Option<Method>, Trie<Target>)>,
    /// The chains that answer below a prefix.
    prefixes: Trie<usize>,
    /// Slashes in the longest prefix.
    depth: usize,
    /// The chain for paths below no prefix.
    root: Option<usize>,
}

struct Entry {
    method: Option<Method>,
    pattern: Pattern,
    target: Target,
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
    pub(crate) chain: usize,
    /// The chain of the other route.
    pub(crate) other: usize,
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
    pub(crate) fn add(&mut self, method: Option<Method>, pattern: Pattern, target: Target) {
        self.entries.push(Entry {
            method,
            pattern,
            target,
        });
    }

    /// Notes a scope that answers for everything at and below a prefix nothing matched in; false if
    /// another one does. `around` is the chain of the app it is mounted in: at that app's own prefix,
    /// it answers in its place.
    pub(crate) fn add_prefix(
        &mut self,
        prefix: &Pattern,
        chain: usize,
        around: Option<usize>,
    ) -> bool {
        let text = prefix.text();
        let place = match text.is_empty() {
            true => &mut self.root,
            false => self.prefixes.place(text),
        };
        // Of several mounts at one place, the first answers for what none of them matches.
        if place.is_some() && *place != around {
            return false;
        }
        *place = Some(chain);
        self.depth = self.depth.max(text.matches('/').count());
        true
    }

    /// Builds the tries and reports routes that rank equal, each once.
    pub(crate) fn freeze(&mut self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let mut methods = vec![Some(Method::GET), None];
        for entry in &self.entries {
            if !methods.contains(&entry.method) {
                methods.push(entry.method.clone());
            }
        }
        for method in methods {
            let trie = self.trie(&method, &mut conflicts);
            self.tries.push((method, trie));
        }
        conflicts.sort_by_key(|conflict| conflict.chain);
        conflicts.dedup_by_key(|conflict| conflict.chain);
        conflicts
    }

    /// The trie of one method: its own routes, then those of any method where it has none, and
    /// for HEAD those of GET.
    fn trie(&self, method: &Option<Method>, conflicts: &mut Vec<Conflict>) -> Trie<Target> {
        let mut ranks = vec![method.clone(), None];
        if *method == Some(Method::HEAD) {
            ranks.insert(1, Some(Method::GET));
        }
        ranks.dedup();
        let mut trie = Trie::default();
        let mut preferred = HashSet::new();
        for rank in ranks {
            let of_rank = || self.entries.iter().filter(|entry| entry.method == rank);
            for entry in of_rank() {
                let chain = entry.target.chain;
                let inserted = trie.insert(entry.pattern.text(), entry.target);
                let other = inserted.err().map(|other| other.chain);
                let other = other.filter(|other| !preferred.contains(other));
                conflicts.extend(other.map(|other| Conflict { chain, other }));
            }
            preferred.extend(of_rank().map(|entry| entry.target.chain));
        }
        trie
    }

    /// Notes the place of a method and path, or what to answer there.
    pub(crate) fn find(&self, method: &Method, path: &str, place: &mut Place) {
        match self.trie_of(method).capture(path, &mut place.spans) {
            Some(target) => place.chain = Some(target.chain),
            None => *place = self.miss(method, path),
        }
    }

    fn trie_of(&self, method: &Method) -> &Trie<Target> {
        if *method == Method::GET {
            return &self.tries[0].1;
        }
        let of = |wanted: Option<&Method>| {
            let mut tries = self.tries.iter();
            tries.find(|(method, _)| method.as_ref() == wanted)
        };
        let of_get = || of((*method == Method::HEAD).then_some(&Method::GET));
        let (_, trie) = of(Some(method)).or_else(of_get).unwrap_or(&self.tries[1]);
        trie
    }

    #[cold]
    fn miss(&self, method: &Method, path: &str) -> Place {
        self.of_server(method, path)
            .or_else(|| self.other_methods(path))
            .or_else(|| self.other_slash(method, path))
            .or_else(|| self.other_methods_of_same(path))
            .unwrap_or_else(|| self.below_prefix(path))
    }

    /// The answer of the scope with the longest prefix of a path.
    fn below_prefix(&self, path: &str) -> Place {
        let slashes = path.match_indices('/').map(|(at, _)| at).skip(1);
        let ends: Vec<usize> = slashes.chain([path.len()]).take(self.depth).collect();
        let longest = ends.iter().rev().find_map(|&end| {
            let (chain, spans) = self.prefixes.at(&path[..end])?;
            Some(Place::new(chain, spans))
        });
        longest.unwrap_or_else(|| Place::new(self.root.unwrap_or(0), Spans::default()))
    }

    /// `OPTIONS *` asks for the methods of the server (RFC 9110, 9.3.7).
    fn of_server(&self, method: &Method, path: &str) -> Option<Place> {
        if *method != Method::OPTIONS || path != "*" {
            return None;
        }
        let mut allow: Vec<&str> = self
            .tries
            .iter()
            .filter_map(|(method, _)| Some(method.as_ref()?.as_str()))
            .collect();
        allow.extend(["HEAD", "OPTIONS"]);
        allow.sort_unstable();
        allow.dedup();
        let answer = Answer::Methods(allow.join(", "));
        Some(Place {
            answer,
            ..Place::new(self.root.unwrap_or(0), Spans::default())
        })
    }

    /// The methods that match a path.
    fn other_methods(&self, path: &str) -> Option<Place> {
        self.methods_where(path, |_, _| true)
    }

    /// The methods that match a path with its last slash toggled, where that is the same path.
    fn other_methods_of_same(&self, path: &str) -> Option<Place> {
        self.methods_where(&toggled(path)?, |target, spans| {
            target.slash == TrailingSlash::Same && spans.end_by(path.len())
        })
    }

    fn methods_where(&self, path: &str, counts: impl Fn(&Target, &Spans) -> bool) -> Option<Place> {
        let named = |(method, trie): &'_ (Option<Method>, Trie<Target>)| {
            let method = method.as_ref()?;
            trie.at(path)
                .filter(|(target, spans)| counts(target, spans))
                .map(|(target, spans)| (method.to_string(), target, spans))
        };
        let mut matching = self.tries.iter().filter_map(named);
        let (first, target, spans) = matching.next()?;
        let mut allow = vec![first, "OPTIONS".to_owned()];
        allow.extend(matching.map(|(method, ..)| method));
        if allow.iter().any(|method| method == "GET") {
            allow.push("HEAD".to_owned());
        }
        allow.sort_unstable();
        allow.dedup();
        Some(target.automatically(spans, Answer::Methods(allow.join(", "))))
    }

    /// What becomes of a path that matches with its last slash toggled.
    fn other_slash(&self, method: &Method, path: &str) -> Option<Place> {
        let toggled = toggled(path)?;
        let (target, spans) = self.trie_of(method).at(&toggled)?;
        match target.slash {
            TrailingSlash::Same if spans.end_by(path.len()) => {
                Some(Place::new(target.chain, spans))
            }
            // A path like `//host` would lead a browser away from this site.
            TrailingSlash::Redirect if crate::respond::is_local(&toggled) => {
                let answer = Answer::Redirect(toggled);
                Some(target.automatically(spans, answer))
            }
            _ => None,
        }
    }
}

/// A path with a slash at its end, or without the one it has; the root has no other form.
fn toggled(path: &str) -> Option<String> {
    match path.strip_suffix('/') {
        Some("") => None,
        Some(plain) => Some(plain.to_owned()),
        None => Some(format!("{path}/")),
    }
}

impl Target {
    /// The automatic answer of the scope, which knows the parameters of its prefix alone.
    fn automatically(&self, mut spans: Spans, answer: Answer) -> Place {
        spans.truncate(self.prefix_params);
        Place {
            answer,
            near: Some(self.chain),
            ..Place::new(self.automatic, spans)
        }
    }
}
