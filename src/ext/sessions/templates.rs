//! What templates know of sessions: `csrf_token`, and `csrf_field`, the hidden field of it.

use super::csrf_token::CsrfToken;
use super::extract::Session;
use crate::App;
use crate::templates::minijinja::Value;
use crate::templates::{ContextProcessor, Visit};

pub(super) fn contribute(app: App) -> App {
    app.contribute(ContextProcessor::new("csrf_token", csrf_token))
        .contribute(ContextProcessor::new("csrf_field", csrf_field))
}

/// Undefined, and so an error, where there are no sessions.
fn token(visit: &Visit) -> Option<CsrfToken> {
    let token = visit.local::<Session>()?.csrf_token();
    token
        .inspect_err(|error| tracing::warn!(target: "cepa", "a page got no token: {error}"))
        .ok()
}

fn csrf_token(visit: &Visit) -> Value {
    token(visit).map_or(Value::UNDEFINED, |token| Value::from(token.to_string()))
}

fn csrf_field(visit: &Visit) -> Value {
    token(visit).map_or(Value::UNDEFINED, |token| {
        Value::from_safe_string(token.field())
    })
}
