//! SQL in whatever a list reads: names, filters, orders, pages and cursors.

use std::fmt::Write as _;

use cepa::prelude::*;
use cepa::testing::TestClient;

use crate::list::{app, with_client};

/// One attempt a line.
const ATTEMPTS: &str = include_str!("injections.txt");

/// Any text as a part of a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02X}").unwrap();
        all
    })
}

/// base64url without padding (RFC 4648, 5).
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let bits = chunk.iter().chain([&0; 2]).take(3);
        let bits = bits.fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        (0..=chunk.len()).map(move |i| DIGITS[(bits >> (18 - 6 * i) & 63) as usize] as char)
    });
    digits.collect()
}

fn cursor(words: &Value) -> String {
    base64url(words.to_string().as_bytes())
}

fn status(client: &TestClient, path: &str) -> u16 {
    let res = client.get(path).send();
    let status = res.status().as_u16();
    assert!(status < 500, "{path}: {status}\n{}", res.text());
    status
}

#[test]
fn sql_in_what_a_list_reads_has_no_effect() {
    let attempts: Vec<&str> = ATTEMPTS.lines().collect();
    assert!(attempts.len() >= 200, "{}", attempts.len());
    with_client(app, |client| {
        let before = client.get("/items?per_page=100").send().text().to_owned();
        for attempt in &attempts {
            let text = encoded(attempt);
            let found = client.get(format!("/items?name={text}")).send();
            found.assert_status(200);
            assert_eq!(found.json::<Value>()["total"], 0, "{attempt}");

            // Some attempts are numbers.
            let number = attempt.parse::<i64>().ok();
            let is_id = number.is_some_and(|number| i32::try_from(number).is_ok());
            let is_page = number.is_some_and(|number| (1..i64::MAX / 20).contains(&number));
            let is_size = number.is_some_and(|number| (1..=100).contains(&number));
            for (name, is_value) in [
                ("id", is_id),
                ("stars", is_id),
                ("stars_min", is_id),
                ("stars_max", is_id),
                ("page", is_page),
                ("per_page", is_size),
                ("sort", false),
                ("status", false),
                ("created_at_min", false),
            ] {
                let expected = if is_value { 200 } else { 400 };
                let path = format!("/items?{name}={text}");
                assert_eq!(status(client, &path), expected, "{path}: {attempt}");
            }
            for path in [
                format!("/items?{text}=1"),
                format!("/items?id,{text}=1"),
                format!("/items?sort=id,{text}"),
                format!("/after?sort=-{text}"),
                format!("/after?after={text}"),
                format!("/after?before={text}"),
                format!("/after?after={}", cursor(&json!([attempt, "1"]))),
                format!(
                    "/after?sort=id&after={}",
                    cursor(&json!(["id", attempt, "1"]))
                ),
            ] {
                assert_eq!(status(client, &path), 400, "{path}: {attempt}");
            }
            // A cursor with a text in it, which is compared as a value; one with a time may be none.
            let by_name = cursor(&json!(["name", attempt, "1"]));
            assert_eq!(
                status(client, &format!("/after?sort=name&after={by_name}")),
                200
            );
            let by_time = cursor(&json!(["created_at", attempt, "1"]));
            status(client, &format!("/after?sort=created_at&after={by_time}"));
            let by_status = cursor(&json!(["status", attempt, "1"]));
            status(client, &format!("/after?sort=status&before={by_status}"));
        }
        client
            .get("/items?per_page=100")
            .send()
            .assert_text(&before);
    });
}

#[test]
fn the_cursors_of_these_tests_are_cursors() {
    assert_eq!(base64url(b"[\"\",\"20\"]"), "WyIiLCIyMCJd");
    with_client(app, |client| {
        let next = client.get("/after?sort=name").send().json::<Value>()["next"].clone();
        let own = cursor(&json!(["name", "item 2", "30"]));
        let next = next.as_str().unwrap();
        assert!(
            next.starts_with("/after?sort=name&after=WyJuYW1lIiwiaXRlbSA"),
            "{next}"
        );
        let found = client
            .get(format!("/after?sort=name&limit=1&after={own}"))
            .send();
        assert_eq!(found.json::<Value>()["items"][0]["id"], 37);
    });
}
