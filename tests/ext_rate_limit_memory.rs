//! How much memory a rate limit needs for 100,000 clients. It is alone in its program, so that
//! nothing else is measured.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod memory;

use std::time::Duration;

use cepa::rate_limit::{MemoryStore, Quota, RateLimitKey, RateLimitStore};

use memory::resident;

const CLIENTS: u32 = 100_000;
const MOST: usize = 32 * 1024 * 1024;

#[tokio::test]
async fn clients_by_the_hundred_thousand_fit_in_32_mib_and_ten_times_as_many_in_no_more() {
    let quota = Quota::new(5, Duration::from_secs(3600));
    let before = resident();
    let store = MemoryStore::new();
    let mut most = 0;
    for number in 0..10 * CLIENTS {
        let key = RateLimitKey::addr("default", number.to_be_bytes().into());
        store.take(&key, &quota).await.unwrap();
        if number % CLIENTS == CLIENTS - 1 {
            most = most.max(resident().saturating_sub(before));
        }
    }
    assert!(most > 0 && most < MOST, "{} KiB", most / 1024);
}
