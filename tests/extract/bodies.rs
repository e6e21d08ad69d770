//! The body: read once, up to its limit, as text, bytes or a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use cepa::prelude::*;
use cepa::testing::TestClient;

const LIMIT: usize = 2 * 1024 * 1024;

/// A body that comes in pieces and does not say how long it is; one may be a failure.
fn pieces(sizes: &[Option<usize>]) -> Body {
    struct Pieces(Vec<Option<usize>>);
    impl futures_core::Stream for Pieces {
        type Item = Result<Vec<u8>, &'static str>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let next = (!self.0.is_empty()).then(|| self.0.remove(0));
            Poll::Ready(next.map(|size| Ok(vec![b'0'; size.ok_or("the client is gone")?])))
        }
    }
    Body::from_stream(Pieces(sizes.to_vec()))
}

async fn count(mut body: Body) -> Result<String> {
    let mut bytes = 0;
    while let Some(chunk) = body.chunk().await {
        bytes += chunk?.len();
    }
    Ok(bytes.to_string())
}

fn client() -> TestClient {
    App::new()
        .post("/bytes", async |bytes: Bytes| bytes.len().to_string())
        .post("/text", async |text: String| text.len().to_string())
        .post("/stream", count)
        .post("/json", async |Json(n): Json<Value>| {
            n.to_string().len().to_string()
        })
        .post("/form", async |Form(all): Form<Vec<(String, String)>>| {
            all[0].0.len().to_string()
        })
        .post("/request", async |mut req: Request| {
            count(req.take_body()?).await
        })
        .test()
}

#[test]
fn a_body_is_read_up_to_two_mebibytes() {
    let client = client();
    let kind = |path| match path {
        "/json" => "application/json",
        "/form" => "application/x-www-form-urlencoded",
        _ => "application/octet-stream",
    };
    for path in ["/bytes", "/text", "/stream", "/json", "/form", "/request"] {
        let post = |body: Body| {
            client
                .post(path)
                .body(body)
                .header("content-type", kind(path))
                .send()
        };
        let text = |length: usize| match path {
            "/json" => format!("\"{}\"", "0".repeat(length - 2)),
            _ => "0".repeat(length),
        };
        let res = post(text(LIMIT).into());
        res.assert_status(200).assert_text(&LIMIT.to_string());
        let res = post(text(LIMIT + 1).into());
        res.assert_status(413)
            .assert_contains("larger than allowed");
        let half = Some(LIMIT / 2);
        post(pieces(&[half, half, Some(1)])).assert_status(413);
        if path != "/json" {
            post(pieces(&[half, half])).assert_text(&LIMIT.to_string());
        }
    }
}

#[test]
fn a_middleware_sets_the_limit_of_those_inside() {
    async fn small(mut req: Request, next: Next) -> Response {
        req.set_body_limit(4);
        next.run(req).await
    }
    async fn large(mut req: Request, next: Next) -> Response {
        req.set_body_limit(3 * LIMIT as u64);
        next.run(req).await
    }
    let bytes = async |bytes: Bytes| bytes.len().to_string();
    let client = App::new()
        .post("/small", bytes.with(small))
        .post("/large", bytes.with(large))
        .test();
    client.post("/small").body("1234").send().assert_text("4");
    client
        .post("/small")
        .body("12345")
        .send()
        .assert_status(413);
    client
        .post("/small")
        .body(pieces(&[Some(2), Some(3)]))
        .send()
        .assert_status(413);
    let res = client.post("/large").body("0".repeat(LIMIT + 1)).send();
    res.assert_text(&(LIMIT + 1).to_string());
    let res = client.post("/large").body("0".repeat(3 * LIMIT + 1)).send();
    res.assert_status(413);
}

#[test]
fn a_buffered_body_is_there_for_those_inside() {
    async fn sign(mut req: Request, next: Next) -> Result<Response> {
        let length = req.buffer_body(5).await?.len();
        let again = req.buffer_body(5).await?.len();
        let mut res = next.run(req).await;
        res.set_header("x-length", format!("{length} {again}"));
        Ok(res)
    }
    let client = App::new()
        .with(sign)
        .post("/", async |text: String| text)
        .test();
    let res = client.post("/").body("12345").send();
    res.assert_text("12345").assert_header("x-length", "5 5");
    let res = client.post("/").body(pieces(&[Some(1), Some(2)])).send();
    res.assert_text("000").assert_header("x-length", "3 3");
    client
        .post("/")
        .send()
        .assert_text("")
        .assert_header("x-length", "0 0");
    client.post("/").body("123456").send().assert_status(413);
    client
        .post("/")
        .body(pieces(&[Some(3), Some(3)]))
        .send()
        .assert_status(413);
    client
        .post("/")
        .body(pieces(&[Some(3), None]))
        .send()
        .assert_status(400);
}

/// The limit of `buffer_body` is its own, however the body arrives.
#[test]
fn a_body_is_buffered_beyond_the_limit_of_extractors() {
    async fn keep(mut req: Request) -> Result<String> {
        Ok(req.buffer_body(2 * LIMIT as u64).await?.len().to_string())
    }
    let client = App::new().post("/", keep).test();
    let wanted = (LIMIT + 1).to_string();
    client
        .post("/")
        .body("0".repeat(LIMIT + 1))
        .send()
        .assert_text(&wanted);
    client
        .post("/")
        .body(pieces(&[Some(LIMIT), Some(1)]))
        .send()
        .assert_text(&wanted);
}

/// Whoever collects the body that an extractor gave cannot go beyond the limit of the extractor.
#[test]
fn a_limit_is_only_ever_lowered() {
    async fn all(body: Body) -> Result<String> {
        Ok(body.collect(u64::MAX).await?.len().to_string())
    }
    async fn some(body: Body) -> Result<String> {
        Ok(body
            .limited(3)
            .limited(100)
            .collect(u64::MAX)
            .await?
            .len()
            .to_string())
    }
    let client = App::new().post("/all", all).post("/some", some).test();
    let large = || pieces(&[Some(LIMIT), Some(1)]);
    client
        .post("/all")
        .body("0".repeat(LIMIT + 1))
        .send()
        .assert_status(413);
    client.post("/all").body(large()).send().assert_status(413);
    client.post("/some").body("1234").send().assert_status(413);
    client
        .post("/some")
        .body(pieces(&[Some(2), Some(2)]))
        .send()
        .assert_status(413);
    client
        .post("/some")
        .body(pieces(&[Some(2), Some(1)]))
        .send()
        .assert_text("3");
}

#[test]
fn a_body_that_breaks_off_is_a_400() {
    let client = client();
    for path in ["/bytes", "/text", "/stream", "/request"] {
        let res = client.post(path).body(pieces(&[Some(3), None])).send();
        res.assert_status(400)
            .assert_contains("ended before it was complete");
        assert!(!res.text().contains("the client is gone"));
    }
}

#[test]
fn text_that_is_not_utf_8_is_a_400() {
    let client = client();
    let res = client.post("/text").body(&b"a\xff"[..]).send();
    res.assert_status(400).assert_contains("not UTF-8");
    client
        .post("/bytes")
        .body(&b"a\xff"[..])
        .send()
        .assert_text("2");
    client.post("/text").body("é").send().assert_text("2");
    client.post("/text").send().assert_text("0");
}

#[test]
fn a_body_is_taken_once() {
    async fn twice(mut req: Request) -> Result<()> {
        drop(req.take_body()?);
        drop(req.take_body()?);
        Ok(())
    }
    async fn thief(mut req: Request, next: Next) -> Result<Response> {
        drop(req.take_body()?);
        Ok(next.run(req).await)
    }
    let client = App::new()
        .post("/twice", twice)
        .post("/thief", (async |_: Bytes| ()).with(thief))
        .test();
    for path in ["/twice", "/thief"] {
        let res = client.post(path).body("x").send();
        res.assert_status(500);
        let error = res.error().unwrap().to_string();
        assert!(error.contains("req.buffer_body(limit)"), "{error}");
    }
    assert_eq!(
        client
            .post("/twice")
            .send()
            .error()
            .unwrap()
            .location()
            .file(),
        file!()
    );
}
