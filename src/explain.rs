//! What would become of a request, step by step: for people who wonder why.
//!
//! It asks the router as a request does, and reads the names that `compose` noted of each chain.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use http::{Method, StatusCode, Uri};

use crate::extract::parse_host;
use crate::names::line;
use crate::router::{Answer, NearRoute, Place, Route};
use crate::server::check_target;
use crate::service::Core;

/// What would become of a request; made by [`AppService::explain`](crate::AppService::explain).
///
/// It prints as text for people; the fields are for pages and tests.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Verdict;
///
/// async fn show(Path(id): Path<u64>) -> String {
///     format!("user {id}")
/// }
///
/// let service = App::new().with(Logger::new()).get("/users/{id}", show).build()?;
///
/// let explanation = service.explain("GET", "/users/7");
/// assert_eq!(explanation.verdict, Verdict::Route);
/// assert_eq!(explanation.params, [("id".to_owned(), "7".to_owned())]);
/// assert_eq!(explanation.steps[0].name, "Logger");
///
/// let explanation = service.explain("GET", "/users").to_string();
/// assert!(explanation.contains("404, no route matches"));
/// assert!(explanation.contains("has one segment more"));
/// # Ok::<(), cepa::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The method that was asked about.
    pub method: String,
    /// The host that was asked about, if one was.
    pub host: Option<String>,
    /// The path that was asked about, without its query.
    pub path: String,
    /// What answers.
    pub verdict: Verdict,
    /// The route that matches.
    pub route: Option<Arc<Route>>,
    /// What was captured, percent-decoded, by name: the host's parameters, then the path's.
    pub params: Vec<(String, String)>,
    /// The middleware before the match. It is not run here, so what it would change of method,
    /// path and host is not considered.
    pub before: Vec<ExplainedStep>,
    /// The middleware, outermost first, then what answers. What
    /// [`App::with_each`](crate::App::with_each) makes around them is left out.
    pub steps: Vec<ExplainedStep>,
    /// Where no route matches: those that nearly do, the nearest first.
    pub nearest: Vec<NearRoute>,
}

/// What answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A route.
    Route,
    /// A route whose last slash is another, by [`TrailingSlash::Same`](crate::TrailingSlash::Same).
    OtherSlash,
    /// The fallback of an app; no route matches.
    Fallback,
    /// The automatic 404.
    NotFound,
    /// The automatic 405, or 204 for `OPTIONS`, with the methods that match the path.
    Methods {
        /// The value of `Allow`.
        allow: String,
        /// Whether it is the answer to `OPTIONS`.
        is_options: bool,
    },
    /// The redirect (308) of [`TrailingSlash::Redirect`](crate::TrailingSlash::Redirect).
    Redirect {
        /// The path it leads to.
        path: String,
    },
    /// The server refuses it before any route is looked for (400).
    Refused {
        /// A sentence that says why.
        reason: String,
    },
}

impl Verdict {
    /// The status, where the answer is an automatic one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Route | Self::OtherSlash | Self::Fallback => None,
            Self::NotFound => Some(StatusCode::NOT_FOUND),
            Self::Methods { is_options, .. } => Some(match is_options {
                true => StatusCode::NO_CONTENT,
                false => StatusCode::METHOD_NOT_ALLOWED,
            }),
            Self::Redirect { .. } => Some(StatusCode::PERMANENT_REDIRECT),
            Self::Refused { .. } => Some(StatusCode::BAD_REQUEST),
        }
    }
}

/// A middleware or handler that would run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedStep {
    /// What it is.
    pub kind: StepKind,
    /// Its name, as in the table of routes.
    pub name: Cow<'static, str>,
    /// The prefix, with its host, of the app it was written in: `/` for the outermost one.
    pub scope: String,
    /// The line that added it; none for automatic answers.
    pub location: Option<&'static Location<'static>>,
}

/// What a step of a chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// A middleware of an app.
    Middleware,
    /// A middleware of one handler.
    OfHandler,
    /// The handler, of a route or a fallback.
    Handler,
    /// The automatic answer.
    Automatic,
}

/// A step as `compose` notes it.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) kind: StepKind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) scope: usize,
    pub(crate) place: Option<&'static Location<'static>>,
    /// Its number in the chain, which has more steps than are shown.
    pub(crate) step: usize,
}

impl Label {
    pub(crate) fn automatic(scope: usize, step: usize) -> Self {
        Self {
            kind: StepKind::Automatic,
            name: Cow::Borrowed("automatic answer"),
            scope,
            place: None,
            step,
        }
    }
}

/// The labels of each chain, by its number, and the names of the scopes.
#[derive(Default)]
pub(crate) struct Labels {
    pub(crate) chains: Vec<Vec<Label>>,
    pub(crate) scopes: Vec<String>,
}

impl Labels {
    /// The steps of a chain that are shown.
    pub(crate) fn steps(&self, chain: usize) -> Vec<ExplainedStep> {
        let step = |label: &Label| ExplainedStep {
            kind: label.kind,
            name: label.name.clone(),
            scope: self.scopes[label.scope].clone(),
            location: label.place,
        };
        self.chains[chain].iter().map(step).collect()
    }

    /// Which of the steps that are shown this one is, or stands around.
    pub(crate) fn shown_step(&self, chain: usize, step: usize) -> Option<usize> {
        self.chains[chain]
            .iter()
            .position(|label| label.step >= step)
    }
}

/// Asks the router, and notes what it says.
pub(crate) fn explain(core: &Core, method: &str, target: &str) -> Explanation {
    let mut explanation = Explanation {
        method: method.to_owned(),
        host: None,
        path: target.to_owned(),
        verdict: Verdict::NotFound,
        route: None,
        params: Vec::new(),
        before: Vec::new(),
        steps: Vec::new(),
        nearest: Vec::new(),
    };
    match parse(method, target) {
        Ok((method, uri)) => explanation.fill(core, &method, &uri),
        Err(reason) => explanation.verdict = Verdict::Refused { reason },
    }
    explanation
}

fn parse(method: &str, target: &str) -> Result<(Method, Uri), String> {
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| format!("`{method}` is no method: write it as `GET`"))?;
    let Ok(uri) = target.parse::<Uri>() else {
        return Err(format!("`{target}` is no path: percent-encode it"));
    };
    if !uri.path().starts_with('/') && uri.path() != "*" {
        return Err(format!(
            "a path starts with a slash: write `/{target}`, or a whole URL"
        ));
    }
    check_target(&method, &uri).map_err(|refused| refused.to_string())?;
    let authority = uri.authority().map(|it| it.as_str().as_bytes());
    match authority.is_some_and(|it| parse_host(it).is_none()) {
        true => Err("the host is malformed: write a name or an address, and a port".to_owned()),
        false => Ok((method, uri)),
    }
}

impl Explanation {
    fn fill(&mut self, core: &Core, method: &Method, uri: &Uri) {
        let authority = uri.authority().map(|it| it.as_str().as_bytes());
        let host = authority.and_then(parse_host).map(|(host, _)| host);
        self.host = host.map(str::to_owned);
        self.path = uri.path().to_owned();
        self.before = core.before.map_or_else(Vec::new, |before| {
            let mut steps = core.labels.steps(before);
            steps.retain(|step| step.kind != StepKind::Automatic);
            steps
        });
        let mut place = Place::default();
        core.router.find(method, uri.path(), || host, &mut place);
        let number = place.chain().unwrap_or(0);
        let chain = &core.chains[number];
        let params = place.params(&chain.params, uri.path());
        let value = |i: usize| match params.value(i) {
            Ok(value) => value.into_owned(),
            Err(_) => "(not UTF-8)".to_owned(),
        };
        self.params = (0..params.len())
            .map(|i| (params.name(i).to_owned(), value(i)))
            .collect();
        self.route.clone_from(&chain.route);
        self.steps = core.labels.steps(number);
        self.verdict = self.decide(place.answer, method);
        if self.route.is_none() {
            self.nearest = core.router.routes.nearest(method, host, uri.path());
        }
    }

    fn decide(&self, answer: Answer, method: &Method) -> Verdict {
        let is_fallback = || {
            let last = self.steps.last();
            last.is_some_and(|step| step.kind == StepKind::Handler)
        };
        match answer {
            Answer::Methods(allow) => Verdict::Methods {
                allow,
                is_options: *method == Method::OPTIONS,
            },
            Answer::Redirect(path) => Verdict::Redirect { path },
            Answer::Decided(res) => Verdict::Refused {
                reason: res
                    .error()
                    .map_or_else(|| res.status().to_string(), ToString::to_string),
            },
            Answer::NotFound => match &self.route {
                Some(route) if is_other_slash(route.path(), &self.path) => Verdict::OtherSlash,
                Some(_) => Verdict::Route,
                None if is_fallback() => Verdict::Fallback,
                None => Verdict::NotFound,
            },
        }
    }
}

fn is_other_slash(pattern: &str, path: &str) -> bool {
    let takes_rest = pattern.contains("/{*");
    !takes_rest && pattern.ends_with('/') != path.ends_with('/')
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route => f.write_str("a route matches"),
            Self::OtherSlash => {
                f.write_str("a route matches with another last slash, by the policy `Same`")
            }
            Self::Fallback => f.write_str("no route matches, so a fallback answers"),
            Self::NotFound => f.write_str("404, no route matches"),
            Self::Methods {
                allow,
                is_options: true,
            } => write!(f, "204, `Allow: {allow}`"),
            Self::Methods { allow, .. } => {
                write!(f, "405, the path matches with other methods: {allow}")
            }
            Self::Redirect { path } => write!(f, "308, to `{path}` by the policy `Redirect`"),
            Self::Refused { reason } => write!(f, "400, {reason}"),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self
            .host
            .as_deref()
            .map_or(String::new(), |host| format!("//{host}"));
        writeln!(f, "{} {host}{}: {}", self.method, self.path, self.verdict)?;
        if let Some(route) = &self.route {
            writeln!(f, "route: {} ({})", route.title(), line(route.location()))?;
        }
        for (name, value) in &self.params {
            writeln!(f, "  {name} = {value:?}")?;
        }
        if !self.before.is_empty() {
            writeln!(f, "before the match, and may change what is matched:")?;
            write_steps(f, &self.before)?;
        }
        if !self.steps.is_empty() {
            writeln!(f, "then, outermost first:")?;
            write_steps(f, &self.steps)?;
        }
        if !self.nearest.is_empty() {
            writeln!(f, "nearest routes:")?;
        }
        self.nearest
            .iter()
            .try_for_each(|near| writeln!(f, "  {near}"))
    }
}

fn write_steps(f: &mut fmt::Formatter<'_>, steps: &[ExplainedStep]) -> fmt::Result {
    let of = |step: &ExplainedStep| match step.kind {
        StepKind::Middleware => format!("in {}", step.scope),
        StepKind::OfHandler => "of the handler".to_owned(),
        StepKind::Handler => format!("handler in {}", step.scope),
        StepKind::Automatic => format!("of {}", step.scope),
    };
    let width = |text: &dyn Fn(&ExplainedStep) -> usize| steps.iter().map(text).max().unwrap_or(0);
    let names = width(&|step| step.name.chars().count());
    let scopes = width(&|step| of(step).chars().count());
    for step in steps {
        let told = format!(
            "{:names$}  {:scopes$}  {}",
            step.name,
            of(step),
            step.location.map_or(String::new(), line)
        );
        writeln!(f, "  {}", told.trim_end())?;
    }
    Ok(())
}
