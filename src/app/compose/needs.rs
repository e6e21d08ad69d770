//! Whether what handlers and middleware need is there, on each chain.

use std::any::TypeId;
use std::collections::HashSet;
use std::sync::Arc;

use super::draft::Draft;
use super::{App, Place};
use crate::names::plain;
use crate::preflight::{Need, NeedKind, Problem, Provided};
use crate::service::{Scope, States};

/// What the whole app has, to say where something is that is missing in one place.
#[derive(Default)]
pub(super) struct Needs {
    states: Vec<(TypeId, Place)>,
    provided: HashSet<TypeId>,
    /// By the middleware that runs before the match.
    before: HashSet<TypeId>,
}

/// Where the before-routing chain answers, in messages.
pub(super) const BEFORE: &str = "before the match";

impl Needs {
    pub(super) fn of(app: &App) -> Self {
        let mut needs = Self::default();
        needs.collect(app);
        let before = app.before.iter().flat_map(|(one, _)| &one.provides);
        needs.before = before.map(|provided| provided.id).collect();
        needs
    }

    fn collect(&mut self, app: &App) {
        self.states
            .extend(app.states.iter().map(|entry| (entry.id, entry.place)));
        let fallback = app.fallback.iter().map(|(endpoint, _)| endpoint);
        let endpoints = app.routes.iter().map(|route| &route.endpoint);
        let own = endpoints.chain(fallback).flat_map(|one| &one.middleware);
        for (middleware, _) in app.middleware.iter().chain(&app.before).chain(own) {
            self.provided
                .extend(middleware.provides.iter().map(|provided| provided.id));
        }
        app.children
            .iter()
            .for_each(|child| self.collect(&child.app));
    }

    /// The states that steps need and their scopes lack.
    pub(super) fn of_states(&self, scopes: &[Scope], drafts: &[Arc<Draft>]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for draft in drafts {
            let states = &scopes[draft.scope].states;
            for need in &draft.needs {
                if let NeedKind::State(id) = need.kind
                    && !states.contains(id)
                {
                    let (title, hint) = (need.title(), self.hint(states, id, need));
                    let message = format!("`{}` needs `{title}`: {hint}", draft.name);
                    problems.push(Problem::new(draft.place, message));
                }
            }
        }
        problems
    }

    fn hint(&self, states: &States, id: TypeId, need: &Need) -> String {
        if let Some((_, place)) = self.states.iter().find(|(other, _)| *other == id) {
            let line = need.fix.map_or("`.state(..)`", |_| "that line");
            return format!(
                "it is kept by an app that is not around this one, at {place}; move {line} out"
            );
        }
        if let Some(fix) = need.fix {
            return fix.to_owned();
        }
        let name = plain(need.name);
        let alike = |other: &String| {
            other.contains(&format!("<{name}>")) || name.contains(&format!("<{other}>"))
        };
        match states.names().map(plain).find(alike) {
            Some(other) => format!("there is a state of type `{other}`; ask for `State<{other}>`"),
            None => format!("add `.state(..)` with a value of type `{name}`"),
        }
    }

    /// What the steps of one chain need of the path and of the steps around them. `at` says where
    /// the chain answers.
    pub(super) fn of_chain(
        &self,
        drafts: &[Arc<Draft>],
        at: &str,
        params: &[Box<str>],
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut provided = self.before.clone();
        for draft in drafts {
            for need in &draft.needs {
                let problem = match need.kind {
                    NeedKind::State(_) => None,
                    NeedKind::BeforeRouting if at == BEFORE => None,
                    NeedKind::BeforeRouting => Some(format!(
                        "`{}` changes what the router matches: {}",
                        draft.name,
                        need.fix
                            .unwrap_or("move it to `.before_routing(..)` of the outermost app")
                    )),
                    NeedKind::Local(id) if provided.contains(&id) => None,
                    NeedKind::Local(id) => self.missing_local(drafts, &provided, draft, (id, need)),
                    NeedKind::Path(probe) => probe(params).err().map(|why| {
                        let fix = need.fix.map(|fix| format!("; {fix}"));
                        let (name, fix) = (plain(need.name), fix.unwrap_or_default());
                        format!("`{}` takes `Path<{name}>` {at}: {why}{fix}", draft.name)
                    }),
                };
                problems.extend(problem.map(|message| Problem::new(draft.place, message)));
            }
            provided.extend(draft.provides.iter().map(|provided| provided.id));
        }
        problems
    }

    /// Without a fix, says nothing where nobody declares to provide the type, or where a function
    /// around may insert it.
    fn missing_local(
        &self,
        drafts: &[Arc<Draft>],
        provided: &HashSet<TypeId>,
        draft: &Draft,
        (id, need): (TypeId, &Need),
    ) -> Option<String> {
        let may_be = || provided.contains(&Provided::anything().id);
        if need.fix.is_none() && (!self.provided.contains(&id) || may_be()) {
            return None;
        }
        let (fix, need) = (
            need.fix,
            format!("`{}` needs `{}`", draft.name, need.title()),
        );
        let provider = drafts
            .iter()
            .find(|other| other.provides.iter().any(|p| p.id == id));
        Some(match provider {
            Some(provider) => format!(
                "{need}, but `{}`, which provides it, stands further in ({}): write it before",
                provider.name, provider.place
            ),
            None => match fix {
                Some(fix) => format!("{need}: {fix}"),
                None => format!(
                    "{need}, and no middleware around it provides it: add one with `.with(..)`"
                ),
            },
        })
    }
}
