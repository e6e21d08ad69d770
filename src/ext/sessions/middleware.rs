//! What stands around everything that has sessions: it gives them out and keeps what was changed.
//!
//! Before it: the cookies were found. After it: handlers that take `Session`.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, COOKIE};

use super::config::Setup;
use super::error::SessionError;
use super::extract::Session;
use super::place::Sent;
use crate::cookies::Cookies;
use crate::{
    CrossOrigin, Error, HeaderValue, IntoResponse, Middleware, Need, Next, Provided, Request,
    Response, Route,
};

/// Gives each request its session.
pub(super) struct KeepSession {
    pub(super) setup: Arc<Setup>,
}

impl Middleware for KeepSession {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let Some(cookies) = req.local::<Cookies>().cloned() else {
            return Error::internal("sessions need a `CookieJar` around").into_response();
        };
        let came_by_https = req.is_secure();
        let is_secure = self.setup.is_secure(came_by_https);
        let session = Session::new(Arc::clone(&self.setup), cookies, is_secure);
        req.insert(session.clone());
        let mut res = next.run(req).await;
        match session.leave().await {
            Ok(None) => res,
            Ok(Some(sent)) => {
                if is_secure && !came_by_https && matches!(sent, Sent::Value(_)) {
                    self.setup.warn_of_plain_http();
                }
                keep_private(&mut res, &sent);
                res
            }
            Err(error) => error.into_response(),
        }
    }

    fn name(&self) -> Cow<'static, str> {
        self.setup.title()
    }

    fn requires(&self) -> Vec<Need> {
        vec![Need::local::<Cookies>()]
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Session>()]
    }
}

impl Session {
    /// Keeps what was changed; `None` if the response does not depend on the session.
    async fn leave(&self) -> Result<Option<Sent>, SessionError> {
        let inner = &*self.0;
        let plan = self.state().leave(&inner.setup.lifetime)?;
        if !plan.was_used {
            return Ok(None);
        }
        let sent = inner.setup.place.carry_out(plan).await?;
        let value = match &sent {
            Sent::Nothing => return Ok(Some(sent)),
            Sent::Value(value) => Some(value.clone()),
            Sent::Gone => None,
        };
        let cookie = inner.setup.cookie(value, inner.is_secure);
        let set = inner.cookies.set(cookie);
        set.map_err(|error| SessionError::cookie_line(&error))?;
        Ok(Some(sent))
    }
}

/// The response is of this client alone: no cache that others use may keep it, and none at all the
/// id of a session.
fn keep_private(res: &mut Response, sent: &Sent) {
    let headers = res.headers_mut();
    let is_said = |word: &str| {
        let values = headers
            .get_all(CACHE_CONTROL)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut words = values.flat_map(|value| value.split(',')).map(str::trim);
        words.any(|said| said.eq_ignore_ascii_case(word))
    };
    if *sent != Sent::Nothing {
        if !is_said("no-store") {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    } else if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    res.vary_by(COOKIE);
}

/// Refuses what pages of other origins send, unless the app has a [`CrossOrigin`] of its own on the way.
pub(super) struct SameOrigin(pub(super) CrossOrigin);

impl Middleware for SameOrigin {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let check = Provided::mark::<CrossOrigin>();
        let checks = |route: &Route| route.providers(&check).next().is_some();
        match req.route().is_some_and(checks) {
            true => next.run(req).await,
            false => self.0.handle(req, next).await,
        }
    }

    fn name(&self) -> Cow<'static, str> {
        "Sessions::CrossOrigin".into()
    }

    fn problems(&self) -> Vec<String> {
        self.0.problems()
    }
}
