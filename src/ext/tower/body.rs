//! The bodies that a layer makes of a request's body.

use std::any::TypeId;

use http_body::Body as HttpBody;
use http_body_util::{BodyExt, LengthLimitError};

use crate::{Body, BodyError, BoxError, Bytes, Error};

/// The body of a request, as a layer passes it on. The limit of the layers that know one is told
/// like our own, so that it is a 413.
pub(super) fn received<B>(body: B) -> Body
where
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    if TypeId::of::<B>() == TypeId::of::<Body>() {
        return Body::wrap(body);
    }
    Body::wrap(body.map_err(|error| {
        let error = Error::from(error.into());
        match error.downcast_ref::<LengthLimitError>() {
            Some(_) => BodyError::TooLarge.into(),
            None => error.into_boxed(),
        }
    }))
}
