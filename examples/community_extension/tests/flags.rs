//! Flags as a program uses them, and the promises of every extension.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use cepa::prelude::*;
use cepa::testing::{ExtensionCheck, TestClient};
use cepa_flags::{FeatureFlags, Flag, FlagName, Flags, FlagsExt, NewFlag};

struct Beta;

impl FlagName for Beta {
    const NAME: &'static str = "beta";
}

async fn beta(flag: Flag<Beta>) -> String {
    flag.is_on().to_string()
}

fn flags() -> FeatureFlags {
    FeatureFlags::new().with_flag("beta", false)
}

fn switch(client: &TestClient, name: &str, on: bool) -> StatusCode {
    let req = client
        .put(format!("/flags/{name}"))
        .json(&json!({ "on": on }));
    req.send().status()
}

/// A file that no other test has, and that is removed at the end.
struct TempFile(PathBuf);

impl TempFile {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "cepa-flags-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Relaxed)
        );
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn it_keeps_what_extensions_promise() {
    let file = std::sync::Arc::new(TempFile::new());
    ExtensionCheck::new(move || flags().with_file(&file.0))
        .with_consumer(beta)
        .with_consumer(async |flags: Flags| flags.is_on("beta").to_string())
        .refuses(|| flags().with_flag("beta", true), "two flags named `beta`")
        .refuses(
            || flags().with_flag("a b", true),
            "`a b` is no name of a flag",
        )
        .refuses(|| flags().with_override("a b"), "has no valid name")
        .refuses(|| flags().with_path("flags"), "write `/flags`")
        .run();
}

#[test]
fn a_flag_is_switched_for_those_who_come_after() {
    let client = App::new().plug(flags()).get("/", beta).test();
    client.get("/").send().assert_text("false");
    assert_eq!(switch(&client, "beta", true), 200);
    client.get("/").send().assert_text("true");
    client
        .get("/flags")
        .send()
        .assert_json(&json!({ "beta": true }));
}

#[test]
fn what_is_not_there_or_malformed_is_answered_in_words() {
    let client = App::new().plug(flags()).test();
    assert_eq!(switch(&client, "gamma", true), 404);
    let res = client
        .put("/flags/gamma")
        .json(&json!({ "on": true }))
        .send();
    assert_eq!(
        res.error().map(Error::message),
        Some("there is no flag `gamma`")
    );
    client
        .put("/flags/beta")
        .json(&json!({ "on": 1 }))
        .send()
        .assert_status(422);
}

#[test]
fn a_request_overrides_flags_for_itself() {
    let client = App::new()
        .plug(flags().with_flag("other", false).with_override("x-flags"))
        .get("/", async |flags: Flags| {
            let on: Vec<&str> = flags
                .iter()
                .filter_map(|(name, on)| on.then_some(name))
                .collect();
            on.join(" ")
        })
        .test();
    let ask = |value: &str| client.get("/").header("x-flags", value).send();
    ask("beta").assert_text("beta");
    ask("other , beta, unknown").assert_text("beta other");
    ask("unknown").assert_text("");
    client.get("/").send().assert_text("");
}

#[test]
fn flags_come_from_other_extensions_too() {
    fn shop(app: App) -> App {
        app.contribute(NewFlag::new("one-page").on())
    }
    let client = App::new()
        .mount("/shop", App::new().plug(shop))
        .plug(flags())
        .test();
    let wanted = json!({ "beta": false, "one-page": true });
    client.get("/flags").send().assert_json(&wanted);
}

#[test]
fn middleware_asks_the_request() {
    let guard = async |req: Request, next: Next| match req.flag("beta") {
        true => Ok(next.run(req).await),
        false => Err(Error::not_found("not yet")),
    };
    let client = App::new()
        .plug(flags())
        .get("/beta", beta.with(guard))
        .test();
    client.get("/beta").send().assert_status(404);
    switch(&client, "beta", true);
    client.get("/beta").send().assert_status(200);
}

#[test]
fn the_guard_is_around_the_routes_of_flags_alone() {
    async fn refuse(_: Request, _: Next) -> Error {
        Error::forbidden("not you")
    }
    let client = App::new()
        .plug(flags().with_guard(refuse))
        .get("/", beta)
        .test();
    assert_eq!(switch(&client, "beta", true), 403);
    client.get("/flags").send().assert_status(403);
    client.get("/").send().assert_text("false");
}

#[test]
fn flags_outlive_the_program_in_their_file() {
    let file = TempFile::new();
    let app = || App::new().plug(flags().with_file(&file.0)).get("/", beta);
    let client = app().test();
    switch(&client, "beta", true);
    client.stop();
    assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "beta = on\n");
    app().test().get("/").send().assert_text("true");
}

#[test]
fn a_malformed_file_ends_the_start_and_stays_as_it_is() {
    let file = TempFile::new();
    std::fs::write(&file.0, "beta = on\nbeta: off\n").unwrap();
    let service = App::new().plug(flags().with_file(&file.0)).build().unwrap();
    let runtime = tokio_runtime();
    let error = runtime.block_on(service.start()).unwrap_err();
    assert!(error.to_string().contains("line 2 is neither"), "{error}");
    assert!(
        std::fs::read_to_string(&file.0)
            .unwrap()
            .contains("beta: off")
    );
}

fn tokio_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[test]
fn where_it_is_missing_the_build_says_how_to_add_it() {
    let error = App::new().get("/", beta).build().unwrap_err().to_string();
    assert!(
        error.contains("add `.plug(FeatureFlags::new())`"),
        "{error}"
    );
}

#[cfg(feature = "health")]
#[test]
fn the_health_check_says_whether_flags_can_be_kept() {
    use cepa::health::Health;
    let at = |path: PathBuf| {
        App::new()
            .plug(Health::new())
            .plug(flags().with_file(path))
            .test()
    };
    let file = TempFile::new();
    at(file.0.clone())
        .get("/readyz")
        .send()
        .assert_status(200)
        .assert_contains("flags");
    let gone = file.0.join("no-such-folder").join("flags");
    at(gone).get("/readyz").send().assert_status(503);
}
