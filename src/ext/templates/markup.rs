//! What is printed where escaping for HTML does not help: in scripts, styles, links, bare attributes.
//!
//! Before it: `check` found that every name is one. After it: the templates are in use.

use std::collections::HashMap;

use super::html::{Html, Place, Raw, Script};
use super::scan::{Kind, Piece, Token, scan};

/// Names of blocks, and where in the page each of them begins.
pub(super) type Blocks = HashMap<String, Html>;

/// A place in a template, and what is wrong there.
pub(super) type Found = (usize, String);

/// Attributes whose value is an address.
const ADDRESSES: [&str; 13] = [
    "action",
    "background",
    "cite",
    "data",
    "formaction",
    "href",
    "icon",
    "imagesrcset",
    "manifest",
    "ping",
    "poster",
    "src",
    "srcset",
];
/// Addresses that run or carry something.
const RUNNING: [&str; 3] = ["javascript:", "data:", "vbscript:"];
/// Filters whose result is a number.
const NUMBERS: [&str; 6] = ["int", "float", "round", "abs", "length", "count"];

/// The template that this one extends, by a name that is written out.
pub(super) fn parent(source: &str) -> Option<&str> {
    scan(source).into_iter().find_map(|piece| match piece {
        Piece::Statement(tokens) => match &tokens[..] {
            [extends, name, ..] if extends.is_word("extends") && name.kind == Kind::Text => {
                Some(name.text)
            }
            _ => None,
        },
        _ => None,
    })
}

/// What is wrong in a template, and where its blocks begin. `parent` has the blocks of what it
/// extends.
pub(super) fn look(source: &str, parent: Option<&Blocks>) -> (Vec<Found>, Blocks) {
    let mut look = Look {
        html: Html::new(),
        open: Vec::new(),
        parent,
        blocks: parent.cloned().unwrap_or_default(),
        depth: 0,
        found: Vec::new(),
    };
    for piece in scan(source) {
        match piece {
            Piece::Text(text) => look.html.feed(text),
            Piece::Print(at, tokens) => look.print(at, &tokens),
            Piece::Statement(tokens) => look.statement(&tokens),
        }
    }
    (look.found, look.blocks)
}

struct Look<'a> {
    html: Html,
    open: Vec<Open>,
    parent: Option<&'a Blocks>,
    blocks: Blocks,
    /// How many blocks are open.
    depth: usize,
    found: Vec<Found>,
}

/// A statement that is open.
enum Open {
    /// Parts of which one counts: where they begin, and where each ended.
    Choice {
        start: Html,
        ends: Vec<Html>,
        is_whole: bool,
    },
    /// A part that stands elsewhere, or for itself: where to go on behind it.
    Apart(Html),
}

impl Look<'_> {
    fn statement(&mut self, tokens: &[Token<'_>]) {
        let [first, rest @ ..] = tokens else {
            return;
        };
        match first.text {
            "if" | "for" => self.open.push(Open::Choice {
                start: self.html.clone(),
                ends: Vec::new(),
                is_whole: false,
            }),
            "elif" | "else" => {
                if let Some(Open::Choice {
                    start,
                    ends,
                    is_whole,
                }) = self.open.last_mut()
                {
                    ends.push(std::mem::replace(&mut self.html, start.clone()));
                    *is_whole |= first.text == "else";
                }
            }
            "macro" | "call" => self.apart(Html::new()),
            "set" if !rest.iter().any(|token| token.is_sign("=")) => self.apart(Html::new()),
            "block" => {
                let name = rest.first().map_or("", |name| name.text);
                let there = self.parent.filter(|_| self.depth == 0);
                let start = there.and_then(|blocks| blocks.get(name));
                let start = start.unwrap_or(&self.html).clone();
                self.blocks
                    .entry(name.to_owned())
                    .or_insert_with(|| start.clone());
                self.depth += 1;
                match self.parent.is_some() && self.depth == 1 {
                    true => self.apart(start),
                    // In the layout itself, the page goes on behind what the block has.
                    false => self.open.push(Open::Choice {
                        start,
                        ends: Vec::new(),
                        is_whole: true,
                    }),
                }
            }
            "endif" | "endfor" | "endmacro" | "endcall" | "endset" | "endblock" => {
                self.depth -= usize::from(first.text == "endblock" && self.depth > 0);
                self.close();
            }
            "include" if !matches!(self.html.place, Place::Text | Place::Raw(Raw::Text)) => {
                let message = "a template is included inside of a tag, a script or a style, where it \
                               is not escaped for that: put the tag into it too";
                self.found.push((first.at, message.to_owned()));
            }
            _ => {}
        }
    }

    fn apart(&mut self, start: Html) {
        let behind = std::mem::replace(&mut self.html, start);
        self.open.push(Open::Apart(behind));
    }

    /// Goes on where the part that counts may have ended: of several, the one whose open value has
    /// the least in it, since what comes next may begin it.
    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Apart(behind)) => self.html = behind,
            Some(Open::Choice {
                start,
                mut ends,
                is_whole,
            }) => {
                ends.extend((!is_whole).then_some(start));
                let alike = ends.into_iter().filter(|end| end.place == self.html.place);
                let shortest = alike.min_by_key(|end| end.value.len());
                if let Some(end) = shortest.filter(|end| end.value.len() < self.html.value.len()) {
                    self.html = end;
                }
            }
            None => {}
        }
    }

    fn print(&mut self, at: usize, tokens: &[Token<'_>]) {
        // Outside of its blocks, a template that extends another sends nothing.
        let is_sent = self.parent.is_none() || !self.open.is_empty();
        if let Some(message) = self.wrong(&Printed::of(tokens)).filter(|_| is_sent) {
            self.found.push((at, message));
        }
        self.html.print();
    }

    /// Why this may not be printed here.
    fn wrong(&self, printed: &Printed) -> Option<String> {
        if matches!(printed, Printed::Own) {
            return None;
        }
        let is_number = matches!(printed, Printed::Number);
        let is_json = matches!(printed, Printed::Json);
        let message = match self.html.place {
            Place::Text | Place::Comment | Place::Raw(Raw::Text) => return None,
            Place::Raw(Raw::Script) => match self.html.script {
                _ if is_number => return None,
                Script::Code(_) if is_json => return None,
                Script::Code(_) => "in a script a value is written as JSON: `{{ .. | tojson }}`",
                _ => {
                    "in a text or comment of a script a value cannot be escaped: write it as a value of its own, `{{ .. | tojson }}`, which has its own quotes"
                }
            },
            _ if is_number && !matches!(self.html.place, Place::TagName | Place::Tag) => {
                return None;
            }
            Place::Raw(Raw::Style) => {
                "in a style a value cannot be escaped: choose a class, or print a number by `| int`"
            }
            Place::TagName | Place::Tag | Place::AttributeName => {
                "in a tag a value cannot be escaped: write the attribute out, with its value in quotes, or choose by `{% if .. %}`"
            }
            Place::BeforeValue | Place::Unquoted => {
                "a value without quotes around can add attributes: write `name=\"{{ .. }}\"`"
            }
            Place::Quoted(quote) => return self.wrong_value(printed, quote),
        };
        Some(message.to_owned())
    }

    /// Why this may not be printed in the value of this attribute.
    fn wrong_value(&self, printed: &Printed, quote: char) -> Option<String> {
        let name = &*self.html.attribute;
        if name.starts_with("on") {
            return Some(format!(
                "in `{name}` a value would run as a script: put it into a `data-` attribute, and read that in a script"
            ));
        }
        if name == "style" || name == "srcdoc" {
            return Some(format!(
                "in `{name}` a value cannot be escaped: choose a class, or print a number by `| int`"
            ));
        }
        if matches!(printed, Printed::Json) && quote == '"' {
            return Some(format!(
                "JSON has double quotes: put single ones around, `{name}='{{{{ .. | tojson }}}}'`"
            ));
        }
        let local = name.rsplit(':').next().unwrap_or(name);
        let begun = self.html.value.trim().to_ascii_lowercase();
        let may_run = RUNNING
            .iter()
            .any(|scheme| scheme.starts_with(&begun) || begun.starts_with(scheme));
        if ADDRESSES.contains(&local) && may_run && !matches!(printed, Printed::Link) {
            return Some(format!(
                "a value that begins `{name}` may be `javascript:`: write `{{{{ .. | link }}}}`, or begin it by `url_for` or text of your own"
            ));
        }
        None
    }
}

/// What is printed, by how its expression is written.
enum Printed {
    /// The template's own text, or marked by `| safe`.
    Own,
    Number,
    Json,
    /// An address of this app, or one that went through `| link`.
    Link,
    Value,
}

impl Printed {
    fn of(tokens: &[Token<'_>]) -> Self {
        if is_own(tokens) {
            return Self::Own;
        }
        let Some(parts) = parts(tokens) else {
            return Self::Value;
        };
        let filter = parts.last().filter(|_| parts.len() > 1);
        match (filter, tokens) {
            (Some(filter), _) if filter.is_word("safe") => Self::Own,
            (Some(filter), _) if filter.is_word("tojson") => Self::Json,
            (Some(filter), _) if filter.is_word("link") => Self::Link,
            (Some(filter), _) if NUMBERS.iter().any(|it| filter.is_word(it)) => Self::Number,
            (None, [of, _, field])
                if of.is_word("loop")
                    && [
                        "index",
                        "index0",
                        "revindex",
                        "revindex0",
                        "length",
                        "depth",
                    ]
                    .contains(&field.text) =>
            {
                Self::Number
            }
            (None, [number]) if number.kind == Kind::Number => Self::Number,
            (None, [name, open, ..])
                if open.is_sign("(") && (name.is_word("url_for") || name.is_word("asset")) =>
            {
                Self::Link
            }
            (None, [request, _, path]) if request.is_word("request") && path.is_word("path") => {
                Self::Link
            }
            _ => Self::Value,
        }
    }
}

/// Text of the template, or one of two by a condition.
fn is_own(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [text] => text.kind == Kind::Text,
        [text, choice, rest @ ..] => {
            let otherwise = rest.iter().position(|token| token.is_word("else"));
            let otherwise = otherwise.map(|at| &rest[at + 1..]);
            text.kind == Kind::Text && choice.is_word("if") && otherwise.is_none_or(is_own)
        }
        [] => true,
    }
}

/// The first token of an expression and of each filter on the whole of it; none where an operator
/// makes that the filters are on a part of it.
fn parts<'t, 's>(tokens: &'t [Token<'s>]) -> Option<Vec<&'t Token<'s>>> {
    let mut parts: Vec<&Token<'_>> = tokens.first().into_iter().collect();
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate() {
        match (token.kind, token.text) {
            (Kind::Sign, "(" | "[" | "{") => depth += 1,
            (Kind::Sign, ")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            (Kind::Sign, "|") => parts.extend(tokens.get(i + 1)),
            (Kind::Sign, ".") => {}
            (Kind::Sign, _) => return None,
            (Kind::Word, "if" | "else" | "and" | "or" | "not" | "in" | "is") => return None,
            _ => {}
        }
    }
    Some(parts)
}
