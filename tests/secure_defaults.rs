//! `Secure`: what it adds, in which order, and what can be left out or chosen.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::time::Duration;

use cepa::prelude::*;
use cepa::{AppService, RequestId, Secure, Timeout, http};

fn service(secure: Secure) -> AppService {
    let app = App::new()
        .plug(secure)
        .get("/", async |req: Request| req.id().is_some().to_string())
        .post("/", async || "done")
        .get("/stuck", async || std::future::pending::<()>().await);
    app.build().unwrap()
}

async fn ask(service: &AppService, method: &str, path: &str, origin: Option<&str>) -> Response {
    let mut req = http::Request::builder().method(method).uri(path);
    if let Some(origin) = origin {
        req = req.header("origin", origin);
    }
    service.answer(req.body(()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn all_answers_have_an_id_and_the_headers_and_none_takes_for_ever() {
    let service = service(Secure::defaults());
    let rows = [
        ("GET", "/", None, 200),
        ("POST", "/", Some("https://evil.example"), 403),
        ("GET", "/none", None, 404),
        ("GET", "/stuck", None, 503),
    ];
    for (method, path, origin, status) in rows {
        let start = tokio::time::Instant::now();
        let res = ask(&service, method, path, origin).await;
        assert_eq!(res.status(), status, "{method} {path}");
        assert_eq!(res.header("x-request-id").unwrap().len(), 32);
        assert_eq!(res.header("x-content-type-options"), Some("nosniff"));
        let took = if status == 503 { 30 } else { 0 };
        assert_eq!(start.elapsed().as_secs(), took, "{method} {path}");
    }
}

#[test]
fn they_stand_in_the_order_that_is_told() {
    let shown = service(Secure::defaults()).explain("GET", "/").to_string();
    let place = |name| {
        shown
            .find(name)
            .unwrap_or_else(|| panic!("{name}: {shown}"))
    };
    let places = ["RequestId", "SecureHeaders", "CrossOrigin", "Timeout"].map(place);
    assert!(places.is_sorted(), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn each_of_them_can_be_another_or_none() {
    let quick = Timeout::new(Duration::from_secs(1)).with_status(StatusCode::GATEWAY_TIMEOUT);
    let named = RequestId::new().with_header("x-correlation-id");
    let other = service(
        Secure::defaults()
            .with_timeout(quick)
            .with_request_id(named),
    );
    let res = ask(&other, "GET", "/stuck", None).await;
    assert_eq!(res.status(), 504);
    assert!(res.header("x-correlation-id").is_some());
    assert!(res.header("x-request-id").is_none());

    let none = service(Secure::defaults().without_timeout().without_request_id());
    let mut res = ask(&none, "GET", "/", None).await;
    assert!(res.header("x-request-id").is_none());
    assert_eq!(res.take_body().collect(9).await.unwrap(), "false");
    let day = Duration::from_secs(24 * 60 * 60);
    let stuck = tokio::time::timeout(day, ask(&none, "GET", "/stuck", None)).await;
    assert!(stuck.is_err());
}
