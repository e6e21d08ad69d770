//! `MethodOverride`: a POST that stands for PUT, PATCH or DELETE, for clients that cannot send them.

use super::{Middleware, Next};
use crate::{Error, Method, Need, Request, Response};

/// Takes the method of a POST from its header `X-HTTP-Method-Override`, and if told so from
/// `_method` in its query, before the route is matched.
///
/// The value is `PUT`, `PATCH` or `DELETE`, in any case of letters; any other is a 400. Without it,
/// and for requests other than POST, nothing happens: a GET never becomes something that changes.
/// The header counts before the query, and both stay where they are.
///
/// A field `_method` in the form is not looked at, since the body would have to be read before the
/// route, with its limit and its rights, is known. HTML forms have it in their address:
///
/// ```html
/// <form method="post" action="/notes/1?_method=DELETE">
/// ```
///
/// Other sites can send such a form, as they can any POST: where cookies say who someone is, add
/// [`CrossOrigin`](crate::CrossOrigin).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::MethodOverride;
///
/// let client = App::new()
///     .before_routing(MethodOverride::new().with_query())
///     .delete("/notes/{id}", async |Path(id): Path<u64>| format!("deleted {id}"))
///     .test();
/// client.post("/notes/1?_method=DELETE").send().assert_text("deleted 1");
/// client.post("/notes/1").header("x-http-method-override", "delete").send().assert_status(200);
/// client.get("/notes/1?_method=DELETE").send().assert_status(405);
/// ```
///
/// # Errors
/// In [`with`](crate::App::with), where the route is matched already, it is a problem that
/// [`App::build`](crate::App::build) reports.
#[derive(Clone, Copy, Debug, Default)]
pub struct MethodOverride {
    query: bool,
}

const HEADER: &str = "x-http-method-override";

impl MethodOverride {
    /// Goes by the header alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes by `_method` in the query too.
    #[must_use]
    pub fn with_query(mut self) -> Self {
        self.query = true;
        self
    }

    /// What the request says its method is.
    fn said<'a>(&self, req: &'a Request) -> Option<&'a [u8]> {
        if let Some(header) = req.headers().get(HEADER) {
            return Some(header.as_bytes());
        }
        let mut fields = req.query().split('&').filter(|_| self.query);
        fields.find_map(|field| Some(field.strip_prefix("_method=")?.as_bytes()))
    }
}

impl Middleware for MethodOverride {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        if *req.method() == Method::POST
            && let Some(said) = self.said(&req)
        {
            let methods = [Method::PUT, Method::PATCH, Method::DELETE];
            let is_said = |method: &Method| method.as_str().as_bytes().eq_ignore_ascii_case(said);
            let Some(method) = methods.into_iter().find(is_said) else {
                let message = "the method in place of POST can be PUT, PATCH or DELETE";
                return next.answer(req, Error::bad_request(message)).await;
            };
            req.set_method(method);
        }
        next.run(req).await
    }

    fn requires(&self) -> Vec<Need> {
        vec![Need::before_routing()]
    }
}
