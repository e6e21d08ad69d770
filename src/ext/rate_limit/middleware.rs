//! What a limiter does: finds out who asks, takes one from what that client has left, and says so.
//!
//! Before it: middleware that has to run for refused requests too. After it: what is limited.

use std::borrow::Cow;

use http::HeaderName;

use super::config::{RateLimit, seconds};
use super::key::RateLimitKey;
use super::store::Decision;
use crate::{
    ClientAddr, Error, HeaderValue, IntoResponse, Middleware, Next, Request, Response, Result,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

impl Middleware for RateLimit {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let decision = match self.decide(&mut req).await {
            Ok(decision) => decision,
            Err(error) => return error.into_response(),
        };
        let mut res = match decision.retry_after() {
            None => next.run(req).await,
            Some(wait) => {
                let seconds = seconds(wait);
                let unit = if seconds == 1 { "second" } else { "seconds" };
                let message = format!("too many requests: try again in {seconds} {unit}");
                let error = Error::too_many_requests(message);
                error.with_retry_after(wait).into_response()
            }
        };
        self.tell(&mut res, decision);
        res
    }

    /// `RateLimit::sign-in` for one that was given a name, so that two of them can be told apart.
    fn name(&self) -> Cow<'static, str> {
        match self.is_named() {
            true => format!("RateLimit::{}", self.name).into(),
            false => "RateLimit".into(),
        }
    }

    fn problems(&self) -> Vec<String> {
        self.wrong_options()
    }
}

impl RateLimit {
    async fn decide(&self, req: &mut Request) -> Result<Decision> {
        let text = self.key.as_ref().and_then(|key| key(req));
        let key = match text {
            Some(text) => RateLimitKey::text(&self.name, text),
            None => {
                let ClientAddr(addr) = req.extract().await?;
                RateLimitKey::addr(&self.name, addr)
            }
        };
        self.store.take(&key, &self.quota).await
    }

    /// One member of the list for each limiter around, the inner ones first.
    fn tell(&self, res: &mut Response, decision: Decision) {
        let Some(policy) = &self.policy else { return };
        let left = decision.remaining();
        let reset = seconds(decision.reset());
        let value = format!("\"{}\";r={left};t={reset}", self.name);
        if let Ok(value) = HeaderValue::try_from(value) {
            res.headers_mut().append(POLICY, policy.clone());
            res.headers_mut().append(LIMIT, value);
        }
    }
}
