//! The program without its `main`, and what its API answers.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

#[path = "../app.rs"]
mod app;
#[path = "../articles/mod.rs"]
mod articles;
#[path = "../auth.rs"]
mod auth;
#[path = "../comments.rs"]
mod comments;
#[path = "../errors.rs"]
mod errors;
#[path = "../migrations/mod.rs"]
mod migrations;
#[path = "../models/mod.rs"]
mod models;
#[path = "../profiles.rs"]
mod profiles;
#[path = "../tags.rs"]
mod tags;
#[path = "../time.rs"]
mod time;
#[path = "../users.rs"]
mod users;

mod api;
