//! `LastEventId`: which event a client saw last before its connection was lost.

use super::{FromRequest, OptionalFromRequest};
use crate::error::{OrError, Result};
use crate::request::Request;

/// The id that a client of [`Sse`](crate::Sse) saw last: what a browser sends in `Last-Event-ID`
/// when it connects again (HTML, 9.2.3).
///
/// As `Option<LastEventId>` it may be missing or empty, as it is with the first connection; without
/// `Option` that is a 400, as is one that is not UTF-8. It is a text that the client chose: what it
/// leads to is checked like any other parameter.
///
/// ```
/// use cepa::{Event, LastEventId, Sse, prelude::*};
///
/// async fn log(last: Option<LastEventId>) -> Result<Sse> {
///     let from: u64 = last.and_then(|id| id.0.parse().ok()).map_or(1, |last: u64| last + 1);
///     let (events, sse) = Sse::channel(10);
///     for number in from..=3 {
///         events.send(Event::data(format!("line {number}")).with_id(number)).await?;
///     }
///     Ok(sse)
/// }
///
/// let client = App::new().get("/", log).test();
/// let res = client.get("/").header("last-event-id", "2").send();
/// res.assert_text("data: line 3\nid: 3\n\n");
/// client.get("/").send().assert_contains("line 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastEventId(pub String);

impl FromRequest for LastEventId {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let id = <Self as OptionalFromRequest>::from_request(req).await?;
        id.or_bad_request("the header `last-event-id` is missing")
    }
}

impl OptionalFromRequest for LastEventId {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        let id = req.headers().get("last-event-id");
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return Ok(None);
        };
        let id = std::str::from_utf8(id.as_bytes());
        let id = id.or_bad_request("the header `last-event-id` is not UTF-8")?;
        Ok(Some(Self(id.to_owned())))
    }
}
