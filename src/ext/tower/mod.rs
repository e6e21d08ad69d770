//! Layers and services of `tower`.

mod body;
mod middleware;
mod passage;
mod service;

pub use middleware::{NextService, Tower, tower};
pub use service::{OriginalUri, tower_service};
