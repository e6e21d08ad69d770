//! What a handler reads is what was set: in this request, and in the next one.

use std::collections::BTreeMap;

use cepa::prelude::*;
use cepa::sessions::{Session, SessionErrorKind, Sessions};

use crate::routes;

#[test]
fn values_are_kept_between_requests() {
    let client = App::new().plug(Sessions::memory()).plug(routes).test();
    client.get("/get/a").send().assert_text("nothing");
    client.post("/set/a/1").send().assert_status(200);
    client.post("/set/b/2").send().assert_status(200);
    client.get("/get/a").send().assert_text("1");
    client.post("/set/a/3").send();
    client.get("/get/a").send().assert_text("3");
    client.post("/remove/a").send().assert_text("true");
    client.post("/remove/a").send().assert_text("false");
    client.get("/get/a").send().assert_text("nothing");
    client.get("/get/b").send().assert_text("2");
    client.post("/clear").send().assert_status(200);
    client.get("/get/b").send().assert_text("nothing");
}

#[test]
fn values_have_types_of_their_own() {
    type Basket = BTreeMap<String, (u32, Option<f64>)>;
    let put = async |session: Session| {
        let basket: Basket = [("a \"b\" \u{e9}\n".to_owned(), (3, Some(0.5)))].into();
        session.insert("basket", basket)?;
        session.insert("none", None::<u8>)?;
        session.insert(String::from("unit"), ())
    };
    let take = async |session: Session| -> Result<String> {
        let basket = session.get::<Basket>("basket")?.unwrap();
        let error = session.get::<u8>("basket").unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Value);
        assert!(session.contains("none")?);
        assert_eq!(session.get::<Option<u8>>("none")?, Some(None));
        assert_eq!(session.get::<()>("unit")?, Some(()));
        Ok(format!("{basket:?} {error}"))
    };
    let client = App::new()
        .plug(Sessions::memory())
        .post("/", put)
        .get("/", take)
        .test();
    client.post("/").send().assert_status(200);
    let text = client.get("/").send();
    text.assert_contains(r#"{"a \"b\" é\n": (3, Some(0.5))}"#);
    text.assert_contains("`basket` of the session: ");
}

#[test]
fn a_request_reads_what_it_changed() {
    let handler = async |session: Session| -> Result<String> {
        session.insert("a", 1)?;
        let first = session.get::<u8>("a")?;
        session.remove("a")?;
        let second = session.get::<u8>("a")?;
        session.insert("b", 1)?;
        session.clear()?;
        session.insert("c", 7)?;
        let rest = [session.contains("b")?, session.contains("c")?];
        Ok(format!("{first:?} {second:?} {rest:?}"))
    };
    let client = App::new()
        .plug(Sessions::memory())
        .plug(routes)
        .get("/", handler)
        .test();
    client.post("/set/old/1").send();
    client
        .get("/")
        .send()
        .assert_text("Some(1) None [false, true]");
    client.get("/get/old").send().assert_text("nothing");
}

#[test]
fn middleware_and_handler_share_the_session_of_a_request() {
    async fn visits(mut req: Request, next: Next) -> Result<Response> {
        let session: Session = req.extract().await?;
        session.insert("visits", session.get::<u32>("visits")?.unwrap_or(0) + 1)?;
        Ok(next.run(req).await)
    }
    let show =
        async |session: Session| session.get::<u32>("visits").map(|n| n.unwrap().to_string());
    let client = App::new()
        .plug(Sessions::memory())
        .with(visits)
        .get("/", show)
        .test();
    client.get("/").send().assert_text("1");
    client.get("/").send().assert_text("2");
    // What was changed leaves with whatever passes.
    client.get("/nowhere").send().assert_status(404);
    client.get("/").send().assert_text("4");
}

#[test]
fn what_is_changed_after_the_response_left_is_an_error() {
    let handler = async |session: Session| -> Result<Body> {
        session.insert("early", 1)?;
        let mut left = Some(session);
        Ok(Body::from_stream(Pieces(Box::new(move || {
            let session = left.take()?;
            let error = session.insert("late", 1).unwrap_err();
            assert_eq!(error.kind(), SessionErrorKind::Late);
            assert_eq!(
                session.destroy().unwrap_err().kind(),
                SessionErrorKind::Late
            );
            let early = session.get::<u8>("early").unwrap();
            Some(format!("{early:?}: {error}"))
        }))))
    };
    let client = App::new().plug(Sessions::memory()).get("/", handler).test();
    let res = client.get("/").send();
    res.assert_contains("Some(1): the session was kept with the head of the response");
}

struct Pieces(Box<dyn FnMut() -> Option<String> + Send>);

impl futures_core::Stream for Pieces {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready((self.0)().map(|text| Ok(text.into())))
    }
}

#[test]
fn a_session_that_nobody_read_says_how_to_read_it() {
    let handler = async |Local(session): Local<Session>| {
        let error = session.get::<u8>("a").unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Unopened);
        error.to_string()
    };
    let client = App::new().plug(Sessions::memory()).get("/", handler).test();
    client
        .get("/")
        .send()
        .assert_contains("take `Session` as an argument");
}

#[test]
fn an_error_of_a_session_is_a_500_that_tells_the_client_nothing() {
    let client = App::new()
        .plug(Sessions::memory().with_limit(20))
        .plug(routes)
        .get("/bad", async |session: Session| -> Result<()> {
            session.insert("a", "x")?;
            session.get::<u8>("a")?;
            Ok(())
        })
        .test();
    let res = client.get("/bad").send();
    res.assert_status(500);
    assert!(!res.text().contains("session"), "{}", res.text());
    let res = client.post("/set/a/0123456789abcdef").send();
    res.assert_status(500);
    assert!(res.error().unwrap().to_string().contains("20 are the most"));
}
