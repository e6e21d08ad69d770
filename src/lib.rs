//! A minimalist, middleware-first web micro-framework.
//!
//! ```no_run
//! use cepa::prelude::*;
//!
//! fn main() -> Result<(), RunError> {
//!     App::new()
//!         .with(Logger::new())
//!         .get("/", async || "Hello, World!")
//!         .run("127.0.0.1:3000")
//! }
//! ```
//!
//! # The path of a request, and the modules of this crate
//!
//! ```text
//! socket -> server -> before-routing chain -> router -> chain of the matched scope and route -> handler -+
//! socket <- server <--------------------------------- chain of the matched scope and route <- Response <-+
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `app` | [`App`], the builder, and how it is composed into frozen chains |
//! | `preflight` | what is checked before anything runs: [`BuildError`] |
//! | `server` | listens, serves connections, stops gracefully: [`Server`] |
//! | `service` | [`AppService`], the app as it is served |
//! | `request`, `body` | what comes in: [`Request`], [`Body`] |
//! | `middleware` | the contract, [`Middleware`] and [`Next`], and the built-in ones |
//! | `chain` | the steps of one route, and how one is run |
//! | `explain` | what would become of a request, told step by step |
//! | `router` | from method, host and path to a chain; its grammar and priorities |
//! | `extract` | arguments of handlers: [`FromRequest`] and the extractors |
//! | `handler` | the end of a chain: [`Handler`] |
//! | `respond`, `response` | what goes out: [`IntoResponse`], [`Response`] |
//! | `error` | [`Error`], and how it becomes a response |
//! | `exchange`, `foreign` | requests, responses and bodies from and to other crates |
//! | `testing` | [`TestClient`](testing::TestClient) |
//! | `mode` | whether it is development or production: [`Mode`] |
//! | `ext` | optional modules, one feature each |
//! | `blocking`, `negotiate`, `names`, `secrets`, `log` | helpers: long work, [`Accept`] and [`AcceptEncoding`], names for messages, what is masked in them, log lines ([`log`]) |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `http2` | yes | HTTP/2 beside HTTP/1.1 |
//! | `tls` | no | https: `Server::tls`, with certificates that can be reloaded while serving |
//! | `proxy-protocol` | no | client addresses from load balancers that pass connections through |
//! | `full` | no | all extensions below, without `orm-mysql` and `sessions-redis` |
//! | `auth` | no | `cepa::auth`: users who sign in, with passwords, roles and links in mails; API keys and Basic |
//! | `compression` | no | `cepa::compression`: responses compressed, requests decompressed |
//! | `cookies` | no | `cepa::cookies`: cookies read, set, signed and encrypted |
//! | `files` | no | `cepa::files`: a folder, a file, or files embedded in the program |
//! | `flash` | no | `cepa::flash`: messages for the next page, and forms that come back with their errors |
//! | `health` | no | `cepa::health`: `/livez` and `/readyz`, with checks from the whole app |
//! | `jwt` | no | `cepa::jwt`: JSON Web Tokens, issued, and checked before a handler sees them |
//! | `metrics` | no | `cepa::metrics`: counts and times of requests, and of your own, for Prometheus |
//! | `multipart` | no | `cepa::multipart`: uploads, streamed or into a struct with files |
//! | `orm` | no | `cepa::orm`: models, transactions per request and migrations by SeaORM; needs one of the next three, each of which includes it |
//! | `orm-sqlite` | no | SQLite for `orm`, embedded in the program |
//! | `orm-postgres` | no | PostgreSQL for `orm` |
//! | `orm-mysql` | no | MariaDB and MySQL for `orm` |
//! | `rate-limit` | no | `cepa::rate_limit`: limits requests per client over time |
//! | `sessions` | no | `cepa::sessions`: values kept for a client between its requests |
//! | `sessions-orm` | no | sessions kept in the database of `orm` |
//! | `sessions-redis` | no | sessions kept in Redis |
//! | `sessions-templates` | no | `csrf_token` and `csrf_field` in templates |
//! | `templates` | no | `cepa::templates`: pages from templates that are checked when the app is built |
//! | `tower` | no | `cepa::tower`: layers and services of `tower` in an app, an app as a service |
//! | `ws` | no | `cepa::ws`: WebSockets on HTTP/1.1 and HTTP/2, and rooms of them |

mod app;
mod blocking;
mod body;
mod chain;
mod error;
mod exchange;
mod explain;
mod ext;
mod extract;
mod foreign;
mod handler;
pub mod log;
mod middleware;
mod mode;
mod names;
mod negotiate;
mod preflight;
mod request;
mod respond;
mod response;
mod router;
mod secrets;
mod server;
mod service;
pub mod testing;

pub use bytes::Bytes;
pub use http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
pub use serde_json::{Value, json};

#[cfg(test)]
use testing::random;

pub use app::{App, Contributions, Extension, Fallible, StepInfo};
pub use blocking::blocking;
pub use body::{Body, BodyError};
pub use error::{
    BoxError, Error, ErrorContext, ErrorFormat, ErrorRenderer, Excerpt, FieldError, FieldErrors,
    OrError, Result,
};
pub use exchange::{Answering, RequestRest, ResponseRest};
pub use explain::{ExplainedStep, Explanation, StepKind, Verdict};
#[cfg(feature = "auth")]
pub use ext::auth;
#[cfg(feature = "compression")]
pub use ext::compression;
#[cfg(feature = "cookies")]
pub use ext::cookies;
#[cfg(feature = "files")]
pub use ext::files;
#[cfg(feature = "flash")]
pub use ext::flash;
#[cfg(feature = "health")]
pub use ext::health;
#[cfg(feature = "jwt")]
pub use ext::jwt;
#[cfg(feature = "metrics")]
pub use ext::metrics;
#[cfg(feature = "multipart")]
pub use ext::multipart;
#[cfg(any(
    feature = "orm-mysql",
    feature = "orm-postgres",
    feature = "orm-sqlite"
))]
pub use ext::orm;
#[cfg(feature = "rate-limit")]
pub use ext::rate_limit;
#[cfg(feature = "sessions")]
pub use ext::sessions;
#[cfg(feature = "templates")]
pub use ext::templates;
#[cfg(feature = "tower")]
pub use ext::tower;
#[cfg(feature = "ws")]
pub use ext::ws;
pub use extract::{
    ClientAddr, Conditions, Form, FromRequest, Header, Host, LastEventId, Links, Local,
    OptionalFromRequest, Path, Precondition, Query, State, TypedHeader,
};
pub use handler::{Endpoint, Handler, IntoEndpoint};
pub use middleware::{AnyMiddleware, IntoMiddleware, Logger, Middleware, Next, Provide, provide};
pub use middleware::{
    BodyLimit, Concurrency, Conditional, Cors, CrossOrigin, Csp, CspNonce, HostGuard,
    MethodOverride, NormalizePath, RequestId, Secure, SecureHeaders, ServerTiming, Timeout,
    TimeoutError, Timings,
};
pub use mode::Mode;
pub use negotiate::{Accept, AcceptEncoding};
pub use preflight::{BuildError, Need, Problem, Provided};
pub use request::{Afterwards, Request};
pub use respond::{
    CacheControl, Download, ETag, Escaped, Event, EventSender, Html, IntoEvent, IntoResponse, Json,
    Ndjson, Redirect, ResponsePart, Sse, Stream, Validators,
};
pub use response::{Outcome, Response};
pub use router::{Link, Mismatch, NearRoute, Route, RouteTable, TrailingSlash};
pub use server::{BoundServer, RunError, Server, StopHandle, Stopping, Upgrade, Upgraded};
#[cfg(feature = "tls")]
pub use server::{Tls, TlsError};
pub use service::AppService;

/// Types that only the compiler deals in, to tell functions apart by their arguments. No promise is
/// made of them.
#[doc(hidden)]
pub mod plumbing {
    pub use crate::extract::{Extract, Head, HeadOnly, LastArgument, OneBody, Slot};
    pub use crate::handler::Known;
    pub use crate::middleware::{IsFunction, IsOption, IsType, MiddlewareLike};
    pub use crate::router::{ByHandler, ByName};
}

/// What most programs need, by one `use`.
pub mod prelude {
    pub use crate::{
        App, Body, Bytes, ClientAddr, Error, ErrorContext, Extension, Form, FromRequest, Handler,
        Header, HeaderMap, Host, Html, IntoResponse, Json, Links, Local, Logger, Method,
        Middleware, Next, OrError, Path, Query, Redirect, Request, Response, Result, RunError,
        State, StatusCode, Stopping, TypedHeader, Value, json, provide,
    };
}

/// The README and the pages of `docs/`, whose code is compiled and run as doctests; each with the
/// features that its blocks need.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[cfg(all(feature = "auth", feature = "jwt", feature = "templates"))]
    #[doc = include_str!("../docs/auth.md")]
    mod auth {}
    #[cfg(feature = "orm-sqlite")]
    #[doc = include_str!("../docs/databases.md")]
    mod databases {}
    #[cfg(all(feature = "health", feature = "metrics", feature = "tls"))]
    #[doc = include_str!("../docs/deployment.md")]
    mod deployment {}
    #[doc = include_str!("../docs/errors.md")]
    mod errors {}
    #[doc = include_str!("../docs/extensions.md")]
    mod extensions {}
    #[doc = include_str!("../docs/from-axum.md")]
    mod from_axum {}
    #[doc = include_str!("../docs/from-express.md")]
    mod from_express {}
    #[doc = include_str!("../docs/from-flask.md")]
    mod from_flask {}
    #[doc = include_str!("../docs/handlers.md")]
    mod handlers {}
    #[doc = include_str!("../docs/middleware.md")]
    mod middleware {}
    #[cfg(feature = "full")]
    #[doc = include_str!("../docs/recipes.md")]
    mod recipes {}
    #[doc = include_str!("../docs/routing.md")]
    mod routing {}
    #[cfg(feature = "sessions")]
    #[doc = include_str!("../docs/sessions.md")]
    mod sessions {}
    #[doc = include_str!("../docs/streaming.md")]
    mod streaming {}
    #[doc = include_str!("../docs/structure.md")]
    mod structure {}
    #[cfg(feature = "sessions")]
    #[doc = include_str!("../docs/testing.md")]
    mod testing {}
    #[cfg(feature = "ws")]
    #[doc = include_str!("../docs/websockets.md")]
    mod websockets {}
}
