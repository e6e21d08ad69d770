//! What is odd but legal: it is served, and told once.

use cepa::prelude::*;

use super::place;

const SOURCE: &str = include_str!("warnings.rs");

async fn pass(req: Request, next: Next) -> Response {
    next.run(req).await
}

fn warnings(app: App) -> Vec<String> {
    let service = app.build().unwrap();
    let warnings = service.warnings().iter();
    warnings.map(ToString::to_string).collect()
}

#[test]
fn a_route_that_is_never_reached_is_a_warning() {
    for path in ["/a/../b", "/./a", "/..", "/%2e/a", "/a/.%2E/b", "/%2e%2E"] {
        let app = App::new().get(path, async || ""); // dots
        let told = warnings(app.get("/", async || ""));
        let wanted = format!("GET {path} is never reached");
        assert!(told.len() == 1 && told[0].contains(&wanted), "{told:?}");
        assert!(told[0].contains(&place(SOURCE, "dots")), "{told:?}");
    }
}

#[test]
fn a_tunnel_is_never_opened() {
    let app = App::new().route(Method::CONNECT, "/x", async || ""); // tunnel
    let told = warnings(app);
    assert!(
        told.len() == 1 && told[0].contains("CONNECT /x is never reached"),
        "{told:?}"
    );
    assert!(told[0].contains(&place(SOURCE, "tunnel")), "{told:?}");
}

#[test]
fn a_fallback_where_another_app_answers_is_a_warning() {
    let says = |text: &'static str| App::new().fallback(move || std::future::ready(text));
    for prefix in ["/", "/in"] {
        let app = App::new()
            .mount(prefix, says("first").get("/a", async || "a"))
            .mount(prefix, App::new().get("/b", async || "b"))
            .mount(
                prefix,
                App::new()
                    .get("/c", async || "c")
                    .fallback(async || "third"), // late
            );
        let client = app.test();
        let told: Vec<_> = client.service().warnings().iter().collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let told = told[0].to_string();
        assert!(told.contains("this fallback is never reached"), "{told}");
        assert!(told.contains(&place(SOURCE, "late")), "{told}");
        let below = format!("{}/none", prefix.trim_end_matches('/'));
        client.get(below).send().assert_text("first");
    }
    // The first one mounted at the root answers in place of the app around it, by design.
    assert_eq!(warnings(says("outer").mount("/", says("inner"))), [""; 0]);
}

/// Two apps of one host are like two of one prefix.
#[test]
fn the_first_app_of_a_host_answers_for_it() {
    let says = |text: &'static str| App::new().fallback(move || std::future::ready(text));
    let app = App::new()
        .host("a.test", says("first"))
        .host("a.test", says("second"));
    let client = app.test();
    assert_eq!(client.service().warnings().len(), 1);
    let res = client.get("/none").header("host", "a.test").send();
    res.assert_text("first");
}

#[test]
fn middleware_around_nothing_is_a_warning() {
    let idle = App::new().with(pass).with(pass); // idle
    let told = warnings(App::new().get("/", async || "").mount("/in", idle));
    assert_eq!(told.len(), 2, "{told:?}");
    for told in told {
        assert!(told.contains("`pass` wraps no route"), "{told}");
        assert!(told.contains(&place(SOURCE, "idle")), "{told}");
    }
    // It is served all the same.
    let client = App::new().with(pass).test();
    assert_eq!(client.service().warnings().len(), 1);
    client.get("/").send().assert_status(404);
}

#[test]
fn middleware_around_a_fallback_or_a_mounted_app_wraps_something() {
    let apps = [
        App::new().with(pass).get("/", async || ""),
        App::new().with(pass).fallback(async || ""),
        App::new()
            .with(pass)
            .mount("/in", App::new().get("/", async || "")),
        App::new()
            .with(pass)
            .mount("/in", App::new().fallback(async || "")),
        App::new()
            .with(pass)
            .host("a.test", App::new().get("/", async || "")),
    ];
    for app in apps {
        assert_eq!(warnings(app), [""; 0]);
    }
}

#[test]
fn a_problem_of_an_extension_is_told_at_the_line_that_plugs_it() {
    struct Broken;
    impl Extension for Broken {
        fn install(self, app: App) -> App {
            app.get("/:old", async || "")
        }
    }
    let plugged = line!() + 1;
    let error = App::new().plug(Broken).build().unwrap_err();
    assert_eq!(error.problems()[0].location().line(), plugged, "{error}");
}

#[test]
fn a_problem_of_a_function_is_told_at_its_own_line() {
    let written = line!() + 2;
    fn broken(app: App) -> App {
        app.get("/:old", async || "")
    }
    let error = App::new().plug(broken).build().unwrap_err();
    assert_eq!(error.problems()[0].location().line(), written, "{error}");
}
