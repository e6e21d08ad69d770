//! What a request tells beyond its extractors: values of the query, and the origin it was sent to.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::collections::BTreeMap;

use cepa::prelude::*;

#[test]
fn a_value_of_the_query_is_the_first_of_its_name_and_decoded() {
    let show = async |req: Request| match req.query_param("q") {
        Some(value) => format!("={value}"),
        None => "none".to_owned(),
    };
    let client = App::new().get("/", show).test();
    let table = [
        ("", "none"),
        ("?", "none"),
        ("?q", "="),
        ("?q=", "="),
        ("?q=1", "=1"),
        ("?a=0&q=1&q=2", "=1"),
        ("?qq=1&Q=2", "none"),
        ("?q=a+b%20c", "=a b c"),
        ("?q=a%2Bb", "=a+b"),
        ("?q=a=b", "=a=b"),
        ("?&&q=1", "=1"),
        ("?%71=1", "=1"),
        ("?q=gr%C3%BC%C3%9Fe", "=grüße"),
        ("?q=%FF", "=\u{fffd}"),
        ("?q=%", "=%"),
        ("?q=%2", "=%2"),
    ];
    for (query, wanted) in table {
        let res = client.get(format!("/{query}")).send();
        assert_eq!(res.text(), wanted, "{query}");
    }
}

/// Both read the same thing, so they must not tell two stories.
#[test]
fn a_value_of_the_query_is_what_the_extractor_reads() {
    const PIECES: [&str; 12] = [
        "a", "b", "=", "&", "+", "%", "%20", "%C3", "%A4", "%zz", "", "%3D",
    ];
    let same = async |Query(pairs): Query<Vec<(String, String)>>, req: Request| {
        let mut first = BTreeMap::new();
        for (name, value) in &pairs {
            first.entry(name.as_str()).or_insert(value.as_str());
        }
        for (name, value) in first {
            assert_eq!(
                req.query_param(name).as_deref(),
                Some(value),
                "{name} in {}",
                req.query()
            );
        }
        pairs.len().to_string()
    };
    let client = App::new().get("/", same).test();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..2_000 {
        let mut query = String::new();
        for _ in 0..12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            query += PIECES[(state >> 11) as usize % PIECES.len()];
        }
        client.get(format!("/?{query}")).send().assert_status(200);
    }
}
