//! `Cors`: the configurations against the requests.

use std::time::Duration;

use cepa::Cors;
use cepa::prelude::*;
use cepa::testing::TestResponse;

use super::{assert_problem, problems, request};

const HOST: &str = "https://a.example";

async fn fails() -> Result<()> {
    Err(Error::internal("on purpose"))
}

fn app(cors: Cors) -> App {
    App::new()
        .with(cors)
        .get("/", async || "home")
        .post("/", async || "posted")
        .get("/fails", fails)
        .get("/panics", async || -> &'static str { panic!("on purpose") })
        .get("/varies", async || {
            ([("vary", "accept-encoding, Origin")], "")
        })
        .get("/own", async || {
            let own = [
                ("access-control-allow-origin", "*"),
                ("access-control-allow-credentials", "true"),
            ];
            (own, "")
        })
}

/// The headers of the protocol in short, in the order of their names: `origin=..`, `vary=..`.
fn said(res: &TestResponse) -> String {
    let mut said: Vec<String> = Vec::new();
    for (name, value) in res.headers() {
        let name = match name.as_str() {
            "vary" => "vary",
            name => match name.strip_prefix("access-control-") {
                Some(name) => name.strip_prefix("allow-").unwrap_or(name),
                None => continue,
            },
        };
        said.push(format!("{name}={}", value.to_str().unwrap()));
    }
    said.sort();
    said.join(" | ")
}

fn config(name: &str) -> Cors {
    let listed = || Cors::new([HOST, "HTTP://B.example:80"]);
    match name {
        "list" => listed(),
        "null" => Cors::new(["null"]),
        "any" => Cors::any_origin(),
        "any, all" => Cors::any_origin()
            .with_headers(["*"])
            .with_exposed_headers(["*"]),
        "function" => Cors::matching(|origin| origin.ends_with(".example")),
        "credentials" => listed().with_credentials(),
        "headers" => listed().with_headers(["Content-Type", "x-one"]),
        "mirror" => listed().with_mirrored_headers().with_credentials(),
        "full" => listed()
            .with_methods([Method::PUT, Method::DELETE])
            .with_exposed_headers(["X-Total", "link"])
            .with_max_age(Duration::from_millis(600_900))
            .with_private_network(),
        _ => panic!("no configuration `{name}`"),
    }
}

/// Configuration, request, answer. `+` is a preflight of the origin that follows; in answers, `A` is
/// the origin `https://a.example`, `V` what the answer to a preflight varies by, and `M` the methods
/// that are the default.
const TABLE: &str = "
    # Requests that run.
    list / GET / / 200 vary=origin
    list / GET /; origin: A / 200 origin=A | vary=origin
    list / POST /; origin: A / 200 origin=A | vary=origin
    list / GET /; origin: http://b.example / 200 origin=http://b.example | vary=origin
    list / GET /; origin: http://a.example / 200 vary=origin
    list / GET /; origin: A:8443 / 200 vary=origin
    list / GET /; origin: A.evil / 200 vary=origin
    list / GET /; origin: https://A.example / 200 vary=origin
    list / GET /; origin: A/ / 200 vary=origin
    list / GET /; origin: null / 200 vary=origin
    list / GET /; origin: * / 200 vary=origin
    list / GET /; origin: / 200 vary=origin
    null / GET /; origin: null / 200 origin=null | vary=origin
    null / GET /; origin: A / 200 vary=origin
    any / GET / / 200 origin=*
    any / GET /; origin: https://x.example / 200 origin=*
    any / GET /; origin: null / 200 origin=*
    any, all / GET /; origin: null / 200 expose-headers=* | origin=*
    function / GET /; origin: https://x.example / 200 origin=https://x.example | vary=origin
    function / GET /; origin: https://x.evil / 200 vary=origin
    function / GET /; origin: https://x.evil/.example / 200 vary=origin
    function / GET /; origin: null / 200 vary=origin
    credentials / GET /; origin: A / 200 credentials=true | origin=A | vary=origin
    credentials / GET /; origin: https://x.example / 200 vary=origin
    full / GET /; origin: A / 200 expose-headers=x-total, link | origin=A | vary=origin

    # Answers without a handler, and what handlers say themselves.
    list / GET /none; origin: A / 404 origin=A | vary=accept | vary=origin
    list / DELETE /; origin: A / 405 origin=A | vary=accept | vary=origin
    list / GET /fails; origin: A / 500 origin=A | vary=accept | vary=origin
    list / GET /panics; origin: A / 500 origin=A | vary=accept | vary=origin
    any / GET /none / 404 origin=* | vary=accept
    list / GET /varies; origin: A / 200 origin=A | vary=accept-encoding, Origin
    list / GET /own; origin: A / 200 origin=A | vary=origin
    list / GET /own; origin: https://x.example / 200 vary=origin
    any / GET /own; origin: https://x.example / 200 origin=*

    # What is no preflight runs.
    list / OPTIONS /; origin: A / 204 origin=A | vary=origin
    list / OPTIONS /; access-control-request-method: PUT / 204 vary=origin
    list / GET /; origin: https://x.example; access-control-request-method: PUT / 200 vary=origin

    # Preflights.
    list / + A / 204 M | origin=A | V
    list / + https://x.example / 204 V
    list / + null / 204 V
    null / + null / 204 M | origin=null | V
    any / + https://x.example / 204 M | origin=* | V
    any, all / + https://x.example / 204 headers=* | M | origin=* | V
    function / + A / 204 M | origin=A | V
    function / + https://a.evil / 204 V
    credentials / + A / 204 credentials=true | M | origin=A | V
    credentials / + https://x.example / 204 V
    headers / + A; access-control-request-headers: x-two / 204 headers=content-type, x-one | M | origin=A | V
    headers / + https://x.example; access-control-request-headers: x-two / 204 V
    mirror / + A; access-control-request-headers: x-two,y / 204 credentials=true | headers=x-two,y | M | origin=A | V
    mirror / + A / 204 credentials=true | M | origin=A | V
    mirror / + https://x.example; access-control-request-headers: x-two / 204 V
    full / + A / 204 max-age=600 | methods=PUT, DELETE | origin=A | V | P
    full / + A; NETWORK / 204 max-age=600 | methods=PUT, DELETE | origin=A | private-network=true | V | P
    full / + https://x.example; NETWORK / 204 V | P
    list / + A; NETWORK / 204 M | origin=A | V";

#[test]
fn each_origin_gets_what_its_configuration_says() {
    let rows = TABLE.lines().map(str::trim);
    let rows = rows.filter(|row| !row.is_empty() && !row.starts_with('#'));
    assert!(rows.clone().count() > 50);
    for row in rows {
        let (name, rest) = row.split_once(" / ").unwrap();
        let (asked, answer) = rest.rsplit_once(" / ").unwrap();
        let (status, wanted) = answer.split_once(' ').unwrap();
        let mut wanted: Vec<&str> = wanted.split(" | ").collect();
        for short in &mut wanted {
            *short = match *short {
                "V" => "vary=origin, access-control-request-method, access-control-request-headers",
                "P" => "vary=access-control-request-private-network",
                "M" => "methods=GET, HEAD, POST",
                "origin=A" => "origin=https://a.example",
                other => other,
            };
        }
        wanted.sort_unstable();
        let asked = asked.replace("NETWORK", "access-control-request-private-network: true");
        let asked = asked.replace(
            "+ ",
            "OPTIONS /; access-control-request-method: PUT; origin: ",
        );
        let asked = asked.replace(": A", ": https://a.example");
        let res = request(&app(config(name)).test(), &asked).send();
        assert_eq!(res.status().as_u16().to_string(), status, "{row}: {res}");
        assert_eq!(said(&res), wanted.join(" | "), "{row}");
    }
}

#[test]
fn a_preflight_is_answered_before_anything_inside_runs() {
    async fn guard(_: Request, _: Next) -> Result<Response> {
        Err(Error::unauthorized("who are you?"))
    }
    let client = App::new()
        .with(Cors::new([HOST]))
        .with(guard)
        .put("/notes/{id}", async || "put")
        .test();
    let asks = "origin: https://a.example; access-control-request-method: PUT";
    for path in ["/notes/1", "/none"] {
        let res = request(&client, &format!("OPTIONS {path}; {asks}")).send();
        res.assert_status(204)
            .assert_header("access-control-allow-origin", HOST);
        assert!(
            res.bytes().is_empty() && res.header("allow").is_none(),
            "{res}"
        );
    }
    let res = request(&client, &format!("PUT /notes/1; {asks}")).send();
    res.assert_status(401)
        .assert_header("access-control-allow-origin", HOST);
}

#[test]
fn more_than_one_origin_is_none() {
    async fn twice(mut req: Request, next: Next) -> Response {
        let origin = req.headers()["origin"].clone();
        req.headers_mut().append("origin", origin);
        next.run(req).await
    }
    let client = App::new()
        .before_routing(twice)
        .with(Cors::new([HOST]))
        .get("/", async || "")
        .test();
    let res = client.get("/").header("origin", HOST).send();
    assert_eq!(said(&res), "vary=origin");
}

#[test]
fn what_is_mounted_answers_by_its_own_configuration() {
    let open = App::new()
        .with(Cors::any_origin())
        .get("/", async || "open");
    let client = App::new()
        .mount("/open", open)
        .get("/", async || "closed")
        .test();
    let res = client.get("/open").header("origin", HOST).send();
    res.assert_header("access-control-allow-origin", "*");
    assert_eq!(said(&client.get("/").header("origin", HOST).send()), "");
    let preflight = "origin: https://a.example; access-control-request-method: PUT";
    let res = request(&client, &format!("OPTIONS /open; {preflight}")).send();
    res.assert_status(204)
        .assert_header("access-control-allow-origin", "*");
}

#[test]
fn wrong_options_do_not_build() {
    let table = [
        (
            Cors::new(["a.example"]),
            "`a.example` is no origin: write scheme, host",
        ),
        (Cors::new(["https://a.example/"]), "is no origin"),
        (Cors::new(["*"]), "Cors::any_origin()"),
        (Cors::new([""; 0]), "no origin is listed"),
        (Cors::new([HOST]).with_methods([]), "list the methods"),
        (
            Cors::new([HOST]).with_methods(["*".parse().unwrap()]),
            "list the methods",
        ),
        (
            Cors::new([HOST]).with_headers(["a b"]),
            "`a b` is no name of a header",
        ),
        (
            Cors::new([HOST]).with_exposed_headers(["a\nb"]),
            "is no name of a header",
        ),
        (Cors::any_origin().with_credentials(), "list the origins"),
        (
            Cors::any_origin()
                .with_mirrored_headers()
                .with_credentials(),
            "list the origins",
        ),
        (
            Cors::matching(|_| true).with_credentials(),
            "known origins only",
        ),
        (
            Cors::new([HOST]).with_headers(["*"]).with_credentials(),
            "no wildcard for request",
        ),
        (
            Cors::new([HOST])
                .with_exposed_headers(["*"])
                .with_credentials(),
            "no wildcard for exposed",
        ),
    ];
    for (cors, words) in table {
        assert_problem(app(cors), words);
    }
    let two = Cors::new(["a", "b"]);
    assert_eq!(problems(app(two)).len(), 2);
    let fine = Cors::matching(|origin| origin == HOST).with_credentials();
    assert_eq!(problems(app(fine)), [""; 0]);
}
