//! The body as it is: a stream, all bytes, or text.

use bytes::Bytes;

use super::FromRequest;
use crate::body::Body;
use crate::error::{OrError, Result};
use crate::request::Request;

/// The body as it arrives, at most its limit (2 MiB unless set otherwise).
impl FromRequest<Self> for Body {
    async fn from_request(req: &mut Request) -> Result<Self> {
        req.take_body()
    }
}

/// The whole body. 413 if it is larger than its limit (2 MiB unless set otherwise).
impl FromRequest<Body> for Bytes {
    async fn from_request(req: &mut Request) -> Result<Self> {
        req.body_bytes().await
    }
}

/// The whole body as text. 413 as for `Bytes`; 400 if it is not UTF-8.
impl FromRequest<Body> for String {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let bytes = req.body_bytes().await?;
        Self::from_utf8(bytes.into()).or_bad_request("the body is not UTF-8 text")
    }
}
