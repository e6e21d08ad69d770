//! Follows a template through its page: what is printed where escaping for HTML does not help, in
//! scripts, styles, addresses, bare attributes.
//!
//! Before it: `check` found that every name is one; `layouts` looked at what this one extends. After
//! it: the templates are in use.

use std::collections::HashMap;

use minijinja::AutoEscape;

use super::error::meant;
use super::html::{Html, Place, Places, Raw, Script};
use super::printed::{Printed, has_json_within, wrong};
use super::scan::{Kind, Piece, Token, scan};

/// How often the loops of a template are followed again, all together.
const PASSES: usize = 1_000;
/// Problems of one template that are told.
const PROBLEMS: usize = 100;

/// Told once of a template.
const TOO_MANY: &str =
    "tags have too many branches in them to be followed: write a whole tag in each";

/// A place in a template, and what is wrong there.
pub(super) type Found = (usize, String);

/// What a template has for those that extend it.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Where in the page each of its blocks begins.
    blocks: HashMap<String, Places>,
    /// Whether it has no other blocks: all that it extends is known.
    pub(super) is_whole: bool,
}

impl Layout {
    /// That of a template that extends nothing.
    pub(super) fn whole() -> Self {
        Self {
            blocks: HashMap::new(),
            is_whole: true,
        }
    }

    /// The blocks of another too.
    pub(super) fn add(&mut self, other: &Self) {
        for (name, places) in &other.blocks {
            self.block(name, places);
        }
        self.is_whole &= other.is_whole;
    }

    fn block(&mut self, name: &str, places: &Places) {
        self.blocks.entry(name.to_owned()).or_default().add(places);
    }
}

/// What is wrong in a template whose values are escaped so, and its blocks. `parent` is what it
/// extends.
pub(super) fn look(source: &str, language: &AutoEscape, parent: Layout) -> (Vec<Found>, Layout) {
    let pieces = scan(source);
    let start = match language {
        AutoEscape::Html => Places::one(Html::new()),
        AutoEscape::Json => Places::one(Html::script_file()),
        // What is not escaped is not looked at.
        _ => Places::default(),
    };
    let mut look = Look {
        places: start.clone(),
        start,
        next: 0,
        passes: 0,
        is_html: *language == AutoEscape::Html,
        open: Vec::new(),
        blocks: Vec::new(),
        layout: parent.clone(),
        parent,
        extends: Extends::No,
        found: Vec::new(),
    };
    look.called(&pieces);
    while let Some(piece) = pieces.get(look.next) {
        look.next += 1;
        match piece {
            Piece::Text(text) => look.places.each(|html| html.feed(text)),
            Piece::Print(at, tokens) => {
                let printed = Printed::each(tokens, look.is_in_loop());
                look.print(*at, &printed);
                look.json(*at, tokens, &printed);
            }
            Piece::Statement(tokens) => {
                look.json(tokens.first().map_or(0, |first| first.at), tokens, &[]);
                look.statement(tokens);
            }
        }
    }
    look.end(source.len());
    (look.found, look.layout)
}

struct Look {
    /// Where in the page this can be.
    places: Places,
    /// Where a page begins.
    start: Places,
    /// The piece that comes next.
    next: usize,
    /// How often loops were followed again.
    passes: usize,
    is_html: bool,
    open: Vec<Open>,
    /// Where the blocks begin that are open, by the layouts, and where they are written.
    blocks: Vec<(Places, Places)>,
    parent: Layout,
    layout: Layout,
    extends: Extends,
    found: Vec<Found>,
}

/// Whether what was met extends another template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extends {
    No,
    /// By a condition.
    Maybe,
    Yes,
}

/// A statement that is open.
enum Open {
    /// Parts of which one counts: where they begin, and where they ended.
    Choice {
        start: Places,
        ends: Places,
        is_whole: bool,
    },
    /// A part that may come again: its first piece, and where it begins.
    Loop { body: usize, start: Places },
    /// A part that stands elsewhere, or for itself: where to go on behind it.
    Apart { behind: Places, is_block: bool },
}

impl Look {
    fn statement(&mut self, tokens: &[Token<'_>]) {
        let [first, rest @ ..] = tokens else {
            return;
        };
        match first.text {
            "if" => self.choice(false),
            "for" => self.open.push(Open::Loop {
                body: self.next,
                start: self.places.clone(),
            }),
            "elif" | "else" => self.otherwise(first.at, first.text == "else"),
            "macro" => self.apart(self.start.clone(), false),
            "call" => {
                self.print(first.at, &[Printed::Value]);
                self.apart(self.start.clone(), false);
            }
            "set" if !is_assignment(rest) => self.apart(self.start.clone(), false),
            "extends" => {
                self.extends = match self.open.is_empty() {
                    true => Extends::Yes,
                    false => Extends::Maybe,
                }
            }
            "block" => {
                if let Some(name) = rest.first() {
                    self.block(name);
                }
            }
            "include" => self.include(first.at),
            "endblock" => self.end_block(first.at),
            "endif" | "endfor" | "endmacro" | "endcall" | "endset" => self.close(first.at),
            _ => {}
        }
        if self.places.are_too_many() {
            self.tell(first.at, TOO_MANY);
        }
    }

    fn choice(&mut self, is_whole: bool) {
        self.open.push(Open::Choice {
            start: self.places.clone(),
            ends: Places::default(),
            is_whole,
        });
    }

    fn apart(&mut self, start: Places, is_block: bool) {
        let behind = std::mem::replace(&mut self.places, start);
        self.open.push(Open::Apart { behind, is_block });
    }

    fn otherwise(&mut self, at: usize, is_last: bool) {
        if self.comes_again(at) {
            return;
        }
        match self.open.last_mut() {
            Some(Open::Choice {
                start,
                ends,
                is_whole,
            }) => {
                ends.add(&self.places);
                self.places = start.clone();
                *is_whole |= is_last;
            }
            // The part of a loop for when there is nothing to go through.
            Some(open @ Open::Loop { .. }) => {
                *open = Open::Choice {
                    start: Places::default(),
                    ends: self.places.clone(),
                    is_whole: true,
                };
            }
            _ => {}
        }
    }

    /// Goes back to the beginning of a loop until that is wherever its end is. Then it goes on there.
    fn comes_again(&mut self, at: usize) -> bool {
        let Some(Open::Loop { body, start }) = self.open.last_mut() else {
            return false;
        };
        let is_new = start.add(&self.places);
        self.places = start.clone();
        if is_new && self.passes < PASSES {
            self.next = *body;
            self.passes += 1;
            return true;
        }
        if is_new {
            self.tell(
                at,
                "loops begin and end in too many places to be followed: write whole tags in each",
            );
        }
        false
    }

    /// Goes on wherever the part that counts may have ended.
    fn close(&mut self, at: usize) {
        if self.comes_again(at) {
            return;
        }
        match self.open.pop() {
            Some(Open::Apart { behind, .. }) => self.places = behind,
            Some(Open::Choice {
                start,
                ends,
                is_whole,
            }) => {
                self.places.add(&ends);
                if !is_whole {
                    self.places.add(&start);
                }
            }
            Some(Open::Loop { .. }) | None => {}
        }
    }

    /// A block stands where the layouts have it; in what extends nothing, and in another block, here
    /// too. It may be a layout for others, which may leave it empty.
    fn block(&mut self, name: &Token<'_>) {
        let is_inner = self
            .open
            .iter()
            .any(|open| matches!(open, Open::Apart { is_block: true, .. }));
        let is_apart = self.extends == Extends::Yes && !is_inner;
        let there = self.parent.blocks.get(name.text);
        let mut start = match is_apart {
            true => there.map_or_else(|| self.start.clone(), |_| Places::default()),
            false => self.places.clone(),
        };
        if let Some(there) = there {
            start.add(there);
        }
        if is_apart && self.parent.is_whole && !self.layout.blocks.contains_key(name.text) {
            let names = self.parent.blocks.keys().map(|name| &**name);
            let fix = match meant(name.text, names) {
                Some(other) => format!("is `{other}` meant?"),
                None => "add it there, or take it out".to_owned(),
            };
            let message = format!(
                "no layout has a block `{}`, so it is never sent; {fix}",
                name.text
            );
            self.tell(name.at, &message);
        }
        self.layout.block(name.text, &start);
        self.blocks.push((start.clone(), self.places.clone()));
        match is_apart {
            true => self.apart(start, true),
            false => {
                self.places = start;
                self.choice(false);
            }
        }
    }

    /// What comes behind a block knows only where that begins.
    fn end_block(&mut self, at: usize) {
        let Some((start, written)) = self.blocks.pop() else {
            return;
        };
        let is_sound = self.places.are_like(&start);
        self.close(at);
        self.places.keep_like(&written);
        if !is_sound {
            self.tell(
                at,
                "a block ends where it began: here a tag, a text in quotes, a script or a comment of it \
                 is still open, or one around it is closed",
            );
        }
    }

    /// What includes a template goes on behind it as if it were closed. Where something else is wrong,
    /// that is often why.
    fn end(&mut self, at: usize) {
        let is_open = |html: &Html| !Place::Text.is_like(html.place);
        let is_whole = self.extends == Extends::No && self.found.is_empty();
        if self.is_html && is_whole && self.places.iter().any(is_open) {
            self.tell(
                at,
                "the template ends inside of a tag, a script or a comment: close it",
            );
        }
    }

    fn json(&mut self, at: usize, tokens: &[Token<'_>], printed: &[Printed<'_>]) {
        if self.is_html && has_json_within(tokens, printed) {
            self.tell(
                at,
                "`tojson` is the last filter, on the whole of what is printed: elsewhere its quotes could \
                 end an attribute",
            );
        }
    }

    /// What is included is looked at as a whole page.
    fn include(&mut self, at: usize) {
        let is_apart = |html: &Html| match html.place {
            Place::Text | Place::Raw(Raw::Text) => false,
            _ => !(html.is_script_file() && matches!(html.script, Script::Code { .. })),
        };
        if self.is_sent() && self.places.iter().any(is_apart) {
            self.tell(
                at,
                "a template is included inside of a tag, a script or a style, where it is not escaped \
                 for that: put the tag into it too",
            );
        }
    }

    /// Each that may be printed here, at each of the places.
    fn print<'s>(&mut self, at: usize, all: &[Printed<'s>]) {
        // What the block of the layout has was looked at there.
        let is_there = self.blocks.last().is_some_and(|(start, _)| {
            let mut places = self.places.iter();
            places.all(|place| start.iter().any(|start| start == place))
        });
        let known = |printed: &Printed<'s>| match *printed == Printed::Super && !is_there {
            true => Printed::Value,
            false => *printed,
        };
        let all: Vec<_> = all.iter().map(known).collect();
        let message = all
            .iter()
            .find_map(|printed| self.places.iter().find_map(|html| wrong(html, printed)));
        if let Some(message) = message.filter(|_| self.is_sent()) {
            self.tell(at, &message);
        }
        let before = std::mem::take(&mut self.places);
        for printed in &all {
            let mut behind = before.clone();
            behind.each(|html| printed.goes_on(html));
            self.places.add(&behind);
        }
    }

    /// Outside of its blocks and macros, a template that extends another sends nothing.
    fn is_sent(&self) -> bool {
        let is_apart = |open: &Open| matches!(open, Open::Apart { .. });
        self.extends != Extends::Yes || self.open.iter().any(is_apart)
    }

    /// Whether `loop` is that of a loop of this template. A macro does not see it.
    fn is_in_loop(&self) -> bool {
        let mut around = self.open.iter().rev();
        let nearest = around.find(|open| !matches!(open, Open::Choice { .. }));
        matches!(nearest, Some(Open::Loop { .. }))
    }

    /// Blocks that are printed as `self.name()` are sent, wherever they stand.
    fn called(&mut self, pieces: &[Piece<'_>]) {
        for piece in pieces {
            let (Piece::Print(_, tokens) | Piece::Statement(tokens)) = piece else {
                continue;
            };
            for part in tokens.windows(3) {
                if part[0].is_word("self") && part[1].is_sign(".") {
                    self.layout.block(part[2].text, &self.start);
                }
            }
        }
    }

    /// Once for each place, however often that is passed.
    fn tell(&mut self, at: usize, message: &str) {
        let is_told =
            |(other, said): &Found| *other == at || message == TOO_MANY && said == message;
        if self.found.len() < PROBLEMS && !self.found.iter().any(is_told) {
            self.found.push((at, message.to_owned()));
        }
    }
}

/// Whether it is `name = ..`, and no text up to `endset`.
fn is_assignment(rest: &[Token<'_>]) -> bool {
    let mut signs = rest.iter().filter(|token| token.kind == Kind::Sign);
    let is_name = |token: &&Token<'_>| [",", ".", "(", ")"].contains(&token.text);
    signs
        .find(|token| !is_name(token))
        .is_some_and(|sign| sign.is_sign("="))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [&str; 32] = [
        "<",
        ">",
        "</",
        "<!--",
        "-->",
        "<p ",
        "<script>",
        "</script>",
        "<style>",
        "a",
        "=",
        "\"",
        "'",
        "/",
        "\\",
        "`",
        " ",
        "\n",
        "href",
        "javascript:",
        "\u{e9}",
        "{{ x }}",
        "{{ x | link }}",
        "{{ 'a' if b else '\"' }}",
        "{% if x %}",
        "{% else %}",
        "{% endif %}",
        "{% for a in b %}",
        "{% endfor %}",
        "{% block a %}",
        "{% endblock %}",
        "{% include 'a' %}",
    ];

    #[test]
    fn random_templates_are_followed_to_their_end() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as usize
        };
        for _ in 0..4_000 {
            let length = next() % 40;
            let source: String = (0..length).map(|_| PARTS[next() % PARTS.len()]).collect();
            for language in [AutoEscape::Html, AutoEscape::Json, AutoEscape::None] {
                let (found, _) = look(&source, &language, Layout::whole());
                assert!(
                    found.iter().all(|(at, _)| source.is_char_boundary(*at)),
                    "{source}"
                );
                assert!(language != AutoEscape::None || found.is_empty(), "{source}");
            }
        }
    }
}
