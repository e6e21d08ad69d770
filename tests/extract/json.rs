//! `Json`: 415, 413, 400 and 422, each told apart, with the place in the text.

use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};
use cepa::{Value, json};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Order {
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Item {
    price: u32,
}

fn show(order: &Order) -> String {
    let sum: u32 = order.items.iter().map(|item| item.price).sum();
    format!("{sum} {:?}", order.note)
}

fn client() -> TestClient {
    App::new()
        .post("/", async |Json(order): Json<Order>| show(&order))
        .post("/option", async |order: Option<Json<Order>>| match order {
            Some(Json(order)) => show(&order),
            None => "nothing".to_owned(),
        })
        .post("/result", async |order: Result<Json<Order>>| match order {
            Ok(Json(order)) => show(&order),
            Err(error) => format!("{}", error.status().as_u16()),
        })
        .test()
}

fn post(client: &TestClient, path: &str, body: &str) -> TestResponse {
    let request = client.post(path).body(body.to_owned());
    request.header("content-type", "application/json").send()
}

#[test]
fn json_of_the_right_shape_arrives() {
    let client = client();
    let body = json!({ "items": [{ "price": 3 }, { "price": 4 }], "more": null });
    client.post("/").json(&body).send().assert_text("7 None");
    let kinds = [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/vnd.shop.order+json",
        "application/problem+JSON;q=1",
    ];
    for kind in kinds {
        let request = client.post("/").body(body.to_string());
        request
            .header("content-type", kind)
            .send()
            .assert_text("7 None");
    }
}

#[test]
fn another_content_type_is_a_415() {
    let client = client();
    let kinds = [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/+json",
        "json",
        "image/svg+json",
    ];
    for kind in kinds {
        for path in ["/", "/option"] {
            let request = client.post(path).body("{\"items\":[]}");
            let res = request.header("content-type", kind).send();
            res.assert_status(415).assert_contains("application/json");
        }
    }
    client
        .post("/")
        .body("{\"items\":[]}")
        .send()
        .assert_status(415);
}

#[test]
fn what_is_no_json_is_a_400_with_line_and_column() {
    let client = client();
    let rows = [
        ("{", "line 1, column 1"),
        ("{\"items\": []", "line 1, column 12"),
        ("{\n \"items\": [,]\n}", "line 2, column 12"),
        ("{\"items\": []} x", "line 1, column 15"),
        ("{'items': []}", "line 1, column 2"),
        ("{\"items\": [], \"note\": \"\u{1}\"}", "line 1, column 24"),
    ];
    for (body, place) in rows {
        let res = post(&client, "/", body);
        let problem: Value = res.assert_status(400).json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("not valid JSON: "), "{body}: {detail}");
        assert!(detail.ends_with(&format!("({place})")), "{body}: {detail}");
    }
    for body in ["", " \n"] {
        let res = post(&client, "/", body);
        res.assert_status(400).assert_contains("the body is empty");
    }
    let invalid = client.post("/").body(&b"\"\xff\""[..]);
    invalid
        .header("content-type", "application/json")
        .send()
        .assert_status(400);
}

#[test]
fn json_of_another_shape_is_a_422_that_names_the_field() {
    let client = client();
    let rows = [
        ("{}", "items", "missing field `items`"),
        ("{\"items\": 1}", "items", "expected an array, found 1"),
        (
            "{\"items\": [{}]}",
            "items[0].price",
            "missing field `price`",
        ),
        (
            "{\"items\": [{\"price\": 1}, {\"price\": -1}]}",
            "items[1].price",
            "found -1",
        ),
        ("{\"note\": 1, \"items\": []}", "note", "expected a string"),
        (
            "{\"items\": [],\n \"items\": []}",
            "items",
            "duplicate field",
        ),
    ];
    for (body, field, text) in rows {
        let res = post(&client, "/", body);
        let problem: Value = res.assert_status(422).json();
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(text), "{body}: {detail}");
        assert!(detail.contains("line "), "{body}: {detail}");
    }
    // The whole of it is no field.
    let problem: Value = post(&client, "/", "[]").assert_status(422).json();
    assert_eq!(problem["errors"], Value::Null);
    let res = post(
        &client,
        "/",
        "{\n  \"items\": [\n    {\"price\": \"x\"}\n  ]\n}",
    );
    res.assert_contains("in `items[0].price` (line 3, column 17)");
}

/// The sentence once read "missing field `title` in `title`".
#[test]
fn a_field_that_the_sentence_names_is_not_said_twice() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "kind")]
        _kind: String,
        #[serde(default, rename = "parts")]
        _parts: Vec<Self>,
    }

    let strict = async |Json(strict): Json<Strict>| format!("{strict:?}");
    let client = App::new().post("/", strict).test();
    let rows = [
        ("{}", "kind", "missing field `kind` (line 1"),
        (
            r#"{"kind":"","parts":[{}]}"#,
            "parts[0].kind",
            "missing field `kind` in `parts[0]` (line 1",
        ),
        (
            r#"{"z":1}"#,
            "z",
            "unknown field `z`, expected `kind` or `parts` (line 1",
        ),
        (
            r#"{"kind":"","parts":[{"z":1}]}"#,
            "parts[0].z",
            "unknown field `z`, expected `kind` or `parts` in `parts[0]` (line 1",
        ),
        (
            r#"{"kind":"","parts":[{"a b":1}]}"#,
            r#"parts[0]["a b"]"#,
            "unknown field `a b`, expected `kind` or `parts` in `parts[0]",
        ),
        (
            r#"{"kind":"","parts":[{"kind":1}]}"#,
            "parts[0].kind",
            "expected a string, found 1 in `parts[0].kind` (line 1",
        ),
    ];
    for (body, field, text) in rows {
        let problem: Value = post(&client, "/", body).assert_status(422).json();
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(text), "{body}: {detail}");
    }
}

#[test]
fn absent_json_is_none_and_malformed_json_is_still_an_error() {
    let client = client();
    client.post("/option").send().assert_text("nothing");
    post(&client, "/option", "{\"items\": []}").assert_text("0 None");
    post(&client, "/option", "{").assert_status(400);
    post(&client, "/option", "{}").assert_status(422);
    // The content type promises a body.
    post(&client, "/option", "").assert_status(400);
    client.post("/option").body("{}").send().assert_status(415);
}

#[test]
fn a_handler_that_takes_a_result_decides_itself() {
    let client = client();
    post(&client, "/result", "{\"items\": []}").assert_text("0 None");
    post(&client, "/result", "{")
        .assert_status(200)
        .assert_text("400");
    post(&client, "/result", "{}").assert_text("422");
    client.post("/result").send().assert_text("415");
}

#[test]
fn the_cause_is_kept_for_the_log() {
    let res = post(&client(), "/", "{}");
    let error = res.error().unwrap();
    let cause = error.downcast_ref::<serde_json::Error>().unwrap();
    assert!(cause.is_data());
}
