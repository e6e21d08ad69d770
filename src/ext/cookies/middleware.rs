//! `CookieJar`: gives each request its cookies, and each response those that were changed.
//!
//! Before it: middleware that knows no cookies. After it: everything that takes `Cookies`.

use super::extract::Cookies;
use crate::{Middleware, Next, Provided, Request, Response};

/// Middleware that lets everything inside of it read and change [`Cookies`].
///
/// What was changed leaves with every response that passes it, errors included. Inside of another
/// jar it does nothing.
///
/// ```
/// use cepa::cookies::{CookieJar, Cookies};
/// use cepa::prelude::*;
///
/// async fn fail(cookies: Cookies) -> Result<()> {
///     cookies.set(("tried", "yes"))?;
///     Err(Error::conflict("not today"))
/// }
///
/// let client = App::new().with(CookieJar::new()).get("/", fail).test();
/// let res = client.get("/").send();
/// res.assert_status(409);
/// res.assert_header("set-cookie", "tried=yes; Path=/; SameSite=Lax; HttpOnly");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CookieJar {
    secure: Option<bool>,
}

impl CookieJar {
    /// A jar whose cookies are `Secure` in production, and in development where the client came by https.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether cookies are `Secure` that do not say so themselves. Default: in production always; in
    /// development where the client came by https ([`Request::is_secure`]). `false` is for an app that is
    /// reached by plain http in production: browsers keep no `Secure` cookie of it.
    #[must_use]
    pub fn with_secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }
}

impl Middleware for CookieJar {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        if req.local::<Cookies>().is_some() {
            return next.run(req).await;
        }
        let is_production = req.mode().is_production();
        let is_guessed = self.secure.is_none() && is_production && !req.is_secure();
        let is_secure = self
            .secure
            .unwrap_or_else(|| is_production || req.is_secure());
        let cookies = Cookies::of(&req, is_secure, is_guessed);
        req.insert(cookies.clone());
        let mut res = next.run(req).await;
        cookies.leave(&mut res);
        res
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Cookies>()]
    }
}
