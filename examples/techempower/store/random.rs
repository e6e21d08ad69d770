//! Random numbers for rows: quick, and of no use for secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// Rows of the table, and the numbers in them.
const NUMBERS: u64 = 10_000;

thread_local! {
    static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
}

/// From 1 to 10,000.
pub(crate) fn number() -> i32 {
    let mut x = STATE.get();
    // xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled").
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    STATE.set(x);
    let random = x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
    1 + ((random * NUMBERS) >> 32) as i32
}

/// So many different ones, in ascending order.
pub(super) fn distinct(count: usize) -> Vec<i32> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        numbers.resize_with(count, number);
        numbers.sort_unstable();
        numbers.dedup();
    }
    numbers
}
