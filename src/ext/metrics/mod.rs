//! Counts and times of requests, and of whatever else a program measures, as Prometheus reads them.
//!
//! # Example
//!
//! ```
//! use cepa::metrics::{Counter, Metrics};
//! use cepa::prelude::*;
//!
//! async fn order(State(orders): State<Counter>) -> &'static str {
//!     orders.add(1);
//!     "thank you"
//! }
//!
//! let orders = Counter::new("shop_orders_total", "Orders taken.");
//! let client = App::new()
//!     .plug(Metrics::new())
//!     .contribute(orders.metric())
//!     .state(orders)
//!     .post("/orders", order)
//!     .test();
//!
//! client.post("/orders").send().assert_status(200);
//! client
//!     .get("/metrics")
//!     .send()
//!     .assert_contains("shop_orders_total 1\n")
//!     .assert_contains(r#"http_requests_total{method="POST",route="/orders",status="200"} 1"#);
//! ```
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `http_requests_total` | counter | method, route, status |
//! | `http_request_duration_seconds` | histogram | method, route, status |
//! | `http_response_size_bytes` | summary (sum and count) | method, route, status |
//! | `http_requests_in_flight` | gauge | |
//!
//! A request is counted when its body was sent, so the time is that of the whole response. The
//! route is the template, `/users/{id}`, with its host if it has one, also of answers for the
//! path of a route by another method (405, `OPTIONS`, preflights) or another last slash. Where a
//! fallback answers, as `Files` does, it is what that is mounted at, `/static/*`. All else is
//! `unmatched`: 404s, and what is answered before the match. A method that HTTP does not define is
//! `other`. Where the client went away before there was a response, the status is `cancelled`.
//!
//! Own metrics are [`Counter`], [`Gauge`] and [`Histogram`], with labels by their `with_labels`. Any
//! part of the app, and any extension, gives them by [`App::contribute`](crate::App::contribute), as
//! a [`Metric`]. What other code records by the facade of the `metrics` crate is shown by
//! [`Metric::text`] and the `render` of its recorder.
//!
//! # Options
//!
//! | knob | default |
//! |---|---|
//! | [`Metrics::with_path`], [`Metrics::without_route`] | `/metrics` |
//! | [`Metrics::with_guard`]: a middleware around that route | none |
//! | [`Metrics::with_duration_buckets`] | 5 ms to 10 s in 14 steps |
//!
//! It measures what is inside of it: the app it is plugged in, and those mounted there. What is
//! plugged or wrapped outside of it is not part of its times.
//!
//! # Errors
//!
//! Names that Prometheus does not allow, a name given twice and buckets that do not rise are build
//! errors.
//!
//! # Security
//!
//! Whoever can ask for `/metrics` sees which routes there are and how they are used. Guard it by
//! [`Metrics::with_guard`], or serve it from an app on an address of its own, by
//! [`Metrics::reader`]. No label holds text of a client: paths are templates, and methods and
//! statuses are sets. A family of labels stops at [`Family::LIMIT`] sets of values.

mod config;
mod family;
mod histogram;
mod instrument;
mod metric;
mod middleware;
mod store;
mod text;

pub use config::{Metrics, MetricsReader};
pub use family::Family;
pub use histogram::Histogram;
pub use instrument::{Counter, Gauge, Instrument};
pub use metric::Metric;
