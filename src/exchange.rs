//! Requests and responses as the types of the `http` crate, and back, with nothing lost between.
//!
//! Before it: a chain whose next step knows those types only, such as a `tower` layer, or a server
//! of someone else that asks the service. After it: the rest of the chain, or that server.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Method;
use http::uri::PathAndQuery;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};
use crate::chain::BoxFuture;
use crate::error::BoxError;
use crate::request::Request;
use crate::response::{Beside, EndHooks, Response};
use crate::service::AppService;

/// What a [`Request`] has beside an `http::Request`: the matched route and its parameters, the
/// scope with its state, the connection, the id.
#[derive(Debug)]
#[must_use = "without it, the request cannot be put together again"]
pub struct RequestRest {
    /// Without its head and body.
    req: Request,
    /// The one that was matched, if parameters lie in it.
    target: Option<PathAndQuery>,
    /// The body had been taken before.
    bodiless: bool,
}

/// What a [`Response`] has beside an `http::Response`: the error it answers for, and the hooks of
/// [`Response::on_end`]. They are told of a cancellation if this is dropped.
#[derive(Debug)]
pub struct ResponseRest(Beside);

impl Request {
    /// The part of the path that is the prefix of the running middleware's or handler's app, as
    /// sent: `/shop` in an app that is mounted at `/{name}`, empty in the outermost one.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn rest(req: Request) -> String {
    ///     let prefix = req.mounted_at();
    ///     format!("{prefix} and {}", &req.path()[prefix.len()..])
    /// }
    ///
    /// let app = App::new().mount("/{tenant}/files", App::new().fallback(rest));
    /// app.test().get("/acme/files/a/b").send().assert_text("/acme/files and /a/b");
    /// ```
    #[must_use]
    pub fn mounted_at(&self) -> &str {
        let depth = self.view().core.scopes[self.scope()].depth;
        if depth == 0 {
            return "";
        }
        let path = self.path();
        let end = path.match_indices('/').nth(depth);
        &path[..end.map_or(path.len(), |(at, _)| at)]
    }

    /// The request as a type of the `http` crate, for code that knows no other, and what that type
    /// has no place for.
    ///
    /// Values kept with the request are its extensions; the peer's [`SocketAddr`] is added to them.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn turned(req: Request, next: Next) -> Response {
    ///     let (http, rest) = req.into_http();
    ///     next.run(Request::from_http(http, rest)).await
    /// }
    ///
    /// let show = async |Path(id): Path<u64>| id.to_string();
    /// let app = App::new().with(turned).get("/users/{id}", show);
    /// app.test().get("/users/7").send().assert_text("7");
    /// ```
    #[inline]
    pub fn into_http(mut self) -> (http::Request<Body>, RequestRest) {
        let peer = self.peer_addr();
        let has_params = self.params().len() > 0;
        let body = self.body_mut().take();
        let bodiless = body.is_none();
        let mut req = http::Request::new(body.unwrap_or_default());
        self.swap_head(&mut req);
        self.keep_copy(req.extensions());
        if let (Some(peer), None) = (peer, req.extensions().get::<SocketAddr>()) {
            req.extensions_mut().insert(peer);
        }
        let target = req.uri().path_and_query().filter(|_| has_params);
        let rest = RequestRest {
            target: target.cloned(),
            req: self,
            bodiless,
        };
        (req, rest)
    }

    /// The request put together again. Where the URI is another one now, path parameters stay those
    /// of the path that matched.
    #[inline]
    pub fn from_http<B: Into<Body>>(mut from: http::Request<B>, rest: RequestRest) -> Self {
        let mut req = rest.req;
        let text = |target: &PathAndQuery| (target.as_str().as_ptr(), target.as_str().len());
        if let Some(target) = rest.target
            && from.uri().path_and_query().map(text) != Some(text(&target))
        {
            req.keep_matched(Some(target));
        }
        req.swap_head(&mut from);
        let body = from.into_body().into();
        if !(rest.bodiless && body.is_end_stream()) {
            *req.body_mut() = Some(body.received());
        }
        req
    }
}

impl Response {
    /// The response as a type of the `http` crate, and what that type has no place for, if there
    /// is something.
    ///
    /// To let the body call the hooks of [`on_end`](Self::on_end) by itself, as a server that is
    /// not ours needs it, convert by `http::Response::from(res)`.
    pub fn into_http(mut self) -> (http::Response<Body>, Option<ResponseRest>) {
        let rest = self.take_beside().map(ResponseRest);
        let (head, body, _) = self.into_sent();
        (http::Response::from_parts(head, body), rest)
    }

    /// The response put together again.
    pub fn from_http<B: Into<Body>>(res: http::Response<B>, rest: Option<ResponseRest>) -> Self {
        let mut res = Self::from(res);
        if let Some(ResponseRest(beside)) = rest {
            res.put_beside(beside);
        }
        res
    }
}

/// For servers that are not ours: the body calls the hooks of [`Response::on_end`].
impl From<Response> for http::Response<Body> {
    fn from(res: Response) -> Self {
        let (head, body, end) = res.into_sent();
        let body = match end {
            None => body,
            Some(end) => Body::wrap(Told { body, end }),
        };
        Self::from_parts(head, body)
    }
}

/// A body that tells the end hooks what becomes of it.
struct Told {
    body: Body,
    end: Box<EndHooks>,
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            None => self.end.sent(),
            Some(Err(_)) => self.end.failed(),
            Some(Ok(frame)) => self.end.count(frame.data_ref().map_or(0, Bytes::len)),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whoever sends a body need not ask again once it says that it is at its end.
impl Drop for Told {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            self.end.sent();
        }
    }
}

/// A response in the making, as services of `tower` and `hyper` return it.
#[must_use = "nothing is answered unless it is awaited"]
pub struct Answering {
    answer: BoxFuture<'static, Response>,
    head: bool,
}

impl AppService {
    /// Answers one request of a server that is not ours, whatever its type of body. What this
    /// returns is what the service does as a service of `hyper`, and of `tower` (feature `tower`).
    ///
    /// That server has to hold what ours holds: limits and timeouts of heads, connections and
    /// writing, one valid `Host`. The peer's address is that of
    /// [`for_connection`](Self::for_connection), or a [`SocketAddr`] among the extensions. Start
    /// and stop hooks run by [`start`](Self::start) and [`stop`](Self::stop).
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = App::new().get("/", async || "hello").build()?;
    /// let req = cepa::http::Request::new(Body::empty());
    /// let res = service.answer_http(req).await?;
    /// assert_eq!(res.into_body().collect(100).await?, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer_http<B>(&self, req: http::Request<B>) -> Answering
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
        B::Data: Into<Bytes>,
    {
        Answering {
            head: *req.method() == Method::HEAD,
            answer: Box::pin(self.answer(req.map(Body::wrap))),
        }
    }
}

impl Future for Answering {
    type Output = Result<http::Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut res = ready!(self.answer.as_mut().poll(cx));
        res.finish(self.head);
        Poll::Ready(Ok(res.into()))
    }
}

impl std::fmt::Debug for Answering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}
