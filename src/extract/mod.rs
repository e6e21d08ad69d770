//! Extractors: typed values that a handler or middleware takes from the request.
//!
//! Before it: the chain reached the function. After it: the function is called with the values.

mod body;
mod conditions;
mod form;
mod head;
mod json;
mod last_event_id;
mod links;
mod local;
mod option;
mod path;
mod query;
mod state;
mod tuple;

mod authority;
mod forwarded;
mod forwarded_proto;
mod json_path;
mod proxies;
mod wording;

use std::future::Future;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

pub use conditions::{Conditions, Precondition};
pub use form::Form;
pub use head::{ClientAddr, Header, Host, TypedHeader};
pub use last_event_id::LastEventId;
pub use links::Links;
pub use local::Local;
pub use option::OptionalFromRequest;
pub use path::Path;
pub use query::Query;
pub use state::State;

pub(crate) use authority::{is_host, parse_host, split_host};
pub(crate) use proxies::TrustedProxies;
pub use tuple::{Extract, HeadOnly, LastArgument, OneBody, Slot};
pub(crate) use wording::{in_words, kind_in_words};

use crate::error::Result;
use crate::preflight::Need;
use crate::request::Request;

/// Says of an extractor that it leaves the body alone. The default of [`FromRequest`].
#[derive(Debug)]
pub struct Head;

/// A value made from the request; an argument of handlers and middleware.
///
/// `Reads` is [`Head`] for extractors that look at the head only, and [`Body`](crate::Body) for
/// those that read the body, of which a handler takes one at most.
///
/// ```
/// use cepa::prelude::*;
///
/// struct ApiKey(String);
///
/// impl FromRequest for ApiKey {
///     async fn from_request(req: &mut Request) -> Result<Self> {
///         let key = req.header("x-api-key").or_unauthorized("send your key in `X-Api-Key`")?;
///         Ok(ApiKey(key.to_owned()))
///     }
/// }
///
/// let client = App::new().get("/", async |ApiKey(key): ApiKey| key).test();
/// client.get("/").header("x-api-key", "k1").send().assert_text("k1");
/// client.get("/").send().assert_status(401);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extractor",
    label = "not an extractor",
    note = "handlers and middleware take extractors: `Path<T>`, `Query<T>`, `Json<T>`, `State<T>`, \
            ..; implement `cepa::FromRequest` for a type of your own"
)]
pub trait FromRequest<Reads = Head>: Sized + Send + 'static {
    /// Makes the value, or says with an error why it cannot.
    fn from_request(req: &mut Request) -> impl Future<Output = Result<Self>> + Send;

    /// What must be there for this extractor to work; checked by
    /// [`App::build`](crate::App::build). Default: nothing.
    fn requires() -> Vec<Need> {
        Vec::new()
    }
}

/// The media type of the body (RFC 9110, 8.3.1), without parameters; empty if none is given.
fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or("").split(';').next();
    media_type.unwrap_or("").trim()
}
