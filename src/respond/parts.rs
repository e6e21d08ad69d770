//! Tuples: a status and headers in front of a value.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::IntoResponse;
use crate::preflight::Need;
use crate::response::Response;

/// What can stand before the value in a tuple: a status, headers, or a type of an extension.
///
/// Parts are applied from left to right. Where the value is an error, its status stays. Without a
/// value, the last of them is it: `(StatusCode::FOUND, [("location", "/new")])` has no body.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn create() -> impl IntoResponse {
///     (StatusCode::CREATED, [("location", "/items/1")], "made")
/// }
///
/// let res = App::new().post("/items", create).test().post("/items").send();
/// res.assert_status(201).assert_header("location", "/items/1").assert_text("made");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand before the value of a response tuple",
    label = "neither a status nor headers, and not the last value",
    note = "a tuple is `(status, headers, value)`: a `StatusCode`, then headers as \
            `[(\"name\", value), ..]` or a `HeaderMap`, and the body last"
)]
pub trait ResponsePart {
    /// Changes the response made from the value.
    fn apply(self, res: &mut Response);
}

impl ResponsePart for StatusCode {
    fn apply(self, res: &mut Response) {
        if res.error().is_none() {
            res.set_status(self);
        }
    }
}

/// Each header replaces what the value set for its name.
impl ResponsePart for HeaderMap {
    fn apply(self, res: &mut Response) {
        for name in self.keys() {
            res.headers_mut().remove(name);
        }
        res.headers_mut().extend(self);
    }
}

/// Each header replaces what was set for its name; for several of one name, use a `HeaderMap`.
impl<N, V, const COUNT: usize> ResponsePart for [(N, V); COUNT]
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    #[track_caller]
    fn apply(self, res: &mut Response) {
        for (name, value) in self {
            res.set_header(name, value);
        }
    }
}

/// 200 without a body, with these headers; behind a status, with that one.
impl IntoResponse for HeaderMap {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// 200 without a body, with these headers; behind a status, with that one.
impl<N, V, const COUNT: usize> IntoResponse for [(N, V); COUNT]
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

macro_rules! tuple_response {
    ($($part:ident)*) => {
        #[allow(non_snake_case, reason = "the type parameters name the values too")]
        impl<$($part: ResponsePart,)* T: IntoResponse> IntoResponse for ($($part,)* T,) {
            fn into_response(self) -> Response {
                let ($($part,)* value,) = self;
                let mut res = value.into_response();
                $($part.apply(&mut res);)*
                res
            }

            fn needs() -> Vec<Need> {
                T::needs()
            }
        }
    };
}

tuple_response!(P1);
tuple_response!(P1 P2);
tuple_response!(P1 P2 P3);
tuple_response!(P1 P2 P3 P4);
