//! Which requests become a WebSocket, and what the others are told.

use cepa::prelude::*;
use cepa::ws::{TestClientExt as _, WebSocket, WebSockets};

use crate::echo;

const RIGHT: [(&str, &str); 4] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[tokio::test]
async fn the_answer_is_that_of_rfc_6455() {
    let client = App::new().get("/", echo).test();
    let mut req = client.get("/");
    for (name, value) in RIGHT {
        req = req.header(name, value);
    }
    let (res, bytes) = req.upgrade().await;
    assert_eq!(res.status(), 101);
    assert_eq!(
        res.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(res.header("upgrade"), Some("websocket"));
    assert_eq!(res.header("connection"), Some("upgrade"));
    assert_eq!(res.header("sec-websocket-protocol"), None);
    assert!(bytes.is_some());
}

#[tokio::test]
async fn a_wrong_handshake_is_refused_with_a_sentence() {
    let client = App::new().get("/", echo).test();
    // The header, what it is in place of the right value, the status, and words of the answer.
    let table = [
        ("upgrade", "", 426, "ask with `Upgrade: websocket`"),
        ("upgrade", "h2c", 426, "ask with `Upgrade: websocket`"),
        ("connection", "", 400, "`Connection` does not say"),
        ("connection", "keep-alive", 400, "`Connection` does not say"),
        ("sec-websocket-version", "", 400, "is missing"),
        ("sec-websocket-version", "8", 426, "spoken here is 13"),
        ("sec-websocket-key", "", 400, "not 16 bytes"),
        ("sec-websocket-key", "c2hvcnQ=", 400, "not 16 bytes"),
        ("sec-websocket-key", "no base64!", 400, "not 16 bytes"),
    ];
    for (changed, to, status, words) in table {
        let mut req = client.get("/").header("accept", "text/plain");
        for (name, value) in RIGHT {
            let value = if name == changed { to } else { value };
            if !value.is_empty() {
                req = req.header(name, value);
            }
        }
        let res = req.await;
        res.assert_status(status).assert_contains(words);
        let version = res.header("sec-websocket-version");
        assert_eq!(
            version,
            (changed == "sec-websocket-version").then_some("13")
        );
        let upgrade = res.header("upgrade");
        assert_eq!(upgrade, (changed == "upgrade").then_some("websocket"));
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_unless_they_are_listed() {
    let listed = WebSockets::new().with_origins(["https://app.example.com"]);
    let any = WebSockets::new().with_any_origin();
    let client = App::new()
        .get("/", echo)
        .get("/listed", echo.with(listed))
        .get("/any", echo.with(any))
        .test();
    let table = [
        ("/", "", true),
        ("/", "http://localhost", true),
        ("/", "https://localhost", true),
        ("/", "http://localhost:8080", false),
        ("/", "https://evil.example", false),
        ("/", "null", false),
        ("/", "https://app.example.com", false),
        ("/listed", "https://app.example.com", true),
        ("/listed", "http://localhost", true),
        ("/listed", "https://app.example.com.evil.example", false),
        ("/any", "https://evil.example", true),
    ];
    for (path, origin, allowed) in table {
        let mut ws = client.ws(path);
        if !origin.is_empty() {
            ws = ws.header("origin", origin);
        }
        let status = ws
            .try_connect()
            .await
            .map_or_else(|res| res.status(), |_| StatusCode::SWITCHING_PROTOCOLS);
        let wanted = if allowed { 101 } else { 403 };
        assert_eq!(status, wanted, "{path} {origin:?}");
    }
    // A browser behind a proxy that changes `Host`.
    let ws = client.ws("/").header("origin", "https://public.example");
    let ws = ws.header("sec-fetch-site", "same-origin");
    assert!(ws.try_connect().await.is_ok());
}

#[tokio::test]
async fn the_first_protocol_of_the_server_that_the_client_speaks_is_agreed_on() {
    let named = async |ws: WebSocket| {
        let named = ws.protocol().unwrap_or("none").to_owned();
        ws.on_upgrade(async move |socket| drop(socket.send(named).await))
    };
    let options = WebSockets::new().with_protocols(["v2.chat", "v1.chat"]);
    let client = App::new().with(options).get("/", named).test();
    let table = [
        ("", None),
        ("v1.chat", Some("v1.chat")),
        ("v1.chat, v2.chat", Some("v2.chat")),
        ("v3.chat,v1.chat", Some("v1.chat")),
        ("v3.chat", None),
        ("V1.CHAT", None),
    ];
    for (asked, wanted) in table {
        let mut ws = client.ws("/");
        if !asked.is_empty() {
            ws = ws.protocols(asked);
        }
        let mut ws = ws.connect().await;
        assert_eq!(ws.protocol(), wanted, "{asked:?}");
        assert_eq!(ws.recv_text().await, wanted.unwrap_or("none"));
    }
}

#[test]
fn options_that_cannot_work_are_problems_of_the_build() {
    let second = std::time::Duration::from_secs(1);
    let table = [
        (
            WebSockets::new().with_message_limit(0),
            "lets no message through",
        ),
        (
            WebSockets::new().with_idle_timeout(second),
            "has to be shorter than the idle timeout",
        ),
        (
            WebSockets::new().with_ping_interval(std::time::Duration::ZERO),
            "longer than zero",
        ),
        (
            WebSockets::new().with_protocols(["a b"]),
            "is no subprotocol",
        ),
        (WebSockets::new().with_protocols([""]), "is no subprotocol"),
        (
            WebSockets::new().with_origins(["example.com"]),
            "is no origin",
        ),
    ];
    for (options, words) in table {
        let error = App::new().get("/", echo.with(options)).build().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("handshake.rs"), "{error}");
    }
}

#[tokio::test]
async fn middleware_around_sees_the_handshake_as_any_request() {
    async fn guard(req: Request, next: Next) -> Result<Response> {
        req.header("x-key").or_unauthorized("send `X-Key`")?;
        let mut res = next.run(req).await;
        res.set_header("x-seen", "yes");
        Ok(res)
    }
    let client = App::new().with(guard).get("/", echo).test();
    let refused = client.ws("/").try_connect().await.unwrap_err();
    assert_eq!(refused.status(), 401);
    let mut ws = client.ws("/").header("x-key", "1").connect().await;
    ws.send("in").await;
    assert_eq!(ws.recv_text().await, "in");
}

#[tokio::test]
async fn an_upgrade_that_somebody_took_is_an_error_of_the_program() {
    async fn thief(mut req: Request, next: Next) -> Response {
        drop(req.upgrade());
        next.run(req).await
    }
    let client = App::new().with(thief).get("/", echo).test();
    let refused = client.ws("/").try_connect().await.unwrap_err();
    assert_eq!(refused.status(), 500);
}

#[tokio::test]
async fn one_address_can_be_a_page_and_a_socket() {
    let both = async |ws: Option<WebSocket>| match ws {
        Some(ws) => ws.on_upgrade(async |socket| drop(socket.send("socket").await)),
        None => "page".into_response(),
    };
    let client = App::new().get("/", both).test();
    client.get("/").await.assert_text("page");
    client
        .get("/")
        .header("upgrade", "websocket")
        .await
        .assert_status(400);
    let mut head = client.request(Method::HEAD, "/");
    for (name, value) in RIGHT {
        head = head.header(name, value);
    }
    head.await.assert_status(200);
    let mut ws = client.ws("/").connect().await;
    assert_eq!(ws.recv_text().await, "socket");
}

/// HEAD is answered by the handlers of GET, and would have had a socket.
#[tokio::test]
async fn no_other_method_than_get_asks_for_a_websocket() {
    let client = App::new().any("/", echo).test();
    for method in [Method::HEAD, Method::POST, Method::PUT] {
        let mut req = client.request(method, "/");
        for (name, value) in RIGHT {
            req = req.header(name, value);
        }
        req.await
            .assert_status(426)
            .assert_header("upgrade", "websocket");
    }
}
