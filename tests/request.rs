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

#[test]
fn the_origin_is_what_a_browser_would_call_it() {
    let client = App::new()
        .get("/", async |req: Request| req.origin())
        .test();
    let table = [
        ("http", "example.com", "http://example.com"),
        ("http", "EXAMPLE.com:80", "http://example.com"),
        ("http", "example.com:443", "http://example.com:443"),
        ("http", "[::1]:3000", "http://[::1]:3000"),
        ("https", "example.com", "https://example.com"),
        ("https", "example.com:443", "https://example.com"),
        ("https", "example.com:80", "https://example.com:80"),
        ("https", "example.com:", "https://example.com"),
    ];
    for (scheme, host, wanted) in table {
        let req = client.get(format!("{scheme}://{host}/"));
        req.send().assert_text(wanted);
    }
    for host in ["", "user@example.com", "a b", "example.com:99999"] {
        client
            .get("/")
            .header("host", host)
            .send()
            .assert_status(400);
    }
}

#[test]
fn the_scheme_is_what_trusted_proxies_say_and_no_others() {
    let app = || App::new().get("/", async |req: Request| req.origin());
    let ask = |app: App| {
        let client = app.test();
        let req = client.get("/").header("host", "example.com");
        let req = req.header("x-forwarded-proto", "https");
        req.header("x-forwarded-host", "evil.example")
            .send()
            .text()
            .to_owned()
    };
    assert_eq!(ask(app()), "http://example.com");
    assert_eq!(
        ask(app().trust_proxies(["loopback"])),
        "https://example.com"
    );
}

#[test]
fn whole_links_begin_with_the_origin_or_the_host_of_the_route() {
    async fn show() {}
    async fn tenant() {}
    async fn by_request(req: Request) -> Result<String> {
        let other = req.absolute_url_for(tenant, &[("name", &"red"), ("page", &2)])?;
        Ok(req.absolute_url_for(show, &[("id", &"a b")])? + " " + &other)
    }
    async fn by_links(links: Links) -> Result<String> {
        let other = links.absolute_url_for(tenant, &[("name", &"red"), ("page", &2)])?;
        assert!(other.contains("//red."), "{other}");
        Ok(links.absolute_url_for(show, &[("id", &"a b")])? + " " + &other)
    }
    let client = App::new()
        .get("/users/{id}", show)
        .get("/request", by_request)
        .get("/links", by_links)
        .host("{name}.example.com", App::new().get("/", tenant))
        .test();
    for path in ["/request", "/links"] {
        client
            .get(format!("https://example.com:8443{path}"))
            .send()
            .assert_text(
                "https://example.com:8443/users/a%20b https://red.example.com:8443/?page=2",
            );
        client
            .get(path)
            .header("host", "a b")
            .send()
            .assert_status(400);
    }
}

#[test]
fn links_need_no_host_until_they_are_whole() {
    async fn home(links: Links) -> Result<String> {
        links.url_for(home, &[])
    }
    let client = App::new().get("/", home).test();
    client
        .get("/")
        .header("host", "a b")
        .send()
        .assert_text("/");
}
