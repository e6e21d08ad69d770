//! `State`: a value of the app, by type.

use super::FromRequest;
use crate::error::{Error, Result};
use crate::preflight::Need;
use crate::request::Request;

/// A clone of the value that [`App::state`](crate::App::state) keeps for this type: of the
/// handler's own app, otherwise of the app around it.
///
/// That it is there is checked by [`App::build`](crate::App::build).
///
/// ```
/// use cepa::prelude::*;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Clone, Default)]
/// struct Hits(Arc<AtomicU64>);
///
/// async fn hit(State(hits): State<Hits>) -> String {
///     format!("{}", hits.0.fetch_add(1, Ordering::Relaxed) + 1)
/// }
///
/// let client = App::new().state(Hits::default()).get("/", hit).test();
/// client.get("/").send().assert_text("1");
/// client.get("/").send().assert_text("2");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct State<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequest for State<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        match req.state::<T>() {
            Some(value) => Ok(Self(value.clone())),
            None => Err(Error::internal(format!(
                "no state of type `{}`: add it with `.state(..)`",
                std::any::type_name::<T>()
            ))),
        }
    }

    fn requires() -> Vec<Need> {
        vec![Need::state::<T>()]
    }
}
