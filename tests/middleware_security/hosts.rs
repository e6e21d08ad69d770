//! `HostGuard`, for a scope and as the server's own check.

use std::io::{Read as _, Write as _};
use std::process::Command;

use cepa::prelude::*;
use cepa::{HostGuard, Mode, Provided, RunError, Server};

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

/// Says to a test that it is the child, and which of the cases it is.
const CHILD: &str = "CEPA_TEST_HOSTS";

async fn to_itself(links: Links) -> Result<String> {
    links.absolute_url_for("it", &[])
}

/// Holds the hosts in a way of its own.
struct Tenants;

impl Middleware for Tenants {
    async fn handle(&self, req: Request, next: Next) -> Response {
        next.run(req).await
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::mark::<HostGuard>()]
    }
}

/// An app of this case, in production.
fn linking(case: &str) -> App {
    let guard = || HostGuard::new(["localhost"]);
    let app = App::new().mode(Mode::Production);
    let one = || App::new().get("/", to_itself.named("it"));
    match case {
        "guard" => app.with(guard()).mount("/", one()),
        "guard of the route" => app.get("/", to_itself.named("it").with(guard())),
        "guard before routing" => app.before_routing(guard()).mount("/", one()),
        "guard of a fallback" => app
            .with(guard())
            .fallback(async |req: Request| req.origin()),
        "guard of their own" => app.with(Tenants).mount("/", one()),
        "host" => app.host("localhost", one()),
        "any host" => app.host(
            "{name}",
            App::new().get("/", async |req: Request| req.origin()),
        ),
        "fallback" => app.fallback(async |req: Request| req.origin()),
        "request" => app.get("/", async |req: Request| req.origin()),
        "paths" => app.get(
            "/",
            (async |links: Links| links.url_for("it", &[])).named("it"),
        ),
        "development" => app.mode(Mode::Development).mount("/", one()),
        _ => app.mount("/", one()),
    }
}

/// By a server, which may have a list.
async fn ask_server(server: Server) {
    let server = server.tcp("127.0.0.1:0").bind().await.unwrap();
    let (addr, stop) = (server.local_addrs()[0], server.stop_handle());
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(addr).unwrap();
        let head = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(head).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        stop.stop();
    });
    server.serve().await.unwrap();
    asked.await.unwrap();
}

/// A link to set a password that leads to a host of the sender's hands the token over.
#[tokio::test]
async fn whole_urls_of_any_host_are_a_warning_in_production() {
    if let Ok(case) = std::env::var(CHILD) {
        return match &*case {
            "server" => ask_server(Server::new(linking(""))).await,
            "server with a list" => {
                ask_server(Server::new(linking("")).with_allowed_hosts(["localhost"])).await;
            }
            _ => {
                let client = linking(&case).test();
                for _ in 0..3 {
                    client.get("/").await.assert_status(200);
                }
            }
        };
    }
    let test = "hosts::whole_urls_of_any_host_are_a_warning_in_production";
    let warnings_of = |case: &str| {
        let done = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(CHILD, case)
            .output()
            .unwrap();
        assert!(done.status.success(), "{case}: {done:?}");
        let log = String::from_utf8(done.stderr).unwrap();
        let lines = log.lines().filter(|line| line.contains("HostGuard"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let held = [
        "guard",
        "guard of the route",
        "guard before routing",
        "guard of a fallback",
        "guard of their own",
        "host",
        "server with a list",
        "paths",
        "development",
    ];
    for case in held {
        assert_eq!(warnings_of(case), [""; 0], "{case}");
    }
    for case in ["none", "any host", "fallback", "request", "server"] {
        let lines = warnings_of(case);
        assert_eq!(lines.len(), 1, "{case}: {lines:?}");
        let line = &lines[0];
        assert!(
            line.starts_with("warning: tests/middleware_security/hosts.rs:"),
            "{line}"
        );
        assert!(
            line.contains("`.with(HostGuard::new([\"example.com\"]))`"),
            "{line}"
        );
    }
}
