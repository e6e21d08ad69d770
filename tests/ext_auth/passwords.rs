//! What passwords cost a server: never more than it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cepa::auth::Passwords;
use cepa::prelude::*;

use super::app::PASSWORD;

/// Logins cannot stop the site: those that find no place are told to come again, and everything else
/// is answered meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_is_turned_away_and_pages_are_served() {
    async fn check(State(passwords): State<Passwords>) -> Result<String> {
        let is_right = passwords.verify(PASSWORD, "").await?;
        Ok(is_right.to_string())
    }
    let passwords = Passwords::new().with_threads(1).with_queue(4);
    let app = App::new()
        .state(passwords)
        .post("/check", check)
        .get("/page", async || "page");
    let service = app.build().unwrap();
    let ask = async |service: cepa::AppService, method: &'static str, path: &'static str| {
        let req = http::Request::builder().method(method).uri(path);
        let req = req.header("host", "localhost").body("").unwrap();
        service.answer(req).await
    };
    let (right, full) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let flood = (0..100).map(|_| {
        let (service, right, full) = (service.clone(), right.clone(), full.clone());
        tokio::spawn(async move {
            let res = ask(service, "POST", "/check").await;
            match res.status().as_u16() {
                200 => right.fetch_add(1, Ordering::Relaxed),
                503 => {
                    assert_eq!(res.header("retry-after"), Some("2"));
                    full.fetch_add(1, Ordering::Relaxed)
                }
                other => panic!("{other}"),
            };
        })
    });
    let flood: Vec<_> = flood.collect();
    for _ in 0..50 {
        assert_eq!(ask(service.clone(), "GET", "/page").await.status(), 200);
    }
    for one in flood {
        one.await.unwrap();
    }
    let (right, full) = (right.load(Ordering::Relaxed), full.load(Ordering::Relaxed));
    assert!(right >= 5, "{right} were hashed");
    assert!(full >= 50 && right + full == 100, "{full} were turned away");
}

/// On a server with one thread: a page is served while a password is hashed.
#[tokio::test(flavor = "current_thread")]
async fn a_page_is_served_while_a_password_is_hashed() {
    async fn check(State(passwords): State<Passwords>) -> Result<String> {
        let is_right = passwords.verify(PASSWORD, "").await?;
        Ok(is_right.to_string())
    }
    let passwords = Passwords::new().with_memory(64 * 1024).with_iterations(4);
    let app = App::new()
        .state(passwords)
        .post("/check", check)
        .get("/page", async || "page");
    let service = app.build().unwrap();
    let ask = async |method: &str, path: &str| {
        let req = http::Request::builder().method(method).uri(path);
        let req = req.header("host", "localhost").body("").unwrap();
        service.answer(req).await.status().as_u16()
    };
    let check = ask("POST", "/check");
    tokio::pin!(check);
    for _ in 0..20 {
        let page = async {
            tokio::task::yield_now().await;
            ask("GET", "/page").await
        };
        tokio::select! {
            biased;
            _ = &mut check => panic!("the page waited for the password"),
            page = page => assert_eq!(page, 200),
        }
    }
    assert_eq!(check.await, 200);
}
