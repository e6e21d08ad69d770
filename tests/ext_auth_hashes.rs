//! How much memory hashes of passwords need, many at once. It is alone in its program, so that
//! nothing else is measured.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod memory;

use cepa::auth::Passwords;
use memory::{peak, resident};
use tokio::task::JoinSet;

const THREADS: usize = 2;
const HASHES: usize = 120;
/// What is left of the memory of a hash on each of many threads is no part of it.
const MOST: usize = (THREADS * 19 + 15) * 1024 * 1024;

/// An allocator keeps what a thread gave back, each thread its own: these were 450 MB once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_hashes_need_no_more_memory_than_work_at_once() {
    let passwords = Passwords::new().with_threads(THREADS).with_queue(HASHES);
    let before = resident();
    let mut hashes = JoinSet::new();
    for i in 0..HASHES {
        let passwords = passwords.clone();
        hashes.spawn(async move { passwords.hash(&format!("leek onion garlic {i}"), &[]).await });
    }
    while let Some(hash) = hashes.join_next().await {
        hash.unwrap().unwrap();
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < MOST, "{} MiB", grown / 1024 / 1024);
}
