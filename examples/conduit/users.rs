//! Signing up, signing in, and what one says of oneself.

use crate::auth::{Viewer, token};
use crate::errors::{filled, filled_if_sent};
use crate::models::user;
use cepa::auth::Passwords;
use cepa::jwt::Jwt;
use cepa::orm::prelude::*;
use cepa::{FieldErrors, prelude::*};
use serde::{Deserialize, Deserializer, Serialize};

/// What is sent and answered is in a member of this name.
#[derive(Deserialize, Serialize)]
pub(crate) struct Body<T> {
    user: T,
}

#[derive(Deserialize)]
pub(crate) struct SignUp {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct SignIn {
    email: Option<String>,
    password: Option<String>,
}

/// What is left out stays as it is; `null` and an empty text remove `bio` and `image`.
#[derive(Deserialize)]
pub(crate) struct Changes {
    #[serde(default, deserialize_with = "sent")]
    username: Option<String>,
    #[serde(default, deserialize_with = "sent")]
    email: Option<String>,
    #[serde(default, deserialize_with = "sent")]
    password: Option<String>,
    #[serde(default, deserialize_with = "sent")]
    bio: Option<String>,
    #[serde(default, deserialize_with = "sent")]
    image: Option<String>,
}

/// A value that was sent; `null` is an empty one.
fn sent<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(value)?.unwrap_or_default()))
}

#[derive(Serialize)]
pub(crate) struct Account {
    username: String,
    email: String,
    bio: String,
    image: String,
    token: String,
}

type Answer = Json<Body<Account>>;

fn account(jwt: &Jwt, user: user::Model) -> Result<Answer> {
    let token = token(jwt, &user)?;
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

async fn sign_up(
    db: Db,
    State(jwt): State<Jwt>,
    State(passwords): State<Passwords>,
    Json(Body { user }): Json<Body<SignUp>>,
) -> Result<(StatusCode, Answer)> {
    let mut errors = FieldErrors::new();
    let username = filled(&mut errors, "username", user.username);
    let email = filled(&mut errors, "email", user.email);
    let password = filled(&mut errors, "password", user.password);
    check_email(&mut errors, &email);
    errors.finish()?;
    check_free(&db, None, Some(&username), Some(&email)).await?;
    let user = user::ActiveModel {
        username: Set(username),
        email: Set(email),
        password_hash: Set(passwords.hash(&password, &[]).await?),
        bio: Set(String::new()),
        image: Set(String::new()),
        ..Default::default()
    };
    let user = user.insert(&db).await?;
    Ok((StatusCode::CREATED, account(&jwt, user)?))
}

async fn sign_in(
    db: Db,
    State(jwt): State<Jwt>,
    State(passwords): State<Passwords>,
    Json(Body { user }): Json<Body<SignIn>>,
) -> Result<Answer> {
    let mut errors = FieldErrors::new();
    let email = filled(&mut errors, "email", user.email);
    let password = filled(&mut errors, "password", user.password);
    errors.finish()?;
    let user = user::Entity::find().filter(user::Column::Email.eq(email));
    let user = user.one(&db).await?;
    // Without a user it takes as long, so that nobody learns which addresses are known.
    let hash = user.as_ref().map_or("", |user| &user.password_hash);
    let is_right = passwords.verify(&password, hash).await?;
    match user.filter(|_| is_right) {
        Some(user) => account(&jwt, user),
        None => Err(Error::unauthorized("wrong e-mail address or password")
            .with_field("email or password", "is invalid")),
    }
}

async fn show(Viewer(user): Viewer, State(jwt): State<Jwt>) -> Result<Answer> {
    account(&jwt, user)
}

async fn change(
    Viewer(user): Viewer,
    db: Db,
    State(jwt): State<Jwt>,
    State(passwords): State<Passwords>,
    Json(Body { user: sent }): Json<Body<Changes>>,
) -> Result<Answer> {
    let mut errors = FieldErrors::new();
    filled_if_sent(&mut errors, "username", sent.username.as_ref());
    filled_if_sent(&mut errors, "email", sent.email.as_ref());
    filled_if_sent(&mut errors, "password", sent.password.as_ref());
    if let Some(email) = &sent.email {
        check_email(&mut errors, email);
    }
    errors.finish()?;
    check_free(
        &db,
        Some(user.id),
        sent.username.as_deref(),
        sent.email.as_deref(),
    )
    .await?;
    let password_hash = match sent.password {
        Some(password) => Some(passwords.hash(&password, &[]).await?),
        None => None,
    };
    let changed = user::ActiveModel {
        id: Unchanged(user.id),
        username: Set(sent.username.unwrap_or(user.username)),
        email: Set(sent.email.unwrap_or(user.email)),
        password_hash: Set(password_hash.unwrap_or(user.password_hash)),
        bio: Set(sent.bio.unwrap_or(user.bio)),
        image: Set(sent.image.unwrap_or(user.image)),
    };
    account(&jwt, changed.update(&db).await?)
}

fn check_email(errors: &mut FieldErrors, email: &str) {
    let is_address = email.trim().is_empty() || email.contains('@');
    errors.check("email", is_address, "is invalid");
}

/// That no other user has this name or address. Two who ask at once are told apart by the table.
async fn check_free(
    db: &Db,
    except: Option<i32>,
    username: Option<&str>,
    email: Option<&str>,
) -> Result<()> {
    let mut errors = FieldErrors::new();
    let taken = [
        ("username", user::Column::Username, username),
        ("email", user::Column::Email, email),
    ];
    for (field, column, value) in taken {
        let Some(value) = value else { continue };
        let other = user::Entity::find().filter(column.eq(value));
        let other = other
            .one(db)
            .await?
            .filter(|other| Some(other.id) != except);
        errors.check(field, other.is_none(), "has already been taken");
    }
    errors.finish()
}

pub(crate) fn routes(app: App) -> App {
    app.post("/users", sign_up)
        .post("/users/login", sign_in)
        .get("/user", show)
        .put("/user", change)
}
