//! Layers and services of `tower` in an app, and an app as a service of `tower`.
//!
//! # Example
//!
//! ```
//! use cepa::prelude::*;
//! use cepa::tower::{tower, tower_service};
//!
//! // Any layer: of tower-http, of tower, one of your own. This one does nothing.
//! let layer = tower_layer::Identity::new();
//!
//! // Any service: an axum router, a gRPC server, a folder. An app is one, too.
//! let service = App::new().get("/hello", async || "from inside").build()?;
//!
//! let app = App::new().with(tower(layer)).mount("/inner", tower_service(service));
//! app.test().get("/inner/hello").send().assert_text("from inside");
//! # Ok::<(), cepa::BuildError>(())
//! ```
//!
//! [`tower()`] makes a middleware of a layer and may stand wherever a middleware may: around an app,
//! around one handler, before routing. [`tower_service()`] makes an app of a service, to be mounted.
//! An [`AppService`](crate::AppService), which is what `App::build` returns, implements
//! `tower_service::Service` for requests of any body: axum takes it in `nest_service`,
//! `fallback_service` and `route_service`, layers of `tower` wrap it from outside.
//!
//! # Options
//!
//! None here; layers and services bring their own.
//!
//! - A layer is applied once, when the first request comes, so a limit that it makes holds across
//!   requests, and what it spawns finds the runtime. Each request clones the service and waits until
//!   it is ready. A service has to be `Clone + Send + Sync`; `tower::buffer::BufferLayer`, written
//!   further out, makes one so.
//! - Requests have the values of [`Request::insert`](crate::Request::insert) as their extensions,
//!   and the peer's `std::net::SocketAddr`, if there is one; what a layer inserts there is
//!   [`Local`](crate::Local) to those inside. A mounted service finds the [`OriginalUri`], too.
//!   An [`AppService`](crate::AppService) that is asked by others takes the peer's `SocketAddr` from
//!   the extensions.
//! - The matched route, path parameters, state, the typed error of a response and its
//!   [`on_end`](crate::Response::on_end) hooks come through a layer untouched.
//!
//! # Errors
//!
//! | what fails | becomes |
//! |---|---|
//! | a layer or service returns an error | a 500 with that error as its source, found by [`App::map_error`](crate::App::map_error) |
//! | it returns an [`Error`](crate::Error) of ours, boxed | that error again |
//! | the body is larger than a limit of ours, or of `http-body-util`, as tower-http has | 413 |
//! | a layer passes a request on without its extensions | a 500 that says so in the log |
//! | a layer calls what is inside of it twice | as above: a body is read once, a handler runs once |
//! | a layer or service panics | a 500, as in any middleware |
//!
//! # Security
//!
//! - Layers stand where they are written. A body limit, a timeout or an authentication of `tower`
//!   holds for what is inside of it, not for middleware further out.
//! - A mounted service is inside of the middleware of the apps around it, and of nothing else:
//!   it reads bodies without the limit that our extractors have, unless it has its own.
//! - An app inside of another server relies on that server for the limits and timeouts of
//!   connections and for a valid `Host`. Who sets a `SocketAddr` among the extensions says who the
//!   client is; clients cannot.

mod body;
mod middleware;
mod passage;
mod service;

pub use middleware::{NextService, Tower, tower};
pub use service::{OriginalUri, tower_service};
