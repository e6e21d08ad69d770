//! What the two do with a request: the one with its body, the other with its response.

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, IF_NONE_MATCH};
use http_body::Body as _;
use std::sync::Arc;

use super::coding::Coding;
use super::compressed::Compressed;
use super::config::{Compression, Decompression};
use super::decompressed::Decompressed;
use super::encoder::Encoder;
use super::rules::{Untouched, describe, restore_tag};
use crate::{
    AcceptEncoding, Body, Error, HeaderMap, HeaderValue, IntoResponse, Method, Middleware, Next,
    Request, Response, Result, StatusCode,
};

/// Up to here a body that is in memory is compressed at once: some milliseconds at the most.
const WHOLE: usize = 64 * 1024;

impl Middleware for Compression {
    async fn handle(&self, req: Request, next: Next) -> Response {
        if self.is_off {
            let mut res = next.run(req).await;
            res.extensions_mut().insert(Untouched);
            return res;
        }
        let accepts = AcceptEncoding::of(req.headers());
        let is_head = *req.method() == Method::HEAD;
        let named = req.headers().get_all(IF_NONE_MATCH).into_iter();
        let named: Vec<HeaderValue> = named.cloned().collect();
        let mut res = next.run(req).await;
        if self.is_of_whole(&res) {
            res.vary_by(ACCEPT_ENCODING);
            restore_tag(res.headers_mut(), &named);
            return res;
        }
        if !self.is_for(&res) {
            return res;
        }
        res.vary_by(ACCEPT_ENCODING);
        let Some(coding) = self.choose(&accepts) else {
            return res;
        };
        let whole = res.body().as_full().filter(|it| it.len() <= WHOLE);
        if let (Some(whole), false) = (whole, is_head) {
            let bytes = whole.clone();
            return match self.compress_whole(coding, &accepts, &bytes, &mut res) {
                Ok(()) => res,
                Err(error) => error.into_response(),
            };
        }
        self.compress_stream(coding, is_head, res)
    }

    fn problems(&self) -> Vec<String> {
        let problem = "there is no coding to compress by: name one, or use `Compression::off()`";
        let is_empty = self.codings.is_empty();
        is_empty.then(|| problem.to_owned()).into_iter().collect()
    }
}

impl Compression {
    fn choose(&self, accepts: &AcceptEncoding) -> Option<Coding> {
        let name = accepts.preferred(&self.names)?;
        let place = self.names.iter().position(|it| *it == name)?;
        self.codings.get(place).copied()
    }

    /// Compresses it while it is sent, unless too many are.
    fn compress_stream(&self, coding: Coding, is_head: bool, mut res: Response) -> Response {
        // An answer to HEAD drops its body unread, with a length that nobody knows yet.
        let permit = match is_head {
            true => None,
            false => match Arc::clone(&self.streams).try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => return res,
            },
        };
        describe(res.headers_mut(), coding);
        if !res.body().is_end_stream() {
            let body = Compressed::new(res.take_body(), coding, self.level, permit);
            res.set_body(Body::wrap(body));
        }
        res
    }

    /// Compresses all of it, unless it gets no smaller by that.
    fn compress_whole(
        &self,
        coding: Coding,
        accepts: &AcceptEncoding,
        bytes: &[u8],
        res: &mut Response,
    ) -> Result<()> {
        let mut encoder = Encoder::new(coding, self.level, Some(bytes.len()))?;
        encoder.write(bytes)?;
        let smaller = encoder.finish()?;
        if smaller.len() < bytes.len() || !accepts.allows_identity() {
            describe(res.headers_mut(), coding);
            res.set_body(smaller);
        }
        Ok(())
    }
}

impl Middleware for Decompression {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        if !req.headers().contains_key(CONTENT_ENCODING) {
            return next.run(req).await;
        }
        match coding_of(req.headers()) {
            Err(error) => return error.into_response(),
            Ok(None) => {}
            Ok(Some(coding)) => {
                req.headers_mut().remove(CONTENT_ENCODING);
                req.headers_mut().remove(CONTENT_LENGTH);
                req.map_body(|body| match body.is_end_stream() {
                    true => body,
                    false => Body::wrap(Decompressed::new(body, coding)),
                });
            }
        }
        next.run(req).await
    }
}

/// The one coding of a request's body, `identity` aside.
fn coding_of(headers: &HeaderMap) -> Result<Option<Coding>> {
    let values = headers.get_all(CONTENT_ENCODING).into_iter();
    let values = values.map(|value| value.to_str().unwrap_or("?"));
    let names = values.flat_map(|value| value.split(',')).map(str::trim);
    let mut names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
    let refuse = |why: &'static str| {
        let error = Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
        Err(error.with_header(ACCEPT_ENCODING, Coding::LIST))
    };
    match (names.next().map(Coding::named), names.next()) {
        (None, _) => Ok(None),
        (Some(Some(coding)), None) => Ok(Some(coding)),
        (Some(_), Some(_)) => refuse("the body has more than one content coding"),
        (Some(None), None) => refuse("the body's content coding is not known here"),
    }
}
