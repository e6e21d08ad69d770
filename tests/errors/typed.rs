//! `Error` as a value: its status, its cause by type, and the line it comes from.

use std::fmt;

use cepa::prelude::*;
use cepa::{BoxError, FieldError};

#[derive(Debug, PartialEq)]
struct Missing(u8);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is missing", self.0)
    }
}

impl std::error::Error for Missing {}

/// An error around another one.
#[derive(Debug)]
struct Around(Missing);

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the query failed")
    }
}

impl std::error::Error for Around {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_knows_the_line_it_comes_from() {
    async fn question() -> Result<()> {
        Err(Missing(1))? // line 1
    }
    async fn boxed() -> Result<()> {
        let boxed: BoxError = Box::new(Missing(1));
        Err(boxed)? // line 2
    }
    async fn constructor() -> Result<()> {
        Err(Error::conflict("no")) // line 3
    }
    async fn option() -> Result<()> {
        None.or_not_found("no") // line 4
    }
    async fn result() -> Result<()> {
        Err(Missing(1)).or_bad_request("no") // line 5
    }
    async fn status() -> Result<()> {
        None.or_status(StatusCode::GONE, "no") // line 6
    }
    async fn header() -> Response {
        let mut res = Response::new();
        res.set_header("x", "\n"); // line 7
        res
    }
    async fn with_header() -> Result<()> {
        Err(Error::conflict("no").with_header("x", "\n")) // line 8
    }
    async fn extractor(_: Fails) {}

    struct Fails;
    impl FromRequest for Fails {
        async fn from_request(_: &mut Request) -> Result<Self> {
            Err(Missing(1))? // line 9
        }
    }

    async fn middleware(_: Request, _next: Next) -> Result<Response> {
        Err(Error::forbidden("no")) // line 10
    }
    let client = App::new()
        .get("/1", question)
        .get("/2", boxed)
        .get("/3", constructor)
        .get("/4", option)
        .get("/5", result)
        .get("/6", status)
        .get("/7", header)
        .get("/8", with_header)
        .get("/9", extractor)
        .get("/10", (async || ()).with(middleware))
        .test();
    let source = include_str!("typed.rs");
    for number in 1..=10 {
        let res = client.get(format!("/{number}")).send();
        let location = res.error().unwrap().location();
        assert_eq!(location.file(), file!());
        let line = source.lines().nth(location.line() as usize - 1).unwrap();
        let (_, mark) = line.split_once("// line ").unwrap();
        assert_eq!(mark, number.to_string());
    }
}

#[test]
fn the_typed_error_is_seen_by_middleware_outside() {
    async fn look(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        let missing = res
            .error()
            .and_then(|error| error.downcast_ref::<Missing>());
        let seen = missing.map_or(0, |missing| missing.0);
        res.set_header("x-missing", seen.to_string());
        res
    }
    let client = App::new()
        .with(look)
        .get("/plain", async || -> Result<()> { Err(Missing(1))? })
        .get("/deep", async || -> Result<()> { Err(Around(Missing(2)))? })
        .get("/status", async || -> Result<()> {
            Err(Missing(3)).or_not_found("no")
        })
        .get("/source", async || -> Result<()> {
            Err(Error::conflict("no").with_source(Missing(4)))
        })
        .get("/carried", async || -> Result<()> {
            Err(Error::from(Missing(5)).into_boxed())?
        })
        .get("/none", async || -> Result<()> {
            Err(Error::conflict("no"))
        })
        .test();
    let rows = [
        ("/plain", 1),
        ("/deep", 2),
        ("/status", 3),
        ("/source", 4),
        ("/carried", 5),
        ("/none", 0),
    ];
    for (path, wanted) in rows {
        client
            .get(path)
            .send()
            .assert_header("x-missing", &wanted.to_string());
    }
}

#[test]
fn a_mapping_gives_a_type_its_status() {
    let client = App::new()
        .map_error::<Missing>(|missing| Error::not_found(format!("no number {}", missing.0)))
        .map_error::<Missing>(|_| Error::conflict("the first mapping goes before"))
        .map_error::<fmt::Error>(|_| Error::unavailable("hidden").with_header("retry-after", 3))
        .get("/plain", async || -> Result<()> { Err(Missing(1))? })
        .get("/deep", async || -> Result<()> { Err(Around(Missing(2)))? })
        .get("/fmt", async || -> Result<()> { Err(fmt::Error)? })
        // Whoever chose a status meant it.
        .get("/chosen", async || -> Result<()> {
            Err(Missing(3)).or_bad_request("chosen")
        })
        .get("/source", async || -> Result<()> {
            Err(Error::conflict("chosen").with_source(Missing(4)))
        })
        .get("/other", async || -> Result<()> { Err("other")? })
        .mount(
            "/in",
            App::new()
                .map_error::<Missing>(|_| Error::new(StatusCode::GONE, "inner"))
                .get("/", async || -> Result<()> { Err(Missing(5))? })
                .get("/fmt", async || -> Result<()> { Err(fmt::Error)? }),
        )
        .test();
    let rows = [
        ("/plain", 404, "no number 1"),
        ("/deep", 404, "no number 2"),
        ("/fmt", 503, "Service Unavailable"),
        ("/chosen", 400, "chosen"),
        ("/source", 409, "chosen"),
        ("/other", 500, "Internal Server Error"),
        ("/in", 410, "inner"),
        ("/in/fmt", 503, "Service Unavailable"),
    ];
    for (path, status, message) in rows {
        let res = client.get(path).send();
        assert_eq!(
            res.assert_status(status).error().unwrap().message(),
            message,
            "{path}"
        );
    }
    client.get("/fmt").send().assert_header("retry-after", "3");
    let res = client.get("/plain").send();
    let error = res.error().unwrap();
    assert_eq!(error.downcast_ref(), Some(&Missing(1)));
    assert_eq!(error.location().file(), file!());
}

#[test]
fn an_error_type_of_ones_own_answers_for_itself() {
    #[derive(Debug)]
    enum Mine {
        Teapot,
        Carried(Error),
    }
    impl fmt::Display for Mine {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{self:?}")
        }
    }
    impl std::error::Error for Mine {}
    impl IntoResponse for Mine {
        fn into_response(self) -> Response {
            match self {
                Self::Teapot => (StatusCode::IM_A_TEAPOT, "short and stout").into_response(),
                Self::Carried(error) => error.into_response(),
            }
        }
    }
    async fn render(_: &Error, _: &ErrorContext) -> &'static str {
        "rendered"
    }
    async fn guard(req: Request, next: Next) -> Result<Response, Mine> {
        match req.query() {
            "guard" => Err(Mine::Teapot),
            _ => Ok(next.run(req).await),
        }
    }
    let client = App::new()
        .on_error(render)
        .map_error::<Mine>(|_| Error::not_found("it was bypassed"))
        .observe_errors(|error, _| assert_eq!(error.status(), 409))
        .with(guard)
        .get("/own", async || Err::<(), _>(Mine::Teapot))
        .get("/carried", async || {
            Err::<(), _>(Mine::Carried(Error::conflict("no")))
        })
        .get("/tuple", async || Err::<(), _>((StatusCode::GONE, "gone")))
        .test();
    for path in ["/own", "/own?guard", "/carried?guard"] {
        let res = client.get(path).send();
        res.assert_status(418).assert_text("short and stout");
        assert!(res.error().is_none());
    }
    client
        .get("/carried")
        .send()
        .assert_status(409)
        .assert_text("rendered");
    client
        .get("/tuple")
        .send()
        .assert_status(410)
        .assert_text("gone");
}

#[test]
fn an_error_survives_the_trip_through_a_box() {
    fn library() -> Result<(), BoxError> {
        let error = Error::conflict("no")
            .with_field("a", "b")
            .with_header("x", "y");
        Err(error.with_source(Missing(1)).into_boxed())
    }
    async fn handler() -> Result<()> {
        Ok(library()?)
    }
    let client = App::new().get("/", handler).test();
    let res = client.get("/").send();
    res.assert_status(409).assert_header("x", "y");
    let error = res.error().unwrap();
    assert_eq!(error.fields(), [FieldError::new("a", "b")]);
    assert_eq!(error.downcast_ref(), Some(&Missing(1)));
}

#[test]
fn an_error_is_told_in_one_line_to_developers() {
    let error = Error::from(Around(Missing(1)));
    assert_eq!(error.to_string(), "the query failed: 1 is missing");
    assert_eq!(error.message(), "Internal Server Error");
    let error = Error::not_found("no such user").with_source(Around(Missing(1)));
    assert_eq!(
        error.to_string(),
        "no such user: the query failed: 1 is missing"
    );
    assert_eq!(error.message(), "no such user");
    assert_eq!(error.sources().count(), 2);
    let line = line!() + 1;
    let shown = format!("{:?}", Error::internal("why"));
    assert!(
        shown.starts_with("500 Internal Server Error (why) at "),
        "{shown}"
    );
    assert!(shown.contains(&format!("{}:{line}:", file!())), "{shown}");
    // A failure that is its own explanation is told once.
    let too_large = Error::from(cepa::BodyError::TooLarge).to_string();
    assert_eq!(too_large, cepa::BodyError::TooLarge.to_string());
}

#[test]
fn a_panic_is_a_500_whose_text_is_in_the_log() {
    let client = App::new()
        .get("/text", async || -> () { panic!("why") })
        .get("/formatted", async || -> () { panic!("why {}", 1) })
        .get("/other", async || -> () { std::panic::panic_any(7) })
        .get("/blocking", async || {
            cepa::blocking(|| -> () { panic!("why") }).await
        })
        .test();
    for (path, text) in [
        ("/text", "why"),
        ("/formatted", "why 1"),
        ("/other", "panicked"),
        ("/blocking", "why"),
    ] {
        let res = client.get(path).send();
        let error = res.assert_status(500).error().unwrap().to_string();
        assert!(error.contains(text) && !res.text().contains("why"), "{res}");
    }
}

#[test]
fn an_absent_value_has_the_status_that_it_means_here() {
    let rows: [(Result<()>, u16); 7] = [
        (None.or_not_found("x"), 404),
        (None.or_bad_request("x"), 400),
        (None.or_unauthorized("x"), 401),
        (None.or_forbidden("x"), 403),
        (None.or_conflict("x"), 409),
        (None.or_unprocessable("x"), 422),
        (None.or_unavailable("x"), 503),
    ];
    for (result, status) in rows {
        let error = result.unwrap_err();
        assert_eq!(error.status(), status);
        assert_eq!(error.location().file(), file!());
    }
}
