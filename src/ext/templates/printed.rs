//! What is printed, by how it is written, and why it may not be printed where it is.
//!
//! Before it: `html` knows the place. After it: `markup` tells what is wrong there.

use super::html::{Begun, Html, Place, Raw, Script};
use super::scan::{Kind, Token};
use super::targets::{alternatives, outside};
use crate::Escaped;

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
/// Elements and attributes that run what is at their address, wherever that is.
const LOADING: [(&str, &str); 5] = [
    ("base", "href"),
    ("embed", "src"),
    ("object", "data"),
    ("script", "href"),
    ("script", "src"),
];
/// Filters whose result is a number.
const NUMBERS: [&str; 6] = ["int", "float", "round", "abs", "length", "count"];
/// What is a number in a loop.
const COUNTS: [&str; 6] = [
    "index",
    "index0",
    "revindex",
    "revindex0",
    "length",
    "depth",
];

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed<'s> {
    /// This text of the template.
    Own(&'s str),
    /// Marked by `| safe`.
    Trusted,
    /// What the block of the layout has.
    Super,
    Number,
    Json,
    /// An address of this app.
    Address,
    /// An address that runs nothing by itself; it may be empty, or one of another host.
    Link,
    Value,
}

impl<'s> Printed<'s> {
    /// Each that may be, by conditions: `a if b else c`.
    pub(super) fn each(tokens: &[Token<'s>], in_loop: bool) -> Vec<Self> {
        let all = alternatives(tokens).into_iter();
        all.map(|tokens| Self::of(tokens, in_loop)).collect()
    }

    fn of(tokens: &[Token<'s>], in_loop: bool) -> Self {
        match tokens {
            [] => Self::Own(""),
            [text] if text.kind == Kind::Text => Self::Own(text.text),
            [name, open, close]
                if name.is_word("super") && open.is_sign("(") && close.is_sign(")") =>
            {
                Self::Super
            }
            [of, dot, field] if in_loop && of.is_word("loop") && dot.is_sign(".") => {
                match COUNTS.contains(&field.text) {
                    true => Self::Number,
                    false => Self::Value,
                }
            }
            _ if tokens.iter().all(is_part_of_number) => Self::Number,
            _ => Self::filtered(tokens),
        }
    }

    /// By the last filter on the whole, or the function that is called.
    fn filtered(tokens: &[Token<'s>]) -> Self {
        let Some(mut parts) = parts(tokens) else {
            return Self::Value;
        };
        let (Some([name, args @ ..]), filters) = (parts.pop(), parts.len()) else {
            return Self::Value;
        };
        let is_call = !args.is_empty();
        if is_call && (!args[0].is_sign("(") || outside(args, |_| true) != Some(args.len() - 1)) {
            return Self::Value;
        }
        match (name.text, filters) {
            _ if name.kind != Kind::Word => Self::Value,
            ("url_for" | "asset", 0) if is_call => Self::Address,
            (_, 0) => Self::Value,
            ("safe", _) => Self::Trusted,
            ("tojson", _) => Self::Json,
            ("link", _) => Self::Link,
            // What they cannot read is what they were told instead.
            ("int" | "float", _) if !args.iter().all(is_literal_argument) => Self::Value,
            (name, _) if NUMBERS.contains(&name) => Self::Number,
            _ => Self::Value,
        }
    }

    /// Where a page goes on behind it.
    pub(super) fn goes_on(&self, html: &mut Html) {
        match self {
            // Printed as JSON.
            Self::Own(text) if html.is_script_file() && !text.is_empty() => html.print(false),
            Self::Own(text) => html.feed(&Escaped(text).to_string()),
            Self::Link | Self::Trusted => html.print(true),
            Self::Super => {}
            _ => html.print(false),
        }
    }
}

fn is_part_of_number(token: &Token<'_>) -> bool {
    token.kind == Kind::Number || token.is_sign(".")
}

fn is_literal_argument(token: &Token<'_>) -> bool {
    let names = ["default", "base"];
    let signs = ["(", ")", ",", "=", "-"];
    is_part_of_number(token)
        || names.iter().any(|name| token.is_word(name))
        || signs.iter().any(|sign| token.is_sign(sign))
}

/// An expression and the filters on the whole of it; none where an operator makes that they are on
/// a part of it.
fn parts<'t, 's>(tokens: &'t [Token<'s>]) -> Option<Vec<&'t [Token<'s>]>> {
    let operators = ["and", "or", "not", "in", "is", "if", "else"];
    let is_operator = |token: &Token<'_>| match token.kind {
        Kind::Word => operators.contains(&token.text),
        Kind::Sign => !["|", ".", ")", "]", "}"].contains(&token.text),
        Kind::Text | Kind::Number => false,
    };
    if outside(tokens, is_operator).is_some() {
        return None;
    }
    let mut parts = Vec::new();
    let mut rest = tokens;
    while let Some(end) = outside(rest, |token| token.is_sign("|")) {
        parts.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    parts.push(rest);
    Some(parts)
}

/// Why this may not be printed here.
pub(super) fn wrong(html: &Html, printed: &Printed<'_>) -> Option<String> {
    if matches!(printed, Printed::Trusted | Printed::Super) {
        return None;
    }
    let is_number = *printed == Printed::Number;
    let message = match html.place {
        Place::Text | Place::Comment | Place::Raw(Raw::Text) => return None,
        Place::Raw(Raw::Script) => in_script(html, printed)?,
        _ if matches!(printed, Printed::Own(_)) => return None,
        _ if is_number && html.place != Place::Tag => return None,
        Place::Raw(Raw::Style) => {
            "in a style a value cannot be escaped: choose a class, or print a number by `| int`"
        }
        Place::Less => "behind `<` a value may begin a tag: write `&lt;`, or the name of the tag",
        Place::TagName | Place::Tag | Place::AttributeName => {
            "in a tag a value cannot be escaped: write the attribute out, with its value in quotes, or choose by `{% if .. %}`"
        }
        Place::BeforeValue | Place::Unquoted => {
            "a value without quotes around can add attributes: write `name=\"{{ .. }}\"`"
        }
        Place::Quoted(quote) => return in_value(html, printed, quote),
    };
    Some(message.to_owned())
}

/// In a file that is a script, values are printed as JSON, and addresses as they are.
fn in_script(html: &Html, printed: &Printed<'_>) -> Option<&'static str> {
    let is_file = html.is_script_file();
    match (printed, html.script) {
        (Printed::Number | Printed::Own(""), _) => None,
        (Printed::Own(_), _) if !is_file => None,
        (Printed::Json, Script::Code { .. }) => None,
        (Printed::Own(_) | Printed::Value, Script::Code { .. }) if is_file => None,
        (_, Script::Code { .. }) => {
            Some("in a script a value is written as JSON: `{{ .. | tojson }}`")
        }
        _ => Some(
            "in a text or comment of a script a value cannot be escaped: write it as a value of its own, `{{ .. | tojson }}`, which has its own quotes",
        ),
    }
}

/// Whether libraries for pages run what is in this attribute: Alpine, Vue, htmx, hyperscript.
fn is_run(name: &str) -> bool {
    let families = ["x-", "@", ":", "v-", "hx-on", "data-hx-on"];
    name == "_" || families.iter().any(|family| name.starts_with(family))
}

/// Whether `tojson` is anywhere but on the whole of what is printed. Its result has quotes that nothing
/// escapes any more.
pub(super) fn has_json_within(tokens: &[Token<'_>], printed: &[Printed<'_>]) -> bool {
    let is_json = |pair: &&[Token<'_>]| {
        (pair[0].is_sign("|") || pair[0].is_word("filter")) && pair[1].is_word("tojson")
    };
    let whole = printed.iter().filter(|it| **it == Printed::Json).count();
    tokens.windows(2).filter(is_json).count() > whole
}

/// Why this may not be printed in the value of this attribute.
fn in_value(html: &Html, printed: &Printed<'_>, quote: char) -> Option<String> {
    let name = &*html.attribute;
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
    if is_run(name) && (*printed != Printed::Json || quote == '"') {
        return Some(format!(
            "in `{name}` a value would run as a script: write it as JSON in single quotes, `{name}='{{{{ .. | tojson }}}}'`, or print a number by `| int`"
        ));
    }
    if *printed == Printed::Json && quote == '"' {
        return Some(format!(
            "JSON has double quotes: put single ones around, `{name}='{{{{ .. | tojson }}}}'`"
        ));
    }
    let local = name.rsplit(':').next().unwrap_or(name);
    let loads = LOADING.contains(&(&*html.element, local));
    let is_begun = match html.value {
        Begun::With(_) | Begun::Printed | Begun::Runs => false,
        Begun::Slash | Begun::Name | Begun::Host { .. } => !loads,
        Begun::Harmless => true,
    };
    if !ADDRESSES.contains(&local) || is_begun {
        return None;
    }
    match printed {
        _ if html.value.runs() => Some(format!(
            "behind `javascript:` or `data:` a value is part of what runs: make the whole `{name}` elsewhere, or print a number by `| int`"
        )),
        Printed::Address if !matches!(html.value, Begun::Host { .. }) => None,
        Printed::Link if !loads => None,
        _ if loads => Some(format!(
            "a value that begins the `{name}` of `{}` may be a script of any host: begin it by `url_for`, `asset` or a folder of your own, `/js/`",
            html.element
        )),
        _ => Some(format!(
            "a value that begins `{name}` may be `javascript:`: write `{{{{ .. | link }}}}`, or begin it by `url_for` or text of your own"
        )),
    }
}
