//! Request targets over real sockets (RFC 9112, 3.2): a path, a whole URL, `*`, a host for a tunnel.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use cepa::Server;
use cepa::prelude::*;
use wire::Running;

fn server() -> Running {
    let seen = async |req: Request| {
        let header = req.header("host").unwrap_or("-");
        format!("{} {:?} {header}", req.path(), req.host().unwrap_or("-"))
    };
    let app = App::new().get("/", seen).get("/a", seen);
    Running::start(Server::new(
        app.host("other.test", App::new().get("/a", async || "other")),
    ))
}

#[test]
fn each_form_is_served_or_refused() {
    let server = server();
    let rows = [
        ("GET /a", "200"),
        ("GET http://x", "200"),
        ("GET http://x/a?b", "200"),
        ("OPTIONS *", "204"),
        ("OPTIONS http://x/a", "204"),
        ("GET *", "400"),
        ("GET x:80", "400"),
        ("GET a/b", "400"),
        ("GET ftp://x/a", "400"),
        ("GET http:///a", "400"),
        ("GET http://user@x/a", "400"),
        ("CONNECT x:80", "501"),
        ("CONNECT /a", "400"),
        ("CONNECT *", "400"),
    ];
    for (line, status) in rows {
        let mut client = server.connect();
        client.send(format!(
            "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ));
        let answer = client.read_all();
        let wanted = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&wanted), "{line}: {answer}");
    }
}

/// RFC 9112, 3.2.2: two readings of one request would let it pass a check of the host.
#[test]
fn the_host_of_an_absolute_form_replaces_that_of_the_header() {
    let server = server();
    let mut client = server.connect();
    client.send("GET http://x.test:80/a HTTP/1.1\r\nhost: other.test\r\n\r\n");
    let answer = client.read_response();
    assert!(answer.ends_with("/a \"x.test\" x.test:80"), "{answer}");
    client.send("GET http://other.test/a HTTP/1.1\r\nhost: x.test\r\n\r\n");
    assert!(client.read_response().ends_with("\r\n\r\nother"));
    client.send("GET http://X.test HTTP/1.1\r\nhost: x.test\r\n\r\n");
    let answer = client.read_response();
    assert!(answer.ends_with("/ \"X.test\" x.test"), "{answer}");
}

/// What was sent for a tunnel is not read as a request.
#[test]
fn nothing_after_a_refused_tunnel_is_answered() {
    let server = server();
    let mut client = server.connect();
    client.send("CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\nconnection: close\r\n\r\n");
    client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(client.read_all().matches("HTTP/1.1 ").count(), 1);
}
