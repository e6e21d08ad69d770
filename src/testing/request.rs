//! A request of the test client, built step by step.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use http::header::{CONTENT_TYPE, COOKIE, HOST, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde::Serialize;

use super::{TestClient, TestResponse};
use crate::body::Body;
use crate::response::Response;
use crate::server::{Offer, Upgraded};

/// A request on its way to the app; [`send`](Self::send) it, or `.await` it.
///
/// What cannot be sent, such as a header value with a line break, panics at the line that says it.
#[must_use = "nothing is asked until `.send()`, or `.await` in async tests"]
pub struct TestRequest<'a> {
    client: &'a TestClient,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
    offer: Option<Offer>,
}

impl<'a> TestRequest<'a> {
    #[track_caller]
    pub(super) fn new(client: &'a TestClient, method: Method, path: &str) -> Self {
        let uri = match path.parse::<Uri>() {
            Ok(uri) => uri,
            Err(error) => panic!("`{path}` is no path of a request: {error}"),
        };
        let mut headers = client.headers.clone();
        if uri.authority().is_some() || !headers.contains_key(HOST) {
            let host = uri.authority().map_or("localhost", |host| host.as_str());
            let host = HeaderValue::from_str(host).expect("a host in a URI is visible ASCII");
            headers.insert(HOST, host);
        }
        Self {
            client,
            method,
            uri,
            headers,
            body: Body::empty(),
            offer: None,
        }
    }

    /// Sets a header. A `cookie` header is sent in place of the cookies that are kept.
    #[track_caller]
    pub fn header<V: TryInto<HeaderValue>>(mut self, name: &str, value: V) -> Self {
        let (name, value) = header(name, value);
        self.headers.insert(name, value);
        self
    }

    /// Adds a struct or pairs to the query of the path, percent-encoded.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let client = App::new().get("/", async |req: Request| req.query().to_owned()).test();
    /// client.get("/?a=1").query(&[("q", "red onions")]).send().assert_text("a=1&q=red+onions");
    /// ```
    ///
    /// # Panics
    /// If the value cannot be written as a query.
    #[track_caller]
    pub fn query<T: Serialize + ?Sized>(mut self, pairs: &T) -> Self {
        let added = match serde_html_form::to_string(pairs) {
            Ok(added) => added,
            Err(error) => panic!("the value cannot be written as a query: {error}"),
        };
        let mut parts = self.uri.into_parts();
        let target = parts.path_and_query.as_ref();
        let path = target.map_or("/", |target| target.path());
        let target = match target.and_then(|target| target.query()) {
            Some(query) if added.is_empty() => format!("{path}?{query}"),
            None | Some("") if !added.is_empty() => format!("{path}?{added}"),
            Some(query) => format!("{path}?{query}&{added}"),
            None => path.to_owned(),
        };
        let target = target.parse().expect("what is encoded is no other URI");
        parts.path_and_query = Some(target);
        self.uri = Uri::from_parts(parts).expect("the other parts are as they were");
        self
    }

    /// Sends a cookie from here on, also with later requests.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.client.jar().set(name, value);
        self
    }

    /// Sends a value as JSON, with its content type.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body = bytes.into(),
            Err(error) => panic!("the value cannot be written as JSON: {error}"),
        }
        self.header(CONTENT_TYPE.as_str(), "application/json")
    }

    /// Sends a struct or pairs as an HTML form, with its content type.
    #[track_caller]
    pub fn form<T: Serialize + ?Sized>(mut self, fields: &T) -> Self {
        match serde_html_form::to_string(fields) {
            Ok(text) => self.body = text.into(),
            Err(error) => panic!("the value cannot be written as a form: {error}"),
        }
        self.header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")
    }

    /// Sends these bytes, or the stream made by [`Body::from_stream`].
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the request and waits for the whole answer, in a plain `#[test]`.
    ///
    /// # Panics
    /// If the app has problems, the response body breaks off, or a runtime is running (write
    /// `.await` there).
    #[track_caller]
    pub fn send(self) -> TestResponse {
        self.client.service();
        self.client.block_on(self.into_future())
    }

    /// Sends the request and, where the response agrees to the protocol that an `Upgrade` header
    /// asked for, gives the client's end of the bytes; see [`Request::upgrade`].
    ///
    /// [`Request::upgrade`]: crate::Request::upgrade
    pub async fn upgrade(mut self) -> (Response, Option<Upgraded>) {
        let (offer, offered) = Offer::new();
        if self.headers.contains_key(UPGRADE) {
            self.offer = Some(offer);
        }
        let mut res = self.response().await;
        let bytes = offered.fulfil(&res);
        if bytes.is_some() {
            res.tell_sent(0);
        }
        (res, bytes)
    }

    /// Sends the request and gives the response as soon as its head is there, its body unread.
    pub async fn response(self) -> Response {
        let Self {
            client,
            method,
            uri,
            mut headers,
            body,
            offer,
        } = self;
        let service = client.service();
        if let Err(error) = service.start().await {
            panic!("a start hook failed: {error}");
        }
        if let (Some(cookies), None) = (client.jar().header(), headers.get(COOKIE)) {
            let cookies = cookies.parse().expect("kept cookies came from headers");
            headers.insert(COOKIE, cookies);
        }
        let mut req = http::Request::new(body);
        *req.method_mut() = method.clone();
        *req.uri_mut() = uri;
        *req.headers_mut() = headers;
        if let Some(offer) = offer {
            req.extensions_mut().insert(offer);
        }
        let mut res = service.answer(req).await;
        client.jar().keep(res.headers());
        res.finish(method == Method::HEAD);
        res
    }
}

/// A name and a value as HTTP allows them.
#[track_caller]
pub(super) fn header<V: TryInto<HeaderValue>>(name: &str, value: V) -> (HeaderName, HeaderValue) {
    let Ok(header) = name.parse::<HeaderName>() else {
        panic!("`{name}` is no header name")
    };
    let Ok(value) = value.try_into() else {
        panic!("the value of `{name}` is not allowed")
    };
    (header, value)
}

impl<'a> IntoFuture for TestRequest<'a> {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let asked = format!("{} {}", self.method, self.uri);
            TestResponse::read(asked, self.response().await).await
        })
    }
}

impl fmt::Debug for TestRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestRequest({} {})", self.method, self.uri)
    }
}
