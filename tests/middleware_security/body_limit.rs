//! `BodyLimit`: the innermost counts, whoever reads.

use cepa::BodyLimit;
use cepa::prelude::*;

async fn length(bytes: Bytes) -> String {
    bytes.len().to_string()
}

async fn chunks(mut req: Request) -> Result<String> {
    let mut body = req.take_body()?;
    let mut length = 0;
    while let Some(chunk) = body.chunk().await {
        length += chunk?.len();
    }
    Ok(length.to_string())
}

#[test]
fn the_innermost_limit_counts() {
    let inner = App::new()
        .with(BodyLimit::new(3))
        .post("/", length)
        .post("/json", async |Json(value): Json<Value>| value.to_string())
        .post("/form", async |Form(pairs): Form<Vec<(String, String)>>| {
            pairs.len().to_string()
        })
        .post("/chunks", chunks)
        .post("/large", length.with(BodyLimit::new(6)))
        .post("/none", length.with(BodyLimit::new(0)))
        .post("/ignored", async || "unread");
    let client = App::new()
        .with(BodyLimit::new(5))
        .post("/", length)
        .mount("/in", inner)
        .test();
    let table = [
        ("/", "12345", 200),
        ("/", "123456", 413),
        ("/in", "123", 200),
        ("/in", "1234", 413),
        ("/in/chunks", "123", 200),
        ("/in/chunks", "1234", 413),
        ("/in/large", "123456", 200),
        ("/in/large", "1234567", 413),
        ("/in/none", "", 200),
        ("/in/none", "1", 413),
        ("/in/ignored", "1234", 200),
    ];
    for (path, body, status) in table {
        let res = client.post(path).body(body).send();
        assert_eq!(res.status().as_u16(), status, "{path} {body:?}: {res}");
    }
    client
        .post("/in/json")
        .json(&1234)
        .send()
        .assert_status(413);
    client
        .post("/in/form")
        .form(&[("a", "bc")])
        .send()
        .assert_status(413);
}

#[test]
fn a_limit_can_be_larger_than_the_default() {
    let client = App::new()
        .post("/", length)
        .post("/large", length.with(BodyLimit::new(4 << 20)))
        .test();
    let body = || vec![b'x'; 3 << 20];
    client.post("/").body(body()).send().assert_status(413);
    client
        .post("/large")
        .body(body())
        .send()
        .assert_text(&(3 << 20).to_string());
}
