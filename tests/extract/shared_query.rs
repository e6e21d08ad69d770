//! Query fields that several handlers share: a second argument, as `docs/routing.md` says.

use cepa::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Page {
    page: Option<u32>,
}

#[derive(Deserialize)]
struct Search {
    q: String,
}

#[derive(Deserialize)]
struct Flattened {
    #[serde(flatten)]
    page: Page,
}

#[test]
fn two_arguments_read_one_query() {
    let search = async |Query(search): Query<Search>, Query(page): Query<Page>| {
        format!("{} {:?}", search.q, page.page)
    };
    let client = App::new().get("/", search).test();
    client
        .get("/?q=onion&page=2")
        .send()
        .assert_text("onion Some(2)");
    client
        .get("/?page=2")
        .send()
        .assert_status(400)
        .assert_contains("`q`: is missing");
    client
        .get("/?q=onion&page=x")
        .send()
        .assert_status(400)
        .assert_contains("page");
}

/// serde reads what is flattened before it knows the type: were this ever to work, the page could
/// say so.
#[test]
fn a_flattened_number_is_still_a_text() {
    let show = async |Query(all): Query<Flattened>| format!("{:?}", all.page.page);
    let client = App::new().get("/", show).test();
    client.get("/").send().assert_text("None");
    client
        .get("/?page=2")
        .send()
        .assert_status(400)
        .assert_contains("found the text");
}
