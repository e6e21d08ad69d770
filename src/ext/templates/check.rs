//! What is wrong with templates, found when the app is built: names that are none, broken links.
//!
//! Before it: each template was parsed. After it: `markup` looks at where values are printed.

use std::collections::HashMap;
use std::fmt::Display;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind};

use super::contribute::ContextProcessor;
use super::error::{TemplateError, meant};
use super::escape;
use super::layouts;
use super::page::{KNOWN, Processors};
use super::scan::{Kind, Piece, Token, scan};
use super::source::Read;
use super::targets::Targets;
use super::view::ending;
use crate::RouteTable;

/// What the checks of one template look at.
struct Check<'a> {
    read: &'a Read,
    names: &'a [&'a str],
    /// Those that could be parsed.
    whole: &'a [&'a Read],
    env: &'a Environment<'static>,
    routes: &'a RouteTable,
    file: &'a dyn Fn(&str) -> String,
    errors: Vec<TemplateError>,
}

/// The problems of all templates, in the order of their names. Of those that cannot be parsed, which
/// are `broken`, nothing more is told.
pub(super) fn all(
    read: &[Read],
    broken: &[&str],
    env: &Environment<'static>,
    routes: &RouteTable,
    file: &dyn Fn(&str) -> String,
) -> Vec<TemplateError> {
    let names: Vec<&str> = read.iter().map(|it| &*it.name).collect();
    let mut errors = Vec::new();
    let is_whole = |read: &&Read| !broken.contains(&&*read.name);
    let whole: Vec<&Read> = read.iter().filter(is_whole).collect();
    for read in &whole {
        let mut check = Check {
            read,
            names: &names,
            whole: &whole,
            env,
            routes,
            file,
            errors: Vec::new(),
        };
        for piece in scan(&read.text) {
            check.piece(&piece);
        }
        errors.append(&mut check.errors);
    }
    errors.extend(layouts::look(read, broken, file));
    errors
}

/// What is wrong with the names of context processors.
pub(super) fn names(processors: &Processors) -> Vec<String> {
    let mut seen: HashMap<&str, &ContextProcessor> = HashMap::new();
    let mut problems = Vec::new();
    for one in processors.iter() {
        let name = one.name();
        if KNOWN.contains(&name) {
            problems.push(format!(
                "a context processor is named `{name}`, which every page has: rename it"
            ));
        }
        let other = seen.insert(name, one);
        if other.is_some_and(|other| !one.is_same(other)) {
            problems.push(format!(
                "two context processors are named `{name}`: rename one"
            ));
        }
    }
    problems
}

impl Check<'_> {
    fn piece(&mut self, piece: &Piece<'_>) {
        let tokens = match piece {
            Piece::Text(_) => return,
            Piece::Print(_, tokens) => tokens,
            Piece::Statement(tokens) => {
                self.target(tokens);
                tokens
            }
        };
        for (i, token) in tokens.iter().enumerate() {
            let rest = &tokens[i + 1..];
            let is_method = i > 0 && tokens[i - 1].is_sign(".");
            if token.is_word("url_for") && !is_method {
                self.link(rest);
            }
            if token.is_word("asset") && !is_method {
                self.asset(token.at, rest);
            }
            if token.is_sign("|") || (i == 0 && token.is_word("filter")) {
                self.filter(rest);
            }
            if token.is_word("is") && !is_method {
                self.test(rest);
            }
        }
    }

    fn error(&mut self, at: usize, message: String) {
        self.errors.push(self.read.error(self.file, at, message));
    }

    /// `extends`, `include`, `import` and `from .. import` name templates that there are, and that are
    /// escaped as this one is.
    fn target(&mut self, tokens: &[Token<'_>]) {
        let Some(targets) = Targets::of(tokens) else {
            return;
        };
        let may_miss = tokens.iter().any(|token| token.is_word("missing"));
        let is_there = |name: &&&Token<'_>| self.names.contains(&name.text);
        let (there, missing): (Vec<_>, Vec<_>) = targets.names.iter().partition(is_there);
        for name in there {
            self.language(tokens[0].is_word("extends"), name);
            self.imports(name.text, tokens);
        }
        let is_found = targets.is_list && (!targets.is_all || missing.len() < targets.names.len());
        if may_miss || is_found {
            return;
        }
        let statement = tokens.first().map_or("", |first| first.text);
        for name in missing {
            let fix = match meant(name.text, self.names.iter().copied()) {
                Some(other) => format!("is `{other}` meant?"),
                None => format!("add the file, or take this `{statement}` out"),
            };
            let message = format!("there is no template `{}`; {fix}", name.text);
            self.error(name.at, message);
        }
    }

    /// What stands in a page has to be escaped for that page, and a layout as what extends it.
    fn language(&mut self, is_layout: bool, name: &Token<'_>) {
        let (own, other) = (&*self.read.name, name.text);
        let (wanted, is) = (escape::by_name(own), escape::by_name(other));
        let is_free = wanted == AutoEscape::None && !is_layout;
        if is_free || wanted == is {
            return;
        }
        let message = match wanted {
            AutoEscape::None => format!(
                "`{other}` is escaped, and this template is not: give this one a name that ends with `.{}`",
                ending(other)
            ),
            _ => format!(
                "`{other}` is not escaped as `.{0}` is: give it a name that ends with `.{0}`",
                ending(own)
            ),
        };
        self.error(name.at, message);
    }

    /// `from .. import` names macros and values of that template.
    fn imports(&mut self, other: &str, tokens: &[Token<'_>]) {
        let mut others = self.whole.iter();
        let other = others.find(|it| it.name == other && tokens[0].is_word("from"));
        let (Some(other), Some(start)) = (other, tokens.iter().position(|it| it.is_word("import")))
        else {
            return;
        };
        let Some(names) = exports(&other.text) else {
            return;
        };
        for part in tokens[start + 1..].split(|token| token.is_sign(",")) {
            let Some(name) = part.first().filter(|name| !names.contains(&name.text)) else {
                continue;
            };
            let fix = match meant(name.text, names.iter().copied()) {
                Some(other) => format!("is `{other}` meant?"),
                None => "add it there".to_owned(),
            };
            let message = format!("`{}` has no macro `{}`; {fix}", other.name, name.text);
            self.error(name.at, message);
        }
    }

    /// A link to a route by a name that is written out.
    fn link(&mut self, rest: &[Token<'_>]) {
        let [open, name, rest @ ..] = rest else {
            return;
        };
        let is_whole = rest
            .first()
            .is_none_or(|it| it.is_sign(",") || it.is_sign(")"));
        if !open.is_sign("(") || name.kind != Kind::Text || !is_whole {
            return;
        }
        let routes = self.routes;
        if !routes.iter().any(|route| route.name() == name.text) {
            let names = routes.iter().map(|route| route.name());
            let fix = match meant(name.text, names) {
                Some(other) => format!("is `{other}` meant?"),
                None => "name the handler, or the route by `.named(..)`".to_owned(),
            };
            return self.error(name.at, format!("no route is named `{}`; {fix}", name.text));
        }
        let Some(given) = keywords(rest) else {
            return;
        };
        let given: Vec<(&str, &dyn Display)> = given
            .into_iter()
            .map(|name| (name, &"x" as &dyn Display))
            .collect();
        if let Err(error) = routes.url_for(name.text, &given) {
            self.error(
                name.at,
                format!("{error}; write `url_for(\"{}\", name=value)`", name.text),
            );
        }
    }

    /// A static file by a name that is written out.
    fn asset(&mut self, at: usize, rest: &[Token<'_>]) {
        let [open, name, close, ..] = rest else {
            return;
        };
        if !open.is_sign("(") || name.kind != Kind::Text || !close.is_sign(")") {
            return;
        }
        let mut functions = self.env.globals();
        let Some((_, asset)) = functions.find(|(name, _)| *name == "asset") else {
            let message = "there are no assets: mount them, by `.mount(\"/static\", \
                           Assets::new(Files::dir(\"static\"), \"/static\"))`";
            return self.error(at, message.to_owned());
        };
        let called = asset.call(&mut self.env.empty_state(), &[Value::from(name.text)]);
        if let Err(error) = called {
            let message = error
                .detail()
                .map_or_else(|| error.to_string(), str::to_owned);
            self.error(name.at, message);
        }
    }

    fn filter(&mut self, rest: &[Token<'_>]) {
        let Some(name) = rest.first().filter(|it| it.kind == Kind::Word) else {
            return;
        };
        let applied = self.env.empty_state().apply_filter(name.text, &[]);
        if applied.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter) {
            self.error(
                name.at,
                format!(
                    "there is no filter `{}`; add it by `TemplateFunction::filter`",
                    name.text
                ),
            );
        }
    }

    fn test(&mut self, rest: &[Token<'_>]) {
        let mut rest = rest.iter().skip_while(|token| token.is_word("not"));
        let Some(name) = rest.next().filter(|it| it.kind == Kind::Word) else {
            return;
        };
        let performed = self.env.empty_state().perform_test(name.text, &[]);
        if performed.is_err_and(|error| error.kind() == ErrorKind::UnknownTest) {
            self.error(name.at, format!("there is no test `{}`", name.text));
        }
    }
}

/// All that a template may give a name to; none where another template may give names too.
fn exports(source: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for piece in scan(source) {
        let Piece::Statement(tokens) = piece else {
            continue;
        };
        let [first, rest @ ..] = &tokens[..] else {
            continue;
        };
        let words = rest.iter().filter(|token| token.kind == Kind::Word);
        match first.text {
            "extends" | "include" => return None,
            "macro" => names.extend(words.take(1).map(|token| token.text)),
            "set" | "import" | "from" => names.extend(words.map(|token| token.text)),
            _ => {}
        }
    }
    Some(names)
}

/// The names of the arguments of a call, up to its end; none where they are not all written out.
fn keywords<'s>(rest: &[Token<'s>]) -> Option<Vec<&'s str>> {
    let (mut names, mut depth) = (Vec::new(), 1);
    for (i, token) in rest.iter().enumerate() {
        match token.text {
            _ if token.kind != Kind::Sign => {}
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "*" if depth == 1 && rest.get(i + 1).is_some_and(|it| it.is_sign("*")) => return None,
            "=" if depth == 1 && i > 0 && rest[i - 1].kind == Kind::Word => {
                names.push(rest[i - 1].text);
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    Some(names)
}
