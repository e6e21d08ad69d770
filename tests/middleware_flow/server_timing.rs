//! What `ServerTiming` sends, and when it sends nothing.

use std::time::Duration;

use cepa::prelude::*;
use cepa::testing::TestResponse;
use cepa::{Mode, ServerTiming, Timeout, Timings};

async fn pass(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn home() -> &'static str {
    "home"
}

/// Names and milliseconds of the only `Server-Timing` header.
#[track_caller]
fn times(res: &TestResponse) -> Vec<(String, f64)> {
    let mut headers = res.headers().get_all("server-timing").iter();
    let header = headers.next().unwrap().to_str().unwrap();
    assert!(headers.next().is_none());
    let metric = |metric: &str| {
        let mut parts = metric.split(';');
        let name = parts.next().unwrap().to_owned();
        let time = parts.next().unwrap().strip_prefix("dur=").unwrap();
        (name, time.parse().unwrap())
    };
    header.split(", ").map(metric).collect()
}

#[track_caller]
fn names(res: &TestResponse) -> Vec<String> {
    times(res).into_iter().map(|(name, _)| name).collect()
}

fn app() -> App {
    App::new().mode(Mode::Development).plug(ServerTiming::new())
}

#[test]
fn each_step_inside_has_a_metric_in_the_order_of_the_way_in() {
    let inner = App::new().with(pass).get("/", home.named("inner::home"));
    let client = App::new()
        .mode(Mode::Development)
        .with(pass)
        .plug(ServerTiming::new())
        .with(Logger::new())
        .get("/", home.with(pass).named("home page"))
        .mount("/inner", inner)
        .test();
    assert_eq!(
        names(&client.get("/").send()),
        ["total", "Logger", "pass", "home_page"]
    );
    assert_eq!(
        names(&client.get("/inner").send()),
        ["total", "Logger", "pass", "inner.home"]
    );
    let missing = client.get("/none").send();
    missing.assert_status(404);
    assert_eq!(names(&missing), ["total", "Logger"]);
}

#[test]
fn a_step_is_told_without_those_inside_of_it() {
    async fn slow(req: Request, next: Next) -> Response {
        std::thread::sleep(Duration::from_millis(20));
        next.run(req).await
    }
    async fn slower() {
        std::thread::sleep(Duration::from_millis(40));
    }
    let client = app()
        .with(pass)
        .with(slow)
        .get("/", slower.named("slower"))
        .test();
    let times = times(&client.get("/").send());
    let of = |wanted: &str| times.iter().find(|(name, _)| name == wanted).unwrap().1;
    let sum: f64 = times[1..].iter().map(|(_, time)| time).sum();
    assert!(of("slow") >= 20.0 && of("slower") >= 40.0, "{times:?}");
    // The sum is the total, up to the steps between; on a busy machine sleeps are longer.
    assert!(
        sum <= of("total") && of("slow") <= of("total") - of("slower"),
        "{times:?}"
    );
}

#[tokio::test]
async fn errors_and_what_is_cut_off_are_measured() {
    async fn stuck() {
        std::future::pending().await
    }
    let client = app()
        .with(Timeout::new(Duration::from_millis(20)))
        .get("/stuck", stuck.named("stuck"))
        .get(
            "/error",
            (async || Err::<(), _>(Error::conflict("no"))).named("error"),
        )
        .get(
            "/panic",
            (async || -> () { panic!("on purpose") }).named("panic"),
        )
        .test();
    for (path, status) in [("/stuck", 503), ("/error", 409), ("/panic", 500)] {
        let res = client.get(path).await;
        res.assert_status(status);
        assert_eq!(names(&res), ["total", "Timeout", &path[1..]]);
    }
    let times = times(&client.get("/stuck").await);
    assert!(times[2].1 >= 19.0, "{times:?}");
}

#[test]
fn others_add_their_times_beside_a_header_that_is_there() {
    async fn query(timings: Option<Local<Timings>>) -> String {
        let Some(Local(timings)) = timings else {
            return "nobody asks".to_owned();
        };
        timings.add("db", Duration::from_millis(1500));
        timings.add(format!("cache {}", 1), Duration::from_millis(2));
        timings.add("db", Duration::from_millis(1));
        "told".to_owned()
    }
    async fn own(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("server-timing", "own;dur=1");
        res
    }
    let routes = |app: App| app.get("/", query.named("query")).test();
    let res = routes(app().with(own)).get("/").send();
    res.assert_text("told");
    let headers: Vec<_> = res.headers().get_all("server-timing").iter().collect();
    assert_eq!(headers[0], "own;dur=1");
    let added = ", db;dur=1501.000;desc=\"2 times\", cache_1;dur=2.000";
    assert!(headers[1].to_str().unwrap().ends_with(added), "{headers:?}");
    routes(App::new())
        .get("/")
        .send()
        .assert_text("nobody asks");
}

#[test]
fn in_production_it_is_not_there_unless_forced() {
    let routes = |app: App| app.with(pass).get("/", home.named("home")).test();
    let production = || App::new().mode(Mode::Production);
    let res = routes(production().plug(ServerTiming::new()))
        .get("/")
        .send();
    assert!(res.header("server-timing").is_none());
    let forced = ServerTiming::new().with_production();
    let res = routes(production().plug(forced)).get("/").send();
    assert_eq!(names(&res), ["total", "pass", "home"]);
}

#[test]
fn one_inside_of_another_adds_nothing() {
    let inner = App::new()
        .mode(Mode::Development)
        .plug(ServerTiming::new())
        .with(pass)
        .get("/", home.named("home"));
    let client = app().mount("/inner", inner).test();
    let res = client.get("/inner").send();
    assert_eq!(names(&res), ["total", "ServerTiming", "pass", "home"]);
}
