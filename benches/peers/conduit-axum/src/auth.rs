//! Who asks: `Authorization: Token ..`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use sea_orm::EntityTrait as _;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Shared;
use crate::error::{AppError, Result};
use crate::models::user;

/// How long a token is good, in seconds.
const LIFETIME: u64 = 7 * 24 * 3600;

#[derive(Deserialize, Serialize)]
struct Claims {
    sub: String,
    iat: u64,
    exp: u64,
}

#[derive(Clone)]
pub struct Keys(Arc<(EncodingKey, DecodingKey, Validation)>);

impl Keys {
    pub fn new(secret: &[u8]) -> Self {
        let (issue, check) = (
            EncodingKey::from_secret(secret),
            DecodingKey::from_secret(secret),
        );
        Self(Arc::new((issue, check, Validation::new(Algorithm::HS256))))
    }

    pub fn token(&self, user: &user::Model) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let iat = now.map_err(AppError::internal)?.as_secs();
        let claims = Claims {
            sub: user.id.to_string(),
            iat,
            exp: iat + LIFETIME,
        };
        encode(&Header::default(), &claims, &self.0.0).map_err(AppError::internal)
    }

    fn user_id(&self, token: &str) -> Option<i32> {
        let token = decode::<Claims>(token, &self.0.1, &self.0.2).ok()?;
        token.claims.sub.parse().ok()
    }
}

pub struct Viewer(pub user::Model);

impl OptionalFromRequestParts<Shared> for Viewer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Option<Self>> {
        let Some(header) = parts.headers.get(AUTHORIZATION) else {
            return Ok(None);
        };
        let refused = || AppError::new(401, "token", "is invalid");
        let token = header
            .to_str()
            .ok()
            .and_then(|it| it.strip_prefix("Token "));
        let id = token
            .and_then(|it| shared.keys.user_id(it))
            .ok_or_else(refused)?;
        let user = user::Entity::find_by_id(id).one(&shared.db).await?;
        user.map(Self).ok_or_else(refused).map(Some)
    }
}

impl FromRequestParts<Shared> for Viewer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self> {
        let viewer = <Self as OptionalFromRequestParts<Shared>>::from_request_parts(parts, shared);
        viewer
            .await?
            .ok_or_else(|| AppError::new(401, "token", "is missing"))
    }
}
