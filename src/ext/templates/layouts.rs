//! Looks at each template after those that it extends, since they say where its blocks stand.
//!
//! Before it: `check` looked at the names in each template. After it: `markup` follows each through
//! its page.

use std::collections::HashMap;

use super::error::TemplateError;
use super::escape;
use super::markup::{self, Layout};
use super::scan::{Piece, scan};
use super::source::Read;
use super::targets::Targets;

/// What is wrong with what is printed in templates, and with what they extend. Those that are
/// `broken` cannot be parsed, and have blocks that nobody knows.
pub(super) fn look(
    read: &[Read],
    broken: &[&str],
    file: &dyn Fn(&str) -> String,
) -> Vec<TemplateError> {
    let mut layouts = Layouts {
        read,
        file,
        known: HashMap::new(),
        active: Vec::new(),
        errors: Vec::new(),
    };
    for name in broken {
        layouts.known.insert(name, Layout::default());
    }
    for it in read {
        layouts.look(&it.name);
    }
    layouts.errors
}

struct Layouts<'a> {
    read: &'a [Read],
    file: &'a dyn Fn(&str) -> String,
    known: HashMap<&'a str, Layout>,
    /// Those that wait for what they extend.
    active: Vec<&'a str>,
    errors: Vec<TemplateError>,
}

impl<'a> Layouts<'a> {
    fn look(&mut self, name: &str) {
        let all = self.read;
        let Some(read) = all.iter().find(|it| it.name == name) else {
            return;
        };
        if self.known.contains_key(&*read.name) {
            return;
        }
        self.active.push(&read.name);
        let parent = self.parent(read);
        self.active.pop();
        let (found, layout) = markup::look(&read.text, &escape::by_name(&read.name), parent);
        let told = |(at, message)| read.error(self.file, at, message);
        self.errors.extend(found.into_iter().map(told));
        self.known.insert(&read.name, layout);
    }

    /// The blocks of all that it may extend.
    fn parent(&mut self, read: &'a Read) -> Layout {
        let mut parent = Layout::whole();
        for piece in scan(&read.text) {
            let Piece::Statement(tokens) = piece else {
                continue;
            };
            let is_extends = tokens.first().is_some_and(|it| it.is_word("extends"));
            let Some(targets) = Targets::of(&tokens).filter(|_| is_extends) else {
                continue;
            };
            parent.is_whole &= targets.is_all;
            for name in targets.names {
                if self.active.contains(&name.text) {
                    let other = name.text;
                    let message = match other == read.name {
                        true => "it extends itself: take this `extends` out".to_owned(),
                        false => format!(
                            "it extends `{other}`, which extends it in turn: take one `extends` out"
                        ),
                    };
                    self.errors.push(read.error(self.file, name.at, message));
                    parent.is_whole = false;
                    continue;
                }
                self.look(name.text);
                match self.known.get(name.text) {
                    Some(layout) => parent.add(layout),
                    None => parent.is_whole = false,
                }
            }
        }
        parent
    }
}
