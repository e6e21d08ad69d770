//! Whether a request counts as secure: over sockets, behind proxies, and in process.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use cepa::prelude::*;
use cepa::{Server, Uri};
use wire::Running;

async fn secure(req: Request) -> String {
    req.is_secure().to_string()
}

fn answer(app: App, request: &str) -> String {
    let server = Running::start(Server::new(app.get("/", secure)));
    let mut client = server.connect();
    client.send(request);
    let answer = client.read_response();
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

/// The client of a plain connection may name any scheme.
#[test]
fn the_scheme_that_a_client_names_does_not_count() {
    let plain = "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";
    assert_eq!(answer(App::new(), plain), "false");
    let absolute = "GET https://a.test/ HTTP/1.1\r\nhost: a.test\r\n\r\n";
    assert_eq!(answer(App::new(), absolute), "false");
}

#[cfg(feature = "http2")]
#[tokio::test(flavor = "multi_thread")]
async fn nor_does_that_of_http_2() {
    let server = Running::start(Server::new(App::new().get("/", secure)));
    let socket = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let (send, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let mut send = send.ready().await.unwrap();
    let req = http::Request::get("https://a.test/").body(()).unwrap();
    let (res, _) = send.send_request(req, true).unwrap();
    let bytes = res.await.unwrap().into_body().data().await.unwrap();
    assert_eq!(bytes.unwrap(), "false");
}

#[test]
fn a_proxy_is_believed_if_it_is_trusted() {
    let rows = [
        ("x-forwarded-proto: https", "loopback", "true"),
        ("x-forwarded-proto: https", "10.0.0.1", "false"),
        ("forwarded: for=9.9.9.9;proto=https", "loopback", "true"),
        (
            "forwarded: proto=https, for=9.9.9.9;proto=http",
            "loopback",
            "false",
        ),
    ];
    for (header, trusted, wanted) in rows {
        let request = format!("GET / HTTP/1.1\r\nhost: a.test\r\n{header}\r\n\r\n");
        let app = App::new().trust_proxies([trusted]);
        assert_eq!(answer(app, &request), wanted, "{header}");
    }
}

#[test]
fn in_process_the_uri_tells() {
    async fn seen(req: Request) -> String {
        format!("{} {:?}", req.is_secure(), req.host())
    }
    let rewrite = async |mut req: Request, next: Next| -> Result<Response> {
        req.set_path("/seen")?;
        Ok(next.run(req).await)
    };
    let client = App::new().before_routing(rewrite).get("/seen", seen).test();
    let rows = [
        ("/", r#"false Some("localhost")"#),
        ("http://a.test/", r#"false Some("a.test")"#),
        ("https://a.test/x?y", r#"true Some("a.test")"#),
        ("https://a.test:8443/", r#"true Some("a.test")"#),
    ];
    for (uri, wanted) in rows {
        client.get(uri).send().assert_text(wanted);
    }
    let client = App::new()
        .trust_proxies(["loopback"])
        .get("/", secure)
        .test();
    let proxied = client.get("/").header("x-forwarded-proto", "https");
    proxied.send().assert_text("true");
    // TLS up to the proxy's own connection says nothing of the client's.
    let proxied = client.get("https://a.test/");
    let proxied = proxied.header("x-forwarded-proto", "http").send();
    proxied.assert_text("false");
}

#[tokio::test]
async fn a_service_that_is_called_takes_the_scheme_of_the_uri() {
    let service = App::new().get("/", secure).build().unwrap();
    for (uri, wanted) in [("https://a.test/", "true"), ("/", "false")] {
        let mut req = http::Request::new(());
        *req.uri_mut() = uri.parse::<Uri>().unwrap();
        let mut res = service.answer(req.map(|()| Body::empty())).await;
        let text = res.take_body().collect(10).await.unwrap();
        assert_eq!(text, wanted);
    }
}
