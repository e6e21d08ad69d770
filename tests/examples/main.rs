//! Every example is started as a program, asked something over a socket, and stopped.
//!
//! `cargo test` builds the examples before it; where this test is run alone, build them first by
//! `cargo build --examples`.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

#[cfg(feature = "auth")]
mod auth;
mod core;
mod databases;
mod example;
mod extensions;

#[allow(dead_code, reason = "only the tests in it are run here")]
#[path = "../../examples/testing.rs"]
mod testing;

use example::{Example, program};
