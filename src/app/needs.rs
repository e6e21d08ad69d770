//! Whether what handlers and middleware need is there, on each frozen chain.

use std::any::TypeId;
use std::collections::HashSet;

use super::{App, Place};
use crate::middleware::AnyMiddleware;
use crate::names::plain;
use crate::preflight::{Need, NeedKind, Problem, Provided};
use crate::router::Route;
use crate::service::States;

/// What the whole app has, to say where something is that is missing in one place.
#[derive(Default)]
pub(super) struct Needs {
    states: Vec<(TypeId, Place)>,
    provided: HashSet<TypeId>,
}

/// One step of a chain as far as its needs go.
pub(super) struct Chained<'a> {
    pub(super) name: &'a str,
    pub(super) needs: &'a [Need],
    pub(super) provides: &'a [Provided],
    pub(super) place: Place,
}

impl<'a> Chained<'a> {
    pub(super) fn of(middleware: &'a AnyMiddleware, place: Place) -> Self {
        Self {
            name: &middleware.name,
            needs: &middleware.needs,
            provides: &middleware.provides,
            place,
        }
    }
}

impl Needs {
    pub(super) fn of(app: &App) -> Self {
        let mut needs = Self::default();
        needs.collect(app);
        needs
    }

    fn collect(&mut self, app: &App) {
        self.states
            .extend(app.states.iter().map(|entry| (entry.id, entry.place)));
        let own = app
            .routes
            .iter()
            .flat_map(|route| &route.endpoint.middleware);
        for (middleware, _) in app.middleware.iter().chain(&app.before).chain(own) {
            self.provided
                .extend(middleware.provides.iter().map(|provided| provided.id));
        }
        app.children
            .iter()
            .for_each(|child| self.collect(&child.app));
    }

    /// The states that `who` needs and its scope lacks.
    pub(super) fn states(
        &self,
        states: &States,
        needs: &[Need],
        who: &str,
        place: Place,
    ) -> Vec<Problem> {
        let missing = needs.iter().filter_map(|need| match need.0 {
            NeedKind::State { id, name } if !states.contains(id) => Some((id, plain(name))),
            _ => None,
        });
        missing
            .map(|(id, name)| {
                let hint = self.hint(states, id, &name);
                Problem::new(place, format!("`{who}` needs `State<{name}>`: {hint}"))
            })
            .collect()
    }

    fn hint(&self, states: &States, id: TypeId, name: &str) -> String {
        if let Some((_, place)) = self.states.iter().find(|(other, _)| *other == id) {
            return format!(
                "it is kept by an app that is not around this one, at {place}; move `.state(..)` out"
            );
        }
        let alike = |other: &String| {
            other.contains(&format!("<{name}>")) || name.contains(&format!("<{other}>"))
        };
        match states.names().map(plain).find(alike) {
            Some(other) => format!("there is a state of type `{other}`; ask for `State<{other}>`"),
            None => format!("add `.state(..)` with a value of type `{name}`"),
        }
    }

    /// What the steps of one route need of the steps around them and of the path.
    pub(super) fn along(
        &self,
        chain: &[Chained<'_>],
        route: &Route,
        params: &[Box<str>],
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut provided: HashSet<TypeId> = HashSet::new();
        for step in chain {
            for need in step.needs {
                let problem = match need.0 {
                    NeedKind::State { .. } => None,
                    NeedKind::Local { id, name } => self.local(id, name, &provided, chain, step),
                    NeedKind::Path { name, probe } => probe(params).err().map(|why| {
                        let name = plain(name);
                        format!(
                            "`{}` takes `Path<{name}>` at {}: {why}",
                            step.name,
                            route.path()
                        )
                    }),
                };
                problems.extend(problem.map(|message| Problem::new(step.place, message)));
            }
            provided.extend(step.provides.iter().map(|provided| provided.id));
        }
        problems
    }

    /// Says nothing where nobody declares to provide the type: a function may still insert it.
    fn local(
        &self,
        id: TypeId,
        name: &str,
        provided: &HashSet<TypeId>,
        chain: &[Chained<'_>],
        step: &Chained<'_>,
    ) -> Option<String> {
        if provided.contains(&id) || !self.provided.contains(&id) {
            return None;
        }
        let name = plain(name);
        let provider = chain
            .iter()
            .find(|other| other.provides.iter().any(|p| p.id == id));
        Some(match provider {
            Some(provider) => format!(
                "`{}` needs `Local<{name}>`, but `{}`, which provides it, stands further in ({}): write it before",
                step.name, provider.name, provider.place
            ),
            None => format!(
                "`{}` needs `Local<{name}>`, and no middleware around it provides it: add one with `.with(..)`",
                step.name
            ),
        })
    }
}
