//! What a client is told of a query or form: the key, and words that need no knowledge of Rust.

use cepa::prelude::*;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
struct Search {
    raw: Raw,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown")]
struct Raw {
    q: String,
    page: Option<u32>,
    size: Option<i8>,
    price: Option<f64>,
    #[serde(default)]
    id: Vec<u8>,
    exact: Option<bool>,
    sort: Option<Sort>,
    mark: Option<char>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Up,
    Down,
}

impl TryFrom<Raw> for Search {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, &'static str> {
        match raw.q.is_empty() && raw.page.is_none() {
            true => Err("a word or a page is needed"),
            false => Ok(Self { raw }),
        }
    }
}

fn client() -> cepa::testing::TestClient {
    let show = async |Query(search): Query<Search>| format!("{:?}", search.raw);
    let form = async |Form(search): Form<Search>| format!("{:?}", search.raw);
    App::new().get("/", show).post("/", form).test()
}

/// Pairs, the key that is told, and why.
const REFUSED: &[(&str, &str, &str)] = &[
    ("q=a&page=x", "page", "expected a whole number, found \"x\""),
    (
        "q=a&page=-1",
        "page",
        "expected a whole number that is not negative, found \"-1\"",
    ),
    (
        "page=4294967296&q=a",
        "page",
        "the number 4294967296 is too large",
    ),
    ("q=a&size=-129", "size", "the number -129 is too small"),
    (
        "q=a&price=dear",
        "price",
        "expected a number, found \"dear\"",
    ),
    (
        "q=a&id=1&id=x&id=2",
        "id",
        "expected a whole number, found \"x\"",
    ),
    (
        "id=1&q=a&page=7&id=256",
        "id",
        "the number 256 is too large",
    ),
    ("", "q", "is missing"),
    ("page=1", "q", "is missing"),
    ("q=a&id=1&id=", "id", "is missing"),
    ("q=a&q=b", "q", "it takes one value and is there 2 times"),
    (
        "q=a&id=1&id=2&page=1&page=2&page=3",
        "page",
        "it takes one value and is there 3 times",
    ),
    (
        "q=a&exact=perhaps",
        "exact",
        "expected \"true\", \"on\" or \"false\", found the text \"perhaps\"",
    ),
    (
        "q=a&sort=left",
        "sort",
        "unknown variant `left`, expected `up` or `down`",
    ),
    (
        "q=a&mark=ab",
        "mark",
        "expected a single character, found the text \"ab\"",
    ),
    // The first of several.
    (
        "q=a&size=y&page=x",
        "size",
        "expected a whole number, found \"y\"",
    ),
];

#[test]
fn a_value_that_is_refused_is_told_with_its_key() {
    let client = client();
    for &(pairs, key, reason) in REFUSED {
        let res = client.get(format!("/?{pairs}")).send();
        let problem: Value = res.assert_status(400).json();
        let detail = format!("the query is not as expected: `{key}`: {reason}");
        assert_eq!(problem["detail"], detail, "{pairs}");
        assert_eq!(problem["errors"][0]["field"], key, "{pairs}");
        assert_eq!(problem["errors"][0]["message"], reason, "{pairs}");
        let form = client.post("/").body(pairs.to_owned());
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let problem: Value = form.send().assert_status(422).json();
        assert_eq!(problem["errors"][0]["field"], key, "{pairs}");
    }
}

/// To name a key would be wrong.
#[test]
fn what_is_about_no_key_names_none() {
    let client = client();
    let rows = [
        ("q=", "a word or a page is needed"),
        ("q=&id=1&id=2", "a word or a page is needed"),
    ];
    for (pairs, reason) in rows {
        let problem: Value = client.get(format!("/?{pairs}")).send().json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with(reason), "{pairs}: {detail}");
    }
    let res = client.get("/?q=a&page=&other=1&id=3").send();
    res.assert_status(200).assert_contains("page: None");
}

/// A thousand keys, of which the last is wrong, are looked through in no time.
#[test]
fn many_keys_cost_little() {
    let client = client();
    let many: String = (0..900).map(|n| format!("k{n}=1&")).collect();
    let start = std::time::Instant::now();
    let res = client.get(format!("/?{many}q=a&page=x")).send();
    res.assert_status(400).assert_contains("`page`: expected");
    assert!(start.elapsed() < std::time::Duration::from_secs(2));
}
