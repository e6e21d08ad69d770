//! `Claims`: what the token of a request says.

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde::de::DeserializeOwned;

use super::config::Jwt;
use super::error::JwtError;
use crate::{Error, FromRequest, Need, OptionalFromRequest, Request, Result};

const NOT_PLUGGED: &str =
    "add `.plug(Jwt::new(JwtKey::secret_from_env(\"JWT_SECRET\")?))` around it";

/// The claims of the token in `Authorization`, checked. As an `Option`, `None` where there is no
/// token of the [scheme](Jwt::with_scheme); a bad one is a 401 still.
///
/// `C` takes the claims that it names. For a whole scope, `.with(provide::<Claims<C>>())` checks each
/// request once, and handlers take `Local<Claims<C>>`.
///
/// ```
/// use cepa::jwt::{Claims, Jwt, JwtKey};
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Clone, Deserialize)]
/// struct Member { sub: String }
///
/// async fn hello(member: Option<Claims<Member>>) -> String {
///     format!("Hello, {}!", member.map_or("stranger".to_owned(), |Claims(it)| it.sub))
/// }
///
/// let jwt = Jwt::new(JwtKey::random());
/// let token = jwt.issue(&json!({ "sub": "Ada" }))?;
/// let client = App::new().plug(jwt).get("/", hello).test();
/// client.get("/").send().assert_text("Hello, stranger!");
/// client.get("/").header("authorization", format!("Bearer {token}")).send().assert_text("Hello, Ada!");
/// client.get("/").header("authorization", "Bearer x").send().assert_status(401);
/// # Ok::<(), cepa::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Claims<C>(pub C);

impl<C: DeserializeOwned + Send + 'static> FromRequest for Claims<C> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        match claims(req)? {
            Some(claims) => Ok(Self(claims)),
            None => {
                let scheme = &jwt(req)?.0.scheme;
                let message = format!("send a token: `Authorization: {scheme} ..`");
                Err(Error::unauthorized(message).with_header(WWW_AUTHENTICATE, scheme.as_str()))
            }
        }
    }

    fn requires() -> Vec<Need> {
        vec![Need::state::<Jwt>().with_fix(NOT_PLUGGED)]
    }
}

impl<C: DeserializeOwned + Send + 'static> OptionalFromRequest for Claims<C> {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        Ok(claims(req)?.map(Self))
    }

    fn requires() -> Vec<Need> {
        <Self as FromRequest>::requires()
    }
}

fn jwt(req: &Request) -> Result<&Jwt> {
    let missing = || Error::internal(format!("no `Jwt` is plugged: {NOT_PLUGGED}"));
    req.state().ok_or_else(missing)
}

fn claims<C: DeserializeOwned>(req: &Request) -> Result<Option<C>> {
    let jwt = jwt(req)?;
    let scheme = &jwt.0.scheme;
    let Some(token) = token(req, scheme)? else {
        return Ok(None);
    };
    let claims = jwt.check(token);
    claims.map(Some).map_err(|error| {
        tracing::info!(target: "cepa", why = error.name(), "a token was refused");
        refused(scheme, error)
    })
}

/// The token of this scheme; of another scheme, it is none. Two fields are not what a client sends,
/// and which of them counts would be a guess.
fn token<'a>(req: &'a Request, scheme: &str) -> Result<Option<&'a str>> {
    let mut fields = req.headers().get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        let challenge = format!("{scheme} error=\"invalid_request\"");
        let error = Error::bad_request("there is more than one `Authorization`");
        return Err(error.with_header(WWW_AUTHENTICATE, challenge));
    }
    let (name, rest) = field.as_bytes().split_at(field.len().min(scheme.len()));
    let rest = match rest {
        _ if !name.eq_ignore_ascii_case(scheme.as_bytes()) => return Ok(None),
        [b' ' | b'\t', ..] | [] => rest.trim_ascii(),
        _ => return Ok(None),
    };
    match std::str::from_utf8(rest) {
        Ok(token) if !token.is_empty() => Ok(Some(token)),
        _ => Err(refused(scheme, JwtError::Malformed)),
    }
}

/// 401 with the challenge of RFC 6750, 3.
pub(super) fn refused(scheme: &str, error: JwtError) -> Error {
    let description = error.description();
    let challenge =
        format!("{scheme} error=\"invalid_token\", error_description=\"{description}\"");
    let refused = Error::unauthorized(description).with_source(error);
    refused.with_header(WWW_AUTHENTICATE, challenge)
}
