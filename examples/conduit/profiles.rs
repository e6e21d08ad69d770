//! Users as others see them, and who follows whom.

use crate::auth::Viewer;
use crate::errors::about;
use crate::models::{follow, user};
use cepa::orm::prelude::*;
use cepa::prelude::*;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

#[derive(Clone, Serialize)]
pub(crate) struct Profile {
    username: String,
    bio: String,
    image: String,
    following: bool,
}

#[derive(Serialize)]
struct Body {
    profile: Profile,
}

impl Profile {
    fn new(user: user::Model, following: bool) -> Self {
        Self {
            username: user.username,
            bio: user.bio,
            image: user.image,
            following,
        }
    }

    /// Of a user whom nobody looks at who could follow.
    pub(crate) fn of_viewer(viewer: &Viewer) -> Self {
        Self::new(viewer.0.clone(), false)
    }
}

/// The profiles of these users, by their ids.
pub(crate) async fn profiles(
    db: &impl ConnectionTrait,
    viewer: Option<&Viewer>,
    ids: HashSet<i32>,
) -> Result<HashMap<i32, Profile>> {
    let mut followed = HashSet::new();
    if let Some(Viewer(viewer)) = viewer {
        let follows = follow::Entity::find()
            .filter(follow::Column::FollowerId.eq(viewer.id))
            .filter(follow::Column::FollowedId.is_in(ids.iter().copied()));
        let follows = follows.all(db).await?;
        followed.extend(follows.into_iter().map(|it| it.followed_id));
    }
    let users = user::Entity::find().filter(user::Column::Id.is_in(ids));
    let users = users.all(db).await?.into_iter();
    Ok(users
        .map(|user| (user.id, followed.contains(&user.id), user))
        .map(|(id, following, user)| (id, Profile::new(user, following)))
        .collect())
}

/// The user of this name, or 404.
pub(crate) async fn named(db: &impl ConnectionTrait, username: &str) -> Result<user::Model> {
    let user = user::Entity::find().filter(user::Column::Username.eq(username));
    let missing = || about(Error::not_found("not found"), "profile");
    user.one(db).await?.ok_or_else(missing)
}

async fn show(Path(username): Path<String>, viewer: Option<Viewer>, db: Db) -> Result<Json<Body>> {
    let user = named(&db, &username).await?;
    let id = user.id;
    let found = profiles(&db, viewer.as_ref(), HashSet::from([id])).await?;
    let profile = found.into_values().next().or_not_found("not found")?;
    Ok(Json(Body { profile }))
}

async fn follow(
    Path(username): Path<String>,
    Viewer(viewer): Viewer,
    tx: Tx,
) -> Result<Json<Body>> {
    let user = named(&tx, &username).await?;
    let follow = follow::ActiveModel {
        follower_id: Set(viewer.id),
        followed_id: Set(user.id),
    };
    // Who follows already goes on.
    let columns = [follow::Column::FollowerId, follow::Column::FollowedId];
    let insert = follow::Entity::insert(follow).on_conflict_do_nothing_on(columns);
    insert.exec_without_returning(&tx).await?;
    let profile = Profile::new(user, true);
    Ok(Json(Body { profile }))
}

async fn unfollow(
    Path(username): Path<String>,
    Viewer(viewer): Viewer,
    tx: Tx,
) -> Result<Json<Body>> {
    let user = named(&tx, &username).await?;
    follow::Entity::delete_by_id((viewer.id, user.id))
        .exec(&tx)
        .await?;
    let profile = Profile::new(user, false);
    Ok(Json(Body { profile }))
}

pub(crate) fn routes(app: App) -> App {
    app.get("/profiles/{username}", show)
        .post("/profiles/{username}/follow", follow)
        .delete("/profiles/{username}/follow", unfollow)
}
