//! What failed, as an answer.

use crate::store::StoreError;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

pub(crate) enum Failure {
    Store(StoreError),
    Page(Box<dyn std::error::Error>),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Page(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Store(StoreError::Away(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")]).into_response()
            }
            Self::Store(error) => {
                eprintln!("error: {error:?}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Self::Page(error) => {
                eprintln!("error: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
