//! `BasicAuth`: a name and a password with each request (RFC 7617), for tools.
//!
//! Before it: the client sent them, or not. After it: who it is, as a local value.

use std::fmt;
use std::future::Future;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use sha2::Sha256;

use super::passwords::random;
use super::throttle::Throttle;
use crate::{
    ClientAddr, CrossOrigin, Error, FromRequest, IntoResponse, Middleware, Next,
    OptionalFromRequest, Provided, Request, Response, Result,
};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The name and password of `Authorization: Basic`, not checked. As an `Option`, `None` without; 401 if
/// malformed.
///
/// ```
/// use cepa::auth::BasicCredentials;
/// use cepa::prelude::*;
///
/// let client = App::new().get("/", async |typed: BasicCredentials| typed.name).test();
/// client.get("/").header("authorization", "Basic QWRhOm9uaW9u").send().assert_text("Ada");
/// client.get("/").send().assert_status(401);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BasicCredentials {
    /// Who it is said to be; it has no `:`.
    pub name: String,
    /// The password.
    pub password: String,
}

impl BasicCredentials {
    /// Of the field, if it is of this scheme: UTF-8, without control characters (RFC 7617, 2).
    fn parse(field: &[u8]) -> Option<Option<Self>> {
        let (scheme, rest) = field.split_at_checked(5)?;
        if !scheme.eq_ignore_ascii_case(b"basic") || !matches!(rest.first(), None | Some(b' ')) {
            return None;
        }
        let parse = || {
            let text = String::from_utf8(BASE64.decode(rest.trim_ascii()).ok()?).ok()?;
            let (name, password) = text.split_once(':')?;
            let is_plain = !text.contains(|c: char| c.is_control());
            let (name, password) = (name.to_owned(), password.to_owned());
            is_plain.then_some(Self { name, password })
        };
        Some(parse())
    }

    fn of(req: &Request) -> Result<Option<Self>> {
        let mut fields = req.headers().get_all(AUTHORIZATION).iter();
        let field = fields.next().and_then(|it| Self::parse(it.as_bytes()));
        match field {
            Some(_) if fields.next().is_some() => {
                Err(Error::bad_request("there is more than one `Authorization`"))
            }
            Some(None) => Err(Error::unauthorized("the name and password are malformed")),
            Some(credentials) => Ok(credentials),
            None => Ok(None),
        }
    }
}

impl FromRequest for BasicCredentials {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let challenge =
            |error: Error| error.with_header(WWW_AUTHENTICATE, "Basic charset=\"UTF-8\"");
        let credentials = Self::of(req).map_err(challenge)?;
        credentials.ok_or_else(|| challenge(Error::unauthorized("send a name and a password")))
    }
}

impl OptionalFromRequest for BasicCredentials {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        Self::of(req)
    }
}

/// The name, and nothing of the password.
impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Middleware that asks for a name and a password, and lets pass whom a function knows; what it
/// returns, handlers take as `Local<P>`. Others get 401, and browsers ask for both.
///
/// ```
/// use cepa::auth::{BasicAuth, BasicCredentials};
/// use cepa::prelude::*;
///
/// #[derive(Clone)]
/// struct Staff(String);
///
/// async fn known(typed: BasicCredentials) -> Result<Option<Staff>> {
///     Ok((typed.name == "ada" && typed.password == "onion").then(|| Staff(typed.name)))
/// }
///
/// let client = App::new()
///     .with(BasicAuth::new("staff", known))
///     .get("/", async |Local(staff): Local<Staff>| staff.0)
///     .get("/metrics", (async || "up 1").with(BasicAuth::only("metrics", "probe", "leek onion garlic")))
///     .test();
/// let res = client.get("/").send();
/// res.assert_status(401).assert_header("www-authenticate", "Basic realm=\"staff\", charset=\"UTF-8\"");
/// client.get("/").header("authorization", "Basic YWRhOm9uaW9u").send().assert_text("ada");
/// ```
///
/// Wrong passwords are counted, as by [`Throttle`]; requests of pages of other origins that change
/// something are refused, since browsers send the password along with them ([`CrossOrigin`]).
pub struct BasicAuth<C> {
    challenge: String,
    check: C,
    throttle: Throttle,
    cross_origin: CrossOrigin,
}

impl<C: CheckBasic> BasicAuth<C> {
    /// For those whom the function knows. The realm is what browsers may show.
    #[must_use]
    pub fn new(realm: &str, check: C) -> Self {
        let is_plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        let realm: String = realm.chars().filter(is_plain).collect();
        Self {
            challenge: format!("Basic realm=\"{realm}\", charset=\"UTF-8\""),
            check,
            throttle: Throttle::new(),
            cross_origin: CrossOrigin::new(),
        }
    }

    /// How often a password may be tried. Default: [`Throttle::new`].
    #[must_use]
    pub fn with_throttle(mut self, throttle: Throttle) -> Self {
        self.throttle = throttle;
        self
    }

    async fn known(&self, req: &mut Request) -> Result<C::Known> {
        let challenge = |error: Error| error.with_header(WWW_AUTHENTICATE, &*self.challenge);
        let typed = BasicCredentials::of(req).map_err(challenge)?;
        let Some(typed) = typed else {
            return Err(challenge(Error::unauthorized("send a name and a password")));
        };
        let ClientAddr(addr) = req.extract().await?;
        let account = typed.name.clone();
        self.throttle.count(addr, &account).await?;
        let known = self.check.check(typed).await;
        match known {
            Ok(None) => tracing::info!(target: "cepa", %addr, "a wrong name or password (Basic)"),
            Ok(Some(_)) | Err(_) => self.throttle.forgive(addr, &account).await?,
        }
        known?.ok_or_else(|| challenge(Error::unauthorized("nobody has this name and password")))
    }
}

impl BasicAuth<Only> {
    /// For the one with this name and this password, such as a probe. They are compared in a time that
    /// tells nothing.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn only(realm: &str, name: &str, password: &str) -> Self {
        let key = random::<32>().expect("the operating system has random numbers");
        let mac = Hmac::new_from_slice(&key).expect("HMAC takes keys of any length");
        let only = Only {
            expected: mac_of(&mac, name, password).finalize().into_bytes().into(),
            mac,
        };
        Self::new(realm, only)
    }
}

impl<C: CheckBasic> Middleware for BasicAuth<C> {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        match self.known(&mut req).await {
            Ok(known) => {
                req.insert(known);
                self.cross_origin.handle(req, next).await
            }
            Err(error) => error.into_response(),
        }
    }

    fn name(&self) -> std::borrow::Cow<'static, str> {
        "BasicAuth".into()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<C::Known>()]
    }
}

impl<C> fmt::Debug for BasicAuth<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth")
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}

/// Knows names and passwords. An `async fn(BasicCredentials) -> Result<Option<P>>` does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot check a name and a password",
    label = "not a check",
    note = "take an `async fn(BasicCredentials) -> Result<Option<P>>`, or implement `cepa::auth::CheckBasic`"
)]
pub trait CheckBasic: Send + Sync + 'static {
    /// What handlers get of whoever is known.
    type Known: Clone + Send + Sync + 'static;

    /// Who has this name and password; `None` if nobody has.
    ///
    /// # Errors
    /// It cannot be found out.
    fn check(
        &self,
        typed: BasicCredentials,
    ) -> impl Future<Output = Result<Option<Self::Known>>> + Send;
}

impl<F, Fut, P> CheckBasic for F
where
    F: Fn(BasicCredentials) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<P>>> + Send,
    P: Clone + Send + Sync + 'static,
{
    type Known = P;

    fn check(&self, typed: BasicCredentials) -> impl Future<Output = Result<Option<P>>> + Send {
        self(typed)
    }
}

/// One name and one password.
pub struct Only {
    mac: Hmac<Sha256>,
    expected: [u8; 32],
}

impl CheckBasic for Only {
    type Known = OnlyKnown;

    async fn check(&self, typed: BasicCredentials) -> Result<Option<OnlyKnown>> {
        let mac = mac_of(&self.mac, &typed.name, &typed.password);
        // `verify_slice` takes the same time wherever they differ.
        let is_known = mac.verify_slice(&self.expected).is_ok();
        Ok(is_known.then_some(OnlyKnown))
    }
}

impl fmt::Debug for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Only")
    }
}

/// Says that it was [`BasicAuth::only`] that let a request pass.
#[derive(Clone, Copy, Debug)]
pub struct OnlyKnown;

/// Over both; a name has no `:`.
fn mac_of(mac: &Hmac<Sha256>, name: &str, password: &str) -> Hmac<Sha256> {
    mac.clone()
        .chain_update(name)
        .chain_update(":")
        .chain_update(password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_field_is_read_as_the_rfc_says() {
        let read = |field: &str| {
            let read = BasicCredentials::parse(field.as_bytes())?;
            Some(read.map(|it| (it.name, it.password)))
        };
        let both = |name: &str, password: &str| Some(Some((name.to_owned(), password.to_owned())));
        let table = [
            // RFC 7617, 2 and 2.1.
            (
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                both("Aladdin", "open sesame"),
            ),
            ("Basic dGVzdDoxMjPCow==", both("test", "123\u{a3}")),
            ("basic  QWRhOm9uaW9u ", both("Ada", "onion")),
            (
                "BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ",
                both("Aladdin", "open sesame"),
            ),
            ("Basic Og==", both("", "")),
            ("Basic YTpiOmM=", both("a", "b:c")),
            ("Basic", Some(None)),
            ("Basic QWRh", Some(None)),
            ("Basic Q*Rh", Some(None)),
            ("Basic AP86YQ==", Some(None)),
            ("Basic QQA6YQ==", Some(None)),
            ("Basically QWRhOm9uaW9u", None),
            ("Bearer QWRhOm9uaW9u", None),
            ("Basi", None),
            ("", None),
        ];
        for (field, expected) in table {
            assert_eq!(read(field), expected, "{field}");
        }
    }

    #[test]
    fn no_field_upsets_the_reader() {
        let mut random = Random::new();
        let pieces = [
            "Basic", " ", "QWRh", "Om9u", "=", ":", "\0", "\u{e9}", "/+", "basic ",
        ];
        for _ in 0..20_000 {
            let count = random.below(8);
            let text: String = (0..count).map(|_| pieces[random.below(10)]).collect();
            if let Some(Some(read)) = BasicCredentials::parse(text.as_bytes()) {
                assert!(!read.name.contains(':'), "{text:?}");
            }
        }
    }
}
