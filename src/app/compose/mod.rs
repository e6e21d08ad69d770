//! From the builder to frozen chains: scopes are flattened, prefixes joined, needs checked.
//!
//! Before it: the app as written. After it: an `AppService`, or every problem that was found.

mod chains;
mod draft;
mod needs;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use http::Method;

use super::around::Around;
use super::contribute::{Contribution, Gathered};
use super::{App, Check, Child, Mount, Place, RouteEntry};
use crate::chain::{Chain, Step};
use crate::explain::{Labels, StepKind};
use crate::middleware::AnyMiddleware;
use crate::mode::Mode;
use crate::names::plain;
use crate::preflight::{BuildError, Problem};
use crate::router::{
    Conflict, Pattern, Route, RouteTable, Router, Target, TrailingSlash, host_pattern,
    prefix_pattern, repeated, route_pattern,
};
use crate::service::{AppService, AutomaticAnswer, Core, Hook, Scope, StartHook};
use draft::Draft;
use needs::Needs;

/// Builds the service, or lists what is wrong.
pub(super) fn build(app: App) -> Result<AppService, BuildError> {
    let mut composer = Composer::of(&app);
    let before = composer.before_chain(&app);
    let proxies = app.proxies.as_ref().map(|(proxies, _)| proxies.clone());
    let mut taken = Taken::default();
    taken.take(app);
    let (mut problems, are_links_sound) = (composer.problems, composer.are_links_sound);
    crate::preflight::sort(&mut composer.warnings);
    let core = Core {
        router: composer.router,
        steps: composer.steps,
        chains: composer.chains,
        scopes: composer.scopes,
        labels: composer.labels,
        contributions: Gathered::new(taken.contributions),
        before,
        refusal: 0,
        mode: composer.mode,
        proxies: proxies.unwrap_or_default(),
    };
    let service = AppService::new(core, composer.warnings, taken.start, taken.stop);
    if are_links_sound {
        let failed =
            |(check, place): (Check, Place)| Some(Problem::new(place, check(&service).err()?));
        problems.extend(taken.checks.into_iter().filter_map(failed));
    }
    if problems.is_empty() {
        Ok(service)
    } else {
        Err(BuildError::new(problems))
    }
}

/// The routes alone, whatever else is wrong.
pub(super) fn routes(app: &App) -> RouteTable {
    Composer::of(app).router.routes
}

/// What is moved out of the apps, in the order of the scopes, outermost first.
#[derive(Default)]
struct Taken {
    start: Vec<StartHook>,
    stop: Vec<Hook>,
    checks: Vec<(Check, Place)>,
    contributions: Vec<(TypeId, Contribution)>,
}

impl Taken {
    fn take(&mut self, app: App) {
        self.start.extend(app.start);
        self.stop.extend(app.stop);
        self.checks.extend(app.checks);
        self.contributions.extend(app.contributions);
        for child in app.children {
            self.take(child.app);
        }
    }
}

/// What a scope hands down to those mounted in it.
#[derive(Clone, Default)]
struct Outer {
    scope: Scope,
    middleware: Vec<Arc<Draft>>,
    arounds: Vec<Arc<Around>>,
    host: Option<Pattern>,
    prefix: Pattern,
    slash: TrailingSlash,
    fallback: Vec<Arc<Draft>>,
    /// The chain that answers where none of its routes matches.
    missing: Option<usize>,
    plugged: Vec<TypeId>,
}

struct Composer {
    mode: Mode,
    router: Router,
    steps: Vec<Step>,
    chains: Vec<Chain>,
    scopes: Vec<Scope>,
    labels: Labels,
    needs: Needs,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Whether each route is in the table, by a name and path that count: what checks find is else
    /// only what was found before.
    are_links_sound: bool,
}

impl Composer {
    fn of(app: &App) -> Self {
        let (mode, problem) = app.final_mode();
        let mut composer = Self {
            mode,
            router: Router::default(),
            steps: Vec::new(),
            chains: Vec::new(),
            scopes: Vec::new(),
            labels: Labels::default(),
            needs: Needs::of(app),
            problems: problem.into_iter().collect(),
            warnings: Vec::new(),
            are_links_sound: true,
        };
        composer.visit(app, Outer::default(), true);
        composer.freeze();
        composer.check_names();
        composer
    }

    /// Composes one scope and those mounted in it; says how many routes and fallbacks they have.
    fn visit(&mut self, app: &App, outer: Outer, outermost: bool) -> usize {
        self.problems.extend(app.problems.iter().cloned());
        self.problems.extend(app.other_modes(self.mode));
        let fallback = app.fallback.iter().map(|(endpoint, _)| endpoint);
        let endpoints = app.routes.iter().map(|route| &route.endpoint);
        let own = endpoints.chain(fallback).flat_map(|one| &one.middleware);
        self.check_options(app.before.iter().chain(&app.middleware).chain(own));
        if !outermost {
            self.only_outermost(app);
        }
        let id = self.scopes.len();
        let mut inner = self.enter(app, outer, id);
        let params = unique_names(inner.host.as_ref(), &inner.prefix).unwrap_or_default();
        let at = format!("where no route matches below {}/", inner.prefix.text());
        let drafts = self.interleave(&inner.middleware, None);
        self.problems
            .extend(self.needs.of_chain(&drafts, &at, &params));
        let answer = self.own_step(AutomaticAnswer, id);
        let automatic = self.push_chain(&drafts, Some(answer), None, params.clone());
        let missing = if inner.fallback.is_empty() {
            automatic
        } else {
            let drafts = [&inner.middleware[..], &inner.fallback].concat();
            self.problems
                .extend(self.needs.of_states(&self.scopes, &drafts));
            let drafts = self.interleave(&drafts, None);
            self.problems
                .extend(self.needs.of_chain(&drafts, &at, &params));
            self.push_chain(&drafts, None, None, params)
        };
        let table = self.router.table(inner.host.as_ref());
        let around = inner.missing.replace(missing);
        let answers = table.map(|table| table.add_prefix(&inner.prefix, missing, around));
        if let (Ok(false), Some((_, place))) = (answers, &app.fallback) {
            let message = format!(
                "this fallback is never reached: of several apps mounted at `{}/`, the first \
                 answers where none has a route; give that one the fallback",
                inner.prefix.text()
            );
            self.warnings.push(Problem::new(place, message));
        }
        for entry in &app.routes {
            self.add_route(&inner, id, automatic, entry);
        }
        let mounted: usize = app
            .children
            .iter()
            .map(|child| self.mount(child, &inner, outermost))
            .sum();
        let routes = app.routes.len() + mounted + usize::from(app.fallback.is_some());
        if routes == 0 {
            let idle = |(middleware, place): &(AnyMiddleware, Place)| {
                Problem::new(
                    place,
                    format!("`{}` wraps no route: this app has none", middleware.name),
                )
            };
            self.warnings.extend(app.middleware.iter().map(idle));
        }
        routes
    }

    /// What holds inside of an app: what it inherits, with its own things added.
    fn enter(&mut self, app: &App, mut inner: Outer, id: usize) -> Outer {
        for (i, entry) in app.states.iter().enumerate() {
            if let Some(first) = app.states[..i].iter().find(|other| other.id == entry.id) {
                let message = format!(
                    "this app has a state of type `{}` already, at {}; wrap one of them in a type of its own",
                    plain(entry.state.name),
                    first.place
                );
                self.problems.push(Problem::new(entry.place, message));
            }
            inner.scope.states.set(entry.id, entry.state.clone());
        }
        if let Some((renderer, _)) = &app.renderer {
            inner.scope.renderer = Some(Arc::clone(renderer));
        }
        inner
            .scope
            .mappings
            .splice(0..0, app.mappings.iter().cloned());
        inner.scope.observers.extend(app.observers.iter().cloned());
        inner.scope.depth = inner.prefix.text().matches('/').count();
        inner.slash = app.slash.unwrap_or(inner.slash);
        inner
            .plugged
            .extend(app.plugged.iter().map(|plugged| plugged.id));
        for (wanted, fix) in &app.required {
            if !inner.plugged.contains(&wanted.id) {
                let message = format!("needs the extension `{}`: {fix}", plain(wanted.name));
                self.problems.push(Problem::new(wanted.place, message));
            }
        }
        let outside = inner.arounds.len();
        inner.arounds.extend(app.arounds.iter().cloned());
        for (i, one) in app.middleware.iter().enumerate() {
            let own = app.arounds.iter().filter(|around| around.after <= i);
            let arounds = inner.arounds[..outside + own.count()].to_vec();
            let kind = Some(StepKind::Middleware);
            let draft = Draft::middleware(one, id, kind, arounds);
            inner.middleware.push(draft);
        }
        if let Some((endpoint, place)) = &app.fallback {
            inner.fallback = Draft::endpoint(endpoint, id, place, &inner.arounds);
        }
        self.scopes.push(inner.scope.clone());
        let host = inner.host.as_ref().map_or("", Pattern::text);
        let title = format!("{host}{}", inner.prefix.text());
        self.labels.scopes.push(match title.is_empty() {
            true => "/".to_owned(),
            false => title,
        });
        self.problems
            .extend(self.needs.of_states(&self.scopes, &inner.middleware));
        inner
    }

    /// Reports options of middleware that cannot work.
    fn check_options<'a>(&mut self, all: impl IntoIterator<Item = &'a (AnyMiddleware, Place)>) {
        for (middleware, place) in all {
            let named = |problem| Problem::new(place, format!("`{}`: {problem}", middleware.name));
            self.problems.extend(middleware.problems.iter().map(named));
        }
    }

    /// Reports what only the outermost app can have.
    fn only_outermost(&mut self, app: &App) {
        for (middleware, place) in &app.before {
            let message = format!(
                "`{}` runs before routing, so it belongs to the outermost app: move it there, or use `.with(..)`",
                middleware.name
            );
            self.problems.push(Problem::new(place, message));
        }
        if let Some((_, place)) = &app.proxies {
            let message =
                "trusted proxies belong to the outermost app: move `.trust_proxies(..)` there";
            self.problems.push(Problem::new(place, message));
        }
    }

    fn mount(&mut self, child: &Child, outer: &Outer, outermost: bool) -> usize {
        let mut inner = outer.clone();
        let placed = match &child.at {
            Mount::Prefix(prefix) => prefix_pattern(prefix).map(|prefix| {
                inner.prefix = outer.prefix.join(&prefix);
            }),
            Mount::Host(_) if !outermost => {
                Err("hosts belong to the outermost app: move `.host(..)` there".to_owned())
            }
            Mount::Host(host) => host_pattern(host).and_then(|host| {
                let known = self.router.table(Some(&host)).map(drop);
                inner.host = Some(host);
                known.map_err(|_| "this host matches the same names as another one".to_owned())
            }),
        };
        let outer_names = unique_names(outer.host.as_ref(), &outer.prefix);
        let placed = placed.and_then(|()| match outer_names {
            Ok(_) => unique_names(inner.host.as_ref(), &inner.prefix).map(drop),
            Err(_) => Ok(()),
        });
        if let Err(problem) = placed {
            self.lose_links(Problem::new(child.place, problem));
        }
        self.visit(&child.app, inner, false)
    }

    fn add_route(&mut self, outer: &Outer, scope: usize, automatic: usize, entry: &RouteEntry) {
        let host = outer.host.as_ref();
        let checked = route_pattern(&entry.path).and_then(|pattern| {
            let pattern = outer.prefix.join(&pattern);
            Ok((unique_names(host, &pattern)?, pattern))
        });
        let (params, pattern) = match checked {
            Ok(checked) => checked,
            // The mount was reported for it.
            Err(_) if unique_names(host, &outer.prefix).is_err() => return,
            Err(problem) => return self.lose_links(Problem::new(entry.place, problem)),
        };
        let own = Draft::endpoint(&entry.endpoint, scope, entry.place, &outer.arounds);
        let drafts = [&outer.middleware[..], &own].concat();
        let around = &drafts[..drafts.len() - 1];
        let provided = around.iter().enumerate();
        let provided = provided.flat_map(|(i, one)| one.provides.iter().map(move |it| (i, it.id)));
        let route = Arc::new(Route {
            method: entry.method.clone(),
            host: host.cloned(),
            pattern: pattern.clone(),
            name: entry.endpoint.name.clone(),
            is_named: entry.endpoint.is_named,
            handler: entry.endpoint.handler,
            function: entry.endpoint.function.clone(),
            index: self.router.routes.len(),
            location: entry.place,
            middleware: around.iter().map(|draft| draft.name.clone()).collect(),
            provided: provided.collect(),
        });
        let tunnel = (entry.method == Some(Method::CONNECT))
            .then_some("the server opens no tunnels and refuses `CONNECT`");
        if let Some(why) = tunnel.or(pattern.unreachable()) {
            let message = format!("{} is never reached: {why}", route.title());
            self.warnings.push(Problem::new(entry.place, message));
        }
        self.problems
            .extend(self.needs.of_states(&self.scopes, &own));
        let drafts = self.interleave(&drafts, Some(&route));
        self.problems.extend(self.needs.of_chain(
            &drafts,
            &format!("at {}", route.path()),
            &params,
        ));
        let target = Target {
            chain: self.push_chain(&drafts, None, Some(Arc::clone(&route)), params),
            automatic,
            slash: outer.slash,
            prefix_params: outer.prefix.names().count(),
        };
        if let Ok(table) = self.router.table(host) {
            table.add(entry.method.clone(), pattern, target);
        }
        self.router.routes.0.push(route);
    }

    /// Reports a name that was given to two handlers: no link could tell them apart.
    fn check_names(&mut self) {
        let mut given: HashMap<&str, &Route> = HashMap::new();
        let mut problems = Vec::new();
        for route in self.router.routes.iter().filter(|route| route.is_named) {
            let first = *given.entry(route.name()).or_insert(route);
            let is_elsewhere = first.path() != route.path() || first.host() != route.host();
            if first.handler != route.handler && is_elsewhere {
                let (name, first) = (route.name(), first.location());
                let message = format!("the name `{name}` is given to another handler, at {first}");
                problems.push(Problem::new(route.location(), message));
            }
        }
        problems.into_iter().for_each(|it| self.lose_links(it));
    }

    fn lose_links(&mut self, problem: Problem) {
        self.are_links_sound = false;
        self.problems.push(problem);
    }

    /// Builds the tries and reports routes that rank equal or are never reached.
    fn freeze(&mut self) {
        let mut conflicts: Vec<Conflict> = Vec::new();
        for table in self.router.tables() {
            conflicts.extend(table.freeze());
        }
        let route = |chain: usize| self.chains[chain].route.as_deref();
        for Conflict { chain, other } in conflicts {
            let (Some(one), Some(other)) = (route(chain), route(other)) else {
                continue;
            };
            let message = format!(
                "{} and {} ({}) both match `{}`: change or remove one",
                one.title(),
                other.title(),
                other.location(),
                one.pattern.sample()
            );
            self.problems.push(Problem::new(one.location(), message));
        }
    }
}

/// Parameter names of the host, then of the path; each is there once.
fn unique_names(host: Option<&Pattern>, path: &Pattern) -> Result<Vec<Box<str>>, String> {
    let names = || host.into_iter().chain([path]).flat_map(Pattern::names);
    match repeated(names()) {
        Some(name) => Err(format!(
            "`{}` has the parameter `{name}` twice, host and prefixes included: rename one",
            path.text()
        )),
        None => Ok(names().map(Box::from).collect()),
    }
}
