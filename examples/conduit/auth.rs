//! Who asks: `Authorization: Token ..`.

use crate::errors::about;
use crate::models::user;
use cepa::OptionalFromRequest;
use cepa::jwt::{Claims, Jwt};
use cepa::orm::prelude::*;
use cepa::prelude::*;
use serde::{Deserialize, Serialize};

/// What is in a token.
#[derive(Deserialize, Serialize)]
struct Member {
    sub: String,
}

/// A token for this user.
pub(crate) fn token(jwt: &Jwt, user: &user::Model) -> Result<String> {
    let sub = user.id.to_string();
    jwt.issue(&Member { sub })
}

/// The user who asks. 401 without a token, with a bad one, and with that of somebody who is gone; an
/// `Option` is `None` without one.
pub(crate) struct Viewer(pub(crate) user::Model);

impl FromRequest for Viewer {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let viewer = req.extract::<Option<Self>>().await?;
        viewer.ok_or_else(|| unauthorized("is missing"))
    }
}

impl OptionalFromRequest for Viewer {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        let claims = req.extract::<Option<Claims<Member>>>().await;
        let Some(Claims(member)) = claims.map_err(|error| about(error, "token"))? else {
            return Ok(None);
        };
        let db: Db = req.extract().await?;
        let user = match member.sub.parse::<i32>() {
            Ok(id) => user::Entity::find_by_id(id).one(&db).await?,
            Err(_) => None,
        };
        let gone = || unauthorized("is of nobody");
        user.map(Self).ok_or_else(gone).map(Some)
    }
}

/// A 401 says how to do better (RFC 9110, 15.5.2).
fn unauthorized(message: &'static str) -> Error {
    let error = Error::unauthorized(message).with_header("www-authenticate", "Token");
    about(error, "token")
}
