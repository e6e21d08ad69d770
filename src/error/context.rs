//! What those who answer for an error, or watch errors, are told beside it.
//!
//! Before it: a step failed, and `watch` has noted what is needed of the request. After it: the
//! renderer and the observers of the scope.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use http::Method;

use super::ErrorFormat;
use crate::router::Route;
use crate::service::Core;

/// What an error renderer and error observers know of the request, and of the app it failed in.
///
/// The path, the query and local values are not here: the step that failed had the request, and used
/// it up. A middleware around can put what it keeps of them into the page.
///
/// ```
/// use cepa::prelude::*;
///
/// #[derive(Clone)]
/// struct Shop(&'static str);
///
/// async fn page(error: &Error, context: &ErrorContext) -> Html<String> {
///     let shop = context.state::<Shop>().map_or("", |shop| shop.0);
///     Html(format!("<h1>{shop}</h1>{}", error.status()))
/// }
///
/// let app = App::new().state(Shop("Onions")).on_error(page);
/// app.test().get("/").send().assert_status(404).assert_text("<h1>Onions</h1>404 Not Found");
/// ```
#[derive(Clone, Debug)]
pub struct ErrorContext {
    pub(super) format: ErrorFormat,
    pub(super) method: Method,
    pub(super) route: Option<Arc<Route>>,
    pub(super) request_id: Option<Arc<str>>,
    pub(super) place: Option<Place>,
}

impl ErrorContext {
    /// The form the client prefers.
    #[must_use]
    pub fn format(&self) -> ErrorFormat {
        self.format
    }

    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The matched route; `None` where there is none, as in a 404.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.route.as_deref()
    }

    /// The request's id, where a middleware gave it one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The state of this type in the app whose renderer or observer is asked, or in one around it:
    /// templates, a counter. `None` where there is none.
    #[must_use]
    pub fn state<T: Any>(&self) -> Option<&T> {
        let Place { core, scope } = self.place.as_ref()?;
        core.scopes[*scope].states.find()
    }
}

/// The scope that an error is answered in.
#[derive(Clone)]
pub(super) struct Place {
    core: Arc<Core>,
    scope: usize,
}

impl Place {
    pub(super) fn new(core: &Arc<Core>, scope: usize) -> Self {
        let core = Arc::clone(core);
        Self { core, scope }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.scope).finish()
    }
}
