//! What the page says of the way of the request: the route and the middleware around it, or the routes
//! that come near where none matched.

use http::header::ALLOW;

use super::Scene;
use super::page::Page;
use super::seen::Missed;
use crate::error::{Error, ErrorContext};
use crate::explain::{ExplainedStep, StepKind};
use crate::names::line;
use crate::router::{Mismatch, NearRoute, Route};

/// How many routes are listed where none comes near.
const SHOWN: usize = 24;

/// The methods that the path has, the routes that come near, and those there are.
pub(super) fn missed(page: &mut Page, error: &Error, scene: &Scene<'_>, missed: &Missed) {
    let allow = error.headers().get(ALLOW).and_then(|it| it.to_str().ok());
    if let Some(allow) = allow {
        page.part(1_000)
            .raw("<section><h2>Methods of this path</h2><p class=\"words\">");
        for method in allow.split(", ") {
            page.raw("<code>").text(method).raw("</code> ");
        }
        page.raw("</p></section>");
    }
    let routes = &scene.core.router.routes;
    let mut near = routes.nearest(&missed.method, missed.host.as_deref(), &missed.path);
    if allow.is_some() {
        near.retain(|near| near.mismatch == Mismatch::Method);
    }
    page.part(5_000);
    if !near.is_empty() {
        page.raw("<section><h2>Nearest routes</h2><table class=\"routes\">");
        for NearRoute {
            route, mismatch, ..
        } in &near
        {
            self::route(page, route, Some(&mismatch.to_string()));
        }
        page.raw("</table></section>");
    }
    if routes.is_empty() {
        page.raw("<section><p>The app has no routes yet: add <code>.get(\"/\", ..)</code>.</p></section>");
        return;
    }
    page.part(5_000);
    page.raw(match near.is_empty() {
        true => "<section><details open><summary>All routes</summary><table class=\"routes\">",
        false => "<section><details><summary>All routes</summary><table class=\"routes\">",
    });
    for route in routes.iter().take(SHOWN) {
        self::route(page, route, None);
    }
    page.raw("</table>");
    if routes.len() > SHOWN {
        page.part(100)
            .raw("<p>These are the first of ")
            .text(&routes.len().to_string())
            .raw(".</p>");
    }
    page.raw("</details></section>");
}

/// A row of a table of routes, if it has room: the route, why it does not match, its line.
fn route(page: &mut Page, route: &Route, why: Option<&str>) {
    if page.is_full() {
        return;
    }
    page.raw("<tr><th>")
        .long(&route.title(), 300)
        .raw("</th><td>");
    page.prose(why.unwrap_or(route.handler()), 300);
    page.raw(" <small>")
        .long(&line(route.location()), 200)
        .raw("</small></td></tr>");
}

/// The matched route, and the steps of its chain, outermost first.
pub(super) fn chain(page: &mut Page, context: &ErrorContext, scene: &Scene<'_>) {
    let labels = &scene.core.labels;
    let failed = labels.shown_step(scene.chain, scene.step);
    page.part(6_000).raw("<section><h2>");
    match context.route() {
        Some(route) => {
            page.raw("Route <code>")
                .long(&route.title(), 400)
                .raw("</code>");
            page.raw(" <small>")
                .long(&line(route.location()), 200)
                .raw("</small>");
        }
        None => drop(page.raw("No route matched")),
    }
    page.raw("</h2><ol class=\"chain\">");
    if let Some(before) = scene.core.before.filter(|before| *before != scene.chain) {
        let steps = labels.steps(before);
        let run = steps.iter().filter(|step| step.kind != StepKind::Automatic);
        run.for_each(|one| step(page, one, Some("before the match"), false));
    }
    for (i, one) in labels.steps(scene.chain).iter().enumerate() {
        step(page, one, None, failed == Some(i));
    }
    page.raw("</ol></section>");
}

/// An item of the list of steps, if it has room.
fn step(page: &mut Page, step: &ExplainedStep, stage: Option<&'static str>, failed: bool) {
    if page.is_full() {
        return;
    }
    page.raw(if failed {
        "<li class=\"failed\"><b>"
    } else {
        "<li><b>"
    });
    page.long(&step.name, 300).raw("</b>");
    page.raw(match step.kind {
        StepKind::Middleware => " middleware",
        StepKind::OfHandler => " middleware of the handler",
        StepKind::Handler => " handler",
        StepKind::Automatic => "",
    });
    if step.scope != "/" {
        page.raw(" in ").long(&step.scope, 200);
    }
    if let Some(stage) = stage {
        page.raw(", ").raw(stage);
    }
    if failed {
        page.raw(match step.kind {
            StepKind::Automatic => " <i>answered here</i>",
            _ => " <i>failed here</i>",
        });
    }
    if let Some(place) = step.location {
        page.raw(" <small>").long(&line(place), 200).raw("</small>");
    }
    page.raw("</li>");
}
