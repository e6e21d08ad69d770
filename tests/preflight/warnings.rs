//! What is odd but legal: it is served, and told once.

use cepa::prelude::*;

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
    for path in ["/a/../b", "/./a", "/.."] {
        let line = line!() + 1;
        let app = App::new().get("/", async || "").get(path, async || "");
        let told = warnings(app);
        let wanted = format!("{}:{line}: GET {path} is never reached", file!());
        assert!(told.len() == 1 && told[0].starts_with(&wanted), "{told:?}");
    }
}

#[test]
fn a_route_for_any_method_behind_one_for_each_is_a_warning() {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    let app = |methods: &[&str]| {
        methods.iter().fold(App::new().any("/{x}", async || ""), |app, method| {
            app.route(method.parse().unwrap(), "/{y}", async || "")
        })
    };
    let told = warnings(app(&methods));
    assert!(told.len() == 1 && told[0].contains("ANY /{x} is never reached"), "{told:?}");
    assert_eq!(warnings(app(&methods[1..])), [""; 0]);
}

#[test]
fn middleware_around_nothing_is_a_warning() {
    let line = line!() + 1;
    let app = App::new().get("/", async || "").mount("/in", App::new().with(pass).with(pass));
    let told = warnings(app);
    let wanted = format!("{}:{line}: `pass` wraps no route", file!());
    assert!(told.len() == 2 && told[0].starts_with(&wanted), "{told:?}");
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
        App::new().with(pass).mount("/in", App::new().get("/", async || "")),
        App::new().with(pass).mount("/in", App::new().fallback(async || "")),
        App::new().with(pass).host("a.test", App::new().get("/", async || "")),
    ];
    for app in apps {
        assert_eq!(warnings(app), [""; 0]);
    }
}
