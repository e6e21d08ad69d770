//! The templates that a statement names: what it extends, includes or imports.
//!
//! Before it: `scan` found the statement. After it: `check` asks whether they are there, `markup`
//! looks at blocks where the layouts have them.

use super::scan::{Kind, Token};

/// What a statement names.
pub(super) struct Targets<'t, 's> {
    /// The names that are written out.
    pub(super) names: Vec<&'t Token<'s>>,
    /// Whether no other is possible.
    pub(super) is_all: bool,
    /// Whether the first one counts that is there.
    pub(super) is_list: bool,
}

impl<'t, 's> Targets<'t, 's> {
    /// Those of `extends`, `include`, `import` and `from`.
    pub(super) fn of(tokens: &'t [Token<'s>]) -> Option<Self> {
        let [statement, rest @ ..] = tokens else {
            return None;
        };
        let words = ["extends", "include", "import", "from"];
        if !words.iter().any(|word| statement.is_word(word)) {
            return None;
        }
        let ends = ["ignore", "as", "import", "with", "without"];
        let end = rest
            .iter()
            .position(|it| ends.iter().any(|end| it.is_word(end)));
        let named = &rest[..end.unwrap_or(rest.len())];
        let is_open = matches!(named, [open, ..] if open.is_sign("[") || open.is_sign("("));
        let is_list = is_open && outside(named, |_| true) == Some(named.len() - 1);
        let each = match is_list {
            true => elements(named),
            false => alternatives(named),
        };
        let is_name = |each: &&[Token<'s>]| matches!(each, [name] if name.kind == Kind::Text && !name.text.contains('\\'));
        Some(Self {
            is_all: each.iter().all(is_name),
            names: each.into_iter().filter(is_name).flatten().collect(),
            is_list,
        })
    }
}

/// The expressions of which one counts, `a if b else c`; an empty one where there is no `else`.
pub(super) fn alternatives<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let Some(choice) = outside(tokens, |token| token.is_word("if")) else {
        return vec![tokens];
    };
    let (first, rest) = tokens.split_at(choice);
    let otherwise = outside(rest, |token| token.is_word("else"));
    let otherwise = otherwise.map_or(&rest[rest.len()..], |at| &rest[at + 1..]);
    let mut all = vec![first];
    all.extend(alternatives(otherwise));
    all
}

/// The expressions of a list that is written out.
fn elements<'t, 's>(list: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let mut rest = list.get(1..list.len() - 1).unwrap_or_default();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let end = outside(rest, |token| token.is_sign(",")).unwrap_or(rest.len());
        all.push(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    all
}

/// Where a token is that stands in no brackets.
pub(super) fn outside(tokens: &[Token<'_>], is_it: impl Fn(&Token<'_>) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().position(|token| {
        match token.text {
            _ if token.kind != Kind::Sign => {}
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_it(token)
    })
}
