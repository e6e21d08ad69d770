//! `Path`: the parameters of the matched route.

use serde::de::DeserializeOwned;

use super::FromRequest;
use crate::error::{Error, Result};
use crate::preflight::Need;
use crate::request::Request;
use crate::router::from_params;

/// The route's parameters, percent-decoded once: one value, a tuple in the order of the route, or
/// a struct or map by name. Parameters of the host and of mount prefixes come first.
///
/// A value that does not parse is a 400 that names the parameter, in its sentence and among the
/// fields of the error; so is one that is not UTF-8.
/// A type that does not fit the route is found by [`App::build`](crate::App::build).
///
/// ```
/// use cepa::prelude::*;
///
/// let client = App::new()
///     .get("/users/{id}", async |Path(id): Path<u64>| format!("{id}"))
///     .get("/{year}/{slug}", async |Path((year, slug)): Path<(u16, String)>| format!("{year}: {slug}"))
///     .test();
/// client.get("/users/7").send().assert_text("7");
/// client.get("/users/seven").send().assert_status(400);
/// client.get("/2026/a%2Fb").send().assert_text("2026: a/b");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> FromRequest for Path<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        match from_params(req.params()) {
            Ok(value) => Ok(Self(value)),
            Err(error) if error.is_client_fault() => {
                let refused = Error::bad_request(error.to_string());
                Err(match error.field() {
                    Some((name, reason)) => refused.with_field(name, reason),
                    None => refused,
                })
            }
            Err(error) => Err(Error::internal(error.to_string())),
        }
    }

    fn requires() -> Vec<Need> {
        vec![Need::path::<T>()]
    }
}
