//! `Metrics`: what is measured, and where it is shown.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::Metric;
use super::middleware::Measure;
use super::store::{Holder, NAMES};
use super::text::{MEDIA_TYPE, problem_of_bounds};
use crate::{
    App, Contributions, Endpoint, Extension, Handler, IntoEndpoint, IntoMiddleware, IntoResponse,
    Response, State,
};

/// Upper bounds of the durations unless told otherwise, in seconds: those that OpenTelemetry
/// recommends for HTTP.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Measures requests and shows all metrics at `/metrics`; see [the module](crate::metrics).
///
/// ```
/// use cepa::metrics::Metrics;
/// use cepa::prelude::*;
///
/// async fn token(req: Request, next: Next) -> Result<Response> {
///     let is_known = req.header("authorization") == Some("Bearer onion");
///     is_known.then_some(()).or_unauthorized("send the token of the scraper")?;
///     Ok(next.run(req).await)
/// }
///
/// let client = App::new()
///     .plug(Metrics::new().with_path("/internal/metrics").with_guard(token))
///     .test();
/// client.get("/internal/metrics").send().assert_status(401);
/// ```
#[must_use = "an extension does nothing until it is plugged"]
pub struct Metrics {
    path: Option<String>,
    guards: Vec<Guard>,
    bounds: Vec<f64>,
    reader: MetricsReader,
}

type Guard = Box<dyn FnOnce(Endpoint) -> Endpoint>;

/// Reads the metrics of an app, to show them elsewhere; made by [`Metrics::reader`]. As a response
/// it is their text.
///
/// ```
/// use cepa::metrics::Metrics;
/// use cepa::prelude::*;
///
/// let metrics = Metrics::new().without_route();
/// let reader = metrics.reader();
/// let public = App::new().plug(metrics).get("/", async || "hello").test();
/// let internal = App::new()
///     .state(reader)
///     .get("/metrics", async |State(reader): State<cepa::metrics::MetricsReader>| reader)
///     .test();
///
/// public.get("/").send().assert_text("hello");
/// public.get("/metrics").send().assert_status(404);
/// internal.get("/metrics").send().assert_contains("http_requests_total");
/// ```
#[derive(Clone)]
pub struct MetricsReader(Arc<Shared>);

/// What the reader sees, once the app is built.
#[derive(Default)]
struct Shared(OnceLock<Shown>);

struct Shown {
    requests: Holder,
    others: Contributions<Metric>,
}

impl Metrics {
    /// Shows what it measures at `/metrics`.
    pub fn new() -> Self {
        Self {
            path: Some("/metrics".to_owned()),
            guards: Vec::new(),
            bounds: BOUNDS.to_vec(),
            reader: MetricsReader(Arc::default()),
        }
    }

    /// Where they are shown. Default: `/metrics`.
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Shows them nowhere; a [`reader`](Self::reader) does.
    pub fn without_route(mut self) -> Self {
        self.path = None;
        self
    }

    /// Wraps the route in a middleware, for a token or an address. The first is the outermost.
    pub fn with_guard<M, S, K>(mut self, middleware: M) -> Self
    where
        M: IntoMiddleware<S, K> + 'static,
    {
        self.guards
            .push(Box::new(|endpoint| endpoint.with(middleware)));
        self
    }

    /// Upper bounds of the durations in seconds, rising. Default: 5 ms to 10 s in 14 steps.
    pub fn with_duration_buckets(mut self, bounds: impl IntoIterator<Item = f64>) -> Self {
        self.bounds = bounds.into_iter().collect();
        self
    }

    /// Reads these metrics from elsewhere, such as an app on an address of its own.
    #[must_use]
    pub fn reader(&self) -> MetricsReader {
        self.reader.clone()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("path", &self.path)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl Extension for Metrics {
    fn install(self, mut app: App) -> App {
        if let Some(problem) = problem_of_bounds(&self.bounds) {
            app = app.problem(format!("`Metrics` {problem}"));
        }
        let requests = Holder::new(self.bounds);
        app = app.with(Measure {
            requests: requests.clone(),
        });
        let MetricsReader(shared) = self.reader.clone();
        app = app.check(move |service| {
            let others = service.contributions::<Metric>();
            check(&others)?;
            requests.set_routes(service.routes());
            let requests = requests.clone();
            shared.0.get_or_init(|| Shown { requests, others });
            Ok(())
        });
        match self.path {
            None => app,
            Some(path) => {
                let guards = self.guards.into_iter().rev();
                let endpoint = guards.fold(show.into_endpoint(), |inner, guard| guard(inner));
                app.state(self.reader).get(&path, endpoint)
            }
        }
    }
}

async fn show(State(reader): State<MetricsReader>) -> MetricsReader {
    reader
}

/// What is wrong with the metrics that were contributed.
fn check(metrics: &Contributions<Metric>) -> Result<(), String> {
    let mut known = HashMap::new();
    for (metric, place) in metrics.located() {
        let Some(name) = metric.name() else {
            continue;
        };
        if let Some(problem) = metric.problem() {
            return Err(format!("{problem} ({place})"));
        }
        if let Some(first) = known.insert(name, place) {
            return Err(format!(
                "two metrics are named `{name}`, at {first} and at {place}: rename one"
            ));
        }
        if NAMES.contains(&name) {
            return Err(format!(
                "`{name}` is a metric of requests ({place}): rename yours"
            ));
        }
    }
    Ok(())
}

impl MetricsReader {
    /// All metrics in the text format of Prometheus; empty until the app is built.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Some(Shown { requests, others }) = self.0.0.get() {
            requests.write(&mut out, requests.in_flight());
            let (named, elsewhere): (Vec<_>, Vec<_>) =
                others.iter().partition(|metric| metric.name().is_some());
            for metric in named.into_iter().chain(elsewhere) {
                metric.write(&mut out);
            }
        }
        out
    }
}

impl IntoResponse for MetricsReader {
    fn into_response(self) -> Response {
        ([("content-type", MEDIA_TYPE)], self.text()).into_response()
    }
}

impl fmt::Debug for MetricsReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsReader")
    }
}
