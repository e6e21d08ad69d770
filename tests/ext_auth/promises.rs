//! What all extensions promise.

use cepa::auth::{Auth, AuthSession, CurrentUser, Passwords, require_login};
use cepa::prelude::*;
use cepa::sessions::Sessions;
use cepa::testing::ExtensionCheck;

use super::app::{Member, Members};

fn make() -> Auth<Member> {
    Auth::new(Members::default()).with_passwords(Passwords::for_tests())
}

#[test]
fn users_keep_what_extensions_promise() {
    ExtensionCheck::new(make)
        .within(|app| app.plug(Sessions::memory()))
        .with_consumer(async |user: CurrentUser<Member>| user.0.email)
        .with_consumer(async |user: Option<CurrentUser<Member>>| user.is_some().to_string())
        .with_consumer(async |_: AuthSession<Member>| "")
        .with_consumer((async || "").with(require_login()))
        .refuses(|| make().with_name(""), "no name for users")
        .refuses(
            || make().with_login_page("login"),
            "no path of a login page",
        )
        .run();
}
