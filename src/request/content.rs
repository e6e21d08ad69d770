//! The body of a request: a slot that is taken once, or read and left for those inside.

use bytes::Bytes;

use super::Request;
use crate::body::Body;
use crate::error::{Error, Result};

/// Bytes that extractors read of a body unless told otherwise: 2 MiB.
const BODY_LIMIT: u64 = 2 * 1024 * 1024;

impl Request {
    /// Takes the body out, to read it as it arrives; no more bytes than its
    /// [limit](Self::set_body_limit) will come.
    ///
    /// # Errors
    /// 500 if it was taken before.
    #[track_caller]
    pub fn take_body(&mut self) -> Result<Body> {
        let limit = self.0.body_limit.unwrap_or(BODY_LIMIT);
        Ok(self.take_whole_body()?.limited(limit))
    }

    /// The body, unless it was taken before.
    pub(crate) fn body_mut(&mut self) -> &mut Option<Body> {
        &mut self.0.body
    }

    #[track_caller]
    fn take_whole_body(&mut self) -> Result<Body> {
        match self.0.body.take() {
            Some(body) => Ok(body),
            None => Err(Error::internal(
                "the request body was taken before; to look at it and leave it for others, use `req.buffer_body(limit)`",
            )),
        }
    }

    /// Replaces the body.
    pub fn set_body(&mut self, body: impl Into<Body>) {
        self.0.body = Some(body.into());
    }

    /// Puts a body made of the present one in its place, for those inside to read; their limit counts
    /// the bytes of the new one. Nothing happens where the body was taken before.
    pub fn map_body(&mut self, map: impl FnOnce(Body) -> Body) {
        let body = self.0.body.take();
        self.0.body = body.map(|body| map(body).received());
    }

    /// How many bytes of the body extractors read at most; more is a 413. Default: 2 MiB.
    pub fn set_body_limit(&mut self, bytes: u64) {
        self.0.body_limit = Some(bytes);
    }

    /// The limit that was chosen for the body: by [`set_body_limit`](Self::set_body_limit), as
    /// [`BodyLimit`](crate::BodyLimit) does, or for the whole server. `None` where nobody chose
    /// one, so that an extractor for larger bodies can have a default of its own.
    ///
    /// ```
    /// use cepa::prelude::*;
    /// use cepa::BodyLimit;
    ///
    /// async fn limit(req: Request) -> String {
    ///     format!("{:?}", req.body_limit())
    /// }
    ///
    /// let client = App::new().get("/", limit).get("/one", limit.with(BodyLimit::new(1))).test();
    /// client.get("/").send().assert_text("None");
    /// client.get("/one").send().assert_text("Some(1)");
    /// ```
    #[must_use]
    pub fn body_limit(&self) -> Option<u64> {
        self.0.body_limit
    }

    /// Reads the whole body, at most `limit` bytes, and puts it back for those inside.
    ///
    /// # Errors
    /// 413 if it is larger, 400 if it ends before it is complete.
    pub async fn buffer_body(&mut self, limit: u64) -> Result<Bytes> {
        let bytes = self.take_whole_body()?.collect(limit).await?;
        self.0.body = Some(bytes.clone().into());
        Ok(bytes)
    }

    pub(crate) async fn body_bytes(&mut self) -> Result<Bytes> {
        let limit = self.0.body_limit.unwrap_or(BODY_LIMIT);
        Ok(self.take_body()?.collect(limit).await?)
    }
}
