//! How an error is shown: by `Accept`, by a renderer, and when that fails itself.

use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{ErrorFormat, Value};

#[test]
fn a_page_shows_what_users_wrote_as_text() {
    async fn fail(mut req: Request, next: Next) -> Result<Response> {
        req.set_id("<id>");
        Ok(next.run(req).await)
    }
    let evil = "<script>alert('x')</script> & \"y\"";
    let error =
        move || async move { Err::<(), _>(Error::unprocessable(evil).with_field("<b>", "<i>")) };
    let client = App::new().with(fail).get("/", error).test();
    let res = client.get("/").header("accept", "text/html").send();
    res.assert_status(422)
        .assert_contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;")
        .assert_contains("&lt;b&gt;")
        .assert_contains("&lt;i&gt;")
        .assert_contains("&lt;id&gt;");
    for raw in ["<script", "<b>&lt;b", "<i>", "<id>"] {
        assert_eq!(
            res.text().contains(raw),
            raw == "<b>&lt;b",
            "{raw} in {res}"
        );
    }
}

#[test]
fn the_parts_of_an_error_are_in_every_form() {
    async fn id(mut req: Request, next: Next) -> Response {
        req.set_id("r-7");
        next.run(req).await
    }
    let error = async || {
        let error = Error::unprocessable("wrong input").with_field("a", "too short");
        Err::<(), _>(
            error
                .with_field("b[0]", "no number")
                .with_header("x-more", "yes"),
        )
    };
    let client = App::new().with(id).get("/", error).test();
    let ask = |accept: &'static str| client.get("/").header("accept", accept).send();
    let res = ask("application/json");
    let wanted = json!({
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "wrong input",
        "errors": [
            { "field": "a", "message": "too short" },
            { "field": "b[0]", "message": "no number" },
        ],
        "request_id": "r-7",
    });
    res.assert_json(&wanted).assert_header("x-more", "yes");
    let res = ask("text/plain");
    res.assert_text("422 Unprocessable Entity\nwrong input\na: too short\nb[0]: no number\n");
    let res = ask("text/html");
    for text in [
        "422 Unprocessable Entity",
        "wrong input",
        "too short",
        "b[0]",
        "r-7",
    ] {
        res.assert_contains(text);
    }
    res.assert_header("x-more", "yes");
}

#[test]
fn the_form_is_the_one_the_client_prefers() {
    let client = App::new().test();
    let rows = [
        ("text/html", "text/html; charset=utf-8"),
        (
            "text/html;q=0.5, application/json",
            "application/problem+json",
        ),
        (
            "text/html, application/json;q=0.5",
            "text/html; charset=utf-8",
        ),
        ("text/*", "text/html; charset=utf-8"),
        ("text/plain, text/html;q=0.9", "text/plain; charset=utf-8"),
        (
            "application/xml, text/plain;q=0.1",
            "text/plain; charset=utf-8",
        ),
        ("application/xml", "application/problem+json"),
        ("text/html;q=0", "application/problem+json"),
        ("", "application/problem+json"),
        ("nonsense", "application/problem+json"),
    ];
    for (accept, wanted) in rows {
        let res = client.get("/").header("accept", accept).send();
        assert_eq!(res.header("content-type"), Some(wanted), "{accept}");
    }
    client
        .get("/")
        .send()
        .assert_header("content-type", "application/problem+json");
}

#[test]
fn head_gets_the_head_of_the_error_alone() {
    let client = App::new().test();
    let whole = client.get("/").send();
    let res = client.request(Method::HEAD, "/").send();
    res.assert_status(404).assert_text("");
    res.assert_header("content-length", &whole.bytes().len().to_string());
}

#[test]
fn a_renderer_knows_the_request_it_answers_for() {
    async fn show(error: &Error, context: &ErrorContext) -> impl IntoResponse + use<> {
        Json(json!({
            "format": format!("{:?}", context.format()),
            "method": context.method().as_str(),
            "route": context.route().map(|route| route.path()),
            "id": context.request_id(),
            "status": error.status().as_u16(),
        }))
    }
    async fn id(mut req: Request, next: Next) -> Response {
        req.set_id("7");
        next.run(req).await
    }
    let fail = async |req: Request| -> Result<()> {
        drop(req);
        Err(Error::conflict("no"))
    };
    let client = App::new().with(id).on_error(show).post("/{x}", fail).test();
    let res = client.post("/a").header("accept", "text/html").send();
    let wanted =
        json!({"format": "Html", "method": "POST", "route": "/{x}", "id": "7", "status": 409});
    res.assert_status(409).assert_json(&wanted);
    let res = client.get("/a/b").send();
    let wanted =
        json!({"format": "Problem", "method": "GET", "route": null, "id": "7", "status": 404});
    res.assert_status(404).assert_json(&wanted);
    assert_ne!(ErrorFormat::Text, ErrorFormat::Html);
}

#[test]
fn a_renderer_may_choose_another_status_and_headers() {
    async fn hide(error: &Error, _: &ErrorContext) -> Response {
        let mut res = Html("hidden").into_response();
        if error.status() == 403 {
            res.set_status(StatusCode::NOT_FOUND);
        }
        res.set_header("x-by", "renderer");
        res
    }
    let error = |error: fn() -> Error| move || async move { Err::<(), _>(error()) };
    let client = App::new()
        .on_error(hide)
        .get("/403", error(|| Error::forbidden("no")))
        .get(
            "/429",
            error(|| Error::too_many_requests("slow").with_header("retry-after", 7)),
        )
        .test();
    let res = client.get("/403").send();
    res.assert_status(404)
        .assert_text("hidden")
        .assert_header("x-by", "renderer");
    let res = client.get("/429").send();
    res.assert_status(429).assert_header("retry-after", "7");
    res.assert_header("content-type", "text/html; charset=utf-8");
    assert_eq!(res.error().unwrap().status(), 429);
}

#[test]
fn a_renderer_that_fails_leaves_it_to_the_default() {
    async fn failing(error: &Error, _: &ErrorContext) -> Result<&'static str> {
        match error.status().as_u16() {
            404 => Err(Error::bad_request("renderer's own")),
            _ => panic!("renderer's own"),
        }
    }
    fn panicking(_: &Error, _: &ErrorContext) -> std::future::Ready<&'static str> {
        panic!("renderer's own")
    }
    async fn splitting(_: &Error, _: &ErrorContext) -> impl IntoResponse {
        ([("x", "a\nb")], "renderer's own")
    }
    let seen: Arc<Mutex<Vec<u16>>> = Arc::default();
    let noted = seen.clone();
    let conflict = async || Err::<(), _>(Error::conflict("the first one"));
    let client = App::new()
        .observe_errors(move |error, _| noted.lock().unwrap().push(error.status().as_u16()))
        .mount("/a", App::new().on_error(failing).get("/", conflict))
        .mount("/b", App::new().on_error(panicking).get("/", conflict))
        .mount("/c", App::new().on_error(splitting).get("/", conflict))
        .test();
    for (path, status) in [
        ("/a", 409),
        ("/a/x", 404),
        ("/b", 409),
        ("/b/x", 404),
        ("/c", 409),
    ] {
        let res = client.get(path).send();
        res.assert_status(status)
            .assert_header("content-type", "application/problem+json");
        assert!(!res.text().contains("renderer's own"), "{res}");
        assert_eq!(res.json::<Value>()["status"], status);
        assert_eq!(
            std::mem::take(&mut *seen.lock().unwrap()),
            [status],
            "{path}"
        );
    }
}

#[test]
fn a_panic_of_an_observer_or_a_mapping_does_not_reach_the_connection() {
    let client = App::new()
        .mount("/a", App::new().observe_errors(|_, _| panic!("on purpose")))
        .mount(
            "/b",
            App::new()
                .map_error::<std::fmt::Error>(|_| panic!("on purpose"))
                .get("/", async || -> Result<()> { Err(std::fmt::Error)? }),
        )
        .test();
    client.get("/a").send().assert_status(404);
    client.get("/b").send().assert_status(500);
}

#[test]
fn what_a_response_had_besides_its_body_stays() {
    async fn cookie(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.append_header("set-cookie", "a=1");
        res
    }
    let fail = async || ([("x-kept", "yes")], Err::<(), _>(Error::conflict("no")));
    let client = App::new().get("/", fail).with(cookie).test();
    let res = client.get("/").send();
    res.assert_status(409)
        .assert_header("x-kept", "yes")
        .assert_header("set-cookie", "a=1");
}

#[test]
fn the_headers_of_a_body_that_is_not_sent_are_not_sent() {
    async fn spoil(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x", "\n");
        res
    }
    let zipped = async || ([("content-encoding", "gzip"), ("etag", "\"1\"")], "zipped");
    let client = App::new().with(spoil).get("/", zipped).test();
    let res = client.get("/").send();
    res.assert_status(500)
        .assert_header("content-type", "application/problem+json");
    for name in ["content-encoding", "etag", "content-length"] {
        assert_eq!(res.header(name), None, "{name}");
    }
}

/// The answer depends on `Accept`, and a cache has to know.
#[test]
fn a_default_answer_varies_by_accept_beside_what_varied_before() {
    async fn varies(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.append_header("vary", "origin");
        res
    }
    let client = App::new().with(varies).test();
    let res = client.get("/").send();
    let vary: Vec<_> = res.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["accept", "origin"]);
}

#[test]
fn renderers_and_observers_find_the_states_of_their_scope() {
    use std::sync::{Arc, Mutex};

    async fn told(_: &Error, context: &ErrorContext) -> String {
        let (outer, inner) = (context.state::<u8>(), context.state::<&str>());
        format!("{outer:?} {inner:?} {:?}", context.state::<u64>())
    }

    let seen = Arc::new(Mutex::new(Vec::new()));
    let observed = Arc::clone(&seen);
    let inner = App::new()
        .state("inner")
        .get("/", async || Error::conflict("no"))
        .get("/over", async || -> String { panic!("over") });
    let client = App::new()
        .state(7_u8)
        .on_error(told)
        .observe_errors(move |_: &Error, context: &ErrorContext| {
            observed
                .lock()
                .unwrap()
                .push(context.state::<u8>().copied());
        })
        .mount("/in", inner)
        .test();
    let rows = [
        ("/in", "Some(7) Some(\"inner\") None"),
        ("/in/over", "Some(7) Some(\"inner\") None"),
        ("/none", "Some(7) None None"),
    ];
    for (path, text) in rows {
        client.get(path).send().assert_text(text);
    }
    assert_eq!(*seen.lock().unwrap(), [Some(7); 3]);
}

/// A refusal stands further out than what makes pages, and is not turned into a failure by that.
#[test]
fn a_page_that_nobody_makes_leaves_an_error_its_status() {
    struct Page;

    impl IntoResponse for Page {
        fn into_response(self) -> Response {
            Body::draft(self, "nobody makes pages here").into_response()
        }
    }

    async fn page(_: &Error, _: &ErrorContext) -> Page {
        Page
    }

    async fn refuse() -> Error {
        Error::too_many_requests("slower").with_header("retry-after", "7")
    }

    let app = App::new().on_error(page).get("/", async || Page);
    let client = app.get("/often", refuse).test();
    let res = client.get("/none").send();
    res.assert_status(404).assert_text("Not Found");
    let res = client.get("/often").send();
    res.assert_status(429).assert_header("retry-after", "7");
    let res = client.get("/").send();
    res.assert_status(500).assert_text("Internal Server Error");
}

/// Many errors tell their cause in their own text.
#[test]
fn a_cause_that_is_told_already_is_not_told_again() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "no page: {}", self.0)
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let error = Outer("x".parse::<u8>().unwrap_err());
    let error = Error::from(error).to_string();
    assert_eq!(error, "no page: invalid digit found in string");
}
