//! Bodies that come piece by piece.

use super::*;

#[tokio::test]
async fn a_stream_is_flushed_when_it_pauses() {
    for wanted in ALL {
        let (send, items) = tokio::sync::mpsc::unbounded_channel();
        let items = Mutex::new(Some(Ndjson(Items(items))));
        let app = App::new().with(Compression::new()).get("/", move || {
            let lines = items.lock().unwrap().take().unwrap();
            async move { lines }
        });
        let client = app.test();
        let ask = client.get("/").header("accept-encoding", wanted);
        let mut res = ask.response().await;
        assert_eq!(res.header("content-encoding"), Some(wanted));
        let mut body = res.take_body();
        let (mut sent, mut came) = (String::new(), Vec::new());
        for n in 0..5 {
            send.send(Ok(json!({ "n": n }))).unwrap();
            sent += &format!("{{\"n\":{n}}}\n");
            came.extend(body.chunk().await.unwrap().unwrap());
            assert_eq!(decode_part(wanted, &came), sent.as_bytes(), "{wanted}");
        }
        drop(send);
        while let Some(piece) = body.chunk().await {
            came.extend(piece.unwrap());
        }
        assert_eq!(decode(wanted, &came), sent.as_bytes(), "{wanted}");
    }
}

#[tokio::test]
async fn a_stream_that_fails_is_broken_off() {
    let (send, items) = tokio::sync::mpsc::unbounded_channel();
    let items = Mutex::new(Some(Ndjson(Items(items))));
    let app = App::new().with(Compression::new()).get("/", move || {
        let lines = items.lock().unwrap().take().unwrap();
        async move { lines }
    });
    let client = app.test();
    let mut body = client
        .get("/")
        .header("accept-encoding", "br")
        .response()
        .await
        .take_body();
    send.send(Ok(json!(1))).unwrap();
    assert!(body.chunk().await.unwrap().is_ok());
    send.send(Err("lost")).unwrap();
    assert!(matches!(
        body.chunk().await,
        Some(Err(BodyError::Source(_)))
    ));
    assert!(body.chunk().await.is_none() && send.is_closed());
}

/// Hundreds of megabytes of nothing, which must neither fill the memory nor keep the thread.
#[tokio::test]
async fn what_comes_to_nothing_lets_others_run() {
    struct Zeros(u32);
    impl futures_core::Stream for Zeros {
        type Item = Result<Bytes>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0 += 1;
            Poll::Ready((self.0 <= 1000).then(|| Ok(Bytes::from_static(&[0; 100_000]))))
        }
    }
    let make = async || ([("content-type", "text/plain")], Stream(Zeros(0)));
    let client = App::new().with(Compression::new()).get("/", make).test();
    let res = client
        .get("/")
        .header("accept-encoding", "zstd")
        .response()
        .await;
    let turns = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let mut res = res;
    let bytes = res.take_body().collect(10_000_000).await.unwrap();
    other.abort();
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert!(turns.load(std::sync::atomic::Ordering::Relaxed) > 100);
    assert_eq!(decode("zstd", &bytes).len(), 100_000_000);
}

#[test]
fn trailers_of_a_stream_are_kept() {
    struct Trailing(u8);
    impl http_body::Body for Trailing {
        type Data = Bytes;
        type Error = BodyError;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
            self.0 += 1;
            let trailers =
                || HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from(7))]);
            Poll::Ready(match self.0 {
                1 => Some(Ok(http_body::Frame::data(Bytes::from_static(b"hello")))),
                2 => Some(Ok(http_body::Frame::trailers(trailers()))),
                _ => None,
            })
        }
    }
    let make = async || ([("content-type", "text/plain")], Body::wrap(Trailing(0)));
    let client = App::new().with(Compression::new()).get("/", make).test();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let ask = client.get("/").header("accept-encoding", "gzip");
        let mut body = ask.response().await.take_body();
        let (mut data, mut trailers) = (Vec::new(), None);
        while let Some(frame) =
            std::future::poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut body), cx)).await
        {
            match frame.unwrap().into_data() {
                Ok(bytes) => data.extend(bytes),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        assert_eq!(decode("gzip", &data), b"hello");
        assert_eq!(trailers.unwrap()["x-sum"], "7");
    });
}
