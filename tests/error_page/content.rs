//! What the page tells: of the error, of its place in the program, of the way of the request.

use std::fmt;

use cepa::prelude::*;
use cepa::{Excerpt, FieldErrors, RequestId, Server};

use super::wire::Running;
use super::{ask, ask_with, get};

async fn around(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn before(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn refusing(_: Request, _: Next) -> Result<Response> {
    Err(Error::forbidden("members only"))
}

#[derive(Debug)]
struct Outer(std::io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be read")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn the_line_of_a_question_mark_is_shown_among_those_around_it() {
    async fn fail() -> Result<()> {
        let text = std::fs::read_to_string("/no/such/file")?; // the line at fault
        drop(text);
        Ok(())
    }
    let page = ask(App::new().get("/", fail), get("/"));
    assert_eq!(page.status, 500);
    page.assert_tells("500 Internal Server Error\nNo such file or directory (os error 2)\ntests/error_page/content.rs:");
    let (_, marked) = page.html.split_once("<b><i>").unwrap();
    let (marked, after) = marked.split_once("</b>").unwrap();
    assert!(
        marked
            .contains("std::fs::read_to_string(&quot;/no/such/file&quot;)?; // the line at fault"),
        "{marked}"
    );
    assert!(after.contains("drop(text);"), "{after}");
    assert!(
        !page.html.contains("The file was changed after"),
        "it was built from this file"
    );
}

#[test]
fn messages_causes_and_places_are_told_also_of_500s() {
    async fn fail() -> Result<()> {
        let error = std::fs::read("/no/such/file").map_err(Outer);
        error.or_unavailable("the shop is closed")?;
        Ok(())
    }
    let page = ask(App::new().with(RequestId::new()).get("/", fail), get("/"));
    let id = page.headers["x-request-id"].to_str().unwrap();
    page.assert_tells("503 Service Unavailable\nthe shop is closed");
    page.assert_tells(&format!("request {id}"));
    page.assert_tells(
        "Caused by\nthe settings cannot be read\nNo such file or directory (os error 2)",
    );
}

#[test]
fn an_error_that_was_passed_through_other_code_keeps_its_place() {
    async fn fail() -> Result<()> {
        let inner = Error::conflict("the inner one");
        Err(Error::bad_request("the outer one").with_source(inner.into_boxed()))
    }
    let page = ask(App::new().get("/", fail), get("/"));
    page.assert_tells("Caused by\nthe inner one\ntests/error_page/content.rs:");
}

#[test]
fn route_and_middleware_are_told_in_their_order_with_the_one_that_failed() {
    async fn show() -> Result<()> {
        Err(Error::conflict("no"))
    }
    let inner = App::new().with(refusing).get("/", show);
    let app = || {
        App::new()
            .before_routing(before)
            .with(RequestId::new())
            .with(around)
            .get("/users/{id}", show.with(around))
    };
    let page = ask(app(), get("/users/7"));
    page.assert_tells("Route GET /users/{id}\ntests/error_page/content.rs:");
    let text = page.text();
    let order = [
        "before middleware, before the match",
        "RequestId middleware",
        "around middleware",
        "around middleware of the handler",
        "show handler failed here",
    ];
    let mut rest = &*text;
    for step in order {
        rest = rest
            .split_once(step)
            .unwrap_or_else(|| panic!("{step} in {rest}"))
            .1;
    }
    let page = ask(app().mount("/in", inner), get("/in"));
    page.assert_tells("refusing middleware in /in failed here");
    page.assert_tells("::show handler in /in\n");
}

/// What `with_each` makes is in no list; the step it stands around is the one that is marked.
#[test]
fn what_stands_around_a_step_fails_as_that_step() {
    struct Failing;
    impl Middleware for Failing {
        async fn handle(&self, _: Request, _: Next) -> Response {
            Error::conflict("around").into_response()
        }
    }
    let app = App::new()
        .with(around)
        .with_each(|step| step.is_handler().then_some(Failing))
        .with(refusing)
        .get("/", (async || "").named("home"));
    let page = ask(app, get("/"));
    page.assert_tells("refusing middleware failed here");
}

#[test]
fn a_404_tells_the_nearest_routes_and_why_they_do_not_match() {
    let app = || {
        App::new()
            .get("/users/{id}", async || "")
            .post("/users", async || "")
            .get("/about", async || "")
    };
    let page = ask(app(), get("/usres/7"));
    page.assert_tells("404 Not Found\nthere is nothing at this address");
    page.assert_tells(
        "Nearest routes\nGET /users/{id}\nusres is not users\ntests/error_page/content.rs:",
    );
    page.assert_tells("No route matched");
    page.assert_tells("automatic answer answered here");
    page.assert_tells("All routes\nGET /users/{id}\n");
    let page = ask(app(), get("/a/b/c/d/e"));
    assert!(page.html.contains("<details open>") && !page.html.contains("<h2>Nearest"));
    ask(App::new(), get("/")).assert_tells("The app has no routes yet");
}

/// The routes are looked for by what the path was when it was matched, which is what is near.
#[test]
fn a_404_of_a_changed_path_tells_of_that_path() {
    async fn strip(mut req: Request, next: Next) -> Result<Response> {
        let path = req.path().replace("/old", "");
        req.set_path(&path)?;
        Ok(next.run(req).await)
    }
    async fn hide(mut req: Request, next: Next) -> Result<Response> {
        req.set_path("/hidden")?;
        Ok(next.run(req).await)
    }
    let app = App::new()
        .before_routing(strip)
        .with(hide)
        .get("/users", async || "");
    ask(app, get("/old/user")).assert_tells("user is not users");
}

#[test]
fn a_405_tells_the_methods_and_their_routes() {
    let app = App::new()
        .post("/users", async || "")
        .delete("/users", async || "")
        .get("/user", async || "");
    let page = ask(app, get("/users"));
    assert_eq!(page.headers["allow"], "DELETE, OPTIONS, POST");
    page.assert_tells("Methods of this path\nDELETE OPTIONS POST\n");
    page.assert_tells("POST /users\nhas another method\n");
    assert!(
        !page.text().contains("is not user"),
        "only routes of the path are near"
    );
}

#[test]
fn a_404_of_a_handler_is_told_as_its_own() {
    async fn show() -> Result<&'static str> {
        None.or_not_found("no such user")
    }
    let page = ask(App::new().get("/users/{id}", show), get("/users/7"));
    page.assert_tells("404 Not Found\nno such user\ntests/error_page/content.rs:");
    page.assert_tells("Route GET /users/{id}");
    assert!(!page.html.contains("<h2>Nearest"));
}

#[test]
fn fields_forms_and_queries_are_told() {
    async fn sign(form: Form<Vec<(String, String)>>) -> Result<()> {
        let mut errors = FieldErrors::new();
        errors.add("name", format!("is not {}", form.0[1].1));
        errors.finish()
    }
    let req = get("/?page=a+b%21&empty").method("POST");
    let req = req.header("content-type", "application/x-www-form-urlencoded");
    let body = "name=&text=%C3%BC+%3Cb%3E";
    let page = ask_with(
        App::new().post("/", sign),
        req.header("content-length", body.len()),
        body,
    );
    assert_eq!(page.status, 422);
    page.assert_tells("Fields\nname\nis not ü <b>");
    page.assert_tells("Query\npage\na b!\nempty");
    page.assert_tells("Form\nname\ntext\nü <b>");
}

#[test]
fn an_excerpt_of_another_text_is_shown() {
    let fail = async || {
        let excerpt = Excerpt::of("shop.sql", "SELECT *\nFORM onions\nWHERE id = 1", 2);
        Err::<(), _>(Error::internal("syntax error").with_excerpt(excerpt))
    };
    let page = ask(App::new().get("/", fail), get("/"));
    page.assert_tells("shop.sqlline 2");
    assert!(
        page.html.contains("<b><i>2</i>FORM onions\n</b>"),
        "{}",
        page.html
    );
}

/// In a long line the number of the column alone does not help.
#[test]
fn the_place_in_the_line_is_marked_if_the_error_names_it() {
    let marked = |line: &'static str, place: &str| {
        let fail = async |State(said): State<String>| {
            let (text, _) = said.split_once(" in ").unwrap();
            let excerpt = Excerpt::of("list.html", said.split_once('\n').unwrap().1, 2);
            Error::internal(text.to_owned()).with_excerpt(excerpt)
        };
        let said = format!("list.html:{place}: `uper` in \n  <ul>\n{line}\n  </ul>");
        let page = ask(App::new().state(said).get("/", fail), get("/"));
        let (_, line) = page.html.split_once("<b><i>2</i>").unwrap();
        line.split_once("\n</b>").unwrap().0.to_owned()
    };
    let line = "  <li>{{ é | uper }}";
    let shown = |it: &str| format!("&lt;li&gt;{it}");
    assert_eq!(marked(line, "2:14"), shown("{{ é | <mark>uper</mark> }}"));
    assert_eq!(marked(line, "2:10"), shown("{{ <mark>é</mark> | uper }}"));
    assert_eq!(marked(line, "2:12"), shown("{{ é <mark>|</mark> uper }}"));
    for place in [
        "2:0",
        "2:1",
        "2:21",
        "2:99999999999999999999",
        "2:x",
        "1:3",
        "2",
    ] {
        assert_eq!(marked(line, place), shown("{{ é | uper }}"), "{place}");
    }
    assert_eq!(marked("  <", "2:3"), "<mark>&lt;</mark>");
}

/// An error that an extractor made comes from a line of the library, where there is nothing to mend.
#[test]
fn errors_of_the_library_show_no_source() {
    let app = App::new().get(
        "/{id}",
        (async |Path(id): Path<u8>| id.to_string()).named("show"),
    );
    let page = ask(app, get("/x"));
    assert_eq!(page.status, 400);
    assert!(
        !page.html.contains("class=\"source\"") && !page.html.contains("src/"),
        "{}",
        page.html
    );
    page.assert_tells("show handler failed here");
}

/// The place is told by the hook of the server.
#[test]
fn the_line_of_a_panic_is_shown() {
    async fn crash() -> String {
        let names: Vec<String> = Vec::new();
        let first = names.first().expect("a value that is not there"); // the line that panics
        first.clone()
    }
    let app = App::new().mode(cepa::Mode::Development).get("/", crash);
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n");
    let answer = client.read_response();
    assert!(
        answer.contains("<h1>a value that is not there</h1>"),
        "{answer}"
    );
    assert!(answer.contains("tests/error_page/content.rs:") && answer.contains(">panic</p>"));
    let (_, marked) = answer.split_once("<b><i>").unwrap();
    let (marked, _) = marked.split_once("</b>").unwrap();
    assert!(marked.contains("// the line that panics"), "{marked}");
}
