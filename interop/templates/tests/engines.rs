//! askama and maud through `IntoResponse`, as `docs/templates.md` shows them.

use askama::Template;
use cepa::prelude::*;
use maud::{Markup, html};

#[derive(Template)]
#[template(source = "<h1>Hello, {{ name }}!</h1>", ext = "html")]
struct Hello {
    name: String,
}

impl IntoResponse for Hello {
    fn into_response(self) -> Response {
        match self.render() {
            Ok(page) => Html(page).into_response(),
            Err(error) => Error::from(error).into_response(),
        }
    }
}

async fn by_askama(Path(name): Path<String>) -> Hello {
    Hello { name }
}

async fn by_maud(Path(name): Path<String>) -> Html<String> {
    Html(html! { h1 { "Hello, " (name) "!" } }.into_string())
}

/// A page of maud as a type of its own, for handlers that return it.
struct Page(Markup);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Html(self.0.into_string()).into_response()
    }
}

async fn by_type() -> Result<Page> {
    Ok(Page(html! { p title="a \"b\"" { "ok" } }))
}

#[test]
fn pages_of_other_engines_are_responses() {
    let app = App::new()
        .get("/askama/{name}", by_askama)
        .get("/maud/{name}", by_maud)
        .get("/type", by_type);
    let client = app.test();
    let res = client.get("/askama/%3Cb%3E").send();
    res.assert_header("content-type", "text/html; charset=utf-8");
    res.assert_text("<h1>Hello, &#60;b&#62;!</h1>");
    client
        .get("/maud/%3Cb%3E")
        .send()
        .assert_text("<h1>Hello, &lt;b&gt;!</h1>");
    client
        .get("/type")
        .send()
        .assert_text("<p title=\"a &quot;b&quot;\">ok</p>");
}
