//! `Jwt`: the keys, whose tokens are taken, and for how long they are made.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Validation;

use super::error::JwtError;
use super::extract::refused;
use super::key::JwtKey;
use crate::{App, Extension};

/// How much clocks may differ unless told otherwise, and at most.
const LEEWAY: Duration = Duration::from_secs(30);
const MOST_LEEWAY: Duration = Duration::from_secs(60);
/// How long a token is good unless told otherwise.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Issues and checks tokens. Plugged, it lets handlers take [`Claims`](super::Claims); as a state, it
/// is what issues. Clones share it.
///
/// ```
/// use cepa::jwt::{Jwt, JwtKey};
/// use cepa::{Value, json};
/// use std::time::Duration;
///
/// let jwt = Jwt::new(JwtKey::random())
///     .with_issuer("https://example.com")
///     .with_audience("shop")
///     .with_lifetime(Duration::from_secs(3600));
/// let token = jwt.issue(&json!({ "sub": "42" }))?;
/// let claims: Value = jwt.check(&token)?;
/// assert_eq!((claims["sub"].as_str(), claims["aud"].as_str()), (Some("42"), Some("shop")));
///
/// let other = Jwt::new(JwtKey::random());
/// assert!(other.check::<Value>(&token).is_err());
/// # Ok::<(), cepa::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "plug it: `app.plug(jwt)`, or issue and check by it"]
pub struct Jwt(pub(super) Arc<Settings>);

#[derive(Clone)]
pub(super) struct Settings {
    /// The first signs.
    pub(super) keys: Vec<JwtKey>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) lifetime: Duration,
    pub(super) leeway: Duration,
    pub(super) kind: Option<String>,
    pub(super) scheme: String,
    /// What is checked, for each key.
    pub(super) validations: Vec<Validation>,
}

impl Jwt {
    /// Tokens of this key.
    pub fn new(key: JwtKey) -> Self {
        let settings = Settings {
            keys: vec![key],
            issuer: None,
            audience: None,
            lifetime: LIFETIME,
            leeway: LEEWAY,
            kind: None,
            scheme: "Bearer".to_owned(),
            validations: Vec::new(),
        };
        Self(Arc::new(settings)).changed(|_| {})
    }

    /// A further key whose tokens are taken, and which signs none: the one before, until its tokens
    /// expired, or one of several of another issuer. Each has an [id](JwtKey::with_id) then.
    ///
    /// ```
    /// use cepa::Value;
    /// use cepa::jwt::{Jwt, JwtKey};
    ///
    /// let old = JwtKey::secret("0123456789abcdef0123456789abcdef")?.with_id("2026-05");
    /// let token = Jwt::new(old.clone()).issue(&cepa::json!({ "sub": "42" }))?;
    ///
    /// let jwt = Jwt::new(JwtKey::random().with_id("2026-06")).with_old(old);
    /// assert!(jwt.check::<Value>(&token).is_ok());
    /// # Ok::<(), cepa::Error>(())
    /// ```
    pub fn with_old(self, key: JwtKey) -> Self {
        self.changed(|it| it.keys.push(key))
    }

    /// Who issues the tokens (`iss`): those that are made say so, and no others are taken. Default:
    /// not said and not looked at.
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        self.changed(|it| it.issuer = Some(issuer.into()))
    }

    /// For whom the tokens are (`aud`): those that are made say so, and no others are taken. Default:
    /// for nobody in particular, and tokens that are for somebody are refused.
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.changed(|it| it.audience = Some(audience.into()))
    }

    /// How long a token that is made is good (`exp`), in whole seconds. Default: 15 minutes.
    pub fn with_lifetime(self, lifetime: Duration) -> Self {
        self.changed(|it| it.lifetime = lifetime)
    }

    /// How much the clocks of issuer and app may differ, in whole seconds, 60 at most: so much longer
    /// a token is taken, and so much earlier. Default: 30 seconds.
    pub fn with_leeway(self, leeway: Duration) -> Self {
        self.changed(|it| it.leeway = leeway)
    }

    /// The type of the tokens (`typ`), such as `at+jwt`: those that are made have it, and no others
    /// are taken (RFC 8725, 3.11). Default: `JWT`, and any is taken.
    pub fn with_type(self, kind: impl Into<String>) -> Self {
        self.changed(|it| it.kind = Some(kind.into()))
    }

    /// What stands before the token in `Authorization`, whatever its case. Default: `Bearer`.
    pub fn with_scheme(self, scheme: impl Into<String>) -> Self {
        self.changed(|it| it.scheme = scheme.into())
    }

    fn changed(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::make_mut(&mut self.0);
        change(settings);
        let validations = settings.keys.iter().map(|key| settings.validation(key));
        settings.validations = validations.collect();
        self
    }
}

impl Settings {
    fn validation(&self, key: &JwtKey) -> Validation {
        let mut checks = Validation::new(key.algorithm.known());
        let asked = [("iss", &self.issuer), ("aud", &self.audience)];
        let asked = asked.iter().filter(|(_, value)| value.is_some());
        let names = asked.map(|(name, _)| (*name).to_owned());
        let names = names.chain(["exp".to_owned()]);
        checks.required_spec_claims = names.collect();
        // Also where it is a state alone, which no `build` looks at.
        checks.leeway = self.leeway.min(MOST_LEEWAY).as_secs();
        checks.validate_nbf = true;
        checks.iss = self.issuer.clone().map(|it| HashSet::from([it]));
        checks.aud = self.audience.clone().map(|it| HashSet::from([it]));
        checks
    }

    /// What is wrong with the options.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.leeway > MOST_LEEWAY {
            let seconds = self.leeway.as_secs();
            problems.push(format!(
                "a leeway of {seconds} s makes tokens outlive their time: 60 s are the most"
            ));
        }
        if self.lifetime < Duration::from_secs(1) {
            problems.push("tokens without a lifetime are never good: name one".to_owned());
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if self.scheme.is_empty() || !self.scheme.chars().all(is_token) {
            problems.push(format!(
                "`{}` is no scheme of `Authorization`: write a word, such as `Bearer`",
                self.scheme.escape_debug()
            ));
        }
        let mut ids = HashSet::new();
        if self.keys.len() > 1 && self.keys.iter().any(|key| key.id.is_none()) {
            problems.push(
                "of several keys each needs a name, which its tokens have: add `.with_id(..)`"
                    .to_owned(),
            );
        }
        for id in self.keys.iter().filter_map(|key| key.id.as_ref()) {
            if !ids.insert(id) {
                problems.push(format!(
                    "two keys are named `{}`: rename one",
                    id.escape_debug()
                ));
            }
        }
        problems
    }
}

impl Extension for Jwt {
    fn install(self, app: App) -> App {
        let problems = self.0.problems();
        let app = problems.into_iter().fold(app, App::problem);
        let scheme = self.0.scheme.clone();
        app.state(self)
            .map_error(move |error: &JwtError| refused(&scheme, error.clone()))
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("keys", &self.0.keys)
            .field("issuer", &self.0.issuer)
            .field("audience", &self.0.audience)
            .field("scheme", &self.0.scheme)
            .finish_non_exhaustive()
    }
}
