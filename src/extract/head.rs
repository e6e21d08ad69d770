//! Pieces of the head: method, URI, headers, host, client address, and whether the server stops.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderMap, Method, Uri};

use super::{FromRequest, OptionalFromRequest};
use crate::error::{Error, OrError, Result};
use crate::request::Request;
use crate::server::Stopping;

impl FromRequest for Method {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.method().clone())
    }
}

impl FromRequest for Uri {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.uri().clone())
    }
}

impl FromRequest for HeaderMap {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.headers().clone())
    }
}

impl FromRequest for Stopping {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.stopping())
    }
}

/// A header with a name of its own and a value that parses from text, for [`Header`].
///
/// ```
/// use cepa::prelude::*;
///
/// /// `DNT: 1` asks not to be tracked.
/// struct DoNotTrack(bool);
///
/// impl TypedHeader for DoNotTrack {
///     const NAME: &'static str = "dnt";
///     fn parse(text: &str) -> Result<Self, String> {
///         match text {
///             "0" | "1" => Ok(Self(text == "1")),
///             _ => Err("it is 0 or 1".to_owned()),
///         }
///     }
/// }
///
/// async fn show(wish: Option<Header<DoNotTrack>>) -> &'static str {
///     if wish.is_some_and(|Header(wish)| wish.0) { "not tracked" } else { "tracked" }
/// }
///
/// let client = App::new().get("/", show).test();
/// client.get("/").send().assert_text("tracked");
/// client.get("/").header("dnt", "1").send().assert_text("not tracked");
/// client.get("/").header("dnt", "?").send().assert_status(400).assert_contains("it is 0 or 1");
/// ```
pub trait TypedHeader: Sized + Send + 'static {
    /// The header's name, lower case.
    const NAME: &'static str;

    /// Makes the value from the header's text.
    ///
    /// # Errors
    /// A sentence for the client about what is wrong with it.
    fn parse(text: &str) -> Result<Self, String>;
}

/// One header, typed. 400 if it is missing, there twice or does not parse; as
/// `Option<Header<T>>` it may be missing.
///
/// ```
/// use cepa::prelude::*;
///
/// struct Depth(u8);
///
/// impl TypedHeader for Depth {
///     const NAME: &'static str = "depth";
///     fn parse(text: &str) -> Result<Self, String> {
///         text.parse().map(Depth).map_err(|_| "it is a number up to 255".to_owned())
///     }
/// }
///
/// let client = App::new().get("/", async |Header(d): Header<Depth>| format!("{}", d.0)).test();
/// client.get("/").header("depth", "3").send().assert_text("3");
/// client.get("/").send().assert_status(400);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Header<T>(pub T);

impl<T: TypedHeader> FromRequest for Header<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let header = <Self as OptionalFromRequest>::from_request(req).await?;
        header.or_bad_request(format!("the header `{}` is missing", T::NAME))
    }
}

impl<T: TypedHeader> OptionalFromRequest for Header<T> {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        let mut values = req.headers().get_all(T::NAME).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Error::bad_request(format!(
                "the header `{}` is there twice",
                T::NAME
            )));
        }
        let text = value
            .to_str()
            .or_bad_request(format!("the header `{}` is not ASCII", T::NAME))?;
        let bad = |why| Error::bad_request(format!("the header `{}` is malformed: {why}", T::NAME));
        T::parse(text).map(Self).map(Some).map_err(bad)
    }
}

/// The host the client asked for, without port, in its spelling (RFC 9110, 7.2). 400 if it is
/// missing or malformed.
///
/// `X-Forwarded-Host` is not looked at, since proxies pass a client's own on: let the proxy send
/// the `Host` header on as it came.
///
/// ```
/// use cepa::prelude::*;
///
/// let client = App::new().get("/", async |Host(name): Host| name).test();
/// client.get("/").header("host", "Shop.example:8080").send().assert_text("Shop.example");
/// client.get("/").header("host", "a@b").send().assert_status(400);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(pub String);

impl FromRequest for Host {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let host = req.host().map(|host| Self(host.to_owned()));
        host.or_bad_request("the `Host` header is missing or malformed")
    }
}

/// The address of the client: of the peer, or of who is behind the proxies that
/// [`App::trust_proxies`](crate::App::trust_proxies) lists.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed from those proxies only, and of their
/// entries the rightmost that is not one of those proxies wins. If a request has both and they
/// lead to different addresses, one of them is forged: 400. Without a socket, as in the test
/// client, the peer is 127.0.0.1.
///
/// ```
/// use cepa::prelude::*;
///
/// let app = || App::new().get("/", async |client: ClientAddr| client.to_string());
/// let ask = |app: App| {
///     let client = app.test();
///     let ask = client.get("/").header("x-forwarded-for", "203.0.113.7");
///     ask.send().text().to_owned()
/// };
/// assert_eq!(ask(app()), "127.0.0.1");
/// assert_eq!(ask(app().trust_proxies(["loopback"])), "203.0.113.7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl FromRequest for ClientAddr {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let addr = req.proxies().client_addr(req.nearest_addr(), req.headers());
        addr.map(Self)
            .or_bad_request("`Forwarded` and `X-Forwarded-For` contradict each other")
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
