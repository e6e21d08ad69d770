//! Extractors of the head: headers, host, and who the client is.

use cepa::{OptionalFromRequest, Server, Uri, prelude::*};

use crate::wire::{Running, head};

struct Depth(u8);

impl TypedHeader for Depth {
    const NAME: &'static str = "depth";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| "a number up to 255".to_owned())
    }
}

#[test]
fn a_typed_header_is_there_once_and_well_formed() {
    let client = App::new()
        .get("/", async |Header(Depth(n)): Header<Depth>| n.to_string())
        .get(
            "/option",
            async |depth: Option<Header<Depth>>| match depth {
                Some(Header(Depth(n))) => n.to_string(),
                None => "none".to_owned(),
            },
        )
        .with(async |mut req: Request, next: Next| {
            if req.query() == "twice" {
                req.headers_mut().append("depth", "1".parse()?);
            }
            Ok::<_, Error>(next.run(req).await)
        })
        .test();
    client.get("/").header("depth", "3").send().assert_text("3");
    client
        .get("/option")
        .header("Depth", "3")
        .send()
        .assert_text("3");
    client.get("/option").send().assert_text("none");
    client
        .get("/")
        .send()
        .assert_status(400)
        .assert_contains("`depth` is missing");
    for path in ["/", "/option"] {
        let ask = |value: &[u8]| {
            let value = cepa::HeaderValue::from_bytes(value).unwrap();
            client.get(path).header("depth", value).send()
        };
        ask(b"256")
            .assert_status(400)
            .assert_contains("malformed: a number up to 255");
        ask(b"").assert_status(400);
        ask(b"\xff").assert_status(400).assert_contains("not ASCII");
        let res = client
            .get(format!("{path}?twice"))
            .header("depth", "1")
            .send();
        res.assert_status(400).assert_contains("there twice");
    }
}

#[test]
fn pieces_of_the_head_are_extractors() {
    async fn all(method: Method, uri: Uri, headers: HeaderMap, stopping: Stopping) -> String {
        let accept = headers["accept"].to_str().unwrap();
        format!("{method} {uri} {accept} {}", stopping.is_stopping())
    }
    let client = App::new().any("/{*rest}", all).test();
    let res = client.put("/a%20b?c=d").header("accept", "*/*").send();
    res.assert_text("PUT /a%20b?c=d */* false");
}

#[test]
fn the_host_is_without_port_and_must_be_one() {
    let client = App::new().get("/", async |Host(host): Host| host).test();
    let ask = |host: &'static str| client.get("/").header("host", host).send();
    client.get("/").send().assert_text("localhost");
    ask("example.com:8080").assert_text("example.com");
    ask("[::1]:80").assert_text("[::1]");
    for host in ["", "a b", "user@example.com", "a/b", "a:b", "a:99999"] {
        ask(host).assert_status(400).assert_contains("`Host`");
    }
}

#[test]
fn a_request_without_a_host_is_a_400_for_who_asks() {
    async fn lose(mut req: Request, next: Next) -> Response {
        req.headers_mut().remove("host");
        next.run(req).await
    }
    let app = App::new()
        .with(lose)
        .get("/", async |Host(host): Host| host);
    app.test().get("/").send().assert_status(400);
}

#[test]
fn without_a_socket_the_client_is_this_machine() {
    let client = App::new()
        .get("/", async |addr: ClientAddr| addr.to_string())
        .get("/peer", async |req: Request| {
            format!("{:?}", req.peer_addr())
        })
        .test();
    client.get("/").send().assert_text("127.0.0.1");
    client
        .get("/")
        .header("x-forwarded-for", "9.9.9.9")
        .send()
        .assert_text("127.0.0.1");
    client.get("/peer").send().assert_text("None");
}

async fn who(addr: ClientAddr, Host(host): Host) -> String {
    format!("{addr} {host}")
}

/// What a client on this machine is taken for, with these peers trusted.
fn taken_for(trusted: &[&str], headers: &str) -> String {
    let app = App::new().trust_proxies(trusted).get("/", who);
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    let headers = headers.replace('\n', "\r\n");
    client.send(format!(
        "GET / HTTP/1.1\r\nhost: a.test:3000\r\n{headers}\r\n\r\n"
    ));
    let answer = client.read_response();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    match &head[9..12] {
        "200" => body.to_owned(),
        status => status.to_owned(),
    }
}

#[test]
fn only_trusted_proxies_say_who_the_client_is() {
    let said = "X-Forwarded-For: 9.9.9.9\nX-Forwarded-Host: evil.test";
    let rows: &[(&[&str], &str)] = &[
        (&[], "127.0.0.1 a.test"),
        (&["10.0.0.1"], "127.0.0.1 a.test"),
        (&["private"], "127.0.0.1 a.test"),
        (&["127.0.0.1"], "9.9.9.9 a.test"),
        (&["127.0.0.0/8"], "9.9.9.9 a.test"),
        (&["10.0.0.1", "loopback"], "9.9.9.9 a.test"),
    ];
    for (trusted, wanted) in rows {
        assert_eq!(taken_for(trusted, said), *wanted, "{trusted:?}");
    }
}

#[test]
fn the_rightmost_entry_that_is_no_trusted_proxy_is_the_client() {
    let rows = [
        ("X-A: b", "127.0.0.1 a.test"),
        // The client wrote the left one, the proxy the right one.
        ("X-Forwarded-For: 1.1.1.1, 9.9.9.9", "9.9.9.9 a.test"),
        (
            "X-Forwarded-For: 1.1.1.1, 9.9.9.9, 10.1.2.3",
            "9.9.9.9 a.test",
        ),
        ("X-Forwarded-For: 10.1.2.3", "10.1.2.3 a.test"),
        (
            "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 9.9.9.9",
            "9.9.9.9 a.test",
        ),
        (
            "Forwarded: for=1.1.1.1, for=\"[2001:db8::1]:99\";host=c.test",
            "2001:db8::1 a.test",
        ),
        ("X-Forwarded-For: unknown", "127.0.0.1 a.test"),
        ("X-Forwarded-For: <script>", "127.0.0.1 a.test"),
        ("X-Forwarded-For: 9.9.9.9, <script>", "127.0.0.1 a.test"),
        // A proxy writes one of them and passes on the other as the client sent it.
        ("Forwarded: for=9.9.9.9\nX-Forwarded-For: 8.8.8.8", "400"),
        (
            "Forwarded: for=9.9.9.9\nX-Forwarded-For: 9.9.9.9",
            "9.9.9.9 a.test",
        ),
    ];
    for (headers, wanted) in rows {
        let trusted = ["loopback", "10.0.0.0/8"];
        assert_eq!(taken_for(&trusted, headers), wanted, "{headers}");
    }
}

#[test]
fn the_peer_is_who_connected() {
    let app = App::new().get("/", async |req: Request| format!("{:?}", req.peer_addr()));
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    let peer = client.stream.local_addr().unwrap();
    assert!(client.read_response().ends_with(&format!("Some({peer})")));
}

/// An extractor of one's own that can be absent.
struct Lang(String);

impl OptionalFromRequest for Lang {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        match req.header("accept-language") {
            None => Ok(None),
            Some("") => Err(Error::bad_request("which language?")),
            Some(lang) => Ok(Some(Self(lang.to_owned()))),
        }
    }
}

#[test]
fn an_extractor_of_ones_own_can_be_optional() {
    let show = async |lang: Option<Lang>| lang.map_or_else(|| "any".to_owned(), |lang| lang.0);
    let client = App::new().get("/", show).test();
    client.get("/").send().assert_text("any");
    client
        .get("/")
        .header("accept-language", "eo")
        .send()
        .assert_text("eo");
    client
        .get("/")
        .header("accept-language", "")
        .send()
        .assert_status(400);
}
