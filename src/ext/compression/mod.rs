//! Responses compressed by what the client takes; requests decompressed, where that is wanted.
//!
//! # Example
//!
//! ```
//! use cepa::prelude::*;
//! use cepa::compression::{Compression, Decompression};
//!
//! async fn report() -> Html<String> {
//!     Html("<p>a line of a long report</p>\n".repeat(1000))
//! }
//!
//! /// Its secret stands beside what a stranger can put into the query.
//! async fn account(req: Request) -> Html<String> {
//!     Html(format!("<input name=token value=5f2a>{}", req.query()).repeat(100))
//! }
//!
//! let client = App::new()
//!     .with(Compression::new())
//!     .get("/report", report)
//!     .get("/account", account.with(Compression::off()))
//!     .post("/notes", (async |text: String| text).with(Decompression::new()))
//!     .test();
//!
//! let res = client.get("/report").header("accept-encoding", "gzip, br").send();
//! res.assert_header("content-encoding", "br").assert_header("vary", "accept-encoding");
//! assert!(res.bytes().len() < 200);
//! let res = client.get("/account").header("accept-encoding", "gzip, br").send();
//! assert_eq!(res.header("content-encoding"), None);
//! ```
//!
//! **[`Compression`]** compresses what is text, is at least 1 KiB long or of unknown length, and is not
//! compressed already. It stands inside of what counts or logs the bytes that are sent, and outside of
//! what makes or compares tags of the content (`Conditional`). Up to 64 KiB are compressed at once and
//! keep a length; what is longer, and each stream, is compressed while it is sent, and flushed when
//! there is nothing more for the moment, so that no line of a stream waits for the next.
//!
//! It leaves alone: answers to ranges (206, `Content-Range`), 204, 205 and 304, event streams, what has a
//! `Content-Encoding`, a digest or `Cache-Control: no-transform`, and types that are compressed by
//! themselves (images, sound, video, archives). What could have been compressed has
//! `Vary: Accept-Encoding`, compressed or not, and so have its 206 and each 304. What is compressed has
//! a weak `ETag`, since its bytes are other ones, no `Accept-Ranges`, and its `Content-Length` only where
//! that is known; a 304 to a client that has it names the weak tag. `If-Match` never holds for a weak
//! tag (RFC 9110, 13.1.1): a page whose version comes back with a PUT has it in its content too, or is
//! not compressed. An answer to HEAD has the headers that the one to GET has, its length aside.
//!
//! **[`Decompression`]** gives those inside the body that was compressed, without its
//! `Content-Encoding` and `Content-Length`. It is off unless it is added.
//!
//! # Options
//!
//! | option | default |
//! |---|---|
//! | [`with_codings`](Compression::with_codings): what is used, the first of equal ones | zstd, br, gzip, deflate |
//! | [`with_level`](Compression::with_level): time or size | [`CompressionLevel::Balanced`] |
//! | [`with_min_size`](Compression::with_min_size): the smallest body, in bytes | 1024 |
//! | [`with_max_streams`](Compression::with_max_streams): compressed at once while they are sent | 128 |
//! | [`with_types`](Compression::with_types): which media types | text, JSON, XML, scripts, SVG, fonts, WebAssembly |
//! | [`Compression::off`]: for a route, or a scope | |
//!
//! # Errors
//!
//! - 415 for a request whose coding is none of these, or that has several, with `Accept-Encoding`
//!   (RFC 7694).
//! - 400 where a request's body is not what its coding says ([`BodyError::Malformed`](crate::BodyError)).
//! - 413 where it is larger than the body limit when it is decompressed.
//! - No coding to choose from is a problem that `build` reports.
//!
//! # Security
//!
//! - **BREACH.** Where a page has a secret and, on the same page, text that a stranger chose, its
//!   compressed length tells whether the two are alike, and so, letter by letter, the secret. Such
//!   routes have `.with(Compression::off())`. Tokens that differ in each response, and cookies, which
//!   are headers and not compressed, are not at risk.
//! - **Slow clients.** What is compressed while it is sent keeps its encoder, of up to 3 MiB, for as long
//!   as the client takes. So at most 128 responses do; those beyond are sent as they are.
//! - **Bombs.** The body limit counts decompressed bytes, and no more than a piece of 32 KiB is
//!   decompressed before it is asked for; a gigabyte of zeros is a 413 after the first 2 MiB. Windows
//!   larger than 8 MiB (RFC 9659) are refused for zstd; br takes up to 16 MiB. Input that decompresses to
//!   less than itself is cut off as well. Each request by itself may still fill the body limit with a
//!   few hundred bytes, and let the rest wait until the server's body timeout: where strangers send
//!   them, a `Concurrency` around it says how many do.

mod coding;
mod compressed;
mod config;
mod decoder;
mod decompressed;
mod encoder;
mod middleware;
mod rules;

pub use coding::Coding;
pub use config::{Compression, CompressionLevel, Decompression};
