//! How much memory a large upload needs, read and saved. It is alone in its program, so that nothing
//! else is measured.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod memory;

use std::pin::Pin;
use std::task::{Context, Poll};

use cepa::multipart::{Multipart, MultipartForm, UploadLimits, UploadedFile, Uploads};
use cepa::prelude::*;
use serde::Deserialize;

use memory::{peak, resident};

const MIB: u64 = 1024 * 1024;
const MOST: usize = 16 * 1024 * 1024;

/// One part of so many MiB, as fast as it is asked for.
struct Large {
    head: Option<Bytes>,
    block: Bytes,
    blocks: u64,
}

impl Large {
    fn part(mib: u64) -> Body {
        let head = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
        // With carriage returns, which a delimiter could begin with.
        let block: Vec<u8> = (0..MIB).map(|at| (at * 7 / 3) as u8).collect();
        Body::from_stream(Self {
            head: Some(head.into()),
            block: block.into(),
            blocks: mib,
        })
    }
}

impl futures_core::Stream for Large {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(Ok(head)));
        }
        let Some(left) = self.blocks.checked_sub(1) else {
            let end = std::mem::replace(&mut self.block, Bytes::new());
            let end = (!end.is_empty()).then(|| Ok("\r\n--x--\r\n".into()));
            return Poll::Ready(end);
        };
        self.blocks = left;
        Poll::Ready(Some(Ok(self.block.clone())))
    }
}

#[derive(Deserialize)]
struct One {
    f: UploadedFile,
}

async fn read(mut parts: Multipart) -> Result<String> {
    let mut bytes = 0;
    while let Some(mut field) = parts.next_field().await? {
        while let Some(chunk) = field.chunk().await {
            bytes += chunk?.len() as u64;
        }
    }
    Ok((bytes / MIB).to_string())
}

async fn keep(MultipartForm(one): MultipartForm<One>) -> String {
    (one.f.size() / MIB).to_string()
}

async fn skip(mut parts: Multipart) -> Result<&'static str> {
    while parts.next_field().await?.is_some() {}
    Ok("skipped")
}

#[test]
fn a_part_of_1_gib_is_read_and_one_of_256_mib_kept_in_little_memory() {
    let limits = UploadLimits::new().with_total(2_048 * MIB);
    let client = App::new()
        .plug(Uploads::new().with_limits(limits))
        .post("/read", read)
        .post("/keep", keep)
        .post("/skip", skip)
        .test();
    let ask = |path: &str, mib| {
        let req = client.post(path);
        let req = req.header("content-type", "multipart/form-data; boundary=x");
        req.body(Large::part(mib)).send()
    };
    ask("/keep", 2).assert_text("2"); // threads and stacks
    let before = resident();
    ask("/read", 1_024).assert_text("1024");
    ask("/skip", 256).assert_text("skipped");
    ask("/keep", 256).assert_text("256");
    let most = peak().saturating_sub(before);
    assert!(most < MOST, "{} KiB", most / 1024);
}
