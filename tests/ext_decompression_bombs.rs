//! Bombs: little that becomes much, in a process of their own, whose memory is watched.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::io::Write;
use std::sync::Mutex;

use cepa::BodyLimit;
use cepa::compression::Decompression;
use cepa::prelude::*;

const ALL: [&str; 4] = ["br", "zstd", "gzip", "deflate"];

/// One at a time, since they share the memory that is looked at.
static ALONE: Mutex<()> = Mutex::new(());

fn encode(coding: &str, pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    fn write<W: Write>(mut to: W, pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> W {
        for piece in pieces {
            to.write_all(piece.as_ref()).unwrap();
        }
        to
    }
    let (out, level) = (Vec::new(), flate2::Compression::fast());
    match coding {
        "br" => write(brotli::CompressorWriter::new(out, 4096, 1, 22), pieces).into_inner(),
        "zstd" => write(zstd::Encoder::new(out, 3).unwrap(), pieces)
            .finish()
            .unwrap(),
        "gzip" => write(flate2::write::GzEncoder::new(out, level), pieces)
            .finish()
            .unwrap(),
        "deflate" => write(flate2::write::ZlibEncoder::new(out, level), pieces)
            .finish()
            .unwrap(),
        other => panic!("{other} is no coding"),
    }
}

/// A gigabyte of zeros, compressed.
fn bomb(coding: &str) -> Bytes {
    let zeros = vec![0; 1024 * 1024];
    Bytes::from(encode(coding, (0..1024).map(|_| &zeros)))
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages = statm.split(' ').nth(1).unwrap();
    pages.parse::<usize>().unwrap() * 4096
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
