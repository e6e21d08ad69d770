//! The pieces of a template, as far as the checks look at them: text, prints and statements.
//!
//! Before it: the engine parsed the template, so what is malformed never comes here. After it:
//! `check` looks at names and links, `markup` at where in the page something is printed.

/// A part of a template, in the order written; comments are left out.
#[derive(Debug)]
pub(super) enum Piece<'s> {
    /// What is sent as it stands.
    Text(&'s str),
    /// `{{ .. }}`, with where it begins.
    Print(usize, Vec<Token<'s>>),
    /// `{% .. %}`, with where it begins.
    Statement(Vec<Token<'s>>),
}

/// A word, text, number or sign between delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'s> {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) kind: Kind,
    /// As it stands there, text without its quotes.
    pub(super) text: &'s str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Text,
    Number,
    Sign,
}

impl Token<'_> {
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }
}

/// The pieces of a template that can be parsed.
pub(super) fn scan(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(open) = next_open(source, at) {
        pieces.push(Piece::Text(&source[at..open]));
        let inner = inside(source, open);
        match source.as_bytes()[open + 1] {
            b'#' => at = after(source, inner, "#}"),
            b'{' => {
                let (tokens, end) = tokens(source, inner, "}}");
                pieces.push(Piece::Print(open, tokens));
                at = end;
            }
            _ => {
                let (tokens, end) = tokens(source, inner, "%}");
                at = end;
                if tokens.first().is_some_and(|first| first.is_word("raw")) {
                    let (text, end) = raw(source, at);
                    pieces.push(Piece::Text(text));
                    at = end;
                } else {
                    pieces.push(Piece::Statement(tokens));
                }
            }
        }
    }
    pieces.push(Piece::Text(&source[at..]));
    pieces.retain(|piece| !matches!(piece, Piece::Text("")));
    pieces
}

/// Line and column of a place, both from 1, the column in characters.
pub(super) fn position(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

fn next_open(source: &str, from: usize) -> Option<usize> {
    let opens = source.as_bytes()[from..].windows(2);
    let is_open = |pair: &[u8]| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#');
    opens.clone().position(is_open).map(|at| from + at)
}

/// Behind a delimiter and the sign that says what becomes of white space before it.
fn inside(source: &str, open: usize) -> usize {
    let sign = source.as_bytes().get(open + 2);
    open + 2 + usize::from(matches!(sign, Some(b'-' | b'+')))
}

fn after(source: &str, from: usize, mark: &str) -> usize {
    let rest = source[from..].find(mark);
    rest.map_or(source.len(), |at| from + at + mark.len())
}

/// The text up to `{% endraw %}`, and what follows that.
fn raw(source: &str, from: usize) -> (&str, usize) {
    let mut at = from;
    while let Some(open) = source[at..].find("{%").map(|open| at + open) {
        let inner = inside(source, open);
        if let Some(rest) = source[inner..].trim_start().strip_prefix("endraw") {
            let rest = rest.trim_start();
            let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
            if rest.starts_with("%}") {
                return (&source[from..open], source.len() - rest.len() + 2);
            }
        }
        at = open + 2;
    }
    (&source[from..], source.len())
}

/// The tokens up to a closing delimiter outside of brackets, and what follows that.
fn tokens<'s>(source: &'s str, from: usize, close: &str) -> (Vec<Token<'s>>, usize) {
    let (mut tokens, mut at, mut depth) = (Vec::new(), from, 0_usize);
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let trimmed = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if depth == 0 && (rest.starts_with(close) || trimmed.starts_with(close)) {
            return (tokens, after(source, at, close));
        }
        let (kind, length) = match first {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' | '\'' => (Kind::Text, text_length(rest, first)),
            c if c.is_alphabetic() || c == '_' => (Kind::Word, word_length(rest)),
            c if c.is_ascii_digit() => (Kind::Number, word_length(rest)),
            c => (Kind::Sign, c.len_utf8()),
        };
        let text = &rest[..length];
        match text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let text = match kind {
            Kind::Text => text.get(1..length - 1).unwrap_or_default(),
            _ => text,
        };
        tokens.push(Token { at, kind, text });
        at += length;
    }
    (tokens, source.len())
}

fn text_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn word_length(rest: &str) -> usize {
    let is_other = |c: char| !c.is_alphanumeric() && c != '_';
    rest.find(is_other).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        let join = |tokens: &[Token<'_>]| {
            let texts = tokens.iter().map(|token| match token.kind {
                Kind::Text => format!("'{}'", token.text),
                _ => token.text.to_owned(),
            });
            texts.collect::<Vec<_>>().join(" ")
        };
        let pieces = scan(source);
        let shown = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Print(_, tokens) => format!("<{}>", join(tokens)),
            Piece::Statement(tokens) => format!("[{}]", join(tokens)),
        });
        shown.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn a_template_falls_into_its_pieces() {
        let table = [
            ("", ""),
            ("a { b } c", "a { b } c"),
            ("a{{ b }}c", "a|<b>|c"),
            ("{{- b -}}", "<b>"),
            ("{%+ if x +%}", "[if x]"),
            ("a{# {{ b }} #}c", "a|c"),
            ("{{ \"}}\" ~ '%}' }}", "<'}}' ~ '%}'>"),
            ("{{ 'it\\'s' }}", "<'it\\'s'>"),
            ("{{ {'a': {}} }}", "<{ 'a' : { } }>"),
            (
                "{{ f(x=1, y=[2.5])|e }}",
                "<f ( x = 1 , y = [ 2 . 5 ] ) | e>",
            ),
            ("{% raw %}{{ a }}{% endraw %}b", "{{ a }}|b"),
            ("{%- raw -%}{% x %}{%- endraw -%}b", "{% x %}|b"),
            ("{{ a - b }}", "<a - b>"),
            ("{{ open", "<open>"),
        ];
        for (source, wanted) in table {
            assert_eq!(shown(source), wanted, "{source}");
        }
    }

    #[test]
    fn a_place_is_told_by_line_and_character() {
        let source = "a\n\u{e9}\u{e9}{{ b }}\n";
        assert_eq!(position(source, 0), (1, 1));
        assert_eq!(position(source, source.find('{').unwrap()), (2, 3));
        assert_eq!(position(source, source.len()), (3, 1));
        assert_eq!(position(source, 999), (3, 1));
    }

    #[test]
    fn random_templates_are_scanned_to_their_end() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let parts = [
            "{{", "}}", "{%", "%}", "{#", "#}", "raw", "endraw", "'", "\"", "\\", "a", "(", ")",
            "{", "\u{e9}", " ", "-",
        ];
        for _ in 0..20_000 {
            let mut source = String::new();
            for _ in 0..state % 12 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                source += parts[(state >> 20) as usize % parts.len()];
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let pieces = scan(&source);
            let length: usize = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.len(),
                    Piece::Print(..) | Piece::Statement(_) => 0,
                })
                .sum();
            assert!(length <= source.len());
        }
    }
}
