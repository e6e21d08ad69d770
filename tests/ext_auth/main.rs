//! Users who sign in: an app with pages, as browsers and programs use it.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod app;
mod basic;
mod browser;
mod guards;
mod keys;
mod limits;
mod links;
mod next;
mod passwords;
mod promises;
mod signing;
