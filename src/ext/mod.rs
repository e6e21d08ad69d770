//! Optional modules, one feature each. They use of this crate only what it exports, as any outside
//! crate would; the core names none of them.

#[cfg(feature = "compression")]
pub mod compression;
#[cfg(feature = "cookies")]
pub mod cookies;
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "flash")]
pub mod flash;
#[cfg(feature = "health")]
pub mod health;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "multipart")]
pub mod multipart;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "templates")]
pub mod templates;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "ws")]
pub mod ws;
