//! `Json`: a value sent as JSON. As an extractor it is in `extract/json.rs`.

use serde::Serialize;

use super::{IntoResponse, with_type};
use crate::error::Error;
use crate::response::Response;

/// JSON: as a response any [`Serialize`] value, as an extractor any
/// [`DeserializeOwned`](serde::de::DeserializeOwned) one.
///
/// As an extractor it reads the body, at most its limit of 2 MiB, and asks for the content type
/// `application/json` or one that ends in `+json`:
///
/// | status | when |
/// |---|---|
/// | 400 | not JSON (RFC 8259); names line and column |
/// | 413 | more bytes than the limit |
/// | 415 | another content type, or none |
/// | 422 | JSON, but not of this shape; names the field |
///
/// As a response, a value that cannot be serialised is a 500.
///
/// ```
/// use cepa::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, Serialize)]
/// struct Point { x: i32, y: i32 }
///
/// async fn flip(Json(p): Json<Point>) -> Json<Point> {
///     Json(Point { x: p.y, y: p.x })
/// }
///
/// let client = App::new().post("/flip", flip).test();
/// client.post("/flip").json(&json!({"x": 1, "y": 2})).send().assert_json(&json!({"x": 2, "y": 1}));
/// client.post("/flip").json(&json!({"x": 1})).send().assert_status(422);
/// client.post("/flip").body("{}").send().assert_status(415);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// What [`json!`](crate::json) makes, sent as JSON.
impl IntoResponse for serde_json::Value {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// Bytes that most answers fit in; up to here an allocator hands out room at no more cost.
const ROOM: usize = 1024;

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut bytes = Vec::with_capacity(ROOM);
        match serde_json::to_writer(&mut bytes, &self.0) {
            Ok(()) => with_type(bytes, "application/json"),
            Err(error) => Error::internal("the response could not be written as JSON")
                .with_source(error)
                .into_response(),
        }
    }
}
