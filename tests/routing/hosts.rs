//! Routing by host: names, parameters, and what no host matches.

use std::collections::BTreeMap;

use cepa::prelude::*;
use cepa::testing::TestClient;

fn ask(client: &TestClient, host: &'static str, path: &str) -> String {
    let res = client.get(path).header("host", host).send();
    match res.status().as_u16() {
        200 => res.text().to_owned(),
        status => status.to_string(),
    }
}

/// An app that says its name and its parameters at `/` and `/{page}`.
fn named(name: &'static str) -> App {
    let says = move |Path(params): Path<BTreeMap<String, String>>| async move {
        let pairs = params
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        format!("{name}{}", pairs.collect::<String>())
    };
    App::new().get("/", says).get("/{page}", says)
}

#[test]
fn the_host_decides_before_the_path() {
    let client = named("any")
        .get("/only-here", async || "here")
        .host("api.example.com", named("api"))
        .host("{tenant}.example.com", named("tenant"))
        .host("{a}.{b}.test", named("two"))
        .host("v{n}.api.test", named("version"))
        .test();
    let rows = [
        ("api.example.com", "/", "api"),
        ("api.example.com", "/x", "api page=x"),
        ("acme.example.com", "/", "tenant tenant=acme"),
        ("acme.example.com", "/x", "tenant page=x tenant=acme"),
        ("a.b.test", "/", "two a=a b=b"),
        ("v2.api.test", "/", "version n=2"),
        ("example.com", "/", "any"),
        ("a.acme.example.com", "/", "any"),
        ("localhost", "/x", "any page=x"),
        // Case, port and the dot of the root name the same host (RFC 9110, 4.2.3; RFC 1034, 3.1).
        ("API.Example.COM", "/", "api"),
        ("api.example.com:8080", "/", "api"),
        ("api.example.com.", "/", "api"),
        ("Acme.example.com.:443", "/", "tenant tenant=acme"),
        ("127.0.0.1:3000", "/", "any"),
        ("[::1]:3000", "/", "any"),
        // The routes of any host are none of a host that matches.
        ("api.example.com", "/only-here", "api page=only-here"),
        ("api.example.com", "/a/b", "404"),
    ];
    for (host, path, wanted) in rows {
        assert_eq!(ask(&client, host, path), wanted, "{host}{path}");
    }
}

#[test]
fn a_malformed_host_is_no_host() {
    let client = named("any").host("{x}", named("host")).test();
    assert_eq!(ask(&client, "a", "/"), "host x=a");
    for host in ["a@b", "a/b", "", "a b", "a:b"] {
        assert_eq!(ask(&client, host, "/"), "any", "{host}");
    }
}

#[test]
fn the_authority_of_the_uri_goes_before_the_header() {
    let service = named("any").host("api.test", named("api")).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let answer = |uri: &str, host: &str| {
        let req = http::Request::builder().uri(uri).header("host", host);
        let res = service.answer(req.body("").unwrap());
        runtime.block_on(async { res.await.take_body().collect(100).await.unwrap() })
    };
    assert_eq!(answer("http://api.test/", "other.test"), "api");
    assert_eq!(answer("http://other.test/", "api.test"), "any");
    assert_eq!(answer("/", "api.test"), "api");
}

#[test]
fn host_parameters_come_before_those_of_the_path() {
    let inner = App::new().get("/{b}", async |Path((a, b)): Path<(String, u8)>| {
        format!("{a}{b}")
    });
    let client = App::new()
        .host("{a}.test", App::new().mount("/in", inner))
        .test();
    assert_eq!(ask(&client, "x.test", "/in/7"), "x7");
    assert_eq!(ask(&client, "x.test", "/in/seven"), "400");
}

#[test]
fn each_host_has_its_own_fallback_and_methods() {
    let says = |text| App::new().fallback(move || async move { text });
    let api = says("api's").mount("/v1", says("v1's").post("/x", async || "x"));
    let client = says("any's")
        .host("api.test", api)
        .host("plain.test", App::new())
        .test();
    assert_eq!(ask(&client, "api.test", "/none"), "api's");
    assert_eq!(ask(&client, "api.test", "/v1/none"), "v1's");
    assert_eq!(ask(&client, "api.test", "/v1/x"), "405");
    assert_eq!(ask(&client, "other.test", "/v1/x"), "any's");
    // What an app does not set, it inherits from the one around it.
    assert_eq!(ask(&client, "plain.test", "/none"), "any's");
}

#[test]
fn routes_of_a_host_know_their_host() {
    let app = App::new().host(
        "{t}.test",
        App::new().get("/x", async |req: Request| {
            let route = req.route().unwrap();
            format!("{:?} {}", route.host(), route.path())
        }),
    );
    assert_eq!(ask(&app.test(), "a.test", "/x"), "Some(\"{t}.test\") /x");
}
