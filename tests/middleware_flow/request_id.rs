//! Where the id of a request comes from, and where it is seen.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use cepa::RequestId;
use cepa::http::Request as HttpRequest;
use cepa::prelude::*;

use crate::problems;

async fn id(req: Request) -> String {
    req.id().unwrap_or("none").to_owned()
}

fn app(ids: RequestId) -> App {
    App::new().with(ids).get("/", id)
}

fn is_fresh(id: &str) -> bool {
    id.len() == 32
        && id
            .bytes()
            .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

#[test]
fn a_well_formed_id_of_the_client_is_used_and_any_other_is_replaced() {
    let client = app(RequestId::new()).test();
    let longest = "x".repeat(128);
    let good = ["a", "7f3a-b.c_d", "Root=1-6789/AB+cd~:@", &longest];
    for sent in good {
        let res = client.get("/").header("x-request-id", sent).send();
        res.assert_text(sent).assert_header("x-request-id", sent);
    }
    let longer = "x".repeat(129);
    let bad = [
        "", "a b", "a,b", "<b>", "a\"b", "a'b", "a\tb", "a;b", "{a}", "%0a", "\u{e9}", &longer,
    ];
    for sent in bad {
        let res = client.get("/").header("x-request-id", sent).send();
        assert!(is_fresh(res.text()), "{sent:?}: {}", res.text());
        res.assert_status(200)
            .assert_header("x-request-id", res.text());
    }
}

#[tokio::test]
async fn two_ids_in_one_request_are_none() {
    let service = app(RequestId::new()).build().unwrap();
    let req = HttpRequest::get("/")
        .header("x-request-id", "one")
        .header("x-request-id", "two");
    let res = service.answer(req.body("").unwrap()).await;
    assert!(is_fresh(res.header("x-request-id").unwrap()));
}

#[test]
fn ids_of_clients_can_be_ignored_and_the_header_is_a_choice() {
    let client = app(RequestId::new().with_client_ids(false)).test();
    let res = client.get("/").header("x-request-id", "mine").send();
    assert!(is_fresh(res.text()));
    let client = app(RequestId::default().with_header("X-Correlation-Id")).test();
    let res = client.get("/").header("x-correlation-id", "mine").send();
    res.assert_text("mine")
        .assert_header("x-correlation-id", "mine");
    assert!(res.header("x-request-id").is_none());
    let text = problems(app(RequestId::new().with_header("request id")));
    assert!(
        text.contains("`RequestId`: `request id` is no header name"),
        "{text}"
    );
}

#[test]
fn every_answer_has_it_errors_and_automatic_ones_too() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let observed = Arc::clone(&seen);
    let client = app(RequestId::new())
        .observe_errors(move |_, context| {
            let id = context.request_id().unwrap_or("none");
            observed.lock().unwrap().push(id.to_owned());
        })
        .get("/error", async || Err::<(), _>(Error::conflict("no")))
        .get("/panic", async || -> () { panic!("on purpose") })
        .test();
    for path in ["/error", "/panic", "/none"] {
        let res = client.get(path).header("x-request-id", "it").send();
        res.assert_header("x-request-id", "it");
        assert_eq!(res.json::<Value>()["request_id"], "it", "{path}");
        assert_eq!(seen.lock().unwrap().pop().as_deref(), Some("it"));
    }
    let res = client.post("/").header("x-request-id", "it").send();
    res.assert_status(405).assert_header("x-request-id", "it");
}

#[test]
fn an_id_that_is_there_already_stays() {
    async fn own(mut req: Request, next: Next) -> Response {
        req.set_id("own");
        next.run(req).await
    }
    let client = App::new()
        .with(own)
        .with(RequestId::new())
        .with(RequestId::new().with_header("x-inner-id"))
        .get("/", id)
        .test();
    let res = client.get("/").header("x-inner-id", "inner").send();
    res.assert_text("own")
        .assert_header("x-request-id", "own")
        .assert_header("x-inner-id", "own");
}

#[test]
fn new_ids_do_not_repeat_in_any_thread() {
    let fresh = || {
        let client = app(RequestId::new()).test();
        let ids = (0..500).map(|_| client.get("/").send().text().to_owned());
        ids.collect::<Vec<_>>()
    };
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(fresh)).collect();
    let ids = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap());
    let ids: HashSet<String> = ids.collect();
    assert_eq!(ids.len(), 2000);
    // Each digit of 128 random bits is anything.
    let digits: HashSet<_> = ids.iter().flat_map(|id| id.bytes().enumerate()).collect();
    assert_eq!(digits.len(), 32 * 16);
}
