//! What was wrong, as this API says it: `{"errors": {"field": ["message"]}}`.

use cepa::{FieldErrors, prelude::*};
use std::collections::BTreeMap;

/// Answers for every error of the app.
///
/// Bad input of any kind is a 422 here, and what is there already is too.
pub(crate) async fn render(error: &Error, _: &ErrorContext) -> impl IntoResponse + use<> {
    let is_taken = error.status() == StatusCode::CONFLICT;
    let status = match error.status() {
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    };
    let mut errors = BTreeMap::<&str, Vec<&str>>::new();
    let fields = error.fields().iter().filter(|_| status.is_client_error());
    for field in fields {
        // `user.email` is the e-mail address of the only thing that was sent.
        let name = field.field.rsplit('.').next().unwrap_or_default();
        let message = if is_taken {
            "has already been taken"
        } else {
            &field.message
        };
        errors.entry(name).or_default().push(message);
    }
    if errors.is_empty() {
        errors.insert("body", vec![error.message()]);
    }
    (status, Json(json!({ "errors": errors })))
}

/// A 401, 403 or 404 that names what it is about.
pub(crate) fn about(error: Error, what: &'static str) -> Error {
    let message = error.message().to_owned();
    error.with_field(what, message)
}

/// Notes it if the value was not sent, or is blank; what was sent.
pub(crate) fn filled(errors: &mut FieldErrors, field: &str, value: Option<String>) -> String {
    let value = value.unwrap_or_default();
    errors.check(field, !value.trim().is_empty(), "can't be blank");
    value
}

/// The same for a value that may be left out.
pub(crate) fn filled_if_sent(errors: &mut FieldErrors, field: &str, value: Option<&String>) {
    let is_filled = value.is_none_or(|value| !value.trim().is_empty());
    errors.check(field, is_filled, "can't be blank");
}
