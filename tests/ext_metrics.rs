//! What is counted of requests, own metrics, and the text, read as strictly as Prometheus does.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod exposition;

use std::sync::Arc;
use std::time::Duration;

use cepa::metrics::{Counter, Family, Gauge, Histogram, Metric, Metrics};
use cepa::prelude::*;
use exposition::Exposition;
use tokio::sync::Notify;

fn read(client: &cepa::testing::TestClient) -> Exposition {
    let res = client.get("/metrics").send();
    res.assert_status(200)
        .assert_header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    Exposition::parse(res.text())
}

#[test]
fn requests_are_counted_by_method_template_and_status() {
    let client = App::new()
        .plug(Metrics::new())
        .get("/users/{id}", async |Path(_): Path<u64>| "four")
        .post("/users/{id}", async || StatusCode::CREATED)
        .any("/any", async || "")
        .mount(
            "/in",
            App::new().get("/x", async || "").fallback(async || "lost"),
        )
        .host("{t}.test", App::new().get("/members/{id}", async || ""))
        .test();
    client.get("/users/1").send();
    client.get("/users/2").send();
    client.get("/users/x").send();
    client.request(Method::HEAD, "/users/1").send();
    client.post("/users/1").send();
    client.put("/users/1").send();
    client.get("/secret-token-1").send();
    client.get("/in/secret-token-2").send();
    client
        .request(Method::from_bytes(b"HACK").unwrap(), "/any")
        .send();
    client.get("/members/7").header("host", "red.test").send();
    let read = read(&client);
    let rows = [
        ("GET", "/users/{id}", "200", 2.0),
        ("GET", "/users/{id}", "400", 1.0),
        ("HEAD", "/users/{id}", "200", 1.0),
        ("POST", "/users/{id}", "201", 1.0),
        ("PUT", "/users/{id}", "405", 1.0),
        ("GET", "unmatched", "404", 1.0),
        ("GET", "/in/*", "200", 1.0),
        ("other", "/any", "200", 1.0),
        ("GET", "{t}.test/members/{id}", "200", 1.0),
    ];
    for (method, route, status, count) in rows {
        let labels = [("method", method), ("route", route), ("status", status)];
        for name in [
            "http_requests_total",
            "http_request_duration_seconds_count",
            "http_response_size_bytes_count",
        ] {
            assert_eq!(read.value(name, &labels), Some(count), "{name} {labels:?}");
        }
    }
    let labels = [
        ("method", "GET"),
        ("route", "/users/{id}"),
        ("status", "200"),
    ];
    assert_eq!(
        read.value("http_response_size_bytes_sum", &labels),
        Some(8.0)
    );
    assert!(!read.text.contains("secret"), "{}", read.text);
    assert_eq!(read.samples("http_requests_total").count(), rows.len());
    // The request that asks.
    assert_eq!(read.value("http_requests_in_flight", &[]), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn the_time_is_that_of_the_whole_response() {
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let metrics = Metrics::new().with_duration_buckets([0.1, 0.5, 1.0]);
    let client = App::new().plug(metrics).get("/slow", slow).test();
    client.get("/slow").await;
    let read = Exposition::parse(client.get("/metrics").await.text());
    let bucket = |le| {
        let labels = [
            ("le", le),
            ("method", "GET"),
            ("route", "/slow"),
            ("status", "200"),
        ];
        read.value("http_request_duration_seconds_bucket", &labels)
            .unwrap()
    };
    assert_eq!(
        ["0.1", "0.5", "1", "+Inf"].map(bucket),
        [0.0, 1.0, 1.0, 1.0]
    );
    let labels = [("method", "GET"), ("route", "/slow"), ("status", "200")];
    assert_eq!(
        read.value("http_request_duration_seconds_sum", &labels),
        Some(0.3)
    );
}

#[tokio::test]
async fn a_request_whose_client_went_away_is_cancelled_and_no_longer_in_flight() {
    let reached = Arc::new(Notify::new());
    let handler = {
        let reached = Arc::clone(&reached);
        move || {
            let reached = Arc::clone(&reached);
            async move {
                reached.notify_one();
                std::future::pending::<()>().await;
            }
        }
    };
    let metrics = Metrics::new();
    let reader = metrics.reader();
    let service = App::new()
        .plug(metrics)
        .get("/hang", handler)
        .build()
        .unwrap();
    let hanging = tokio::spawn(service.answer(http::Request::get("/hang").body("").unwrap()));
    reached.notified().await;
    let in_flight = |text: &str| Exposition::parse(text).value("http_requests_in_flight", &[]);
    assert_eq!(in_flight(&reader.text()), Some(1.0));
    hanging.abort();
    assert!(hanging.await.unwrap_err().is_cancelled());
    let read = Exposition::parse(&reader.text());
    assert_eq!(read.value("http_requests_in_flight", &[]), Some(0.0));
    let labels = [
        ("method", "GET"),
        ("route", "/hang"),
        ("status", "cancelled"),
    ];
    assert_eq!(read.value("http_requests_total", &labels), Some(1.0));
}

#[test]
fn many_threads_lose_no_count() {
    let metrics = Metrics::new();
    let reader = metrics.reader();
    let app = App::new().plug(metrics);
    let app = app.get("/{status}", async |Path(status): Path<u16>| {
        StatusCode::from_u16(status).unwrap()
    });
    let service = app.build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                for i in 0..400 {
                    let uri = format!("/{}", 200 + i % 20);
                    let req = http::Request::get(uri).body("").unwrap();
                    drop(runtime.block_on(service.answer(req)));
                }
            });
        }
    });
    let read = Exposition::parse(&reader.text());
    let counts: Vec<f64> = read
        .samples("http_requests_total")
        .map(|it| it.value)
        .collect();
    assert_eq!(counts, [160.0; 20]);
}

#[test]
fn two_apps_in_one_process_count_apart() {
    let app = || App::new().plug(Metrics::new()).get("/", async || "").test();
    let (one, two) = (app(), app());
    one.get("/").send();
    let labels = [("method", "GET"), ("route", "/"), ("status", "200")];
    assert_eq!(read(&one).value("http_requests_total", &labels), Some(1.0));
    assert_eq!(read(&two).value("http_requests_total", &labels), None);
}

#[test]
fn a_mounted_app_measures_itself_alone() {
    let inner = App::new().plug(Metrics::new()).get("/x", async || "");
    let client = App::new().get("/", async || "").mount("/in", inner).test();
    client.get("/").send();
    client.get("/in/x").send();
    let res = client.get("/in/metrics").send();
    let read = Exposition::parse(res.text());
    let routes: Vec<&str> = read
        .samples("http_requests_total")
        .map(|it| it.label("route"))
        .collect();
    assert_eq!(routes, ["/in/x"]);
}

#[test]
fn own_metrics_are_shown_from_the_whole_app() {
    let jobs = Counter::new("jobs_total", "Jobs,\nwith a \\ in it.").with_labels(["kind"]);
    let depth = Gauge::new("queue_depth", "Jobs that wait.");
    let waits = Histogram::new("wait_seconds", "Waits.", [0.5, 1.0]);
    jobs.at(["mail"]).add(2);
    jobs.at(["a \"b\"\n\\c"]).add(1);
    depth.set(3.5);
    depth.add(-1.0);
    for wait in [0.1, 0.5, 0.7, 9.0, f64::NAN] {
        waits.observe(wait);
    }
    let inner = App::new()
        .contribute(depth.metric())
        .contribute(waits.metric());
    let client = App::new()
        .mount("/in", inner)
        .plug(Metrics::new())
        .contribute(jobs.metric())
        .contribute(Metric::text(|| "# TYPE up gauge\nup 1".to_owned()))
        .contribute(Metric::read("pool_size", "Connections.", || f64::INFINITY))
        .test();
    let read = read(&client);
    assert_eq!(read.value("jobs_total", &[("kind", "mail")]), Some(2.0));
    assert_eq!(
        read.value("jobs_total", &[("kind", "a \"b\"\n\\c")]),
        Some(1.0)
    );
    assert_eq!(read.value("queue_depth", &[]), Some(2.5));
    assert_eq!(read.value("pool_size", &[]), Some(f64::INFINITY));
    assert_eq!(read.value("up", &[]), Some(1.0));
    let bucket = |le| read.value("wait_seconds_bucket", &[("le", le)]).unwrap();
    assert_eq!(["0.5", "1", "+Inf"].map(bucket), [2.0, 3.0, 5.0]);
    assert!(
        read.text
            .contains("# HELP jobs_total Jobs,\\nwith a \\\\ in it.\n")
    );
}

#[test]
fn a_family_stops_growing() {
    let hits = Counter::new("hits_total", "Hits.").with_labels(["who"]);
    for i in 0..Family::<Counter, 1>::LIMIT + 50 {
        hits.at([&i.to_string()]).add(1);
    }
    assert_eq!(hits.at(["other"]).value(), 50);
    assert_eq!(hits.at(["7"]).value(), 1);
}

#[test]
fn the_route_may_be_guarded_moved_or_left_out() {
    async fn refuse(_: Request, _: Next) -> Error {
        Error::forbidden("not you")
    }
    let client = App::new()
        .plug(Metrics::new().with_path("/m").with_guard(refuse))
        .get("/", async || "")
        .test();
    client.get("/m").send().assert_status(403);
    client.get("/").send().assert_status(200);
    client.get("/metrics").send().assert_status(404);
    let client = App::new().plug(Metrics::new().without_route()).test();
    client.get("/metrics").send().assert_status(404);
}

#[test]
fn metrics_that_prometheus_refuses_are_build_errors() {
    let counter = |name| Counter::new(name, "");
    let family = |labels| counter("a").with_labels(labels).metric();
    let rows = [
        (counter("1a").metric(), "no name of a metric"),
        (
            counter("").with_labels(["a"]).metric(),
            "no name of a metric",
        ),
        (
            counter("http_requests_total").metric(),
            "is a metric of requests",
        ),
        (family(["x", "le"]), "`le` is no label"),
        (family(["x", "x"]), "the label `x` twice"),
        (Histogram::new("a", "", [2.0, 1.0]).metric(), "do not rise"),
        (
            Histogram::new("a", "", [f64::INFINITY]).metric(),
            "without a finite bound",
        ),
    ];
    for (metric, wanted) in rows {
        let app = App::new().plug(Metrics::new()).contribute(metric);
        let error = app.build().unwrap_err().to_string();
        assert!(error.contains(wanted) && error.contains(file!()), "{error}");
    }
    let app = App::new()
        .contribute(counter("a").metric())
        .contribute(counter("a").metric());
    let error = app.plug(Metrics::new()).build().unwrap_err().to_string();
    assert!(error.contains("two metrics are named `a`"), "{error}");
    let error = App::new()
        .plug(Metrics::new().with_duration_buckets([1.0, 1.0]))
        .build()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Metrics` has buckets that do not rise"),
        "{error}"
    );
}

#[test]
fn any_text_is_a_value_of_a_label() {
    let pieces = [
        "\\", "\"", "\n", "\r", ",", "}", "=", "é", "a", " ", "\0", "{", "#",
    ];
    let values: Vec<String> = (0..800)
        .map(|i| {
            let (a, b) = (i % pieces.len(), i / pieces.len());
            format!(
                "{i}{}{}{}",
                pieces[a],
                pieces[b % pieces.len()],
                pieces[(a * b) % pieces.len()]
            )
        })
        .collect();
    let family = Counter::new("texts_total", "Texts.").with_labels(["text"]);
    for value in &values {
        family.at([value]).add(1);
    }
    let metrics = Metrics::new();
    let reader = metrics.reader();
    let app = App::new().plug(metrics).contribute(family.metric());
    assert_eq!(reader.text(), "", "nothing is known before the build");
    let service = app.build().unwrap();
    let read = Exposition::parse(&reader.text());
    for value in &values {
        assert_eq!(
            read.value("texts_total", &[("text", value)]),
            Some(1.0),
            "{value:?}"
        );
    }
    drop(service);
}

/// An alert on what is unmatched is one on 404s, not on files and preflights.
#[test]
fn only_what_has_no_place_is_unmatched() {
    let files = || App::new().fallback(async || "a file");
    let notes = App::new()
        .trailing_slash(cepa::TrailingSlash::Redirect)
        .get("/notes/{id}", async || "")
        .delete("/notes/{id}", async || "");
    let client = App::new()
        .plug(Metrics::new())
        .with(cepa::Cors::new(["https://a.example"]).with_methods([Method::DELETE]))
        .mount("/api", notes)
        .mount("/static", files())
        .mount("/file.txt", files())
        .host("{t}.test", files())
        .test();
    let preflight = || {
        let ask = client.request(Method::OPTIONS, "/api/notes/1");
        ask.header("origin", "https://a.example")
            .header("access-control-request-method", "DELETE")
    };
    preflight().send().assert_status(204);
    client.request(Method::OPTIONS, "/api/notes/2").send();
    client.post("/api/notes/1").send().assert_status(405);
    client.get("/api/notes/1/").send().assert_status(308);
    client.get("/api/none").send().assert_status(404);
    client.get("/static/secret-1.css").send().assert_status(200);
    client.get("/static/secret/2.css").send();
    client.get("/file.txt").send().assert_status(200);
    client.get("/secret").header("host", "red.test").send();
    let read = read(&client);
    let rows = [
        ("OPTIONS", "/api/notes/{id}", "204", 2.0),
        ("POST", "/api/notes/{id}", "405", 1.0),
        ("GET", "/api/notes/{id}", "308", 1.0),
        ("GET", "unmatched", "404", 1.0),
        ("GET", "/static/*", "200", 2.0),
        ("GET", "/file.txt/*", "200", 1.0),
        ("GET", "{t}.test/*", "200", 1.0),
    ];
    for (method, route, status, count) in rows {
        let labels = [("method", method), ("route", route), ("status", status)];
        let value = read.value("http_requests_total", &labels);
        assert_eq!(value, Some(count), "{labels:?}\n{}", read.text);
    }
    assert_eq!(read.samples("http_requests_total").count(), rows.len());
    assert!(!read.text.contains("secret"), "{}", read.text);
}
