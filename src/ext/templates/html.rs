//! Where in a page a place is: between tags, in the value of an attribute, in a script.
//!
//! It follows the tokenizer of browsers (HTML, 13.2.5) as far as it matters for what may be printed
//! there; `markup` feeds it the text of templates.

/// What is open at a place of a page. What is over is forgotten, so that places are equal if they
/// go on alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Html {
    pub(super) place: Place,
    /// The tag that is open, or whose text this is; empty in a file that is a script.
    pub(super) element: String,
    /// The attribute that is open, or whose name has ended.
    pub(super) attribute: String,
    /// What its value is, as an address.
    pub(super) value: Begun,
    /// In a script: what its last sign belongs to.
    pub(super) script: Script,
    /// The texts with `${` around that: how many braces are open in each.
    around: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// Behind `<`, which may begin a tag.
    Less,
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

impl Place {
    /// Whether a page can go on as well in the one as in the other.
    pub(super) fn is_like(self, other: Self) -> bool {
        use Place::{AttributeName, BeforeValue, Less, Tag, TagName, Text, Unquoted};
        let is_tag = |place| {
            matches!(
                place,
                TagName | Tag | AttributeName | BeforeValue | Unquoted
            )
        };
        let is_text = |place| matches!(place, Text | Less);
        self == other || is_tag(self) && is_tag(other) || is_text(self) && is_text(other)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Script,
    Style,
    /// Text that only looks like tags.
    Text,
}

/// What the last sign of a script belongs to. Where it was code, `divides` says what a slash does
/// there: behind a value it divides, else it begins a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Code {
        divides: bool,
    },
    /// A text in these quotes.
    Text(char),
    Line {
        divides: bool,
    },
    Block {
        divides: bool,
    },
    /// A regular expression, or its class of signs.
    Regex {
        in_class: bool,
    },
}

/// What the value of an attribute is so far, as an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// This only, with which a scheme that runs begins.
    With(String),
    /// An address was printed that has no such scheme, and may be the name of one.
    Printed,
    /// It has a scheme that runs.
    Runs,
    /// It cannot get one, but any host: behind a slash,
    Slash,
    /// behind what may be the name of a scheme,
    Name,
    /// or in the host.
    Host { is_named: bool },
    /// It is an address of a host that is known.
    Harmless,
}

/// Schemes that run or carry something.
const RUNNING: [&str; 3] = ["javascript:", DATA, "vbscript:"];
const DATA: &str = "data:";
/// What they may carry, since nothing runs in it.
const IMAGES: [&str; 5] = [
    "data:image/avif",
    "data:image/gif",
    "data:image/jpeg",
    "data:image/png",
    "data:image/webp",
];

impl Begun {
    fn nothing() -> Self {
        Self::With(String::new())
    }

    /// Browsers leave out line ends and tabs everywhere, spaces and control signs in front.
    fn feed(&mut self, c: char) {
        match self {
            Self::With(_) if matches!(c, '\t' | '\n' | '\r') => {}
            Self::With(begun) if begun.is_empty() && c <= ' ' => {}
            Self::With(begun) => {
                if IMAGES.contains(&&**begun) && matches!(c, ';' | ',') {
                    *self = Self::Harmless;
                    return;
                }
                begun.push(c.to_ascii_lowercase());
                if IMAGES.iter().any(|image| image.starts_with(&**begun)) {
                    return;
                }
                if begun.starts_with(DATA) || RUNNING.contains(&&**begun) {
                    *self = Self::Runs;
                } else if !RUNNING.iter().any(|scheme| scheme.starts_with(&**begun)) {
                    *self = match c {
                        '/' | '\\' if begun.len() == 1 => Self::Slash,
                        '/' | '\\' | '?' | '#' => Self::Harmless,
                        ':' => Self::Host { is_named: false },
                        _ => Self::Name,
                    };
                }
            }
            Self::Printed if c == ':' => *self = Self::Runs,
            Self::Name if c == ':' => *self = Self::Host { is_named: false },
            Self::Printed | Self::Name if matches!(c, '/' | '?' | '#' | '\\') => {
                *self = Self::Harmless;
            }
            Self::Slash if matches!(c, '/' | '\\') => *self = Self::Host { is_named: false },
            Self::Slash => *self = Self::Harmless,
            Self::Host { is_named } => match matches!(c, '/' | '\\' | '?' | '#') {
                true if *is_named => *self = Self::Harmless,
                is_slash => *is_named |= !is_slash,
            },
            Self::Printed | Self::Runs | Self::Name | Self::Harmless => {}
        }
    }

    /// Whether it has a scheme that runs, as far as can be seen.
    pub(super) fn runs(&self) -> bool {
        match self {
            Self::With(begun) => begun.starts_with(DATA),
            other => *other == Self::Runs,
        }
    }

    fn print(&mut self, may_be_empty: bool) {
        match self {
            _ if self.runs() => *self = Self::Runs,
            Self::With(_) | Self::Printed if may_be_empty => *self = Self::Printed,
            Self::Slash | Self::Name if may_be_empty => {}
            Self::With(_) | Self::Printed | Self::Slash | Self::Name => *self = Self::Harmless,
            Self::Host { .. } | Self::Runs | Self::Harmless => {}
        }
    }
}

impl Html {
    /// The beginning of a page.
    pub(super) fn new() -> Self {
        Self {
            place: Place::Text,
            element: String::new(),
            attribute: String::new(),
            value: Begun::nothing(),
            script: Script::Code { divides: false },
            around: Vec::new(),
        }
    }

    /// The beginning of a file that is a script, or JSON.
    pub(super) fn script_file() -> Self {
        Self {
            place: Place::Raw(Raw::Script),
            ..Self::new()
        }
    }

    /// Whether it is in a file that is a script, where values are printed as JSON.
    pub(super) fn is_script_file(&self) -> bool {
        self.place == Place::Raw(Raw::Script) && self.element.is_empty()
    }

    /// Goes on behind this text.
    pub(super) fn feed(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let skipped = match self.place {
                Place::Raw(_) => self.raw(&text[..text.len() - rest.len()], rest, c),
                Place::Comment => self.comment(rest, c),
                Place::Less => self.less(rest, c),
                Place::Text => {
                    if c == '<' {
                        self.place = Place::Less;
                    }
                    c.len_utf8()
                }
                _ => {
                    self.tag(c);
                    c.len_utf8()
                }
            };
            rest = &rest[skipped..];
        }
    }

    /// Goes on behind a printed value.
    pub(super) fn print(&mut self, may_be_empty: bool) {
        match self.place {
            Place::Less => self.place = Place::Text,
            Place::BeforeValue | Place::Unquoted => {
                self.place = Place::Unquoted;
                self.value.print(may_be_empty);
            }
            Place::Quoted(_) => self.value.print(may_be_empty),
            Place::Tag => {
                self.attribute.clear();
                self.place = Place::AttributeName;
            }
            Place::Raw(Raw::Script) => {
                if let Script::Code { divides } = &mut self.script {
                    *divides = true;
                }
            }
            _ => {}
        }
    }

    fn less(&mut self, rest: &str, c: char) -> usize {
        if let Some(comment) = rest.strip_prefix("!--") {
            self.place = Place::Comment;
            // `<!-->` and `<!--->` are whole comments.
            let over = [">", "->"].iter().find(|end| comment.starts_with(**end));
            return over.map_or(3, |end| {
                self.place = Place::Text;
                3 + end.len()
            });
        }
        if c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?') {
            self.place = Place::TagName;
            self.element.push(c.to_ascii_lowercase());
        } else if c != '<' {
            self.place = Place::Text;
        }
        c.len_utf8()
    }

    fn comment(&mut self, rest: &str, c: char) -> usize {
        let end = ["-->", "--!>"].iter().find(|end| rest.starts_with(**end));
        end.map_or(c.len_utf8(), |end| {
            self.place = Place::Text;
            end.len()
        })
    }

    fn tag(&mut self, c: char) {
        let is_space = c.is_ascii_whitespace();
        match self.place {
            Place::Quoted(quote) if c == quote => self.end_value(),
            Place::Quoted(_) => self.value.feed(c),
            _ if c == '>' => self.open(),
            Place::TagName if is_space || c == '/' => self.place = Place::Tag,
            Place::TagName => self.element.push(c.to_ascii_lowercase()),
            Place::Tag if is_space => {}
            Place::Tag if c == '=' && !self.attribute.is_empty() => self.place = Place::BeforeValue,
            Place::Tag => {
                self.attribute.clear();
                if c != '/' {
                    self.attribute.push(c.to_ascii_lowercase());
                    self.place = Place::AttributeName;
                }
            }
            Place::AttributeName if c == '=' => self.place = Place::BeforeValue,
            Place::AttributeName if is_space => self.place = Place::Tag,
            Place::AttributeName if c == '/' => self.end_value(),
            Place::AttributeName => self.attribute.push(c.to_ascii_lowercase()),
            Place::BeforeValue if is_space => {}
            Place::BeforeValue if c == '"' || c == '\'' => self.place = Place::Quoted(c),
            Place::Unquoted if is_space => self.end_value(),
            Place::BeforeValue | Place::Unquoted => {
                self.place = Place::Unquoted;
                self.value.feed(c);
            }
            Place::Text | Place::Less | Place::Raw(_) | Place::Comment => {}
        }
    }

    fn end_value(&mut self) {
        self.place = Place::Tag;
        self.attribute.clear();
        self.value = Begun::nothing();
    }

    /// Behind the `>` of a tag.
    fn open(&mut self) {
        self.end_value();
        self.place = match &*self.element {
            "script" => Place::Raw(Raw::Script),
            "style" => Place::Raw(Raw::Style),
            "title" | "textarea" | "xmp" | "iframe" | "noembed" | "noframes" => {
                Place::Raw(Raw::Text)
            }
            _ => {
                self.element.clear();
                Place::Text
            }
        };
    }

    fn raw(&mut self, before: &str, rest: &str, c: char) -> usize {
        if !self.element.is_empty() && ends(rest, &self.element) {
            *self = Self::new();
            self.place = Place::Less;
            return 1;
        }
        match self.place {
            Place::Raw(Raw::Script) => {
                if let Script::Code { divides } = &mut self.script
                    && c == '/'
                {
                    *divides &= !wants_value(before);
                }
                self.script(rest, c)
            }
            _ => c.len_utf8(),
        }
    }

    fn script(&mut self, rest: &str, c: char) -> usize {
        let mut skipped = c.len_utf8();
        if c == '\\' && matches!(self.script, Script::Text(_) | Script::Regex { .. }) {
            return skipped + rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        self.script = match self.script {
            Script::Text('`') if rest.starts_with("${") => {
                self.around.push(0);
                skipped = 2;
                Script::Code { divides: false }
            }
            Script::Code { .. } if c == '}' && self.around.last() == Some(&0) => {
                self.around.pop();
                Script::Text('`')
            }
            Script::Text(quote) if c == quote => Script::Code { divides: true },
            // A line end closes a text by force, and no template.
            Script::Text(quote) if c == '\n' && quote != '`' => Script::Code { divides: false },
            Script::Line { divides } if c == '\n' => Script::Code { divides },
            Script::Block { divides } if rest.starts_with("*/") => {
                skipped = 2;
                Script::Code { divides }
            }
            Script::Regex { in_class: false } if c == '/' => Script::Code { divides: true },
            Script::Regex { .. } if c == '\n' => Script::Code { divides: false },
            Script::Regex { .. } if c == '[' => Script::Regex { in_class: true },
            Script::Regex { .. } if c == ']' => Script::Regex { in_class: false },
            Script::Code { divides } if rest.starts_with("//") || rest.starts_with("<!--") => {
                Script::Line { divides }
            }
            Script::Code { divides } if rest.starts_with("/*") => {
                skipped = 2;
                Script::Block { divides }
            }
            Script::Code { .. } if matches!(c, '"' | '\'' | '`') => Script::Text(c),
            Script::Code { divides: false } if c == '/' => Script::Regex { in_class: false },
            Script::Code { divides } if c.is_whitespace() => Script::Code { divides },
            Script::Code { .. } => {
                if let Some(open) = self.around.last_mut() {
                    *open = open.saturating_add((c == '{').into());
                    *open = open.saturating_sub((c == '}').into());
                }
                Script::Code {
                    divides: !"(,=:[!&|?{};+-*%<>~^/".contains(c),
                }
            }
            other => other,
        };
        skipped
    }
}

/// Words of scripts behind which a value stands, and so no slash divides.
const WANTING: [&str; 14] = [
    "await",
    "case",
    "delete",
    "do",
    "else",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
];

/// Whether a script ends with such a word.
fn wants_value(before: &str) -> bool {
    let before = before.trim_end();
    let is_other = |c: char| !(c.is_alphanumeric() || "_$.".contains(c));
    let start = before.rfind(is_other).map_or(0, |at| {
        at + before[at..].chars().next().map_or(0, char::len_utf8)
    });
    WANTING.contains(&&before[start..])
}

/// Whether the end of this element is here (HTML, 13.2.5.14).
fn ends(rest: &str, element: &str) -> bool {
    let Some(name) = rest.strip_prefix("</") else {
        return false;
    };
    let (name, behind) = (name.as_bytes(), name.as_bytes().get(element.len()));
    name.len() >= element.len()
        && name[..element.len()].eq_ignore_ascii_case(element.as_bytes())
        && behind.is_none_or(|sign| sign.is_ascii_whitespace() || matches!(sign, b'/' | b'>'))
}

/// All that a place of a template can be, by the branches before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<Html>);

/// So many places are followed; tags that fork further are told.
const MOST: usize = 128;

impl Places {
    pub(super) fn one(html: Html) -> Self {
        Self(vec![html])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Html> {
        self.0.iter()
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Of these places, those that one of the others is like.
    pub(super) fn keep_like(&mut self, others: &Self) {
        self.0.retain(|html| others.has_like(html));
    }

    /// Whether each of these places is like one of the others.
    pub(super) fn are_like(&self, others: &Self) -> bool {
        self.iter().all(|html| others.has_like(html))
    }

    fn has_like(&self, html: &Html) -> bool {
        self.iter().any(|own| own.place.is_like(html.place))
    }

    /// Goes on from each of them.
    pub(super) fn each(&mut self, goes_on: impl Fn(&mut Html)) {
        for mut html in std::mem::take(&mut self.0) {
            goes_on(&mut html);
            self.push(html);
        }
    }

    /// Those too; whether they are more then.
    pub(super) fn add(&mut self, others: &Self) -> bool {
        let before = self.0.len();
        others.iter().for_each(|html| self.push(html.clone()));
        self.0.len() > before
    }

    fn push(&mut self, html: Html) {
        if !self.are_too_many() && !self.0.contains(&html) {
            self.0.push(html);
        }
    }
}
