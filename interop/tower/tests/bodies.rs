//! Bodies through layers and services: streamed both ways, and limits that stay a 413.

use std::pin::Pin;
use std::task::{Context, Poll};

use cepa::prelude::*;
use cepa::tower::{tower, tower_service};
use cepa::{BodyError, Bytes, http};
use tokio::sync::mpsc;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::trace::TraceLayer;

/// A stream of what is sent to a channel.
struct Sent(mpsc::Receiver<Result<Bytes, std::io::Error>>);

impl futures_core::Stream for Sent {
    type Item = Result<Bytes, std::io::Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

type Sender = mpsc::Sender<Result<Bytes, std::io::Error>>;

fn channel() -> (Sender, Body) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Body::from_stream(Sent(receiver)))
}

/// Chunks go back as they come, in capitals.
async fn shout(mut body: Body) -> Response {
    let (sender, answer) = channel();
    tokio::spawn(async move {
        while let Some(chunk) = body.chunk().await {
            let chunk = chunk.map(|chunk| chunk.to_ascii_uppercase().into());
            if sender
                .send(chunk.map_err(std::io::Error::other))
                .await
                .is_err()
            {
                return;
            }
        }
    });
    answer.into_response()
}

/// The second chunk is sent after the answer to the first came.
#[tokio::test]
async fn bodies_are_streamed_both_ways_through_layers_and_services() {
    let axum = async |body: axum::body::Body| {
        shout(Body::wrap(body))
            .await
            .into_http()
            .0
            .map(axum::body::Body::new)
    };
    let axum = axum::Router::new().route("/", axum::routing::post(axum));
    let app = App::new()
        .with(tower(TraceLayer::new_for_http()))
        .with(tower(RequestBodyLimitLayer::new(1000)))
        .with(tower(CompressionLayer::new()))
        .post("/", shout)
        .mount("/axum", tower_service(axum));
    let client = app.test();
    for path in ["/", "/axum"] {
        let (sender, body) = channel();
        sender.send(Ok("one ".into())).await.unwrap();
        let mut res = client.post(path).body(body).response().await;
        assert_eq!(res.status(), 200);
        let mut answer = res.take_body();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "ONE ");
        sender.send(Ok("two".into())).await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "TWO");
        drop(sender);
        assert!(answer.chunk().await.is_none());
    }
}

async fn read(body: Bytes) -> String {
    body.len().to_string()
}

async fn limited(mut req: Request, next: Next) -> Result<Response> {
    let body = req.take_body()?.limited(10);
    req.set_body(body);
    Ok(next.run(req).await)
}

/// Four times five bytes, without a length said beforehand.
async fn twenty() -> Body {
    let (sender, body) = channel();
    tokio::spawn(async move {
        for _ in 0..4 {
            let _ = sender.send(Ok("12345".into())).await;
        }
    });
    body
}

#[tokio::test]
async fn a_limit_is_a_413_on_either_side_of_a_layer() {
    let layer = || tower(RequestBodyLimitLayer::new(1000));
    let apps = [
        (
            "the layer's own",
            App::new().with(tower(RequestBodyLimitLayer::new(10))),
        ),
        ("one inside", App::new().with(layer()).with(limited)),
        ("one outside", App::new().with(limited).with(layer())),
        (
            "layers in layers",
            App::new()
                .with(tower(RequestBodyLimitLayer::new(10)))
                .with(layer()),
        ),
    ];
    for (name, app) in apps {
        let client = app.post("/", read).test();
        let res = client.post("/").body(twenty().await).await;
        assert_eq!(res.status(), 413, "{name}: {}", res.text());
        client
            .post("/")
            .body("1234567890")
            .await
            .assert_status(200)
            .assert_text("10");
    }
}

/// A body that is known to be empty stays so, and is no stream to those inside.
#[tokio::test]
async fn a_request_without_a_body_has_none_behind_a_layer() {
    let look = async |body: Body| format!("{body:?}");
    let client = App::new()
        .with(tower(RequestBodyLimitLayer::new(10)))
        .any("/", look)
        .test();
    client.get("/").await.assert_text("Body(empty)");
}

#[tokio::test]
async fn a_body_that_was_taken_outside_is_not_there_inside() {
    async fn take(mut req: Request, next: Next) -> Result<Response> {
        drop(req.take_body()?);
        Ok(next.run(req).await)
    }
    let client = App::new()
        .with(take)
        .with(tower(RequestBodyLimitLayer::new(10)))
        .post("/", read)
        .test();
    let res = client.post("/").body("x").await;
    res.assert_status(500);
    assert!(res.error().unwrap().to_string().contains("taken before"));
}

/// What breaks off in the client's body is the client's doing, whoever wrapped it.
#[tokio::test]
async fn a_broken_request_body_is_a_400_through_layers() {
    let client = App::new()
        .with(tower(RequestBodyLimitLayer::new(99)))
        .post("/", read)
        .test();
    let (sender, body) = channel();
    sender
        .send(Err(std::io::Error::other("gone")))
        .await
        .unwrap();
    client.post("/").body(body).await.assert_status(400);
}

#[tokio::test]
async fn errors_of_ours_are_told_from_those_of_others() {
    struct Wrapped(Body);
    impl http_body::Body for Wrapped {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
            let frame = Pin::new(&mut self.0).poll_frame(cx);
            frame.map(|frame| frame.map(|frame| frame.map_err(std::io::Error::other)))
        }
    }
    let limited = Body::wrap(Wrapped(twenty().await.limited(10)));
    assert!(matches!(
        limited.collect(99).await,
        Err(BodyError::TooLarge)
    ));
    let (sender, body) = channel();
    sender
        .send(Err(std::io::Error::other("gone")))
        .await
        .unwrap();
    let broken = Body::wrap(Wrapped(body));
    assert!(matches!(
        broken.collect(99).await,
        Err(BodyError::Source(_))
    ));
    let _ = http::Response::<Body>::from(Response::new());
}
