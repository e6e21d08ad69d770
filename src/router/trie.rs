//! The trie: one level per segment, searched from the left, a choice that leads nowhere taken back.
//!
//! A lookup allocates nothing and visits each node at most once, since a node's depth says which
//! segment it looks at.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::Spans;

/// Values by pattern. A pattern begins with a slash; its literals are percent-encoded, so that
/// braces are those of parameters.
pub(super) struct Trie<T> {
    root: Node<T>,
}

/// What may follow a run of segments, in the order in which it is tried.
struct Node<T> {
    literals: HashMap<Box<str>, Self, BuildHasherDefault<Words>>,
    /// Parameters beside literals; the longest literals first.
    mixed: Vec<Mixed<T>>,
    param: Option<Box<Self>>,
    rest: Option<T>,
    /// The value of the pattern that ends here.
    end: Option<T>,
}

struct Mixed<T> {
    before: Box<str>,
    after: Box<str>,
    node: Node<T>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self {
            root: Node::default(),
        }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            literals: HashMap::default(),
            mixed: Vec::new(),
            param: None,
            rest: None,
            end: None,
        }
    }
}

impl<T: Copy> Trie<T> {
    /// Adds a pattern; gives back the value of one that matches the same paths, if there is one.
    pub(super) fn insert(&mut self, pattern: &str, value: T) -> Result<(), T> {
        match self.place(pattern) {
            Some(other) => Err(*other),
            empty => {
                *empty = Some(value);
                Ok(())
            }
        }
    }

    /// Where the value of a pattern is kept, and of all those that match the same paths.
    pub(super) fn place(&mut self, pattern: &str) -> &mut Option<T> {
        let mut node = &mut self.root;
        for segment in pattern.split('/').skip(1) {
            let Some((before, inner)) = segment.split_once('{') else {
                node = node.literals.entry(segment.into()).or_default();
                continue;
            };
            let after = inner.split_once('}').map_or("", |(_, after)| after);
            if inner.starts_with('*') {
                return &mut node.rest;
            }
            node = match before.is_empty() && after.is_empty() {
                true => node.param.get_or_insert_default(),
                false => node.mixed(before, after),
            };
        }
        &mut node.end
    }

    /// The value of the pattern that ranks highest among those that match, and where its
    /// parameters are in the path.
    pub(super) fn at(&self, path: &str) -> Option<(T, Spans)> {
        let mut spans = Spans::default();
        Some((self.capture(path, &mut spans)?, spans))
    }

    /// The same, into an empty list that is there already; it stays empty where nothing matches.
    pub(super) fn capture(&self, path: &str, spans: &mut Spans) -> Option<T> {
        self.root.find(path, path.strip_prefix('/')?, spans)
    }
}

impl<T: Copy> Node<T> {
    fn mixed(&mut self, before: &str, after: &str) -> &mut Self {
        let rank = |before: &str, after: &str| std::cmp::Reverse((before.len(), after.len()));
        let same = |mixed: &Mixed<T>| *mixed.before == *before && *mixed.after == *after;
        let index = self.mixed.iter().position(same).unwrap_or_else(|| {
            let wanted = rank(before, after);
            let index = self
                .mixed
                .partition_point(|mixed| rank(&mixed.before, &mixed.after) <= wanted);
            let (before, after) = (before.into(), after.into());
            self.mixed.insert(
                index,
                Mixed {
                    before,
                    after,
                    node: Self::default(),
                },
            );
            index
        });
        &mut self.mixed[index].node
    }

    /// Matches `left`, the end of `path` that begins at a segment.
    fn find(&self, path: &str, left: &str, spans: &mut Spans) -> Option<T> {
        let (segment, next) = match left.bytes().position(|byte| byte == b'/') {
            Some(at) => (&left[..at], Some(&left[at + 1..])),
            None => (left, None),
        };
        if let Some(node) = self.literals.get(segment)
            && let Some(value) = node.follow(path, next, spans)
        {
            return Some(value);
        }
        if !segment.is_empty()
            && let Some(value) = self.find_param(path, segment, next, spans)
        {
            return Some(value);
        }
        let value = self.rest.filter(|_| !left.is_empty())?;
        spans.push_within(path, left);
        Some(value)
    }

    fn find_param(
        &self,
        path: &str,
        segment: &str,
        next: Option<&str>,
        spans: &mut Spans,
    ) -> Option<T> {
        let taken = spans.len();
        for Mixed {
            before,
            after,
            node,
        } in &self.mixed
        {
            let inner = segment
                .strip_prefix(&**before)
                .and_then(|rest| rest.strip_suffix(&**after));
            let Some(inner) = inner.filter(|inner| !inner.is_empty()) else {
                continue;
            };
            spans.push_within(path, inner);
            if let Some(value) = node.follow(path, next, spans) {
                return Some(value);
            }
            spans.truncate(taken);
        }
        let node = self.param.as_deref()?;
        spans.push_within(path, segment);
        let value = node.follow(path, next, spans);
        if value.is_none() {
            spans.truncate(taken);
        }
        value
    }

    /// Goes on with the next segment; without one, the path ends here.
    fn follow(&self, path: &str, next: Option<&str>, spans: &mut Spans) -> Option<T> {
        match next {
            Some(left) => self.find(path, left, spans),
            None => self.end,
        }
    }
}

/// A fast hash of words. Keys come from patterns and lookups add none, so collisions cannot be
/// provoked.
#[derive(Default)]
struct Words(u64);

impl Words {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Words {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words
            .iter()
            .for_each(|word| self.add(u64::from_le_bytes(*word)));
        let rest = rest
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        self.add(rest ^ (bytes.len() as u64) << 56);
    }

    /// The end of a text; its length says as much.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        // The table looks at both ends of it, and the low bits are the weak ones.
        self.0 ^ self.0 >> 32
    }
}
