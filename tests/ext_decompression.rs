//! Requests that are decompressed, up to a limit that counts what comes out.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod encode;

use std::pin::Pin;
use std::task::{Context, Poll};

use cepa::compression::Decompression;
use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::{BodyError, BodyLimit};

use encode::{ALL, encode};

fn encode_one(coding: &str, bytes: &[u8]) -> Vec<u8> {
    encode(coding, std::iter::once(bytes))
}

/// Answers with the bytes, and what became of the headers.
fn echo() -> TestClient {
    let echo = async |headers: HeaderMap, bytes: Bytes| {
        let left = ["content-encoding", "content-length"];
        let left = left
            .iter()
            .filter(|name| headers.contains_key(**name))
            .count();
        ([("x-left", left.to_string())], bytes)
    };
    App::new()
        .with(Decompression::new())
        .post("/", echo)
        .post("/large", echo.with(BodyLimit::new(100_000_000)))
        .test()
}

/// Bytes that come in pieces of this size.
struct Pieces(Bytes, usize);

impl futures_core::Stream for Pieces {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let size = self.1.min(self.0.len());
        let piece = self.0.split_to(size);
        Poll::Ready((size > 0).then_some(Ok(piece)))
    }
}

fn numbers(count: u32) -> Vec<u8> {
    (0..count)
        .flat_map(|n| format!("{}, ", n.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

#[test]
fn each_coding_is_decompressed() {
    let client = echo();
    for coding in ALL {
        for count in [0, 1, 100, 5_000, 200_000] {
            let plain = numbers(count);
            let sent = Bytes::from(encode_one(coding, &plain));
            for size in [1, 1000, usize::MAX] {
                if size == 1 && count > 5_000 {
                    continue;
                }
                let body = Body::from_stream(Pieces(sent.clone(), size));
                let ask = client
                    .post("/large")
                    .header("content-encoding", coding)
                    .body(body);
                let res = ask.send();
                res.assert_status(200).assert_header("x-left", "0");
                assert!(res.bytes() == &plain, "{coding} {count} {size}");
            }
        }
    }
}

#[test]
fn codings_are_known_by_their_names() {
    let client = echo();
    let gzip = encode_one("gzip", b"hi");
    for name in [
        "gzip",
        "GZip",
        "x-gzip",
        " gzip ",
        "identity, gzip",
        "gzip,",
    ] {
        let ask = client.post("/").header("content-encoding", name);
        ask.body(gzip.clone()).send().assert_text("hi");
    }
    for name in ["identity", "", "identity, Identity"] {
        let ask = client.post("/").header("content-encoding", name);
        ask.body("hi")
            .send()
            .assert_text("hi")
            .assert_header("x-left", "1");
    }
    client.post("/").body("hi").send().assert_text("hi");
    client
        .post("/")
        .header("content-encoding", "gzip")
        .send()
        .assert_text("");
    for name in ["compress", "lzma", "gzip, br", "gzip, gzip", "aws-chunked"] {
        let res = client
            .post("/")
            .header("content-encoding", name)
            .body(gzip.clone())
            .send();
        res.assert_status(415);
        res.assert_header("accept-encoding", "zstd, br, gzip, deflate");
    }
}

#[test]
fn without_it_a_body_is_what_was_sent() {
    let client = App::new().post("/", async |bytes: Bytes| bytes).test();
    let sent = encode_one("gzip", b"hi");
    let ask = client.post("/").header("content-encoding", "gzip");
    assert_eq!(ask.body(sent.clone()).send().bytes(), &sent);
}

#[test]
fn what_is_not_what_it_says_is_a_400() {
    let client = echo();
    for coding in ALL {
        let whole = encode_one(coding, &numbers(1000));
        let mut flipped = whole.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x55;
        let mut longer = whole.clone();
        longer.extend(b"more");
        let cut = whole[..whole.len() - 1].to_vec();
        let begun = whole[..1].to_vec();
        let bodies = [
            b"plain text, not compressed".to_vec(),
            longer,
            cut,
            begun,
            flipped,
        ];
        for (number, body) in bodies.into_iter().enumerate() {
            // Without a check sum, what is flipped may be another text.
            if matches!(coding, "br" | "zstd") && number == 4 {
                continue;
            }
            let res = client
                .post("/")
                .header("content-encoding", coding)
                .body(body)
                .send();
            res.assert_status(400).assert_contains("cannot be decoded");
            let error = res.error().unwrap().downcast_ref::<BodyError>();
            assert!(
                matches!(error, Some(BodyError::Malformed(_))),
                "{coding} {number}: {error:?}"
            );
        }
    }
}

#[test]
fn several_in_a_row_are_one() {
    let client = echo();
    for coding in ["gzip", "zstd"] {
        let parts = [
            encode_one(coding, b"one, "),
            encode_one(coding, b""),
            encode_one(coding, b"two"),
        ];
        let sent = Bytes::from(parts.concat());
        for size in [1, 7, usize::MAX] {
            let body = Body::from_stream(Pieces(sent.clone(), size));
            let ask = client
                .post("/")
                .header("content-encoding", coding)
                .body(body);
            ask.send().assert_text("one, two");
        }
    }
}

#[test]
fn random_bytes_are_never_more_than_an_error() {
    let client = echo();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..2_000 {
        let coding = ALL[round % 4];
        let mut bytes = encode_one(coding, &numbers(20));
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = state as usize % bytes.len();
            bytes[at] = (state >> 32) as u8;
        }
        let res = client
            .post("/")
            .header("content-encoding", coding)
            .body(bytes)
            .send();
        assert!(matches!(res.status().as_u16(), 200 | 400 | 413), "{res}");
    }
}

/// Empty members of gzip, frames of zstd that are to be skipped: endless input for no output.
#[test]
fn input_that_comes_to_nothing_is_cut_off() {
    let client = echo();
    let skipped = [
        &[0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0, 0][..],
        &[0; 0xffff],
    ]
    .concat();
    for (coding, part) in [("gzip", encode_one("gzip", b"")), ("zstd", skipped)] {
        let many = part.repeat(2_000_000 / part.len());
        let body = Body::from_stream(Pieces(many.into(), 10_000));
        let res = client
            .post("/")
            .header("content-encoding", coding)
            .body(body)
            .send();
        res.assert_status(400);
        let error = format!("{:?}", res.error());
        assert!(error.contains("comes to nothing"), "{coding}: {error}");
    }
}

#[test]
fn a_body_that_breaks_off_stays_one_that_broke_off() {
    struct Broken;
    impl futures_core::Stream for Broken {
        type Item = Result<Bytes, BodyError>;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Err(BodyError::Timeout)))
        }
    }
    let client = echo();
    let ask = client.post("/").header("content-encoding", "gzip");
    ask.body(Body::from_stream(Broken))
        .send()
        .assert_status(408);
}
