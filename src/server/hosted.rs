//! The app as a service of hyper, for programs that run hyper's connections themselves.

use std::convert::Infallible;

use bytes::Bytes;
use http_body::Body as HttpBody;

use crate::body::Body;
use crate::error::BoxError;
use crate::exchange::Answering;
use crate::service::AppService;

impl<B> hyper::service::Service<http::Request<B>> for AppService
where
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, req: http::Request<B>) -> Answering {
        self.answer_http(req)
    }
}
