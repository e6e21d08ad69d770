//! What decides the mode, and who may ask for it.

use std::process::Command;

use cepa::Mode;
use cepa::prelude::*;

use crate::problems;

/// What a test of this file prints as a child with this `CEPA_ENV`, as far as it is in brackets.
#[track_caller]
fn said(test: &str, env: Option<&str>) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([&format!("mode::{test}"), "--exact", "--nocapture"]);
    child.env("CEPA_TEST_CHILD", "1").env_remove("CEPA_ENV");
    child.envs(env.map(|env| ("CEPA_ENV", env)));
    let done = child.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    let said = text.split_once('[').unwrap().1.rsplit_once(']').unwrap().0;
    said.to_owned()
}

fn is_child() -> bool {
    std::env::var_os("CEPA_TEST_CHILD").is_some()
}

async fn mode(req: Request) -> String {
    req.mode().to_string()
}

/// Answers with the mode in which it was plugged.
fn asking(app: App) -> App {
    let mode = app.current_mode();
    app.get("/asked", move || async move { mode.to_string() })
}

/// The same, elsewhere.
fn asking_again(app: App) -> App {
    let mode = app.current_mode();
    app.get("/again", move || async move { mode.to_string() })
}

#[test]
fn the_environment_decides_and_its_absence_is_what_was_built() {
    if is_child() {
        let client = App::new().plug(asking).get("/", mode).test();
        let (seen, asked) = (client.get("/").send(), client.get("/asked").send());
        let service = client.service().mode();
        println!(
            "[{} {} {} {service}]",
            Mode::current(),
            seen.text(),
            asked.text()
        );
        return;
    }
    let built = if cfg!(debug_assertions) {
        "development"
    } else {
        "production"
    };
    let table = [
        (None, built),
        (Some(""), built),
        (Some("development"), "development"),
        (Some("production"), "production"),
    ];
    for (env, mode) in table {
        let test = "the_environment_decides_and_its_absence_is_what_was_built";
        assert_eq!(
            said(test, env),
            format!("{mode} {mode} {mode} {mode}"),
            "{env:?}"
        );
    }
}

#[test]
fn another_value_in_the_environment_is_a_build_error() {
    if is_child() {
        let error = App::new() // here
            .plug(asking)
            .mount("/x", App::new().get("/", mode))
            .build()
            .unwrap_err();
        let given = App::new().mode(Mode::Development).get("/", mode).build();
        println!("[{} {error} {}]", Mode::current(), given.is_ok());
        return;
    }
    let here = include_str!("mode.rs")
        .lines()
        .position(|line| line.ends_with("// here"));
    let place = format!("mode.rs:{}: ", here.unwrap() + 1);
    for env in ["staging", "Production", "dev", " development"] {
        let said = said(
            "another_value_in_the_environment_is_a_build_error",
            Some(env),
        );
        assert!(
            said.starts_with("production the app has a problem:"),
            "{said}"
        );
        assert!(said.contains(&place), "{said}");
        let message = format!(
            "the environment variable CEPA_ENV is `{env}`: set it to `development` or `production` true"
        );
        assert!(said.ends_with(&message), "{said}");
    }
}

#[test]
fn the_app_can_decide_in_place_of_the_environment() {
    for chosen in [Mode::Development, Mode::Production] {
        let mounted = App::new().mode(chosen).plug(asking);
        let client = App::new()
            .mode(chosen)
            .plug(asking)
            .get("/", mode)
            .mount("/mounted", mounted)
            .mount("/plain", App::new().get("/", mode))
            .test();
        for path in ["/", "/asked", "/mounted/asked", "/plain"] {
            client.get(path).send().assert_text(&chosen.to_string());
        }
        assert_eq!(client.service().mode(), chosen);
    }
}

#[test]
fn whoever_was_told_another_mode_is_a_problem() {
    let other = match Mode::current() {
        Mode::Development => Mode::Production,
        _ => Mode::Development,
    };
    let asked = format!(
        "this is set up for {}, but the app is in {other}",
        Mode::current()
    );
    let too_late = App::new().plug(asking).mode(other);
    let in_another = App::new().mode(other).mount("/", App::new().plug(asking));
    let of_another = App::new()
        .get("/", mode)
        .mount("/x", App::new().mode(other).get("/", mode));
    let moved = format!(
        "outermost app, which is in {}: move `.mode(..)` there",
        Mode::current()
    );
    // One that is told the right one does not make up for the other.
    let half_too_late = App::new().plug(asking).mode(other).plug(asking_again);
    for (app, message) in [
        (too_late, &asked),
        (half_too_late, &asked),
        (in_another, &asked),
        (of_another, &moved),
    ] {
        let text = problems(app);
        assert!(
            text.contains(message) && text.contains("mode.rs:"),
            "{text}"
        );
        assert!(text.starts_with("the app has a problem:"), "{text}");
    }
}
