//! Routes for some, the login page, things of some, and what `build` says.

use cepa::auth::{
    Access, Auth, AuthSession, CurrentUser, Policy, User, require, require_login, require_role,
};
use cepa::prelude::*;
use cepa::sessions::Sessions;

use super::app::{Member, Members, PASSWORD, app, app_with, auth};
use super::browser::Browser;

const ADA: &str = "ada@example.com";

#[test]
fn routes_are_for_those_they_are_for() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    let table = |expected: [u16; 4]| {
        let paths = ["/club", "/club/nothing", "/club/paid", "/admin"];
        for (path, status) in paths.iter().zip(expected) {
            assert_eq!(browser.get(path).status(), status, "{path}");
        }
    };
    table([401, 401, 401, 401]);
    browser.sign_up(ADA);
    table([200, 404, 403, 403]);
    members.change(ADA, |it| it.roles = vec!["payer"]);
    table([200, 404, 200, 403]);
    members.change(ADA, |it| it.roles = vec!["admin"]);
    table([200, 404, 403, 200]);
    // A role that was taken away is gone at the next request.
    members.change(ADA, |it| it.roles.clear());
    table([200, 404, 403, 403]);
    browser.get("/admin").assert_contains("you may not do this");
}

#[test]
fn browsers_are_led_to_the_login_page_and_programs_are_not() {
    let members = Members::default();
    let with_page = auth(&members).with_login_page("/login");
    let client = app_with(&members, Sessions::memory(), with_page).test();
    let browser = Browser::new(&client);
    for path in ["/club", "/me", "/admin"] {
        let res = browser.open(path);
        res.assert_status(303)
            .assert_header("cache-control", "no-store");
        res.assert_header("location", &format!("/login?next={path}"));
        browser.get(path).assert_status(401);
    }
    let ask = |name: &str, value: &str| {
        browser.send(
            client
                .get("/me")
                .header("accept", "text/html")
                .header(name, value),
        )
    };
    ask("sec-fetch-mode", "navigate").assert_status(303);
    ask("sec-fetch-mode", "cors").assert_status(401);
    ask("sec-fetch-mode", "no-cors").assert_status(401);
    let json = client.get("/me").header("accept", "application/json");
    browser.send(json).assert_status(401);
    // A form whose session ended meanwhile cannot be sent again by a link.
    let form = client.post("/change").header("accept", "text/html");
    let res = browser.send(form.form(&[("old", "a"), ("new", "b")]));
    res.assert_status(303).assert_header("location", "/login");
    // Another 401 is none of its business.
    let wrong = client.post("/login").header("accept", "text/html");
    let wrong = wrong.form(&[("email", ADA), ("password", "x")]);
    browser.send(wrong).assert_status(401);
}

#[test]
fn a_session_that_ends_is_forgotten_by_the_browser_that_is_led_to_the_login_page() {
    let members = Members::default();
    let with_page = auth(&members).with_login_page("/login");
    // Sessions stand inside, so their cookies pass.
    let app = App::new()
        .state(members.clone())
        .plug(with_page)
        .plug(Sessions::memory());
    let client = super::app::routes(app).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    members.remove(ADA);
    browser.open("/me").assert_status(303);
    assert_eq!(browser.cookies(), "");
}

#[derive(Clone)]
struct Note {
    owner: u32,
    is_public: bool,
}

#[derive(Clone, Copy)]
enum Action {
    Read,
    Write,
}

impl Policy<Member> for Note {
    type Action = Action;

    fn access(&self, member: &Member, action: Action) -> Access {
        let is_own = self.owner == member.id || member.has_role("admin");
        match action {
            Action::Read => Access::granted_if(is_own || self.is_public).or_hidden(),
            Action::Write if self.is_public => Access::granted_if(is_own),
            Action::Write => Access::granted_if(is_own).or_hidden(),
        }
    }

    fn hidden_message(&self) -> &'static str {
        "no such note"
    }
}

#[test]
fn things_are_for_those_they_belong_to() {
    fn note(id: usize) -> Result<Note> {
        let notes = [(1, false), (2, false), (2, true)];
        let note = notes
            .get(id)
            .map(|&(owner, is_public)| Note { owner, is_public });
        note.or_not_found("no such note")
    }
    async fn read(user: CurrentUser<Member>, Path(id): Path<usize>) -> Result<String> {
        let note = note(id)?;
        user.authorize(Action::Read, &note)?;
        Ok(format!("note of {}", note.owner))
    }
    async fn write(user: CurrentUser<Member>, Path(id): Path<usize>) -> Result<&'static str> {
        user.authorize(Action::Write, &note(id)?)?;
        Ok("written")
    }
    let members = Members::default();
    let client = app(&members)
        .get("/notes/{id}", read)
        .put("/notes/{id}", write)
        .test();
    let browser = Browser::new(&client);
    browser.get("/notes/0").assert_status(401);
    browser.sign_up(ADA);
    let put = |path: &str| browser.send(client.put(path));
    browser.get("/notes/0").assert_text("note of 1");
    put("/notes/0").assert_text("written");
    let (hidden, missing) = (browser.get("/notes/1"), browser.get("/notes/7"));
    hidden.assert_status(404);
    assert_eq!(hidden.text(), missing.text(), "nobody can tell them apart");
    put("/notes/1").assert_status(404);
    browser.get("/notes/2").assert_text("note of 2");
    put("/notes/2").assert_status(403);
    members.change(ADA, |it| it.roles = vec!["admin"]);
    put("/notes/1").assert_text("written");
}

fn problem(app: App) -> String {
    app.build().unwrap_err().to_string()
}

#[test]
fn who_asks_for_users_without_them_learns_it_at_the_start() {
    let sessions = || App::new().plug(Sessions::memory());
    let table = [
        sessions().get("/", async |user: CurrentUser<Member>| user.0.email),
        sessions().get("/", async |user: Option<CurrentUser<Member>>| {
            user.is_some().to_string()
        }),
        sessions().get("/", async |_: AuthSession<Member>| ""),
        sessions().with(require_login()).get("/", async || ""),
        sessions().get("/", (async || "").with(require_role("admin"))),
        sessions()
            .with(require(|it: &Member| it.id > 0))
            .get("/", async || ""),
    ];
    for app in table {
        let told = problem(app);
        assert!(told.contains("add `.plug(Auth::new(..))`"), "{told}");
        assert!(told.contains("tests/ext_auth/guards.rs:"), "{told}");
    }
    // Users of another type.
    #[derive(Clone)]
    struct Admin;
    impl User for Admin {
        fn id(&self) -> String {
            String::new()
        }
    }
    let members = Members::default();
    let told = problem(app(&members).get("/x", async |_: CurrentUser<Admin>| ""));
    assert!(told.contains("Auth<Admin>"), "{told}");
    // Without sessions.
    let told = problem(App::new().plug(auth(&members)));
    assert!(told.contains("add `.plug(Sessions::memory())`"), "{told}");
}

#[test]
fn options_that_cannot_work_are_build_errors() {
    let members = Members::default();
    let with = |auth: Auth<Member>| problem(app_with(&members, Sessions::memory(), auth));
    let weak = cepa::auth::Passwords::new().with_memory(1024);
    let table = [
        (
            with(auth(&members).with_login_page("login")),
            "no path of a login page",
        ),
        (
            with(auth(&members).with_login_page("https://x.example/")),
            "no path of a login page",
        ),
        (
            with(auth(&members).with_login_page("/login?a=b")),
            "no path of a login page",
        ),
        (
            with(auth(&members).with_login_page("/nowhere")),
            "add `.get(\"/nowhere\", ..)`",
        ),
        (
            with(auth(&members).with_login_page("/club")),
            "for those only who have signed in",
        ),
        (with(auth(&members).with_name("")), "no name for users"),
        (with(auth(&members).with_name("a:b")), "no name for users"),
        (
            with(auth(&members).with_passwords(weak)),
            "1024 KiB are too few",
        ),
        (
            with(auth(&members).with_reset_lifetime(std::time::Duration::ZERO)),
            "give it minutes",
        ),
        (
            problem(app(&members).mode(cepa::Mode::Production)),
            "in production",
        ),
    ];
    for (told, words) in table {
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// A guard of the app's own, against plain http, does not stand before who has not signed in.
#[test]
fn a_namesake_of_the_guards_may_stand_before_the_login_page() {
    async fn require_https(req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let members = Members::default();
    let auth = auth(&members).with_login_page("/login");
    let app = app_with(&members, Sessions::memory(), auth).with(require_https);
    assert!(app.build().is_ok());
}

/// The admin with the id 1 is not the member with the id 1.
#[test]
fn users_of_two_types_are_not_confused() {
    #[derive(Clone)]
    struct Admin(String);
    impl User for Admin {
        fn id(&self) -> String {
            self.0.clone()
        }
    }
    let members = Members::default();
    let admins = || Auth::new(|id: String| async move { Ok(Some(Admin(id))) });
    let build = |admins: Auth<Admin>| {
        let inner = App::new()
            .plug(admins)
            .get("/", async |CurrentUser(admin): CurrentUser<Admin>| admin.0);
        app(&members).mount("/control", inner)
    };
    let told = problem(build(admins()));
    assert!(
        told.contains("two types of users are called `user`"),
        "{told}"
    );
    let client = build(admins().with_name("admin")).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    browser.get("/me").assert_text(ADA);
    browser.get("/control").assert_status(401);
}

#[test]
fn a_login_is_as_short_as_it_should_be() {
    let members = Members::default();
    let client = app(&members).test();
    client
        .post("/sign-up")
        .form(&[("email", ADA), ("password", PASSWORD)])
        .send();
    client.get("/me").send().assert_text(ADA);
}
