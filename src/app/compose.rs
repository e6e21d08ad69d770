//! From the builder to frozen chains: scopes are flattened, prefixes joined, needs checked.
//!
//! Before it: the app as written. After it: an `AppService`, or every problem that was found.

use std::sync::Arc;

use super::needs::{Chained, Needs};
use super::{App, Check, Child, Mount, Place, RouteEntry};
use crate::chain::{Chain, Enter, Erased, Step};
use crate::handler::Endpoint;
use crate::middleware::AnyMiddleware;
use crate::preflight::{BuildError, Problem};
use crate::router::{
    Conflict, Pattern, Route, RouteTable, Router, Target, TrailingSlash, host_pattern,
    prefix_pattern, route_pattern,
};
use crate::service::{AppService, Core, Hook, Scope, answer_automatically, match_route};

/// Builds the service, or lists what is wrong.
pub(super) fn build(app: App) -> Result<AppService, BuildError> {
    let mut composer = Composer::of(&app);
    let before = composer.before_chain(&app);
    let (mut start, mut stop, mut checks) = (Vec::new(), Vec::new(), Vec::new());
    let proxies = app
        .proxies
        .as_ref()
        .map(|(proxies, _)| proxies.clone())
        .unwrap_or_default();
    take_hooks(app, &mut start, &mut stop, &mut checks);
    let Composer {
        router,
        chains,
        scopes,
        mut problems,
        mut warnings,
        ..
    } = composer;
    crate::preflight::sort(&mut warnings);
    let core = Core {
        router,
        chains,
        scopes,
        before,
        proxies,
    };
    let service = AppService::new(core, warnings, start, stop);
    if problems.is_empty() {
        for (check, place) in checks {
            problems.extend(
                check(&service)
                    .err()
                    .map(|problem| Problem::new(place, problem)),
            );
        }
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

/// Hooks in the order of the scopes, outermost first.
fn take_hooks(
    app: App,
    start: &mut Vec<Hook>,
    stop: &mut Vec<Hook>,
    checks: &mut Vec<(Check, Place)>,
) {
    start.extend(app.start);
    stop.extend(app.stop);
    checks.extend(app.checks);
    for child in app.children {
        take_hooks(child.app, start, stop, checks);
    }
}

/// What a scope inherits from those around it.
#[derive(Clone, Default)]
struct Outer {
    scope: Scope,
    layers: Vec<Layered>,
    prefix: Pattern,
    host: Option<Pattern>,
    slash: TrailingSlash,
    fallback: Option<(Endpoint, usize)>,
    plugged: Vec<std::any::TypeId>,
}

/// A middleware with the scope and the line it was written in.
#[derive(Clone)]
struct Layered {
    middleware: AnyMiddleware,
    scope: usize,
    place: Place,
}

#[derive(Default)]
struct Composer {
    router: Router,
    chains: Vec<Chain>,
    scopes: Vec<Scope>,
    needs: Needs,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// For each chain of a route, the route's title and line.
    titles: Vec<(usize, String, Place)>,
}

impl Composer {
    fn of(app: &App) -> Self {
        let mut composer = Self {
            needs: Needs::of(app),
            ..Self::default()
        };
        composer.visit(app, &Outer::default(), true);
        composer.freeze();
        composer
    }

    /// Composes one scope and those mounted in it; says how many routes they have.
    fn visit(&mut self, app: &App, outer: &Outer, outermost: bool) -> usize {
        self.problems.extend(app.problems.iter().cloned());
        if !outermost {
            self.only_outermost(app);
        }
        let scope = self.scopes.len();
        let inner = self.enter(app, outer, scope);
        let params: Vec<Box<str>> = names(&inner);
        let automatic = Step {
            run: erased(answer_automatically),
            scope,
        };
        let automatic = self.push_chain(&inner.layers, &[], automatic, None, params.clone());
        let missing = match &inner.fallback {
            Some((endpoint, scope)) => self.push_endpoint(&inner, endpoint, *scope, None, params),
            None => automatic,
        };
        if let Ok(table) = self.router.table(inner.host.as_ref()) {
            table.add_prefix(&inner.prefix, missing);
        }
        let mut routes = app.routes.len();
        for entry in &app.routes {
            self.add_route(&inner, scope, automatic, entry);
        }
        for child in &app.children {
            routes += self.mount(child, &inner, outermost);
        }
        if routes == 0 && app.fallback.is_none() {
            for (middleware, place) in &app.middleware {
                let message = format!("`{}` wraps no route: this app has none", middleware.name);
                self.warnings.push(Problem::new(place, message));
            }
        }
        routes
    }

    /// The scope of an app inside of `outer`, its own things added.
    fn enter(&mut self, app: &App, outer: &Outer, scope: usize) -> Outer {
        let mut inner = outer.clone();
        let mut own: Vec<(std::any::TypeId, Place)> = Vec::new();
        for entry in &app.states {
            if let Some((_, first)) = own.iter().find(|(id, _)| *id == entry.id) {
                let name = crate::names::plain(entry.state.name);
                let message = format!(
                    "this app has a state of type `{name}` already, at {first}; wrap one of them in a type of its own"
                );
                self.problems.push(Problem::new(entry.place, message));
            }
            own.push((entry.id, entry.place));
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
        inner.slash = app.slash.unwrap_or(outer.slash);
        inner
            .plugged
            .extend(app.plugged.iter().map(|plugged| plugged.id));
        for (wanted, fix) in &app.required {
            if !inner.plugged.contains(&wanted.id) {
                let name = crate::names::plain(wanted.name);
                self.problems.push(Problem::new(
                    wanted.place,
                    format!("needs the extension `{name}`: {fix}"),
                ));
            }
        }
        for (middleware, place) in &app.middleware {
            self.problems.extend(self.needs.states(
                &inner.scope.states,
                &middleware.needs,
                &middleware.name,
                place,
            ));
            inner.layers.push(Layered {
                middleware: middleware.clone(),
                scope,
                place,
            });
        }
        if let Some((endpoint, place)) = &app.fallback {
            self.problems.extend(self.needs.states(
                &inner.scope.states,
                &endpoint.needs,
                &endpoint.name,
                place,
            ));
            inner.fallback = Some((endpoint.clone(), scope));
        }
        self.scopes.push(inner.scope.clone());
        inner
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
        let placed = placed.and_then(|()| unique_names(&inner));
        if let Err(problem) = placed {
            self.problems.push(Problem::new(child.place, problem));
        }
        self.visit(&child.app, &inner, false)
    }

    fn add_route(&mut self, outer: &Outer, scope: usize, automatic: usize, entry: &RouteEntry) {
        let mut inner = outer.clone();
        let pattern = route_pattern(&entry.path).and_then(|pattern| {
            inner.prefix = outer.prefix.join(&pattern);
            unique_names(&inner)
        });
        if let Err(problem) = pattern {
            self.problems.push(Problem::new(entry.place, problem));
            return;
        }
        let Outer {
            prefix: pattern,
            host,
            ..
        } = &inner;
        let endpoint = &entry.endpoint;
        let around = outer
            .layers
            .iter()
            .map(|layer| layer.middleware.name.clone());
        let own = endpoint
            .middleware
            .iter()
            .map(|(middleware, _)| middleware.name.clone());
        let route = Arc::new(Route {
            method: entry.method.clone(),
            host: host.clone(),
            pattern: pattern.clone(),
            name: endpoint.name.clone(),
            handler: endpoint.handler,
            location: entry.place,
            middleware: around.chain(own).collect(),
        });
        if let Some(why) = pattern.unreachable() {
            let message = format!("{} is never reached: {why}", route.title());
            self.warnings.push(Problem::new(entry.place, message));
        }
        let params = names(&inner);
        self.check(outer, endpoint, &route, &params);
        let chain = self.push_endpoint(outer, endpoint, scope, Some(Arc::clone(&route)), params);
        self.titles.push((chain, route.title(), entry.place));
        let target = Target {
            chain,
            automatic,
            slash: inner.slash,
            prefix_params: outer.prefix.names().count(),
        };
        if let Ok(table) = self.router.table(host.as_ref()) {
            table.add(entry.method.clone(), pattern.clone(), target);
        }
        self.router.routes.0.push(route);
    }

    /// Checks what the middleware and the handler of one route need.
    fn check(&mut self, outer: &Outer, endpoint: &Endpoint, route: &Route, params: &[Box<str>]) {
        let own = endpoint.middleware.iter();
        let around = outer
            .layers
            .iter()
            .map(|layer| (&layer.middleware, layer.place));
        let mut chain: Vec<Chained<'_>> = around
            .chain(own.map(|(middleware, place)| (middleware, *place)))
            .map(|(middleware, place)| Chained::of(middleware, place))
            .collect();
        let states = &outer.scope.states;
        for own in &chain[outer.layers.len()..] {
            self.problems
                .extend(self.needs.states(states, own.needs, own.name, own.place));
        }
        self.problems.extend(self.needs.states(
            states,
            &endpoint.needs,
            &endpoint.name,
            route.location,
        ));
        chain.push(Chained {
            name: &endpoint.name,
            needs: &endpoint.needs,
            provides: &[],
            place: route.location,
        });
        self.problems
            .extend(self.needs.along(&chain, route, params));
    }

    fn push_endpoint(
        &mut self,
        outer: &Outer,
        endpoint: &Endpoint,
        scope: usize,
        route: Option<Arc<Route>>,
        params: Vec<Box<str>>,
    ) -> usize {
        let own: Vec<Step> = endpoint
            .middleware
            .iter()
            .map(|(middleware, _)| Step {
                run: middleware.run.clone(),
                scope,
            })
            .collect();
        let last = Step {
            run: endpoint.run.clone(),
            scope,
        };
        self.push_chain(&outer.layers, &own, last, route, params)
    }

    fn push_chain(
        &mut self,
        layers: &[Layered],
        own: &[Step],
        last: Step,
        route: Option<Arc<Route>>,
        params: Vec<Box<str>>,
    ) -> usize {
        let around = layers.iter().map(|layer| Step {
            run: layer.middleware.run.clone(),
            scope: layer.scope,
        });
        let steps = around.chain(own.iter().cloned()).chain([last]).collect();
        self.chains.push(Chain {
            steps,
            route,
            params: params.into(),
        });
        self.chains.len() - 1
    }

    /// The chain that ends in the match.
    fn before_chain(&mut self, app: &App) -> Option<usize> {
        if app.before.is_empty() {
            return None;
        }
        let scope = 0;
        for (middleware, place) in &app.before {
            let states = &self.scopes[scope].states;
            self.problems.extend(self.needs.states(
                states,
                &middleware.needs,
                &middleware.name,
                place,
            ));
        }
        let layers: Vec<Layered> = app
            .before
            .iter()
            .map(|(middleware, place)| Layered {
                middleware: middleware.clone(),
                scope,
                place,
            })
            .collect();
        let last = Step {
            run: erased(match_route),
            scope,
        };
        Some(self.push_chain(&layers, &[], last, None, Vec::new()))
    }

    /// Builds the tries and reports routes that rank equal.
    fn freeze(&mut self) {
        let mut conflicts: Vec<(usize, Conflict)> = Vec::new();
        let mut shadowed: Vec<usize> = Vec::new();
        for table in self.router.tables() {
            conflicts.extend(table.freeze());
            shadowed.extend(table.shadowed());
        }
        for (chain, conflict) in conflicts {
            let Some((title, place)) = self.title(chain) else {
                continue;
            };
            let other = conflict.other.and_then(|other| self.title(other));
            let with = other.map_or_else(String::new, |(title, place)| {
                format!(" and {title} ({place})")
            });
            let message = format!(
                "{title}{with} both match `{}`: change or remove one",
                conflict.path
            );
            self.problems.push(Problem::new(place, message));
        }
        for chain in shadowed {
            let Some((title, place)) = self.title(chain) else {
                continue;
            };
            let message =
                format!("{title} is never reached: every method has a route of its own here");
            self.warnings.push(Problem::new(place, message));
        }
    }

    fn title(&self, chain: usize) -> Option<(&str, Place)> {
        let found = self.titles.iter().find(|(of, ..)| *of == chain)?;
        Some((&found.1, found.2))
    }
}

/// Parameter names of the host, then of the path.
fn names(outer: &Outer) -> Vec<Box<str>> {
    let host = outer.host.iter().flat_map(Pattern::names);
    host.chain(outer.prefix.names()).map(Box::from).collect()
}

fn unique_names(outer: &Outer) -> Result<(), String> {
    let names = names(outer);
    match names
        .iter()
        .enumerate()
        .find(|(i, name)| names[..*i].contains(name))
    {
        Some((_, name)) => Err(format!(
            "`{}` has the parameter `{name}` twice, prefixes and host included: rename one",
            outer.prefix.text()
        )),
        None => Ok(()),
    }
}

/// A step without an object.
fn erased(enter: Enter) -> Erased {
    Erased {
        object: Arc::new(()),
        enter,
    }
}
