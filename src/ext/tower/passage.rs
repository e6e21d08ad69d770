//! What travels through a layer beside the request and the response, among their extensions.
//!
//! Extensions have to be `Clone`, and a layer may copy them; what they hold is for one taker only,
//! so it lies in a slot that all copies share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Extensions;
use http_body::Body as HttpBody;

use super::body::received;
use crate::{Body, BoxError, Bytes, Next, Request, RequestRest, Response, ResponseRest};

/// A slot that its copies share.
#[derive(Debug)]
struct Slot<T>(Arc<Mutex<Option<T>>>);

impl<T> Slot<T> {
    fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(Some(value))))
    }

    fn content(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The rest of a request and of its chain, for the inside of one layer.
struct Inward {
    layer: u64,
    rest: RequestRest,
    next: Next,
}

/// Why there is nothing to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The layer left out the extensions of the request.
    Dropped,
    /// It was taken by another call.
    Taken,
}

/// Gives a request away to the layer of this number.
#[inline]
pub(super) fn give(req: Request, next: Next, layer: u64) -> http::Request<Body> {
    let (mut req, rest) = req.into_http();
    let inward = Inward { layer, rest, next };
    refill(req.extensions_mut(), inward);
    req
}

/// Takes the slot of an earlier layer again, if there is one, and it has been emptied.
fn refill(extensions: &mut Extensions, inward: Inward) {
    let inward = match extensions.get::<Slot<Inward>>() {
        None => inward,
        Some(slot) => {
            let mut content = slot.content();
            if content.is_none() {
                *content = Some(inward);
                return;
            }
            inward
        }
    };
    extensions.insert(Slot::new(inward));
}

/// Takes back a request that was given to the layer of this number.
#[inline]
pub(super) fn take<B>(req: http::Request<B>, layer: u64) -> Result<(Request, Next), Missing>
where
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    let slot = req.extensions().get::<Slot<Inward>>();
    let inward = slot.ok_or(Missing::Dropped)?.content();
    // A copy that was kept may meet what a layer further in has put there.
    let inward = { inward }.take_if(|inward| inward.layer == layer);
    let Inward { rest, next, .. } = inward.ok_or(Missing::Taken)?;
    let (head, body) = req.into_parts();
    let req = http::Request::from_parts(head, received(body));
    Ok((Request::from_http(req, rest), next))
}

/// Gives a response away to a layer; one without an error and hooks is given as it is.
pub(super) fn give_back(res: Response) -> http::Response<Body> {
    let (mut res, rest) = res.into_http();
    if let Some(rest) = rest {
        res.extensions_mut().insert(Slot::new(rest));
    }
    res
}

/// Takes a response from a layer.
pub(super) fn take_back(mut res: http::Response<Body>) -> Response {
    let slot = res.extensions_mut().remove::<Slot<ResponseRest>>();
    let rest = slot.and_then(|slot| slot.content().take());
    Response::from_http(res, rest)
}
