//! Requests and responses as the types of the `http` crate and back; the app in servers of others.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{BodyError, Outcome, Server, http};
use http_body::Frame;
use wire::{Running, head};

/// Gives the request away and takes it back, as a layer of `tower` would.
async fn turned(req: Request, next: Next) -> Response {
    let (http, rest) = req.into_http();
    let (http, rest) = Request::from_http(http, rest).into_http();
    let (res, rest) = next.run(Request::from_http(http, rest)).await.into_http();
    Response::from_http(res, rest)
}

#[test]
fn nothing_of_a_request_is_lost_on_the_way_through_http() {
    async fn set(mut req: Request, next: Next) -> Response {
        req.insert(7_u8);
        req.set_id("r1");
        req.set_body_limit(3);
        next.run(req).await
    }
    async fn show(req: Request, Path(id): Path<u64>, State(state): State<&str>) -> String {
        let route = req.route().map(|route| route.path().to_owned());
        let (local, id_of) = (req.local::<u8>().copied(), req.id().map(str::to_owned));
        format!("{id} {state} {} {local:?} {id_of:?}", route.unwrap())
    }
    let show = async |Path(id): Path<u64>, State(state): State<&'static str>, req: Request| {
        show(req, Path(id), State(state)).await
    };
    let client = App::new()
        .state("state")
        .with(set)
        .with(turned)
        .get("/{id}", show)
        .post("/", async |text: String| text)
        .test();
    let wanted = "7 state /{id} Some(7) Some(\"r1\")";
    client.get("/7").send().assert_text(wanted);
    client.post("/").body("abc").send().assert_text("abc");
    client.post("/").body("abcd").send().assert_status(413);
    client.get("/x").send().assert_status(400);
}

#[test]
fn parameters_stay_those_of_the_path_that_matched() {
    async fn rewritten(req: Request, next: Next) -> Response {
        let (mut http, rest) = req.into_http();
        *http.uri_mut() = "/elsewhere/8?q".parse().unwrap();
        next.run(Request::from_http(http, rest)).await
    }
    let show = async |Path(id): Path<u64>, req: Request| format!("{id} {}", req.uri());
    let client = App::new().with(rewritten).get("/users/{id}", show).test();
    client
        .get("/users/7")
        .send()
        .assert_text("7 /elsewhere/8?q");
}

#[test]
fn the_prefix_is_that_of_the_app_that_runs() {
    async fn note(mut req: Request, next: Next) -> Response {
        let seen = format!("{}[{}]", req.header("x").unwrap_or(""), req.mounted_at());
        req.headers_mut().insert("x", seen.parse().unwrap());
        next.run(req).await
    }
    let show = async |req: Request| format!("{}[{}]", req.header("x").unwrap(), req.mounted_at());
    let inner = App::new().with(note).get("/", show).fallback(show);
    let client = App::new()
        .with(note)
        .get("/", show)
        .mount("/a", App::new().with(note).mount("/{b}/c", inner))
        .test();
    let rows = [
        ("/", "[][]"),
        ("/a/b%2Fb/c", "[][/a][/a/b%2Fb/c][/a/b%2Fb/c]"),
        ("/a/b/c/d/e?q", "[][/a][/a/b/c][/a/b/c]"),
        ("/a/b/c/", "[][/a][/a/b/c][/a/b/c]"),
    ];
    for (path, wanted) in rows {
        client.get(path).send().assert_text(wanted);
    }
}

#[test]
fn errors_and_hooks_of_a_response_come_back_with_its_rest() {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let log = ends.clone();
    let fail = move || {
        let log = log.clone();
        async move {
            let mut res = Error::conflict("taken").into_response();
            res.on_end(move |outcome| log.lock().unwrap().push(outcome));
            res
        }
    };
    let client = App::new().with(turned).get("/", fail).test();
    let res = client.get("/").send();
    res.assert_status(409);
    assert_eq!(res.error().unwrap().message(), "taken");
    let bytes = res.bytes().len() as u64;
    assert_eq!(*ends.lock().unwrap(), [Outcome::Sent { bytes }]);
}

/// A body that gives what it is told, and never says that it is at its end.
struct Given(Vec<Result<&'static str, io::Error>>);

impl http_body::Body for Given {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = (!self.0.is_empty()).then(|| self.0.remove(0));
        Poll::Ready(next.map(|next| next.map(|text| Frame::data(text.into()))))
    }
}

#[tokio::test]
async fn an_error_of_ours_inside_of_a_foreign_one_is_ours_again() {
    let given = |error| Body::wrap(Given(vec![Ok("a"), Err(error)]));
    let rows = [
        (io::Error::other("cable"), "Source"),
        (io::Error::other(BodyError::TooLarge), "TooLarge"),
        (
            io::Error::other(io::Error::other(BodyError::Timeout)),
            "Timeout",
        ),
    ];
    for (error, wanted) in rows {
        let error = given(error).collect(99).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{error:?}");
    }
    // A body of ours is not wrapped again.
    assert_eq!(
        format!("{:?}", Body::wrap(Body::from("abc"))),
        "Body(3 bytes)"
    );
}

#[tokio::test]
async fn the_service_answers_servers_of_others() {
    let (tell, told) = mpsc::channel();
    let end = move |req: Request, next: Next| {
        let tell = tell.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| tell.send(outcome).unwrap());
            res
        }
    };
    let peer = async |req: Request| format!("{:?}", req.peer_addr());
    let app = App::new().with(end).get("/", peer).build().unwrap();
    let addr = SocketAddr::from(([192, 0, 2, 1], 80));
    let ask = |method: Method| {
        let mut req = http::Request::new(Given(Vec::new()));
        *req.method_mut() = method;
        req
    };
    let res = app.answer_http(ask(Method::GET)).await.unwrap();
    assert_eq!(res.into_body().collect(99).await.unwrap(), "None");
    assert_eq!(told.recv().unwrap(), Outcome::Sent { bytes: 4 });
    let res = app
        .for_connection(Some(addr), false)
        .answer_http(ask(Method::GET))
        .await
        .unwrap();
    drop(res);
    assert_eq!(told.recv().unwrap(), Outcome::Cancelled { bytes: 0 });
    let res = app
        .for_connection(Some(addr), false)
        .answer_http(ask(Method::HEAD))
        .await
        .unwrap();
    assert_eq!(res.headers()["content-length"], "18");
    let mut body = pin!(res.into_body());
    assert!(body.chunk().await.is_none());
    assert_eq!(told.recv().unwrap(), Outcome::Sent { bytes: 0 });
}

/// Without the promise of the head in mind, each file sent this way was reported as one that the
/// client did not wait for.
#[test]
fn a_body_that_ends_at_its_content_length_was_sent() {
    let (tell, told) = mpsc::channel();
    let file = move || {
        let tell = tell.clone();
        async move {
            let body = Body::wrap(Given(vec![Ok("12345"), Ok("67890")]));
            let mut res = ([("content-length", "10")], body).into_response();
            res.on_end(move |outcome| tell.send(outcome).unwrap());
            res
        }
    };
    let server = Running::start(Server::new(App::new().get("/", file)));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    assert!(client.read_response().ends_with("1234567890"));
    let outcome = told.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(outcome, Outcome::Sent { bytes: 10 });
}

#[tokio::test]
async fn a_connection_knows_whether_it_is_encrypted_whatever_the_client_writes() {
    let app = App::new().get("/", async |req: Request| req.is_secure().to_string());
    let service = app.build().unwrap();
    let plain = service.for_connection(None, false);
    let tls = service.for_connection(None, true);
    let rows = [
        (&service, "http://x/", "false"),
        (&service, "https://x/", "true"),
        (&plain, "https://x/", "false"),
        (&plain, "/", "false"),
        (&tls, "http://x/", "true"),
        (&tls, "/", "true"),
    ];
    for (service, uri, wanted) in rows {
        let req = http::Request::get(uri).body(Body::empty()).unwrap();
        let res = service.answer_http(req).await.unwrap();
        assert_eq!(res.into_body().collect(9).await.unwrap(), wanted, "{uri}");
    }
}
