//! Arguments together: their order, their number, and what the handler decides itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use cepa::{BodyError, prelude::*};

/// Notes the order in which it was made.
struct Turn<const N: usize>(usize);

impl<const N: usize> FromRequest for Turn<N> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let before = req.insert(Turns(0)).unwrap_or(Turns(0)).0;
        req.insert(Turns(before + 1));
        match req.query() == format!("fail={N}") {
            true => Err(Error::conflict(format!(
                "the one of {N} failed at {before}"
            ))),
            false => Ok(Self(before)),
        }
    }
}

#[derive(Clone)]
struct Turns(usize);

#[test]
fn arguments_are_made_in_the_order_written_and_the_first_failure_answers() {
    async fn show(a: Turn<7>, b: Turn<8>, c: Turn<9>) -> String {
        format!("{} {} {}", a.0, b.0, c.0)
    }
    let client = App::new().get("/", show).test();
    client.get("/").send().assert_text("0 1 2");
    let rows = [(7, 0), (8, 1), (9, 2)];
    for (fail, at) in rows {
        let res = client.get(format!("/?fail={fail}")).send();
        let wanted = format!("the one of {fail} failed at {at}");
        res.assert_status(409).assert_contains(&wanted);
    }
}

#[test]
fn a_handler_that_was_not_given_all_arguments_does_not_run() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    async fn count(_: Turn<1>, _: Turn<2>) {
        RUNS.fetch_add(1, Ordering::Relaxed);
    }
    let client = App::new().get("/", count).test();
    client.get("/?fail=2").send().assert_status(409);
    assert_eq!(RUNS.load(Ordering::Relaxed), 0);
    client.get("/").send().assert_status(200);
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

#[test]
fn a_handler_takes_up_to_eight_arguments_the_body_anywhere() {
    type T = Turn<0>;
    #[rustfmt::skip]
    #[expect(clippy::too_many_arguments, reason = "it shows how many there may be")]
    async fn eight(a: T, b: T, text: String, d: T, Path(e): Path<u8>, f: T, g: Method, h: T) -> String {
        format!("{}{}{}{}{}{}{}{}", a.0, b.0, text, d.0, e, f.0, g, h.0)
    }
    async fn body_first(body: Bytes, Path(id): Path<u8>, Query(()): Query<()>) -> String {
        format!("{id} {}", body.len())
    }
    async fn request_last(a: T, Path(id): Path<u8>, req: Request) -> String {
        format!("{} {id} {}", a.0, req.path())
    }
    let client = App::new()
        .post("/eight/{id}", eight)
        .post("/first/{id}", body_first)
        .post("/last/{id}", request_last)
        .test();
    client
        .post("/eight/5")
        .body("x")
        .send()
        .assert_text("01x253POST4");
    client
        .post("/first/5")
        .body("abc")
        .send()
        .assert_text("5 3");
    client.post("/last/5").send().assert_text("0 5 /last/5");
}

#[test]
fn result_leaves_the_decision_to_the_handler() {
    async fn path(id: Result<Path<u8>>) -> String {
        match id {
            Ok(Path(id)) => id.to_string(),
            Err(error) => format!("not one: {}", error.message()),
        }
    }
    async fn text(text: Result<String, Error>) -> &'static str {
        match text {
            Err(error) if error.downcast_ref::<BodyError>().is_some() => "too large",
            Err(_) => "other",
            Ok(_) => "fine",
        }
    }
    let client = App::new().get("/{id}", path).post("/", text).test();
    client.get("/7").send().assert_text("7");
    let res = client.get("/x").send();
    res.assert_status(200)
        .assert_contains("not one: the path parameter `id`");
    client.post("/").body("x").send().assert_text("fine");
    client
        .post("/")
        .body(&b"\xff"[..])
        .send()
        .assert_text("other");
    client
        .post("/")
        .body(vec![b'0'; 3 << 20])
        .send()
        .assert_text("too large");
}

/// A body reader of one's own, on top of one of the crate.
struct Lines(Vec<String>);

impl FromRequest<Body> for Lines {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let text: String = req.extract_body().await?;
        match text.is_empty() {
            true => Err(Error::unprocessable("at least one line").with_field("body", "is empty")),
            false => Ok(Self(text.lines().map(str::to_owned).collect())),
        }
    }
}

#[test]
fn an_extractor_of_ones_own_reads_the_body() {
    let show = async |Path(id): Path<u8>, Lines(lines): Lines| format!("{id} {lines:?}");
    let client = App::new().post("/{id}", show).test();
    client
        .post("/1")
        .body("a\nb")
        .send()
        .assert_text("1 [\"a\", \"b\"]");
    let res = client.post("/1").send();
    let problem: Value = res.assert_status(422).json();
    assert_eq!(
        problem["errors"][0],
        json!({ "field": "body", "message": "is empty" })
    );
}

#[test]
fn a_middleware_extracts_too() {
    async fn look(mut req: Request, next: Next) -> Result<Response> {
        let Path(id) = req.extract::<Path<u8>>().await?;
        let host = req.extract::<Host>().await?.0;
        let mut res = next.run(req).await;
        res.set_header("x-seen", format!("{id} {host}"));
        Ok(res)
    }
    let client = App::new().get("/{id}", (async || "").with(look)).test();
    client
        .get("/7")
        .send()
        .assert_header("x-seen", "7 localhost");
    client.get("/x").send().assert_status(400);
}
