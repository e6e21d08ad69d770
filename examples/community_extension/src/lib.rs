#![doc = include_str!("../README.md")]

mod config;
mod error;
mod extract;
#[cfg(feature = "health")]
mod health;
mod middleware;
mod request_ext;
mod routes;
mod store;

pub use config::{FeatureFlags, NewFlag};
pub use error::FlagError;
pub use extract::{Flag, FlagName, Flags};
pub use request_ext::FlagsExt;
