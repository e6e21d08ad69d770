//! Bombs: little that becomes much, in a process of their own, whose memory is watched.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod encode;
mod memory;

use std::sync::Mutex;

use cepa::BodyLimit;
use cepa::compression::Decompression;
use cepa::prelude::*;

use encode::{ALL, encode};
use memory::resident;

/// One at a time, since they share the memory that is looked at.
static ALONE: Mutex<()> = Mutex::new(());

/// A gigabyte of zeros, compressed.
fn bomb(coding: &str) -> Bytes {
    let zeros = vec![0; 1024 * 1024];
    Bytes::from(encode(coding, (0..1024).map(|_| &zeros)))
}

#[test]
fn a_gigabyte_of_zeros_is_a_413_and_takes_no_memory() {
    let _alone = ALONE.lock().unwrap();
    let client = App::new()
        .with(Decompression::new())
        .post("/", async |bytes: Bytes| bytes.len().to_string())
        .post(
            "/small",
            (async |text: String| text).with(BodyLimit::new(10)),
        )
        .test();
    for coding in ALL {
        let bomb = bomb(coding);
        assert!(bomb.len() < 16 * 1024 * 1024, "{coding}: {}", bomb.len());
        for path in ["/", "/small"] {
            let before = resident();
            for _ in 0..3 {
                let ask = client.post(path).header("content-encoding", coding);
                let res = ask.body(bomb.clone()).send();
                res.assert_status(413);
                let grown = resident().saturating_sub(before);
                assert!(grown < 32 * 1024 * 1024, "{coding}: {grown} bytes more");
            }
        }
    }
}

/// A limit that allows it lets it through, a piece at a time.
#[test]
fn a_gigabyte_can_be_read_as_it_comes() {
    let _alone = ALONE.lock().unwrap();
    let count = async |mut body: Body| {
        let mut count = 0;
        while let Some(piece) = body.chunk().await {
            count += piece?.len();
        }
        Ok::<_, Error>(count.to_string())
    };
    let app = App::new().with(Decompression::new());
    let client = app.post("/", count.with(BodyLimit::new(u64::MAX))).test();
    let bomb = bomb("zstd");
    let before = resident();
    let ask = client
        .post("/")
        .header("content-encoding", "zstd")
        .body(bomb);
    ask.send().assert_text("1073741824");
    assert!(resident().saturating_sub(before) < 32 * 1024 * 1024);
}
