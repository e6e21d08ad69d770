//! The page of all members, for admins.

use cepa::auth::CurrentUser;
use cepa::flash::Flash;
use cepa::prelude::*;
use cepa::templates::View;

use super::members::{Block, Member, Members};

pub async fn list(
    CurrentUser(admin): CurrentUser<Member>,
    State(members): State<Members>,
) -> Result<View> {
    let rows = members.all().await?;
    let rows = rows.iter().map(|it| {
        let may_block = cepa::auth::authorize(&admin, Block, it).is_ok();
        json!({
            "id": it.id, "email": it.email, "is_admin": it.is_admin, "may_block": may_block,
            "is_blocked": it.is_blocked,
        })
    });
    let rows: Vec<Value> = rows.collect();
    Ok(View::new("members.html", json!({ "members": rows })))
}

pub async fn block(
    admin: CurrentUser<Member>,
    State(members): State<Members>,
    Path(id): Path<i32>,
    flash: Flash,
) -> Result<Redirect> {
    let member = members.find(id).await?.or_not_found("no such member")?;
    admin.authorize(Block, &member)?;
    members.set_blocked(&member, !member.is_blocked).await?;
    let done = if member.is_blocked { "back" } else { "blocked" };
    flash.success(format!("{} is {done}.", member.email))?;
    Ok(Redirect::to("/members"))
}
