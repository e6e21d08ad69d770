//! Every extractor with good and with bad input: what the handler gets, or which status is sent.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod bodies;
mod functions;
mod heads;
mod json;
mod refused;
mod shared_query;
#[path = "../wire/mod.rs"]
mod wire;
mod words;

use std::collections::BTreeMap;

use cepa::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Cat,
    Dog,
}

#[derive(Debug, Deserialize)]
struct Id(#[expect(dead_code, reason = "it is shown")] u64);

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown")]
struct Post {
    id: Id,
    slug: String,
    page: Option<u8>,
    #[serde(default)]
    kind: Option<Kind>,
}

/// An app with this path whose handler shows what `Path<T>` made of it.
fn shows<T>(path: &str) -> cepa::testing::TestClient
where
    T: for<'de> Deserialize<'de> + std::fmt::Debug + Send + 'static,
{
    let show = async |Path(value): Path<T>| format!("{value:?}");
    App::new().get(path, show).test()
}

#[test]
fn path_makes_the_type_of_the_parameters() {
    shows::<u64>("/{id}").get("/42").send().assert_text("42");
    shows::<i8>("/{id}").get("/-128").send().assert_text("-128");
    shows::<bool>("/{id}")
        .get("/true")
        .send()
        .assert_text("true");
    shows::<f64>("/{id}").get("/1.5").send().assert_text("1.5");
    shows::<char>("/{id}")
        .get("/%C3%A9")
        .send()
        .assert_text("'é'");
    shows::<String>("/{id}")
        .get("/a%20b")
        .send()
        .assert_text("\"a b\"");
    shows::<Kind>("/{id}").get("/dog").send().assert_text("Dog");
    shows::<Id>("/{id}").get("/7").send().assert_text("Id(7)");
    shows::<std::net::IpAddr>("/{ip}")
        .get("/::1")
        .send()
        .assert_text("::1");
    let pair = shows::<(u8, Kind)>("/{a}/{b}");
    pair.get("/3/cat").send().assert_text("(3, Cat)");
    shows::<[u8; 2]>("/{a}-/{b}")
        .get("/3-/4")
        .send()
        .assert_text("[3, 4]");
    shows::<Vec<u8>>("/{a}/x/{b}")
        .get("/3/x/4")
        .send()
        .assert_text("[3, 4]");
    let map = shows::<BTreeMap<String, u8>>("/{b}/{a}");
    map.get("/3/4").send().assert_text("{\"a\": 4, \"b\": 3}");
    let post = shows::<Post>("/{slug}/{id}");
    let wanted = "Post { id: Id(7), slug: \"x\", page: None, kind: None }";
    post.get("/x/7").send().assert_text(wanted);
    let post = shows::<Post>("/{kind}/{slug}/{id}/{page}");
    let wanted = "Post { id: Id(7), slug: \"x\", page: Some(2), kind: Some(Dog) }";
    post.get("/dog/x/7/2").send().assert_text(wanted);
}

const WHOLE: &str = "expected a whole number from 0 to 18446744073709551615";
const BYTE: &str = "expected a whole number from 0 to 255";

#[test]
fn a_value_that_does_not_parse_is_a_400_that_names_its_parameter() {
    #[track_caller]
    fn row<T>(pattern: &str, path: &str, name: &str, words: &[&str])
    where
        T: for<'de> Deserialize<'de> + std::fmt::Debug + Send + 'static,
    {
        let res = shows::<T>(pattern).get(path).send();
        let problem: Value = res.assert_status(400).json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(&format!("the path parameter `{name}`")),
            "{detail}"
        );
        assert!(words.iter().all(|word| detail.contains(word)), "{detail}");
    }
    row::<u64>("/{id}", "/abc", "id", &["\"abc\"", WHOLE]);
    row::<u64>("/{id}", "/-1", "id", &["\"-1\"", WHOLE]);
    row::<u8>("/{id}", "/256", "id", &["\"256\"", BYTE]);
    row::<u64>("/{id}", "/%20", "id", &["\" \"", WHOLE]);
    row::<bool>(
        "/{id}",
        "/yes",
        "id",
        &["\"yes\"", "expected `true` or `false`"],
    );
    row::<Kind>("/{id}", "/cow", "id", &["cow", "`cat`", "`dog`"]);
    row::<(u8, u8)>("/{a}/{b}", "/1/x", "b", &["\"x\"", BYTE]);
    row::<Post>("/{slug}/{id}", "/x/y", "id", &["\"y\"", WHOLE]);
    row::<Post>("/{slug}/{id}", "/%FF/7", "slug", &["not valid UTF-8"]);
    row::<String>("/{id}", "/%C3%28", "id", &["not valid UTF-8"]);
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown")]
struct Search {
    q: String,
    page: Option<u32>,
    #[serde(default)]
    tag: Vec<String>,
}

#[test]
fn query_makes_the_type_of_the_pairs() {
    let client = App::new()
        .get("/", async |Query(search): Query<Search>| {
            format!("{search:?}")
        })
        .get("/all", async |Query(all): Query<Vec<(String, String)>>| {
            format!("{all:?}")
        })
        .get("/none", async |Query(()): Query<()>| "nothing")
        .test();
    let rows = [
        ("/?q=a", "Search { q: \"a\", page: None, tag: [] }"),
        ("/?q=", "Search { q: \"\", page: None, tag: [] }"),
        (
            "/?q=a+b%26%C3%A9",
            "Search { q: \"a b&é\", page: None, tag: [] }",
        ),
        (
            "/?page=2&q=a&x=ignored",
            "Search { q: \"a\", page: Some(2), tag: [] }",
        ),
        (
            "/?tag=x&q=a&tag=y",
            "Search { q: \"a\", page: None, tag: [\"x\", \"y\"] }",
        ),
        (
            "/all?b=1&a=2&b=3",
            "[(\"b\", \"1\"), (\"a\", \"2\"), (\"b\", \"3\")]",
        ),
        ("/all", "[]"),
        ("/all?", "[]"),
        ("/none", "nothing"),
    ];
    for (path, wanted) in rows {
        client
            .get(path)
            .send()
            .assert_status(200)
            .assert_text(wanted);
    }
    for path in [
        "/",
        "/?page=1",
        "/?q=a&page=x",
        "/?q=a&page=-1",
        "/?q=a&q=b",
    ] {
        let res = client.get(path).send();
        res.assert_status(400)
            .assert_contains("the query is not as expected");
    }
}

fn pairs(count: usize) -> String {
    let pairs: Vec<String> = (0..count).map(|n| format!("a={n}")).collect();
    pairs.join("&")
}

#[test]
fn a_query_or_a_form_has_a_thousand_pairs_at_most() {
    async fn count(pairs: Vec<(String, IgnoredAny)>) -> String {
        pairs.len().to_string()
    }
    let client = App::new()
        .get(
            "/",
            async |Query(pairs): Query<Vec<(String, IgnoredAny)>>| count(pairs).await,
        )
        .post("/", async |Form(pairs): Form<Vec<(String, IgnoredAny)>>| {
            count(pairs).await
        })
        .test();
    let form = |count| {
        let request = client.post("/").body(pairs(count));
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .send()
    };
    client
        .get(format!("/?{}", pairs(1000)))
        .send()
        .assert_text("1000");
    form(1000).assert_text("1000");
    let res = client.get(format!("/?{}", pairs(1001))).send();
    res.assert_status(400)
        .assert_contains("more than 1000 pairs");
    form(1001)
        .assert_status(400)
        .assert_contains("more than 1000 pairs");
}

#[test]
fn form_asks_for_its_content_type_and_fits_its_type() {
    let client = App::new()
        .post("/", async |Form(search): Form<Search>| {
            format!("{search:?}")
        })
        .test();
    let post = |body: &'static str, kind: &'static str| {
        client
            .post("/")
            .body(body)
            .header("content-type", kind)
            .send()
    };
    let form = "application/x-www-form-urlencoded";
    let whole = "Search { q: \"a b\", page: Some(2), tag: [\"x\"] }";
    post("q=a+b&page=2&tag=x", form).assert_text(whole);
    post(
        "q=a%20b&page=2&tag=x",
        "Application/X-WWW-Form-urlencoded; charset=utf-8",
    )
    .assert_text(whole);
    for body in ["", "page=1", "q=a&page=x", "q=a&q=b"] {
        let res = post(body, form);
        res.assert_status(422)
            .assert_contains("the form is not as expected");
    }
    for kind in [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
    ] {
        post("q=a", kind).assert_status(415);
    }
    client.post("/").body("q=a").send().assert_status(415);
}
