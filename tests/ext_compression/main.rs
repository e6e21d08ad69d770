//! Responses that are compressed: which, how, and with which headers.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod caches;
mod streams;

use std::io::Read;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use cepa::compression::{Coding, Compression, CompressionLevel};
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};
use cepa::{BodyError, Event, HeaderValue, Ndjson, Sse, Stream};

const ALL: [&str; 4] = ["br", "zstd", "gzip", "deflate"];

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match coding {
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        "zstd" => zstd::Decoder::new(bytes).unwrap().read_to_end(&mut plain),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        "deflate" => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut plain),
        other => panic!("{other} is no coding"),
    };
    read.unwrap_or_else(|error| panic!("{coding}: {error}"));
    plain
}

/// As far as it came, without an end.
fn decode_part(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = vec![0; 1_000_000];
    let mut reader: Box<dyn Read> = match coding {
        "br" => Box::new(brotli::Decompressor::new(bytes, 4096)),
        "zstd" => Box::new(zstd::Decoder::new(bytes).unwrap()),
        "gzip" => Box::new(flate2::read::GzDecoder::new(bytes)),
        _ => Box::new(flate2::read::ZlibDecoder::new(bytes)),
    };
    let mut at = 0;
    while let Ok(count @ 1..) = reader.read(&mut plain[at..]) {
        at += count;
    }
    plain.truncate(at);
    plain
}

fn text(size: usize) -> String {
    (0..)
        .map(|n| format!("line {n}\n"))
        .flat_map(String::into_bytes)
        .take(size)
        .map(char::from)
        .collect()
}

/// One route, whose answer is made anew for each request.
fn answering<R: IntoResponse + 'static>(make: fn() -> R) -> TestClient {
    App::new()
        .with(Compression::new())
        .get("/", move || async move { make() })
        .test()
}

fn ask(client: &TestClient, accept: &str) -> TestResponse {
    client.get("/").header("accept-encoding", accept).send()
}

fn coding(res: &TestResponse) -> Option<&str> {
    res.header("content-encoding")
}

#[test]
fn each_coding_gives_back_what_was_sent() {
    fn of(size: usize) -> String {
        text(size)
    }
    for size in [1024, 5_000, 64 * 1024, 64 * 1024 + 1, 300_000] {
        for level in [
            CompressionLevel::Fast,
            CompressionLevel::Balanced,
            CompressionLevel::Small,
        ] {
            let client = App::new()
                .with(Compression::new().with_level(level))
                .get("/", move || async move { of(size) })
                .get("/stream", move || async move {
                    let pieces = of(size)
                        .into_bytes()
                        .chunks(999)
                        .map(<[u8]>::to_vec)
                        .collect();
                    (
                        [("content-type", "text/plain")],
                        Stream(Pieces(pieces, false)),
                    )
                })
                .test();
            for wanted in ALL {
                for path in ["/", "/stream"] {
                    let res = client.get(path).header("accept-encoding", wanted).send();
                    assert_eq!(coding(&res), Some(wanted), "{size}");
                    res.assert_header("vary", "accept-encoding");
                    assert!(res.bytes().len() < size * 2 / 3, "{}", res.bytes().len());
                    let plain = decode(wanted, res.bytes());
                    assert!(
                        plain == of(size).as_bytes(),
                        "{wanted} {path} {size} {level:?}"
                    );
                }
            }
        }
    }
}

/// A stream of these, each after a pause.
struct Pieces(std::collections::VecDeque<Vec<u8>>, bool);

impl futures_core::Stream for Pieces {
    type Item = Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

#[test]
fn the_client_chooses() {
    let client = answering(|| text(5_000));
    let rows = [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip, deflate", Some("gzip")),
        ("gzip;q=0.1, zstd;q=0.9, br;q=0.8", Some("zstd")),
        ("x-gzip", Some("gzip")),
        ("*", Some("zstd")),
        ("zstd;q=0, *", Some("br")),
        ("identity", None),
        ("identity, br;q=0.5", None),
        ("*;q=0", None),
        ("compress", None),
        ("", None),
    ];
    for (accept, wanted) in rows {
        let res = ask(&client, accept);
        assert_eq!(coding(&res), wanted, "{accept}");
        res.assert_header("vary", "accept-encoding");
        if wanted.is_none() {
            res.assert_text(&text(5_000));
            client.get("/").send().assert_text(&text(5_000));
        }
    }
}

#[test]
fn what_is_not_text_whole_and_large_enough_stays_as_it_is() {
    type Make = fn() -> Response;

    fn with(name: &'static str, value: &'static str) -> Response {
        ([(name, value)], text(5_000)).into_response()
    }
    let rows: [(&str, Make); 22] = [
        ("small", || text(1023).into_response()),
        ("empty", || "".into_response()),
        ("png", || with("content-type", "image/png")),
        ("video", || with("content-type", "video/mp4")),
        ("zip", || with("content-type", "application/zip")),
        ("woff2", || with("content-type", "font/woff2")),
        ("bytes", || text(5_000).into_bytes().into_response()),
        ("grpc", || with("content-type", "application/grpc")),
        ("odd type", || with("content-type", "text")),
        ("no type", || Body::from(text(5_000)).into_response()),
        ("encoded", || with("content-encoding", "gzip")),
        ("identity", || with("content-encoding", "identity")),
        ("range", || with("content-range", "bytes 0-4999/9999")),
        ("no-transform", || {
            with("cache-control", "public, No-Transform")
        }),
        ("digest", || with("repr-digest", "sha-256=:AAAA:")),
        ("old digest", || with("digest", "sha-256=AAAA")),
        ("204", || {
            (StatusCode::NO_CONTENT, text(5_000)).into_response()
        }),
        ("205", || {
            (StatusCode::RESET_CONTENT, text(5_000)).into_response()
        }),
        ("206", || {
            (StatusCode::PARTIAL_CONTENT, text(5_000)).into_response()
        }),
        ("304", || {
            (StatusCode::NOT_MODIFIED, text(5_000)).into_response()
        }),
        ("events", || {
            Sse::new(Never).with_keep_alive(None).into_response()
        }),
        ("EVENTS", || with("content-type", "Text/Event-Stream; x=y")),
    ];
    for (name, make) in rows {
        // Whatever the choice of types, event streams are never compressed.
        let compression = match name.eq_ignore_ascii_case("events") {
            true => Compression::new().with_types(|_| true),
            false => Compression::new(),
        };
        let app = App::new().with(compression);
        let client = app.get("/", move || async move { make() }).test();
        let res = ask(&client, "gzip, identity;q=0.5");
        let before = make();
        // These two are of a whole that others may get compressed.
        let vary = ["206", "304"].contains(&name).then_some("accept-encoding");
        assert_eq!(res.header("vary"), vary, "{name}");
        assert_eq!(coding(&res), before.header("content-encoding"), "{name}");
    }
}

/// A stream without events.
struct Never;

impl futures_core::Stream for Never {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Event>> {
        Poll::Ready(None)
    }
}

#[test]
fn types_of_text_are_compressed() {
    for kind in [
        "text/html; charset=utf-8",
        "TEXT/CSS",
        "application/json",
        "application/problem+json",
        "application/javascript",
        "text/javascript",
        "application/xml",
        "image/svg+xml",
        "application/wasm",
        "font/ttf",
        "application/x-ndjson",
    ] {
        let client = App::new()
            .with(Compression::new())
            .get("/", move || async move {
                ([("content-type", kind)], text(5_000))
            })
            .test();
        assert_eq!(coding(&ask(&client, "gzip")), Some("gzip"), "{kind}");
    }
}

#[test]
fn headers_of_the_bytes_are_changed_with_them() {
    let make = || {
        let headers = [
            ("etag", "\"v1\""),
            ("accept-ranges", "bytes"),
            ("content-length", "5000"),
            ("vary", "origin"),
        ];
        (headers, text(5_000))
    };
    let client = answering(make);
    let res = ask(&client, "gzip");
    res.assert_header("etag", "W/\"v1\"");
    assert_eq!(
        (res.header("accept-ranges"), res.header("content-length")),
        (None, None)
    );
    let vary: Vec<_> = res.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["origin", "accept-encoding"]);
    let res = ask(&client, "identity");
    res.assert_header("etag", "\"v1\"")
        .assert_header("accept-ranges", "bytes");

    for (before, after) in [
        ("*", "*"),
        ("Accept-Encoding", "Accept-Encoding"),
        ("a, accept-encoding", "a, accept-encoding"),
    ] {
        let client = App::new()
            .with(Compression::new())
            .get(
                "/",
                move || async move { ([("vary", before)], text(5_000)) },
            )
            .test();
        let res = ask(&client, "gzip");
        let vary: Vec<_> = res.headers().get_all("vary").iter().collect();
        assert_eq!(vary, [after]);
    }
    let weak = answering(|| ([("etag", "W/\"v1\"")], text(5_000)));
    ask(&weak, "gzip").assert_header("etag", "W/\"v1\"");
}

#[test]
fn an_answer_to_head_has_the_headers_of_the_one_to_get() {
    let by_hand = async |req: Request| {
        let body = if *req.method() == Method::HEAD {
            String::new()
        } else {
            text(5_000)
        };
        ([("etag", "\"v1\""), ("content-length", "5000")], body)
    };
    let client = App::new()
        .with(Compression::new())
        .get("/text", async || ([("etag", "\"v1\"")], text(5_000)))
        .get("/large", async || text(500_000))
        .get("/small", async || text(50))
        .any("/hand", by_hand)
        .test();
    for path in ["/text", "/large", "/small", "/hand"] {
        for accept in ["gzip", "identity"] {
            let ask = |method| {
                client
                    .request(method, path)
                    .header("accept-encoding", accept)
                    .send()
            };
            let (get, head) = (ask(Method::GET), ask(Method::HEAD));
            for name in ["content-encoding", "vary", "etag", "content-type"] {
                assert_eq!(
                    get.header(name),
                    head.header(name),
                    "{path} {accept} {name}"
                );
            }
            // Of what is compressed, the length is not known without compressing it.
            let known = coding(&get)
                .is_none()
                .then(|| get.bytes().len().to_string());
            assert_eq!(
                head.header("content-length"),
                known.as_deref(),
                "{path} {accept}"
            );
            assert!(head.bytes().is_empty());
        }
    }
}

#[test]
fn what_gets_no_smaller_is_sent_as_it_is() {
    fn noise() -> Response {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let random = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        });
        let bytes: Vec<u8> = random.take(5_000).collect();
        ([("content-type", "text/plain")], bytes).into_response()
    }
    let client = answering(noise);
    for accept in ALL {
        let res = ask(&client, accept);
        assert_eq!((coding(&res), res.bytes().len()), (None, 5_000), "{accept}");
        res.assert_header("vary", "accept-encoding");
        // Unless the client takes nothing else.
        let res = ask(&client, &format!("{accept}, identity;q=0"));
        assert_eq!(coding(&res), Some(accept));
        assert_eq!(decode(accept, res.bytes()).len(), 5_000);
    }
}

#[test]
fn off_is_off_for_a_route_or_a_scope() {
    let off = App::new()
        .with(Compression::off())
        .get("/x", async || text(5_000));
    let client = App::new()
        .with(Compression::new())
        .get("/on", async || text(5_000))
        .get("/off", (async || text(5_000)).with(Compression::off()))
        .mount("/scope", off)
        .test();
    for (path, wanted) in [("/on", Some("br")), ("/off", None), ("/scope/x", None)] {
        let res = client.get(path).header("accept-encoding", "br").send();
        assert_eq!(coding(&res), wanted, "{path}");
        assert_eq!(res.header("vary").is_some(), wanted.is_some());
    }
}

#[test]
fn options_are_obeyed_and_checked() {
    let client = App::new()
        .with(
            Compression::new()
                .with_codings([Coding::Gzip, Coding::Brotli])
                .with_min_size(10)
                .with_types(|kind| kind == "image/png"),
        )
        .get("/", async || ([("content-type", "Image/PNG")], text(400)))
        .get("/text", async || text(5_000))
        .test();
    assert_eq!(coding(&ask(&client, "zstd, br, gzip")), Some("gzip"));
    assert_eq!(coding(&ask(&client, "zstd")), None);
    let res = client.get("/text").header("accept-encoding", "gzip").send();
    assert_eq!(coding(&res), None);
    let error = App::new()
        .with(Compression::new().with_codings([]))
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("Compression::off()"), "{error}");
}

#[test]
fn one_inside_of_another_compresses_once() {
    let client = App::new()
        .with(Compression::new())
        .with(Compression::new().with_codings([Coding::Gzip]))
        .get("/", async || text(5_000))
        .test();
    let res = ask(&client, "br, gzip");
    assert_eq!(coding(&res), Some("gzip"));
    assert_eq!(decode("gzip", res.bytes()), text(5_000).as_bytes());
}

#[test]
fn errors_are_compressed_like_any_response() {
    let client = App::new()
        .with(Compression::new().with_min_size(1))
        .get("/", async || {
            Err::<(), _>(Error::conflict("no ".repeat(300)))
        })
        .test();
    let res = ask(&client, "gzip");
    res.assert_status(409);
    assert_eq!(coding(&res), Some("gzip"));
    let problem: Value = serde_json::from_slice(&decode("gzip", res.bytes())).unwrap();
    assert_eq!(problem["status"], 409);
}

/// Items that a test sends.
struct Items<T>(tokio::sync::mpsc::UnboundedReceiver<Result<T, &'static str>>);

impl<T> futures_core::Stream for Items<T> {
    type Item = Result<T, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}
