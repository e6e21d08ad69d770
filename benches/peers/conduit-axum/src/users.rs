//! Signing in.

use argon2::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::error::{AppError, Result};
use crate::models::user;

#[derive(Deserialize, Serialize)]
pub struct Body<T> {
    user: T,
}

#[derive(Deserialize)]
pub struct SignIn {
    email: Option<String>,
    password: Option<String>,
}

#[derive(Serialize)]
pub struct Account {
    username: String,
    email: String,
    bio: String,
    image: String,
    token: String,
}

/// Computed for unknown names, so that nobody learns which addresses are known.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRvZm5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub async fn sign_in(
    State(shared): State<Shared>,
    sent: Result<Json<Body<SignIn>>, JsonRejection>,
) -> Result<Json<Body<Account>>> {
    let Json(Body { user: sent }) = sent.map_err(|_| AppError::new(422, "body", "is invalid"))?;
    let (email, password) = (
        sent.email.unwrap_or_default(),
        sent.password.unwrap_or_default(),
    );
    let mut blank = Vec::new();
    for (field, value) in [("email", &email), ("password", &password)] {
        if value.trim().is_empty() {
            blank.push((field, "can't be blank"));
        }
    }
    if !blank.is_empty() {
        return Err(AppError::of_fields(422, blank));
    }
    let user = user::Entity::find().filter(user::Column::Email.eq(email));
    let user = user.one(&shared.db).await?;
    let hash = user
        .as_ref()
        .map_or(NOBODY, |user| &user.password_hash)
        .to_owned();
    let permit = shared
        .hashes
        .acquire_owned()
        .await
        .map_err(AppError::internal)?;
    let passwords = shared.passwords;
    let verified = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let hash = PasswordHash::new(&hash)?;
        passwords.verify_password(password.as_bytes(), &hash)
    });
    let is_right = verified.await.map_err(AppError::internal)?.is_ok();
    let Some(user) = user.filter(|_| is_right) else {
        return Err(AppError::new(401, "email or password", "is invalid"));
    };
    let token = shared.keys.token(&user)?;
    Ok(Json(Body {
        user: Account {
            username: user.username,
            email: user.email,
            bio: user.bio,
            image: user.image,
            token,
        },
    }))
}
