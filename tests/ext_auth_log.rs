//! What is logged of people who sign in, and of those who may not. It is alone in its program, which has
//! one log.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use cepa::auth::{
    Access, ApiKeys, Auth, AuthSession, BasicAuth, CurrentUser, Passwords, Policy, Throttle, User,
    UserStore, require, require_role,
};
use cepa::prelude::*;
use cepa::rate_limit::Quota;
use cepa::sessions::{CsrfTokens, Sessions};
use cepa::testing::TestClient;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps the messages and fields of events.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Lines {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cepa" && *metadata.level() <= Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        struct Text<'a>(&'a mut String);
        impl Visit for Text<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                match field.name() {
                    "message" => write!(self.0, "{value:?}").unwrap(),
                    name => write!(self.0, " {name}={value:?}").unwrap(),
                }
            }
        }
        let lines = &mut *self.0.lock().unwrap();
        event.record(&mut Text(lines));
        lines.push('\n');
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Clone)]
struct Ada(String);

impl User for Ada {
    fn id(&self) -> String {
        "7".to_owned()
    }

    fn password_hash(&self) -> &str {
        &self.0
    }
}

struct Store(String);

impl UserStore for Store {
    type User = Ada;

    async fn by_id(&self, _: &str) -> Result<Option<Ada>> {
        Ok(Some(Ada(self.0.clone())))
    }

    async fn by_name(&self, name: &str) -> Result<Option<Ada>> {
        Ok((name == "ada").then(|| Ada(self.0.clone())))
    }
}

struct Note;

impl Policy<Ada> for Note {
    type Action = &'static str;

    fn access(&self, _: &Ada, _: &str) -> Access {
        Access::Hidden
    }
}

async fn sign_in(auth: AuthSession<Ada>, Path(name): Path<String>, typed: String) -> Result<()> {
    let user = auth.authenticate(&name, &typed).await?;
    Ok(auth.login(&user.or_unauthorized("wrong")?)?)
}

async fn redeem(auth: AuthSession<Ada>, Path(token): Path<String>) -> Result<()> {
    let user = auth.redeem_token("secret", &token).await?;
    user.map(drop).or_not_found("over")
}

fn client() -> TestClient {
    let passwords = Passwords::for_tests();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let hash = runtime.block_on(passwords.hash("leek onion garlic", &[]));
    let few = Quota::new(2, std::time::Duration::from_secs(3600));
    let auth = Auth::new(Store(hash.unwrap()))
        .with_passwords(passwords)
        .with_throttle(Throttle::new().with_account_from_address(few));
    let none = |_: String| async { Ok(None::<(String, Ada)>) };
    App::new()
        .plug(Sessions::memory())
        .plug(auth)
        .post("/login/{name}", sign_in)
        .post("/logout", async |auth: AuthSession<Ada>| auth.logout())
        .post("/redeem/{token}", redeem)
        .get("/role", (async || "").with(require_role("admin")))
        .get("/if", (async || "").with(require(|_: &Ada| false)))
        .get("/note", async |user: CurrentUser<Ada>| {
            user.authorize("read", &Note)
        })
        .get(
            "/basic",
            (async || "").with(BasicAuth::only("x", "a", "secret")),
        )
        .get("/key", (async || "").with(ApiKeys::new("shop", none)))
        .post("/form", (async || "").with(CsrfTokens::new()))
        .test()
}

#[test]
fn what_concerns_safety_is_logged_and_nothing_that_is_secret() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    let client = client();
    let line = |what: &str| assert_eq!(lines.take(), format!("{what}\n"));
    let login = |name: &str, password: &str| {
        let req = client
            .post(format!("/login/{name}"))
            .body(password.to_owned());
        req.send().status().as_u16()
    };
    lines.take();
    assert_eq!(login("ada", "leek onion garlic"), 200);
    line("signed in user=\"7\"");
    for (path, status, what) in [
        (
            "/role",
            403,
            "refused for want of a role user=\"7\" role=\"admin\"",
        ),
        ("/if", 403, "refused user=\"7\""),
        ("/note", 404, "refused by a policy user=\"7\""),
    ] {
        client.get(path).send().assert_status(status);
        line(what);
    }
    client.post("/logout").send().assert_status(200);
    line("signed out user=\"7\"");
    client.post("/logout").send().assert_status(200);
    assert_eq!(lines.take(), "", "nobody was signed in");

    assert_eq!(login("ada", "secret"), 401);
    line("a wrong password user=\"7\" addr=127.0.0.1");
    assert_eq!(login("secret", "secret"), 401);
    line("a wrong password addr=127.0.0.1");
    assert_eq!([login("ada", "x"), login("ada", "secret")], [401, 429]);
    let told = lines.take();
    let throttled = "too many tries for an account from an address addr=127.0.0.1\n";
    assert!(told.ends_with(throttled), "{told}");

    client.post("/redeem/secret").send().assert_status(404);
    line("a token of a link that is not good addr=127.0.0.1");
    let basic = client.get("/basic").header("authorization", "Basic YTpi");
    basic.send().assert_status(401);
    line("a wrong name or password (Basic) addr=127.0.0.1");
    let key = client.get("/key").header("x-api-key", "shop_secret");
    key.send().assert_status(401);
    line("a request without a good API key");
    client.post("/form").send().assert_status(403);
    line("a request without the token of its session");
}
