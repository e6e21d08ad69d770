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

/// What did not fit into the room that the encoder of gzip and deflate had at once was held back
/// until more came.
#[tokio::test(start_paused = true)]
async fn nothing_that_came_before_a_pause_waits_for_what_comes_after() {
    let mut state = 1_u64;
    let mut below = |end: usize| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 33) as usize % end
    };
    let levels = [
        CompressionLevel::Fast,
        CompressionLevel::Balanced,
        CompressionLevel::Small,
    ];
    for (wanted, level) in ALL
        .into_iter()
        .flat_map(|it| levels.map(|level| (it, level)))
    {
        let (send, items) = tokio::sync::mpsc::unbounded_channel();
        let items = Mutex::new(Some(Stream(Items(items))));
        let compression = Compression::new().with_level(level);
        let app = App::new().with(compression).get("/", move || {
            let items = items.lock().unwrap().take().unwrap();
            async move { ([("content-type", "text/plain")], items) }
        });
        let client = app.test();
        let ask = client.get("/").header("accept-encoding", wanted);
        let mut body = ask.response().await.take_body();
        let (mut sent, mut came) = (Vec::new(), Vec::new());
        for _ in 0..12 {
            let letters = [2, 100, 256][below(3)];
            let length = [below(300), below(20_000), 32_760 + below(30_000)][below(3)];
            let piece: Vec<u8> = (0..length).map(|_| below(letters) as u8).collect();
            sent.extend_from_slice(&piece);
            send.send(Ok(Bytes::from(piece))).unwrap();
            let pause = std::time::Duration::from_secs(1);
            while let Ok(piece) = tokio::time::timeout(pause, body.chunk()).await {
                came.extend(piece.unwrap().unwrap());
            }
            let plain = decode_part(wanted, &came);
            assert!(
                plain == sent,
                "{wanted} {level:?}: {} of {}",
                plain.len(),
                sent.len()
            );
        }
        drop(send);
        while let Some(piece) = body.chunk().await {
            came.extend(piece.unwrap());
        }
        assert!(decode(wanted, &came) == sent, "{wanted} {level:?}");
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

/// Each costs memory for as long as its client likes.
#[tokio::test]
async fn streams_beyond_the_most_are_sent_as_they_are() {
    let client = App::new()
        .with(Compression::new().with_max_streams(2))
        .get("/", async || text(500_000))
        .get("/short", async || text(5_000))
        .test();
    let ask = async |path| {
        let ask = client.get(path).header("accept-encoding", "gzip");
        let mut res = ask.response().await;
        let coding = res.header("content-encoding").map(str::to_owned);
        assert_eq!(res.header("vary"), Some("accept-encoding"));
        (coding, res.take_body())
    };
    let head = client.request(Method::HEAD, "/");
    let res = head.header("accept-encoding", "gzip").response().await;
    assert_eq!(res.header("content-encoding"), Some("gzip"));
    let (first, mut body) = ask("/").await;
    let (second, other) = ask("/").await;
    assert_eq!(
        first.as_deref().zip(second.as_deref()),
        Some(("gzip", "gzip"))
    );
    let (third, plain) = ask("/").await;
    assert_eq!(third, None);
    assert_eq!(plain.collect(1_000_000).await.unwrap(), text(500_000));
    assert_eq!(ask("/short").await.0.as_deref(), Some("gzip"));
    // One that ended has made room, and so has one whose client went away.
    while let Some(piece) = body.chunk().await {
        piece.unwrap();
    }
    drop((body, other));
    let kept = (ask("/").await, ask("/").await);
    assert!(kept.0.0.is_some() && kept.1.0.is_some());
    assert_eq!(ask("/").await.0, None);
}
