//! The request on its way in: the head, the body slot, what was matched, and values of middleware.
//!
//! It is one heap object passed by pointer, made when the head arrived and used up by the handler.

mod afterwards;
mod content;
mod line;

pub use afterwards::Afterwards;
use afterwards::Left;
pub(crate) use line::{decode, written_origin};

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::request::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{Extensions, HeaderMap, HeaderValue, header};

use crate::body::Body;
use crate::error::{Result, Watch, note_for_developers};
use crate::explain::StepKind;
use crate::extract::{FromRequest, TrustedProxies};
use crate::mode::Mode;
use crate::response::Response;
use crate::router::{Answer, Link, Params, Place, Route, RouteTable};
use crate::server::{Lifecycle, Stopping};
use crate::service::{Channel, View};

/// A request, as middleware and handlers see it.
///
/// It cannot be made from nothing: the server and the test client make them.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn signed(mut req: Request, next: Next) -> Result<Response> {
///     let name = req.header("x-user").or_forbidden("say who you are")?.to_owned();
///     req.insert(name);
///     Ok(next.run(req).await)
/// }
///
/// async fn show(req: Request) -> String {
///     let name = req.local::<String>().map_or("", String::as_str);
///     let route = req.route().map_or("", |route| route.path());
///     format!("{name}: {} {} by {route}", req.method(), req.path())
/// }
///
/// let client = App::new().with(signed).get("/notes/{id}", show).test();
/// let res = client.get("/notes/7").header("x-user", "ada").send();
/// res.assert_text("ada: GET /notes/7 by /notes/{id}");
/// client.get("/notes/7").send().assert_status(403);
/// ```
pub struct Request(Box<Inner>);

struct Inner {
    head: Parts,
    body: Option<Body>,
    /// What was said of it; extractors have a default.
    body_limit: Option<u64>,
    view: Arc<View>,
    watch: Watch,
    scope: usize,
    /// The step to run next.
    step: u32,
    place: Place,
    /// The path as it was matched, once the URI was changed after the match.
    matched: Option<PathAndQuery>,
    /// Its host is one of a list.
    is_host_known: bool,
    /// Where it leaves its values, if somebody asks for them afterwards.
    left: Option<Left>,
}

impl Request {
    #[inline]
    pub(crate) fn new(head: Parts, body: Body, view: Arc<View>) -> Self {
        let watch = Watch::new(&head.headers, &head.method);
        let body = Some(body.received());
        let body_limit = view.body_limit;
        // The room first: what is made before an allocation that may fail is made elsewhere and
        // copied, for the sake of its cleanup.
        let room = Box::new_uninit();
        let mut req = Self(Box::write(
            room,
            Inner {
                head,
                body,
                body_limit,
                view,
                watch,
                scope: 0,
                step: 0,
                place: Place::default(),
                matched: None,
                is_host_known: false,
                left: None,
            },
        ));
        if req.0.head.uri.authority().is_some() {
            req.name_host();
        }
        if req.0.view.is_local && req.0.watch.is_for_page() {
            note_for_developers(&mut req);
        }
        req
    }

    /// HTTP/2 has the host in the URI, and the absolute form of HTTP/1.1, where it replaces
    /// another (RFC 9112, 3.2.2). Readers of the header find the same there.
    fn name_host(&mut self) {
        let Parts { uri, headers, .. } = &mut self.0.head;
        if let Some(authority) = uri.authority()
            && headers.get(header::HOST).is_none_or(|host| {
                let authority = authority.as_str().as_bytes();
                !host.as_bytes().eq_ignore_ascii_case(authority)
            })
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            headers.insert(header::HOST, host);
        }
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.head.headers
    }

    /// The first value of a header, if it is there and visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.head.headers.get(name)?.to_str().ok()
    }

    /// The address of the peer of the connection; a proxy's, if there is one in between
    /// ([`ClientAddr`](crate::ClientAddr) looks through those). `None` without a socket, unless
    /// whoever called the service left a `SocketAddr` among the extensions.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.view.peer.or_else(|| self.local().copied())
    }

    /// The address whose word about the client counts, if it is a trusted proxy's.
    pub(crate) fn nearest_addr(&self) -> IpAddr {
        let here = IpAddr::from([127, 0, 0, 1]);
        self.peer_addr().map_or(here, |peer| peer.ip())
    }

    /// Whether the client came by https: what a trusted proxy
    /// ([`App::trust_proxies`](crate::App::trust_proxies)) says by `proto` of `Forwarded` or by
    /// `X-Forwarded-Proto`, otherwise whether the connection is TLS.
    ///
    /// Fields of others are not looked at, and two of a proxy that contradict each other are
    /// no. In process, in tests and behind [`AppService::answer`](crate::AppService::answer), the URI
    /// tells: `https://localhost/`; behind another server,
    /// [`for_connection`](crate::AppService::for_connection) says it.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let app = App::new().get("/", async |req: Request| req.is_secure().to_string());
    /// let client = app.test();
    /// client.get("/").send().assert_text("false");
    /// client.get("https://localhost/").send().assert_text("true");
    /// ```
    #[must_use]
    pub fn is_secure(&self) -> bool {
        let proxies = self.proxies();
        let said = match proxies.are_none() {
            true => None,
            false => proxies.says_secure(self.nearest_addr(), &self.0.head.headers),
        };
        said.unwrap_or_else(|| match self.0.view.channel {
            Channel::InProcess => self.0.head.uri.scheme() == Some(&Scheme::HTTPS),
            Channel::Plain => false,
            Channel::Encrypted => true,
        })
    }

    /// The matched route; `None` in `before_routing` and where nothing matched.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.0.view.route(self.chain()?)
    }

    /// The route whose path this is: the matched one, or, where the answer is a 405, a preflight's
    /// or a redirect to the other last slash, the one that is behind it. For labels of metrics, and
    /// to know what a path may hold.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn label(req: Request, next: Next) -> Response {
    ///     let label = req.route_of_path().map_or("", |route| route.path()).to_owned();
    ///     next.run(req).await.with_header("x-label", label)
    /// }
    ///
    /// let client = App::new().with(label).get("/notes/{id}", async || "").test();
    /// client.post("/notes/7").send().assert_status(405).assert_header("x-label", "/notes/{id}");
    /// ```
    #[must_use]
    pub fn route_of_path(&self) -> Option<&Route> {
        let near = || self.0.view.route(self.0.place.near()?);
        self.route().or_else(near)
    }

    pub(crate) fn chain(&self) -> Option<usize> {
        self.0.place.chain()
    }

    /// Where the fallback that answers belongs to, such as that of a folder of files: the host and
    /// the prefix its app is mounted at, `/static` or `/`. `None` where a route matched, or there is
    /// no fallback.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn label(req: Request, next: Next) -> Response {
    ///     let label = req.fallback().unwrap_or("").to_owned();
    ///     next.run(req).await.with_header("x-label", label)
    /// }
    ///
    /// let files = App::new().fallback(async || "a file");
    /// let client = App::new().with(label).mount("/static", files).test();
    /// client.get("/static/a.css").send().assert_header("x-label", "/static");
    /// client.get("/a.css").send().assert_status(404).assert_header("x-label", "");
    /// ```
    #[must_use]
    pub fn fallback(&self) -> Option<&str> {
        let (core, chain) = (&self.0.view.core, self.0.place.chain()?);
        let last = core.labels.chains.get(chain)?.last()?;
        let answers = last.kind == StepKind::Handler && self.route().is_none();
        answers.then(|| &*core.labels.scopes[last.scope])
    }

    /// The value of a path or host parameter, percent-decoded; `None` if the route has none of
    /// this name or it is not UTF-8.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let params = self.params();
        params.value(params.find(name)?).ok()
    }

    pub(crate) fn params(&self) -> Params<'_> {
        let names = self
            .0
            .place
            .chain()
            .map_or(&[][..], |chain| &self.0.view.core.chains[chain].params);
        self.0.place.params(names, self.matched_path())
    }

    /// All routes of the app, those of the apps around this one included.
    #[must_use]
    pub fn routes(&self) -> &RouteTable {
        &self.0.view.core.router.routes
    }

    /// The path of a route, with values in place of its parameters.
    ///
    /// The route is named by its handler, or by the name it goes under: that of the function
    /// inside its crate, such as `"users::show"`, or what [`Handler::named`](crate::Handler::named)
    /// said. Values are percent-encoded; those that the route has no parameter for become the
    /// query. A missing parameter is an error, and so is a route that is not there or there twice.
    /// For a route of a host it begins with `//` and the host, at the port this request came to.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn show() -> &'static str { "" }
    ///
    /// async fn index(req: Request) -> Result<String> {
    ///     req.url_for(show, &[("id", &42), ("tab", &"a b")])
    /// }
    ///
    /// let app = App::new().get("/users/{id}", show).get("/", index);
    /// app.test().get("/").send().assert_text("/users/42?tab=a+b");
    /// ```
    ///
    /// # Errors
    /// 500 with a sentence that says what is missing.
    #[track_caller]
    pub fn url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> Result<String> {
        let routes = &self.0.view.core.router.routes;
        routes.url_at(target, values, self.port())
    }

    /// [`url_for`](Self::url_for) with the [`origin`](Self::origin) in front, for links that leave the
    /// site: in mails, feeds and answers of an API.
    ///
    /// **The client chooses the host.** Whoever asks for a mail to somebody else with `Host:
    /// evil.example` gets the token of its link, unless [`HostGuard`](crate::HostGuard) lists the hosts
    /// of the app: see [`origin`](Self::origin).
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn show() -> &'static str { "" }
    ///
    /// async fn index(req: Request) -> Result<String> {
    ///     req.absolute_url_for(show, &[("id", &42)])
    /// }
    ///
    /// let app = App::new().get("/users/{id}", show).get("/", index);
    /// app.test().get("https://example.com/").send().assert_text("https://example.com/users/42");
    /// ```
    ///
    /// # Errors
    /// Those of both.
    #[track_caller]
    pub fn absolute_url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> Result<String> {
        let url = self.url_for(target, values)?;
        Ok(absolute(&self.origin()?, &url))
    }

    /// The state of this type in the scope of the running middleware or handler.
    #[must_use]
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.view.core.scopes[self.0.scope].states.find()
    }

    /// Keeps a value for everything inside; handlers take it as [`Local<T>`](crate::Local).
    /// Returns the previous value of this type.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.0.head.extensions.insert(value)
    }

    /// The value of this type that a middleware kept.
    #[must_use]
    pub fn local<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.head.extensions.get()
    }

    /// The values kept with the request, also those of `tower` and `hyper`.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.head.extensions
    }

    /// The same, to change them.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.0.head.extensions
    }

    /// Runs an extractor that reads the head: `req.extract::<Path<u64>>().await?`.
    ///
    /// # Errors
    /// What the extractor says.
    pub async fn extract<T: FromRequest>(&mut self) -> Result<T> {
        T::from_request(self).await
    }

    /// Runs an extractor that reads the body, which is gone then:
    /// `req.extract_body::<Json<Note>>().await?`.
    ///
    /// # Errors
    /// What the extractor says.
    pub async fn extract_body<T: FromRequest<Body>>(&mut self) -> Result<T> {
        T::from_request(self).await
    }

    /// Runs a future beside the request, also after its response. A graceful stop waits for it.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.lifecycle().spawn(task));
    }

    /// Tells when the server begins to stop, so that long work can end early.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        self.lifecycle().stopping()
    }

    /// Whether the app was built for development or for production.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.view.core.mode
    }

    /// The id given to this request, where a middleware did.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.watch.id()
    }

    /// Gives the request an id, shown in error answers and log lines from here on.
    pub fn set_id(&mut self, id: impl Into<Arc<str>>) {
        self.0.watch.set_id(id.into());
    }

    /// What an error answer to this request needs.
    pub(crate) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    pub(crate) fn watch_mut(&mut self) -> &mut Watch {
        &mut self.0.watch
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.0.view.lifecycle
    }

    pub(crate) fn proxies(&self) -> &TrustedProxies {
        &self.0.view.core.proxies
    }

    pub(crate) fn view(&self) -> &Arc<View> {
        &self.0.view
    }

    /// Puts it before the first step of a chain.
    pub(crate) fn start(&mut self, chain: usize) {
        self.0.step = self.0.view.core.chains[chain].first as u32;
    }

    /// Goes on to the next step, and into its scope.
    pub(crate) fn advance(&mut self) -> u32 {
        let at = self.0.step;
        self.0.scope = self.0.view.core.steps[at as usize].scope;
        self.0.step += 1;
        at
    }

    pub(crate) fn scope(&self) -> usize {
        self.0.scope
    }

    /// What the automatic answer has to say.
    pub(crate) fn take_answer(&mut self) -> Answer {
        std::mem::take(&mut self.0.place.answer)
    }

    /// Notes where this request belongs; the chain, if there is one.
    pub(crate) fn find_place(&mut self) -> Option<usize> {
        let Inner {
            head, view, place, ..
        } = &mut *self.0;
        let host = || line::host(&head.uri, &head.headers);
        let router = &view.core.router;
        router.find(&head.method, head.uri.path(), host, place);
        place.chain()
    }

    /// Puts it before the outermost app's automatic answers, with this one. Nothing is matched.
    pub(crate) fn decide(&mut self, answer: Response) {
        let chain = self.0.view.core.refusal;
        self.0.place = Place::decided(chain, answer);
        self.start(chain);
    }

    /// Whether its chain was found.
    pub(crate) fn is_placed(&self) -> bool {
        self.0.place.is_matched()
    }
}

/// A link of `url_for` as a whole URL: one to another host has that in front already.
pub(crate) fn absolute(origin: &str, url: &str) -> String {
    let scheme = origin.split("//").next().unwrap_or_default();
    match url.starts_with("//") {
        true => format!("{scheme}{url}"),
        false => format!("{origin}{url}"),
    }
}

/// Method, path and the names of headers; values may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.head.headers.keys().collect();
        f.debug_struct("Request")
            .field("method", &self.0.head.method)
            .field("path", &self.path())
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}
