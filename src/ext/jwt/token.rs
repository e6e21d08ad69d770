//! Making and checking a token.
//!
//! Before it: claims of the app, or a text of a client. After it: the text, or claims that can be
//! believed.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::errors::{Error as Refusal, ErrorKind};
use jsonwebtoken::{Header, Validation, decode, decode_header, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::{Jwt, Settings};
use super::error::JwtError;
use super::key::JwtKey;
use crate::{Error, Result, Value};

impl Jwt {
    /// A token with these claims, an object; `exp`, `iat`, and where they were named `iss` and `aud`
    /// are added, unless the claims have them.
    ///
    /// What is in it can be read by whoever has it.
    ///
    /// # Errors
    /// 500 if the claims are no object, or the key is a public one.
    pub fn issue(&self, claims: &(impl Serialize + ?Sized)) -> Result<String> {
        let Settings { keys, kind, .. } = &*self.0;
        let key = &keys[0];
        let Some(signs) = &key.signs else {
            return Err(Error::internal(
                "a public key signs no token: give `Jwt::new` a secret or a private key",
            ));
        };
        let Value::Object(mut claims) = serde_json::to_value(claims)? else {
            return Err(Error::internal(
                "the claims of a token are an object: issue a struct, or `json!({ .. })`",
            ));
        };
        let now = now();
        let expires = now.saturating_add(self.0.lifetime.as_secs());
        claims.entry("iat").or_insert(now.into());
        claims.entry("exp").or_insert(expires.into());
        for (name, value) in [("iss", &self.0.issuer), ("aud", &self.0.audience)] {
            if let Some(value) = value {
                claims.entry(name).or_insert(value.clone().into());
            }
        }
        let mut header = Header::new(key.algorithm.known());
        header.kid = key.id.clone();
        header.typ = kind.clone().or(header.typ);
        Ok(encode(&header, &claims, signs)?)
    }

    /// The claims of a token, if one of the keys signed it, its time is now, and it is for this app.
    ///
    /// # Errors
    /// [`JwtError`] says why it is not accepted; by `?`, where a `Jwt` is plugged, a 401.
    pub fn check<C: DeserializeOwned>(&self, token: &str) -> Result<C, JwtError> {
        let header = decode_header(token).map_err(|_| JwtError::Malformed)?;
        if let Some(name) = refused_field(&header) {
            return Err(JwtError::Header { name });
        }
        let kind = header.typ.as_deref().unwrap_or_default();
        if self.0.kind.as_ref().is_some_and(|it| !is_type(it, kind)) {
            return Err(JwtError::Type);
        }
        let (key, validation) = self.key(header.kid.as_deref())?;
        let decoded = decode(token, &key.checks, validation);
        let claims = decoded.map_err(|error| reason(&error))?.claims;
        match wrong_claim(token) {
            Some(name) => Err(JwtError::Claim { name: name.into() }),
            None => Ok(claims),
        }
    }

    /// By name where the token has one; a token without one is of the one key without a name.
    fn key(&self, id: Option<&str>) -> Result<(&JwtKey, &Validation), JwtError> {
        let Settings {
            keys, validations, ..
        } = &*self.0;
        let is_nameless = keys.len() == 1 && keys[0].id.is_none();
        let mut pairs = keys.iter().zip(validations);
        let found = pairs.find(|(key, _)| is_nameless || (id.is_some() && key.id() == id));
        found.ok_or(JwtError::UnknownKey)
    }
}

/// The first field that brings a key along, or asks to be understood. None is ever needed: keys are
/// the app's, and nothing but plain signatures is understood.
fn refused_field(header: &Header) -> Option<&'static str> {
    let fields = [
        ("jwk", header.jwk.is_some()),
        ("jku", header.jku.is_some()),
        ("x5c", header.x5c.is_some()),
        ("x5u", header.x5u.is_some()),
        ("crit", header.crit.is_some()),
        ("enc", header.enc.is_some()),
        ("zip", header.zip.is_some()),
    ];
    let found = fields.iter().find(|(_, is_there)| *is_there);
    found.map(|(name, _)| *name)
}

/// Whatever the case, and with `application/` left out or not (RFC 7515, 4.1.9).
fn is_type(wanted: &str, kind: &str) -> bool {
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix("application/");
        rest.map_or_else(|| text.clone(), str::to_owned)
    };
    plain(wanted) == plain(kind)
}

/// The first claim that says for whom a token is, or by whom, and has another type than it should
/// (RFC 7519, 4.1.1 and 4.1.3). Such claims would count as none, and an issuer among others as that one.
fn wrong_claim(token: &str) -> Option<&'static str> {
    let claims = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
    let is_audience = |aud: &Value| match aud {
        Value::Array(all) => all.iter().all(Value::is_string),
        one => one.is_string(),
    };
    let is_wrong = |name, is_right: fn(&Value) -> bool| {
        let wrong = claims.get(name).is_some_and(|claim| !is_right(claim));
        wrong.then_some(name)
    };
    is_wrong("iss", Value::is_string).or_else(|| is_wrong("aud", is_audience))
}

fn reason(error: &Refusal) -> JwtError {
    match error.kind() {
        ErrorKind::InvalidAlgorithm => JwtError::Algorithm,
        ErrorKind::InvalidSignature => JwtError::Signature,
        ErrorKind::ExpiredSignature => JwtError::Expired,
        ErrorKind::ImmatureSignature => JwtError::NotYet,
        ErrorKind::InvalidIssuer => JwtError::Issuer,
        ErrorKind::InvalidAudience => JwtError::Audience,
        ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => {
            let name = name.clone();
            JwtError::Claim { name }
        }
        ErrorKind::Json(error) => JwtError::Unfit {
            reason: error.to_string(),
        },
        _ => JwtError::Malformed,
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
