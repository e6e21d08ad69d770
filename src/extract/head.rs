//! Pieces of the head: method, URI, headers, host, client address, and whether the server stops.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderMap, Method, StatusCode, Uri};

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
pub trait TypedHeader: Sized + Send {
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

/// The host the client asked for, without port (RFC 9110, 7.2). 400 if it is missing or malformed.
///
/// Behind a trusted proxy ([`App::trust_proxies`](crate::App::trust_proxies)) it is the one the
/// proxy was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(pub String);

impl FromRequest for Host {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let forwarded = req.peer_addr().and_then(|peer| {
            let host = req.proxies().forwarded_host(peer.ip(), req.headers())?;
            super::parse_host(host.as_bytes()).map(|(host, _port)| host.to_owned())
        });
        let host = forwarded.or_else(|| req.host().map(str::to_owned));
        host.map(Self).or_status(
            StatusCode::BAD_REQUEST,
            "the `Host` header is missing or malformed",
        )
    }
}

/// The address of the client: of the peer, or of who is behind the proxies that
/// [`App::trust_proxies`](crate::App::trust_proxies) lists.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed from those proxies only, and of their
/// entries the rightmost that is not one of those proxies wins. Without a socket, as in the test
/// client, it is 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl FromRequest for ClientAddr {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let peer = req
            .peer_addr()
            .map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip());
        Ok(Self(req.proxies().client_addr(peer, req.headers())))
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
