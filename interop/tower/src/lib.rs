//! Nothing but tests: `cepa` together with `tower`, `tower-http`, axum, tonic and hyper as they are.

/// The page about it, whose code is compiled and run here, where those crates are.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/tower.md")]
mod page {}
