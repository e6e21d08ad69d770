//! Where in a page a place is: between tags, in the value of an attribute, in a script.
//!
//! It follows the tokenizer of browsers (HTML, 13.2.5) as far as it matters for what may be printed
//! there; `markup` feeds it the text of templates.

/// What is open at a place of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Html {
    pub(super) place: Place,
    /// The tag that is open, or was last.
    element: String,
    /// The attribute that is open, or was last.
    pub(super) attribute: String,
    /// What its value has so far; a printed value counts as one sign.
    pub(super) value: String,
    /// In a script: what its last sign belongs to.
    pub(super) script: Script,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// The name of a tag.
    TagName,
    /// In a tag, outside of its attributes' values.
    Tag,
    AttributeName,
    /// Behind `=`.
    BeforeValue,
    /// The value of an attribute, between these quotes.
    Quoted(char),
    Unquoted,
    /// The text of `script`, `style`, `title` or `textarea`.
    Raw(Raw),
    Comment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Script,
    Style,
    /// Text that only looks like tags.
    Text,
}

/// What the last sign of a script belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Code, with the last sign of it that is no space.
    Code(char),
    /// A text in these quotes.
    Text(char),
    Line,
    Block,
    /// A regular expression, or its class of signs.
    Regex {
        in_class: bool,
    },
}

/// What a printed value leaves behind.
const PRINTED: char = '\u{fffd}';

impl Html {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Text,
            element: String::new(),
            attribute: String::new(),
            value: String::new(),
            script: Script::Code(';'),
        }
    }

    /// Goes on behind this text.
    pub(super) fn feed(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let skipped = match self.place {
                Place::Raw(_) => self.raw(rest, c),
                Place::Comment => self.comment(rest, c),
                Place::Text => self.text(rest, c),
                _ => {
                    self.tag(c);
                    c.len_utf8()
                }
            };
            rest = &rest[skipped..];
        }
    }

    /// Goes on behind a printed value.
    pub(super) fn print(&mut self) {
        match self.place {
            Place::BeforeValue | Place::Unquoted => {
                self.place = Place::Unquoted;
                self.value.push(PRINTED);
            }
            Place::Quoted(_) => self.value.push(PRINTED),
            Place::Tag => self.place = Place::AttributeName,
            Place::Raw(Raw::Script) => {
                if let Script::Code(last) = &mut self.script {
                    *last = PRINTED;
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, rest: &str, c: char) -> usize {
        if rest.starts_with("<!--") {
            self.place = Place::Comment;
            return 4;
        }
        let next = rest[c.len_utf8()..].chars().next();
        if c == '<' && next.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next)) {
            self.place = Place::TagName;
            self.element.clear();
        }
        c.len_utf8()
    }

    fn comment(&mut self, rest: &str, c: char) -> usize {
        if rest.starts_with("-->") {
            self.place = Place::Text;
            return 3;
        }
        c.len_utf8()
    }

    fn tag(&mut self, c: char) {
        let is_space = c.is_ascii_whitespace();
        match self.place {
            Place::Quoted(quote) if c == quote => self.place = Place::Tag,
            Place::Quoted(_) => self.value.push(c),
            _ if c == '>' => self.open(),
            Place::TagName if is_space || (c == '/' && !self.element.is_empty()) => {
                self.place = Place::Tag;
            }
            Place::TagName => self.element.push(c.to_ascii_lowercase()),
            Place::Tag if is_space || c == '/' => {}
            Place::Tag if c == '=' && !self.attribute.is_empty() => self.before_value(),
            Place::Tag => {
                self.attribute.clear();
                self.attribute.push(c.to_ascii_lowercase());
                self.place = Place::AttributeName;
            }
            Place::AttributeName if c == '=' => self.before_value(),
            Place::AttributeName if is_space || c == '/' => self.place = Place::Tag,
            Place::AttributeName => self.attribute.push(c.to_ascii_lowercase()),
            Place::BeforeValue if is_space => {}
            Place::BeforeValue if c == '"' || c == '\'' => self.place = Place::Quoted(c),
            Place::BeforeValue => {
                self.place = Place::Unquoted;
                self.value.push(c);
            }
            Place::Unquoted if is_space => self.place = Place::Tag,
            Place::Unquoted => self.value.push(c),
            Place::Text | Place::Raw(_) | Place::Comment => {}
        }
        if matches!(self.place, Place::Tag) && matches!(c, '"' | '\'') {
            self.attribute.clear();
        }
    }

    fn before_value(&mut self) {
        self.place = Place::BeforeValue;
        self.value.clear();
    }

    /// Behind the `>` of a tag.
    fn open(&mut self) {
        self.attribute.clear();
        self.place = match &*self.element {
            "script" => {
                self.script = Script::Code(';');
                Place::Raw(Raw::Script)
            }
            "style" => Place::Raw(Raw::Style),
            "title" | "textarea" | "xmp" | "iframe" | "noembed" | "noframes" => {
                Place::Raw(Raw::Text)
            }
            _ => Place::Text,
        };
    }

    fn raw(&mut self, rest: &str, c: char) -> usize {
        let end = format!("</{}", self.element);
        let start = rest.as_bytes().get(..end.len());
        if start.is_some_and(|start| start.eq_ignore_ascii_case(end.as_bytes())) {
            self.place = Place::TagName;
            self.element.clear();
            return 1;
        }
        match self.place {
            Place::Raw(Raw::Script) => self.script(rest, c),
            _ => c.len_utf8(),
        }
    }

    fn script(&mut self, rest: &str, c: char) -> usize {
        let mut skipped = c.len_utf8();
        if c == '\\' && matches!(self.script, Script::Text(_) | Script::Regex { .. }) {
            return skipped + rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        self.script = match self.script {
            Script::Text(quote) if c == quote => Script::Code('"'),
            // A line end closes a text by force, and no template.
            Script::Text(quote) if c == '\n' && quote != '`' => Script::Code(';'),
            Script::Line if c == '\n' => Script::Code(';'),
            Script::Block if rest.starts_with("*/") => {
                skipped = 2;
                Script::Code(';')
            }
            Script::Regex { in_class: false } if c == '/' => Script::Code('"'),
            Script::Regex { .. } if c == '\n' => Script::Code(';'),
            Script::Regex { .. } if c == '[' => Script::Regex { in_class: true },
            Script::Regex { .. } if c == ']' => Script::Regex { in_class: false },
            Script::Code(_) if rest.starts_with("//") => Script::Line,
            Script::Code(_) if rest.starts_with("/*") => {
                skipped = 2;
                Script::Block
            }
            Script::Code(_) if matches!(c, '"' | '\'' | '`') => Script::Text(c),
            // Behind a value, a slash divides.
            Script::Code(last) if c == '/' && "(,=:[!&|?{};+-*%<>~^".contains(last) => {
                Script::Regex { in_class: false }
            }
            Script::Code(last) if c.is_whitespace() => Script::Code(last),
            Script::Code(_) => Script::Code(c),
            other => other,
        };
        skipped
    }
}
