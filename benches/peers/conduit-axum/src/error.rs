//! What was wrong, as the API says it: `{"errors": {"field": ["message"]}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sea_orm::DbErr;
use serde_json::json;

pub type Result<T, E = AppError> = std::result::Result<T, E>;

#[derive(Debug)]
pub struct AppError {
    status: StatusCode,
    fields: Vec<(&'static str, &'static str)>,
}

impl AppError {
    pub fn new(status: u16, field: &'static str, message: &'static str) -> Self {
        Self::of_fields(status, vec![(field, message)])
    }

    pub fn of_fields(status: u16, fields: Vec<(&'static str, &'static str)>) -> Self {
        let status = StatusCode::from_u16(status).expect("it is written here");
        Self { status, fields }
    }

    pub fn not_found(what: &'static str) -> Self {
        Self::new(404, what, "not found")
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!("{cause}");
        Self::new(500, "body", "Internal Server Error")
    }
}

impl From<DbErr> for AppError {
    fn from(error: DbErr) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let fields = self.fields.into_iter();
        let errors: serde_json::Map<_, _> = fields
            .map(|(field, message)| (field.to_owned(), json!([message])))
            .collect();
        (self.status, Json(json!({ "errors": errors }))).into_response()
    }
}
