//! What `build` refuses: every mistake at once, each with its line and a sentence that mends it.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod fine;
mod fixes;
mod needs;
mod options;
mod paths;
mod routes;
mod warnings;

use cepa::prelude::*;
use cepa::{Need, Problem};

#[derive(Clone)]
struct Db;

/// The only problem of an app. Its line has the words `// here`.
#[track_caller]
fn problem(app: App, source: &str) -> Problem {
    let error = app.build().unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    let problem = error.problems()[0].clone();
    let line = problem.location().line() as usize;
    let text = source.lines().nth(line - 1).unwrap();
    assert!(text.ends_with("// here"), "{problem}: {text}");
    problem
}

/// Where in these sources the words `// mark` are, as messages name it.
fn place(source: &str, mark: &str) -> String {
    let at = source
        .lines()
        .position(|line| line.ends_with(&format!("// {mark}")));
    format!(":{}:", at.unwrap() + 1)
}

#[track_caller]
fn says(problem: &Problem, words: &[&str]) {
    for word in words {
        assert!(
            problem.message().contains(word),
            "{problem} should say {word}"
        );
    }
}

async fn needs_db(State(_): State<Db>) {}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_their_lines() {
    async fn guard(State(_): State<u64>, req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let first = line!() + 2;
    let app = App::new()
        .get("/users/:id", async || "") // 0: old syntax
        .get("/{id}", async || "")
        .get("/{name}", async || "") // 2: the same paths as the one above
        .get("/db", needs_db) // 3: no such state
        .get("/x", async |Path(_): Path<u8>| "") // 4: no such parameter
        .state(1_u8)
        .state(2_u8) // 6: twice
        .with(guard) // 7: no such state
        .mount("/in/", App::new()) // 8: a slash too many
        .require::<Db>("plug it"); // 9: no such extension
    let error = app.build().unwrap_err();
    let lines: Vec<u32> = error
        .problems()
        .iter()
        .map(|problem| problem.location().line() - first)
        .collect();
    assert_eq!(lines, [0, 2, 3, 4, 6, 7, 8, 9], "{error}");
    let text = error.to_string();
    assert!(text.starts_with("the app has 8 problems:\n  "), "{text}");
    for (line, problem) in text.lines().skip(1).zip(error.problems()) {
        let place = problem.location();
        let wanted = format!("  {}:{}: {}", file!(), place.line(), problem.message());
        assert_eq!(line, wanted);
    }
    // `main` prints an error by its `Debug`.
    assert_eq!(format!("{error:?}"), text);
}

#[test]
fn one_mistake_is_told_in_the_singular() {
    let error = App::new().get("x", async || "").build().unwrap_err();
    assert!(
        error.to_string().starts_with("the app has a problem:\n  "),
        "{error}"
    );
}

#[test]
fn whoever_starts_an_app_is_told_its_problems() {
    let app = || App::new().get("/db", needs_db);
    let wanted = app().build().unwrap_err().to_string();
    let error = app().run("127.0.0.1:0").unwrap_err();
    assert_eq!(error.to_string(), wanted);
    let asked = std::panic::catch_unwind(|| app().test().get("/db").send());
    let panic = *asked.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(panic, wanted);
}

#[test]
fn a_thing_that_is_there_once_is_refused_the_second_time() {
    async fn renderer(_: &Error, _: &ErrorContext) {}
    let source = include_str!("main.rs");
    let app = App::new()
        .state(Db) // first state
        .state(Db); // here
    let found = problem(app, source);
    says(
        &found,
        &[
            "a state of type `Db` already",
            &place(source, "first state"),
        ],
    );
    let app = App::new()
        .fallback(async || "") // first fallback
        .fallback(async || ""); // here
    let found = problem(app, source);
    says(
        &found,
        &["a fallback already", &place(source, "first fallback")],
    );
    let app = App::new()
        .on_error(renderer) // first renderer
        .on_error(renderer); // here
    let found = problem(app, source);
    says(
        &found,
        &[
            "an error renderer already",
            &place(source, "first renderer"),
        ],
    );
}

#[test]
fn what_belongs_to_the_outermost_app_is_refused_inside() {
    async fn rewrite(req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let source = include_str!("main.rs");
    let inner = App::new().before_routing(rewrite); // here
    let found = problem(App::new().mount("/in", inner), source);
    says(&found, &["`rewrite` runs before routing", "outermost"]);
    let inner = App::new().host("a.test", App::new()); // here
    let found = problem(App::new().mount("/in", inner), source);
    says(&found, &["hosts belong to the outermost app"]);
    let inner = App::new().trust_proxies(["loopback"]); // here
    let found = problem(App::new().host("a.test", inner), source);
    says(&found, &["trusted proxies belong to the outermost app"]);
}

#[test]
fn a_proxy_that_is_no_address_is_refused() {
    let source = include_str!("main.rs");
    for proxy in ["", "localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0", "*"] {
        let app = App::new().trust_proxies([proxy]); // here
        says(&problem(app, source), &[&format!("`{proxy}`")]);
    }
}

/// The second list would have taken the place of the first, unseen.
#[test]
fn proxies_that_are_named_twice_are_refused() {
    let source = include_str!("main.rs");
    let app = App::new().trust_proxies(["10.0.0.7"]); // first proxies
    let app = app.trust_proxies(["loopback"]); // here
    let first = place(source, "first proxies");
    says(&problem(app, source), &["already, at", &first, "one list"]);
}

struct Sessions;

impl Extension for Sessions {
    fn install(self, app: App) -> App {
        app.get("/session", async || "yours")
    }
}

struct Login;

impl Extension for Login {
    fn install(self, app: App) -> App {
        app.require::<Sessions>("plug `Sessions`")
    }
}

#[test]
fn an_extension_that_is_needed_and_missing_is_reported() {
    let source = include_str!("main.rs");
    let app = App::new().plug(Login); // here
    let found = problem(app, source);
    says(&found, &["needs the extension `Sessions`: plug `Sessions`"]);
    // It is there, but not around the one that needs it.
    let app = App::new()
        .plug(Login) // here
        .mount("/in", App::new().plug(Sessions));
    problem(app, source);
    let app = App::new().plug(Login).plug(None::<Sessions>); // here
    problem(app, source);
}

#[test]
fn an_extension_that_is_needed_may_come_in_any_order_and_from_around() {
    let apps = [
        App::new().plug(Sessions).plug(Login),
        App::new().plug(Login).plug(Sessions),
        App::new()
            .plug(Sessions)
            .mount("/in", App::new().plug(Login)),
        App::new()
            .mount("/in", App::new().plug(Login))
            .plug(Sessions),
        App::new().plug(Login).plug(Some(Sessions)),
        App::new().plug(Some(Login)).plug(Some(Sessions)),
    ];
    for app in apps {
        app.build().unwrap();
    }
}

#[test]
fn an_extension_plugged_twice_names_both_places() {
    fn function(app: App) -> App {
        app
    }
    let source = include_str!("main.rs");
    let app = App::new()
        .plug(Sessions) // first plug
        .plug(Sessions); // here
    let found = problem(app, source);
    says(
        &found,
        &[
            "Sessions",
            "is plugged already",
            &place(source, "first plug"),
        ],
    );
    let app = App::new().plug(function).plug(function); // here
    problem(app, source);
    let app = App::new().plug(Sessions).plug(Some(Sessions)); // here
    problem(app, source);
}

#[test]
fn a_check_sees_the_built_app() {
    let source = include_str!("main.rs");
    let app = || App::new().get("/home", (async || "").named("home"));
    let has = |name: &'static str| {
        move |app: &cepa::AppService| app.url_for(name, &[]).map(drop).map_err(|e| e.to_string())
    };
    app().check(has("home")).build().unwrap();
    let app = app().check(has("home")).check(has("menu")); // here
    says(&problem(app, source), &["`menu`"]);
    // Without a route, what a check finds would often be the same again.
    let app = App::new()
        .check(|_| panic!("checked in vain"))
        .get("x", async || ""); // here
    problem(app, source);
}

/// One build tells all of it.
#[test]
fn a_check_runs_although_something_else_is_wrong() {
    let app = App::new()
        .check(|_| Err("checked".to_owned()))
        .state(1_u8)
        .state(2_u8)
        .get("/", needs_db);
    let told = app.build().unwrap_err().to_string();
    assert!(told.starts_with("the app has 3 problems:"), "{told}");
    for part in [
        "checked",
        "needs `State<Db>`",
        "a state of type `u8` already",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn extensions_declare_needs_of_their_own() {
    struct Audit;
    impl Middleware for Audit {
        async fn handle(&self, req: Request, next: Next) -> Response {
            next.run(req).await
        }
        fn name(&self) -> std::borrow::Cow<'static, str> {
            "audit log".into()
        }
        fn requires(&self) -> Vec<Need> {
            vec![Need::state::<Db>()]
        }
    }
    struct User;
    impl FromRequest for User {
        async fn from_request(_: &mut Request) -> Result<Self> {
            Ok(Self)
        }
        fn requires() -> Vec<Need> {
            vec![Need::state::<Db>()]
        }
    }
    let source = include_str!("main.rs");
    let app = App::new().with(Audit).get("/", async || ""); // here
    says(&problem(app, source), &["`audit log` needs `State<Db>`"]);
    let app = App::new().get("/", async |_: User| ""); // here
    says(
        &problem(app, source),
        &["needs `State<Db>`", "add `.state(..)`"],
    );
}
