//! `HostGuard`, for a scope and as the server's own check.

use cepa::prelude::*;
use cepa::{HostGuard, RunError, Server};

use super::{assert_problem, request};

fn app(guard: HostGuard) -> App {
    App::new().with(guard).get("/", async || "known")
}

#[test]
fn only_listed_hosts_are_answered() {
    let client = app(HostGuard::new([
        "Example.com",
        "*.example.com",
        "absolute.test.",
        "127.0.0.1",
        "[::1]",
    ]))
    .test();
    let known = "
        example.com|EXAMPLE.COM|example.com:8080|a.example.com|a.b.example.com:1|A.Example.Com
        |127.0.0.1|127.0.0.1:3000|[::1]|[::1]:3000|.example.com.example.com
        |example.com.|Example.Com.:8080|a.example.com.|absolute.test|absolute.test.";
    let unknown = "
        evil.example|example.org|notexample.com|example.com.evil|example.com..|.|.example.com|localhost
        |127.0.0.2|[::2]|example.com@evil.example|evil.example/example.com|example.com:x|a b";
    for (hosts, status) in [(known, 200), (unknown, 421)] {
        for host in hosts.split('|').map(str::trim) {
            let res = client.get("/").header("host", host).send();
            assert_eq!(res.status().as_u16(), status, "{host}");
        }
    }
    client
        .get("http://example.com/")
        .header("host", "evil.example")
        .send()
        .assert_status(200);
    client
        .get("http://evil.example/")
        .header("host", "example.com")
        .send()
        .assert_status(421);
}

/// HTTP/1.0 needs no `Host`; whoever guards it wants one.
#[test]
fn a_request_without_a_host_is_refused() {
    async fn without(mut req: Request, next: Next) -> Response {
        req.headers_mut().remove("host");
        next.run(req).await
    }
    let client = app(HostGuard::new(["example.com"]))
        .before_routing(without)
        .test();
    client
        .get("/")
        .header("host", "example.com")
        .send()
        .assert_status(421);
}

#[test]
fn a_guard_holds_for_its_scope_and_its_404() {
    let inner = App::new()
        .with(HostGuard::new(["in.example"]))
        .get("/", async || "in");
    let client = App::new()
        .mount("/in", inner)
        .get("/", async || "out")
        .test();
    client.get("/").send().assert_text("out");
    client.get("/in").send().assert_status(421);
    client.get("/in/none").send().assert_status(421);
    request(&client, "GET /in; host: in.example")
        .send()
        .assert_text("in");
    let client = App::new()
        .before_routing(HostGuard::new(["in.example"]))
        .test();
    client.get("/").send().assert_status(421);
}

#[test]
fn what_is_no_host_does_not_build() {
    let table = "|*|*.|.|*example.com|a.*.com|example.com:80|http://example.com|a/b|a b|::1|[::1|[x]\
        |*.[::1]|caf\u{e9}.example|user@example.com";
    for host in table.split('|') {
        assert_problem(
            app(HostGuard::new([host])),
            &format!("`{host}` is no host: write"),
        );
    }
    assert_problem(app(HostGuard::new([""; 0])), "no host is listed");
}

#[test]
fn what_is_no_host_does_not_start_a_server() {
    let server = Server::new(App::new()).tcp("127.0.0.1:0");
    let line = line!() + 1;
    let server = server.with_allowed_hosts(["example.com:80"]);
    let Err(RunError::Build(error)) = server.run() else {
        panic!("it started")
    };
    assert_eq!(error.problems()[0].location().line(), line);
    assert!(
        error.to_string().contains("`example.com:80` is no host"),
        "{error}"
    );
}
