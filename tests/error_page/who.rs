//! Who sees the page: a browser on this machine, in development, that asked this machine by its name.

use cepa::http::Version;
use cepa::prelude::*;
use cepa::{Cors, Mode, RequestId, Server};

use super::wire::Running;
use super::{Page, ask, ask_as, get};

fn app() -> App {
    App::new()
        .get("/", async || Error::conflict("no"))
        .post("/", async || Error::conflict("no"))
}

#[test]
fn a_browser_on_this_machine_sees_it() {
    for host in [
        "localhost",
        "localhost:3000",
        "shop.localhost:80",
        "127.0.0.1",
        "[::1]:3000",
    ] {
        let req = get("/").header("accept", "text/html");
        let mut req = req;
        req.headers_mut()
            .unwrap()
            .insert("host", host.parse().unwrap());
        let page = ask(app(), req);
        assert!(page.is_for_developers() && page.status == 409, "{host}");
    }
    for peer in [
        "127.0.0.1:9",
        "127.8.8.8:9",
        "[::1]:9",
        "[::ffff:127.0.0.1]:9",
    ] {
        let page = ask_as(app().mode(Mode::Development), Some(peer), get("/"), "");
        assert!(page.is_for_developers(), "{peer}");
    }
}

#[test]
fn production_shows_it_to_nobody() {
    let page = ask_as(
        app().mode(Mode::Production),
        Some("127.0.0.1:9"),
        get("/"),
        "",
    );
    assert!(!page.is_for_developers());
}

#[test]
fn other_machines_do_not_see_it() {
    for peer in [
        None,
        Some("10.0.0.1:9"),
        Some("[2001:db8::1]:9"),
        Some("[::ffff:10.0.0.1]:9"),
    ] {
        let page = ask_as(app().mode(Mode::Development), peer, get("/"), "");
        assert!(!page.is_for_developers() && page.status == 409, "{peer:?}");
    }
}

/// A name that someone else's DNS binds to this machine would let their page read what it says.
#[test]
fn a_foreign_name_does_not_lead_to_it() {
    let hosts = [
        "example.com",
        "localhost.example.com",
        "10.0.0.1",
        "0.0.0.0",
        "localhost.",
        "a@localhost",
    ];
    for host in hosts {
        let mut req = get("/");
        req.headers_mut()
            .unwrap()
            .insert("host", host.parse().unwrap());
        assert!(!ask(app(), req).is_for_developers(), "{host}");
    }
    let mut req = get("/");
    req.headers_mut().unwrap().remove("host");
    assert!(!ask(app(), req).is_for_developers());
    let two = get("/").header("host", "example.com");
    assert!(!ask(app(), two).is_for_developers());
    let page = ask(app(), get("http://example.com/"));
    assert!(!page.is_for_developers());
}

#[test]
fn what_a_proxy_passed_on_does_not_lead_to_it() {
    for name in [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-forwarded-anything",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
        "x-original-host",
    ] {
        let page = ask(app(), get("/").header(name, "127.0.0.1"));
        assert!(!page.is_for_developers(), "{name}");
    }
}

/// Where `Cors` lets every page read every answer, this one is not among them.
#[test]
fn pages_of_other_origins_do_not_get_it() {
    let open = || app().with(Cors::any_origin());
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost:4000",
        "http://example.com",
    ] {
        let page = ask(open(), get("/").header("origin", origin));
        assert!(!page.is_for_developers(), "{origin}");
        assert_eq!(page.headers["access-control-allow-origin"], "*");
    }
    let page = ask(open(), get("/").header("origin", "http://localhost:3000"));
    assert!(page.is_for_developers());
}

#[test]
fn programs_get_what_they_ask_for() {
    for accept in [
        "*/*",
        "application/json",
        "text/plain",
        "text/html;q=0.1, application/json",
    ] {
        let mut req = get("/");
        req.headers_mut()
            .unwrap()
            .insert("accept", accept.parse().unwrap());
        let page = ask(app(), req);
        assert!(!page.is_for_developers(), "{accept}");
    }
}

/// nginx speaks HTTP/1.0 to what is behind it, adds no header, and names it by its own address.
#[test]
fn a_proxy_of_few_words_does_not_lead_to_it() {
    let page = ask(app(), get("/").version(Version::HTTP_10));
    assert!(!page.is_for_developers() && page.status == 409);
    let page = ask(app(), get("/").version(Version::HTTP_2));
    assert!(page.is_for_developers());
}

/// A developer wants to know what failed, and how the app refuses.
#[test]
fn the_renderer_of_the_app_wins_for_what_is_refused() {
    async fn own(error: &Error, _: &ErrorContext) -> Html<String> {
        Html(format!("own page of {}", error.status()))
    }
    async fn failing(_: &Error, _: &ErrorContext) -> Result<&'static str> {
        Err(Error::internal("the renderer failed"))
    }
    let page = ask(app().on_error(own), get("/"));
    assert_eq!(page.html, "own page of 409 Conflict");
    let page = ask(app().on_error(failing), get("/"));
    assert!(page.is_for_developers());
    let fails = || {
        App::new()
            .on_error(own)
            .get("/", async || Error::internal("no"))
    };
    let page = ask(fails(), get("/"));
    assert!(page.is_for_developers() && page.status == 500);
    let production = fails().mode(Mode::Production);
    let page = ask_as(production, Some("127.0.0.1:9"), get("/"), "");
    assert_eq!(page.html, "own page of 500 Internal Server Error");
    let inner = App::new()
        .on_error(own)
        .get("/", async || Error::conflict("no"));
    let page = ask(app().mount("/in", inner), get("/in"));
    assert!(!page.is_for_developers());
}

/// It was a line of text, and what is wrong with the template stood in the log alone.
#[cfg(feature = "templates")]
#[test]
fn they_get_it_where_the_template_of_an_error_fails() {
    use cepa::templates::{Templates, View};

    async fn failed(_: &Error, _: &ErrorContext) -> View {
        View::new("failed.html", ())
    }
    let templates = Templates::embedded([("failed.html", "<h1>{{ nobody }}</h1>")]);
    let app = app().plug(templates).on_error(failed);
    let page = ask(app, get("/nowhere"));
    assert!(page.is_for_developers() && page.status == 404);
    assert!(page.html.contains("failed.html:1:8") && page.html.contains("nobody"));
}

#[test]
fn it_is_kept_by_no_cache_framed_by_no_page_and_loads_nothing() {
    let page = ask(app(), get("/"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("script"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["vary"], "accept");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    for loads in [
        "<script",
        "<img",
        "<link",
        "<iframe",
        "<form",
        "http-equiv",
        "url(",
        " style=",
        " href",
    ] {
        assert!(!page.html.contains(loads), "{loads}");
    }
}

/// The hash is that of the style that is sent; otherwise browsers would leave it out.
#[test]
fn the_policy_has_the_hash_of_the_style() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use sha2::{Digest, Sha256};

    for page in [
        ask(app(), get("/")),
        ask_as(app().mode(Mode::Production), None, get("/"), ""),
    ] {
        let (_, style) = page.html.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(style));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains(&format!("style-src 'sha256-{hash}'")),
            "{hash} {policy}"
        );
    }
}

#[test]
fn in_production_a_page_has_the_status_and_the_id_and_nothing_else() {
    async fn fail() -> Result<()> {
        std::fs::read("/no/such/secret")?;
        Ok(())
    }
    let app = App::new()
        .mode(Mode::Production)
        .with(RequestId::new())
        .get("/{name}", fail);
    let page = ask_as(app, Some("127.0.0.1:9"), get("/a-name?a=query"), "");
    let id = page.headers["x-request-id"].to_str().unwrap();
    assert_eq!(page.status, 500);
    assert_eq!(
        page.text(),
        format!("500 Internal Server Error\nRequest {id}")
    );
    for secret in ["a-name", "query", "secret", ".rs", "os error"] {
        assert!(!page.html.contains(secret), "{secret}");
    }
}

fn over_tcp(server: &Running, head: &str) -> Page {
    let mut client = server.connect();
    client.send(format!(
        "{head}accept: text/html\r\nconnection: close\r\n\r\n"
    ));
    let answer = client.read_all();
    let (head, html) = answer.split_once("\r\n\r\n").unwrap();
    Page {
        status: head[9..12].parse().unwrap(),
        headers: HeaderMap::new(),
        html: html.to_owned(),
    }
}

#[test]
fn over_a_socket_it_is_the_same() {
    let server = Running::start(Server::new(app().mode(Mode::Development)));
    let page = over_tcp(&server, "GET / HTTP/1.1\r\nhost: localhost\r\n");
    assert!(page.is_for_developers() && page.status == 409);
    for head in [
        "GET / HTTP/1.1\r\nhost: example.com\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 127.0.0.1\r\n",
        "GET http://example.com/ HTTP/1.1\r\nhost: localhost\r\n",
        "GET / HTTP/1.1\r\nhost: local<host\r\n",
    ] {
        assert!(!over_tcp(&server, head).is_for_developers(), "{head}");
    }
}

/// Who is behind a load balancer is nobody on this machine, whatever is announced of them.
#[cfg(feature = "proxy-protocol")]
#[test]
fn a_client_that_a_load_balancer_announces_does_not_see_it() {
    let server = Server::new(app().mode(Mode::Development)).with_proxy_protocol(["loopback"]);
    let server = Running::start(server);
    for announced in [
        "PROXY TCP4 127.0.0.1 127.0.0.1 5000 80\r\n",
        "PROXY UNKNOWN\r\n",
    ] {
        let head = format!("{announced}GET / HTTP/1.1\r\nhost: localhost\r\n");
        let page = over_tcp(&server, &head);
        assert!(
            page.status == 409 && !page.is_for_developers(),
            "{announced}"
        );
    }
}
