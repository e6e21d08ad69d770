//! What time it is: the same for all servers that share a store, and for tests that pause it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
///
/// The time of day, moved by as much as tokio's clock was paused and advanced; in a program, by
/// nothing.
pub(super) fn now() -> u64 {
    let tokio = tokio::time::Instant::now().into_std();
    let std = std::time::Instant::now();
    let time = SystemTime::now();
    let moved = match tokio.checked_duration_since(std) {
        Some(ahead) => time.checked_add(ahead),
        None => time.checked_sub(std.saturating_duration_since(tokio)),
    };
    let since = moved.unwrap_or(time).duration_since(UNIX_EPOCH);
    since.map_or(0, millis)
}

/// In milliseconds, as far as they go.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
