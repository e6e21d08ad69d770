//! Layers that do what a rest of a chain cannot go along with: a sentence, never a panic or a hang.

use std::future::Ready;
use std::task::{Context, Poll};

use cepa::http;
use cepa::prelude::*;
use cepa::tower::tower;
use tower::{Layer, Service, ServiceExt};

type BoxedFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// Calls the service inside by a function.
#[derive(Clone)]
struct By<S, F>(S, F);

fn by<S, F: Clone + Send + Sync>(call: F) -> impl Layer<S, Service = By<S, F>> + Send + Sync {
    tower::layer::layer_fn(move |inner| By(inner, call.clone()))
}

impl<S, F, Fut> Service<http::Request<Body>> for By<S, F>
where
    S: Service<http::Request<Body>> + Clone,
    F: Fn(S, http::Request<Body>) -> Fut,
    Fut: Future<Output = Result<S::Response, S::Error>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Fut;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, req: http::Request<Body>) -> Fut {
        (self.1)(self.0.clone(), req)
    }
}

type Inside = cepa::tower::NextService;
type Answer = Result<http::Response<Body>, cepa::BoxError>;

/// What the client sees, and what is logged, of a request through the layer.
fn ask<F, Fut>(call: F) -> (u16, String)
where
    F: Fn(Inside, http::Request<Body>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let client = App::new()
        .with(tower(by::<Inside, F>(call)))
        .get("/", async || "inside")
        .test();
    let res = client.get("/").send();
    assert!(!res.text().contains("layer"), "{}", res.text());
    let error = res.error().map(ToString::to_string);
    (res.status().as_u16(), error.unwrap_or_default())
}

#[test]
fn a_layer_that_drops_the_extensions_is_told() {
    let (status, error) = ask(|inside, req| {
        let bare = http::Request::builder()
            .uri(req.uri())
            .body(req.into_body());
        inside.oneshot(bare.unwrap())
    });
    assert_eq!(status, 500);
    assert!(
        error.starts_with("the tower layer `LayerFn` passed a request on without"),
        "{error}"
    );
}

#[test]
fn a_layer_that_calls_twice_is_told() {
    let (status, error) = ask(|inside, req| async move {
        let (head, body) = req.into_parts();
        let copy = http::Request::from_parts(head.clone(), Body::empty());
        let first = http::Request::from_parts(head, body);
        inside.clone().oneshot(first).await?;
        inside.oneshot(copy).await
    });
    assert_eq!(status, 500);
    assert!(
        error.contains("called the service inside of it twice"),
        "{error}"
    );
}

#[test]
fn a_layer_that_calls_twice_at_once_is_told() {
    let (status, error) = ask(|inside, req| {
        let (head, body) = req.into_parts();
        let copy = http::Request::from_parts(head.clone(), Body::empty());
        let first = inside
            .clone()
            .oneshot(http::Request::from_parts(head, body));
        let second = inside.oneshot(copy);
        async move {
            let (first, second) = tokio::join!(first, second);
            assert!(first.is_ok());
            second
        }
    });
    assert_eq!(status, 500);
    assert!(error.contains("twice"), "{error}");
}

#[test]
fn a_copy_alone_is_as_good_as_the_request() {
    let (status, _) = ask(|inside, req| {
        let (head, body) = req.into_parts();
        inside.oneshot(http::Request::from_parts(head.clone(), body))
    });
    assert_eq!(status, 200);
}

/// A copy that an outer layer kept does not get hold of what an inner layer was given.
#[test]
fn a_late_copy_gets_nothing_of_a_layer_further_in() {
    let outer = |inside: Inside, req: http::Request<Body>| -> BoxedFuture<Answer> {
        Box::pin(async move {
            let (head, body) = req.into_parts();
            let copy = http::Request::from_parts(head.clone(), Body::empty());
            let first = http::Request::from_parts(head, body);
            let first = tokio::spawn(inside.clone().oneshot(first));
            tokio::task::yield_now().await;
            let second = inside.oneshot(copy).await;
            assert!(second.unwrap_err().to_string().contains("twice"));
            first.await.unwrap()
        })
    };
    let inner = |inside: Inside, req: http::Request<Body>| -> BoxedFuture<Answer> {
        Box::pin(async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            inside.oneshot(req).await
        })
    };
    let client = App::new()
        .with(tower(by::<Inside, _>(outer)))
        .with(tower(by::<Inside, _>(inner)))
        .get("/", async || "inside")
        .test();
    client
        .get("/")
        .send()
        .assert_status(200)
        .assert_text("inside");
}

#[test]
fn retries_of_an_error_end_after_the_first() {
    #[derive(Clone)]
    struct Twice(bool);
    impl tower::retry::Policy<http::Request<Body>, http::Response<Body>, cepa::BoxError> for Twice {
        type Future = Ready<()>;
        fn retry(
            &mut self,
            _: &mut http::Request<Body>,
            result: &mut Answer,
        ) -> Option<Self::Future> {
            let again = !self.0 && result.as_ref().is_ok_and(|res| res.status() == 503);
            self.0 = true;
            again.then(|| std::future::ready(()))
        }
        fn clone_request(&mut self, req: &http::Request<Body>) -> Option<http::Request<Body>> {
            let mut copy = http::Request::new(Body::empty());
            *copy.uri_mut() = req.uri().clone();
            *copy.extensions_mut() = req.extensions().clone();
            Some(copy)
        }
    }
    let client = App::new()
        .with(tower(tower::retry::RetryLayer::new(Twice(false))))
        .get("/", async || Error::unavailable("not now"))
        .test();
    let res = client.get("/").send();
    res.assert_status(500);
    assert!(
        res.error()
            .unwrap()
            .to_string()
            .contains("`RetryLayer` called the service inside of it twice")
    );
}

#[test]
fn a_panic_in_a_layer_is_a_500_and_the_next_request_is_answered() {
    let panics = |inside: Inside, req: http::Request<Body>| {
        assert!(req.uri().path() != "/panic", "as asked");
        inside.oneshot(req)
    };
    let client = App::new()
        .with(tower(by::<Inside, _>(panics)))
        .get("/", async || "inside")
        .test();
    client.get("/panic").send().assert_status(500);
    client.get("/").send().assert_text("inside");
}

#[test]
fn a_layer_that_answers_itself_leaves_the_inside_alone() {
    let (status, _) = ask(|_, _| async { Ok(http::Response::new(Body::from("mine"))) });
    assert_eq!(status, 200);
}

/// An answer of the layer's own is not the error's any more.
#[test]
fn an_error_that_a_layer_replaced_is_gone() {
    let (status, error) = ask(|inside, req| async move {
        let _ = inside.oneshot(req).await;
        let mut res = http::Response::new(Body::from("sorry"));
        *res.status_mut() = http::StatusCode::ACCEPTED;
        Ok(res)
    });
    assert_eq!((status, error.as_str()), (202, ""));
}
