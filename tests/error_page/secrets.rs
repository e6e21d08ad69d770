//! What the page masks of a request.

use cepa::MethodOverride;
use cepa::prelude::*;

use super::{ask, ask_with, get};

async fn refuse() -> Error {
    Error::conflict("no")
}

async fn fail(form: Form<Vec<(String, String)>>) -> Error {
    drop(form);
    Error::conflict("no")
}

// What follows is far enough from the line at fault not to be shown beside it, for it names the
// secrets that are looked for.

#[test]
fn values_of_secrets_are_nowhere_on_the_page() {
    let app = App::new()
        .post("/reset/{token}", fail)
        .get("/reset/{token}", async || "");
    let body = "user=ada&password=HIDDEN1&csrf_token=HIDDEN2&card[cvv]=HIDDEN17";
    let req = get("/reset/HIDDEN3?api_key=HIDDEN4&page=2").method("POST");
    let req = req
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", body.len())
        .header("authorization", "Bearer HIDDEN5")
        .header("proxy-authorization", "Basic HIDDEN6")
        .header("cookie", "sid=HIDDEN7; theme=HIDDEN8")
        .header("cookie", "HIDDEN9")
        .header("x-admin-key", "HIDDEN10")
        .header("x-csrf-token", "HIDDEN11")
        .header(
            "referer",
            "http://localhost:3000/reset/HIDDEN12?token=HIDDEN13#HIDDEN14",
        )
        .header("hx-current-url", "/reset/HIDDEN15?key=HIDDEN16")
        .header("x-kept", "SHOWN");
    let page = ask_with(app, req, body);
    assert!(page.is_for_developers() && page.status == 409);
    assert!(!page.html.contains("HIDDEN"), "{}", page.text());
    page.assert_tells("POST /reset/{token}?api_key=***&page=2");
    page.assert_tells("authorization\n***\n");
    page.assert_tells("cookie\nsid=***; theme=***\n");
    page.assert_tells("referer\nhttp://localhost:3000/reset/{token}?token=***");
    page.assert_tells("x-kept\nSHOWN");
    page.assert_tells("Form\nuser\nada\npassword\n***");
    page.assert_tells("--data-raw 'user=ada&password=***&csrf_token=***&card[cvv]=***'");
    page.assert_tells("Put what is secret in place of ***.");
}

/// Whatever method they would be looked for with, and behind a fragment of any length.
#[test]
fn secrets_in_paths_are_known_by_any_route() {
    let app = || {
        let app = App::new().delete("/reset/{token}", refuse);
        app.before_routing(MethodOverride::new().with_query())
    };
    let page = ask(app(), get("/reset/HIDDEN?_method=DELETE").method("POST"));
    assert_eq!(page.status, 409);
    assert!(!page.html.contains("HIDDEN"), "{}", page.text());
    let page = ask(app(), get("/reset/HIDDEN"));
    assert_eq!(page.status, 405);
    assert!(!page.html.contains("HIDDEN"), "{}", page.text());
    let fragment = "é".repeat(20);
    for address in [
        format!("/reset/HIDDEN#{fragment}"),
        format!("/reset/HIDDEN#{fragment}?a"),
        "/reset/HIDDEN#section-four-of-it".to_owned(),
    ] {
        let page = ask(app(), get("/none").header("hx-current-url", &address));
        assert!(page.is_for_developers());
        assert!(!page.html.contains("HIDDEN"), "{address}: {}", page.text());
    }
}

#[test]
fn a_request_without_secrets_says_nothing_of_them() {
    let page = ask(App::new(), get("/a?page=2"));
    assert!(page.is_for_developers() && !page.html.contains("***"));
}
