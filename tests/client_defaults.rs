//! What the test client sends unasked, and queries that it writes.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cepa::prelude::*;
use serde::Serialize;

#[test]
fn default_headers_are_sent_unless_a_request_says_otherwise() {
    let show = async |req: Request| {
        let shown = ["host", "x-key", "content-type"]
            .map(|name| req.header(name).unwrap_or("-").to_owned());
        shown.join(" ")
    };
    let client = App::new().any("/", show).test();
    let client = client.with_header("x-key", "1").with_header("X-Key", 2);
    client.get("/").send().assert_text("localhost 2 -");
    client
        .get("/")
        .header("x-key", "3")
        .send()
        .assert_text("localhost 3 -");
    client
        .post("/")
        .json(&1)
        .send()
        .assert_text("localhost 2 application/json");
    let client = client
        .with_header("host", "a.example")
        .with_header("content-type", "text/x");
    client.get("/").send().assert_text("a.example 2 text/x");
    client
        .get("http://b.example/")
        .send()
        .assert_text("b.example 2 text/x");
    client
        .post("/")
        .json(&1)
        .send()
        .assert_text("a.example 2 application/json");
    for (name, value) in [("no name", "1"), ("x", "a\r\nb")] {
        let client = App::new().get("/", async || "").test();
        let said = catch_unwind(AssertUnwindSafe(|| client.with_header(name, value)));
        assert!(said.is_err(), "{name}: {value}");
    }
}

#[derive(Serialize)]
struct Search {
    q: &'static str,
    page: Option<u32>,
    tag: Vec<&'static str>,
}

#[test]
fn a_query_is_written_from_pairs_maps_and_structs() {
    let show = async |req: Request| format!("{} {}", req.path(), req.query());
    let client = App::new().get("/{*path}", show).get("/", show).test();
    let none: [(&str, &str); 0] = [];
    let map = BTreeMap::from([("a", 1), ("b", 2)]);
    let search = |page| Search {
        q: "a&b=ü +",
        page,
        tag: vec!["x", "y"],
    };
    client.get("/").query(&none).send().assert_text("/ ");
    client.get("/?a").query(&none).send().assert_text("/ a");
    client
        .get("/")
        .query(&[("a", "1"), ("a", "2")])
        .send()
        .assert_text("/ a=1&a=2");
    client
        .get("/x")
        .query(&map)
        .send()
        .assert_text("/x a=1&b=2");
    client.get("/?").query(&map).send().assert_text("/ a=1&b=2");
    client
        .get("/?c=3")
        .query(&map)
        .query(&[("d", 4)])
        .send()
        .assert_text("/ c=3&a=1&b=2&d=4");
    client
        .get("/")
        .query(&search(None))
        .send()
        .assert_text("/ q=a%26b%3D%C3%BC+%2B&tag=x&tag=y");
    client
        .get("/")
        .query(&search(Some(7)))
        .send()
        .assert_contains("page=7");
    client
        .get("https://example.com/x?y")
        .query(&map)
        .send()
        .assert_text("/x y&a=1&b=2");
}
