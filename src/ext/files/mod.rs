//! Files as they are: a folder, one file, or what is embedded in the program.
//!
//! # Example
//!
//! ```
//! use cepa::files::Files;
//! use cepa::prelude::*;
//!
//! let client = App::new()
//!     .mount("/docs", Files::dir("docs").with_listing())
//!     .mount("/license.txt", Files::file("LICENSE"))
//!     .mount("/", Files::embedded(&[("index.html", b"<h1>Hello</h1>")]))
//!     .test();
//!
//! client.get("/").send().assert_text("<h1>Hello</h1>");
//! client.get("/docs/").send().assert_contains("routing.md");
//!
//! let res = client.get("/docs/routing.md").send();
//! res.assert_header("content-type", "text/markdown; charset=utf-8");
//! let tag = res.header("etag").unwrap();
//! client.get("/docs/routing.md").header("if-none-match", tag).send().assert_status(304);
//! client.get("/license.txt").header("range", "bytes=0-2").send().assert_status(206);
//! ```
//!
//! Files answer for what no route matches at and below their mount, so `/` may be theirs beside any
//! routes. They answer GET and HEAD: with the file, with 304 by `ETag` and `Last-Modified`, with one
//! range or several (RFC 9110, 13 and 14). A file is read in pieces of 32 KiB, the next when the
//! client took the one before, on threads where it holds up nothing else.
//!
//! A folder answers by its index file, behind a slash; without the slash it is a redirect there.
//!
//! [`Assets`] puts fingerprints of the content into the addresses of files, without a bundler.
//!
//! # Options
//!
//! | knob | default |
//! |---|---|
//! | [`Files::with_index`]: files that answer for their folder | `index.html` |
//! | [`Files::with_listing`]: a page for folders without one | 404 |
//! | [`Files::with_spa`]: the page of a single-page app for what is not there | 404 |
//! | [`Files::with_precompressed`]: `.br`, `.zst` and `.gz` beside a file | not looked for |
//! | [`Files::with_cache_control`]: of files that may change | `no-cache` |
//! | [`Files::with_immutable`]: which never change | names with a fingerprint |
//! | [`Files::with_type`]: content types by extension | a table of the usual ones |
//! | [`Files::with_dotfiles`]: names that begin with a dot | 404, but for `/.well-known/` |
//!
//! Relative paths are seen from where the program was started. The folder is found when the app is
//! made: one that is put in its place later is served from then on, a symlink to another is not
//! looked at again.
//!
//! The tag of a file is its date, to the nanosecond, and its size; that of a compressed form is its
//! own. It is strong, so ranges can be resumed with it. Machines that serve the same files should
//! have them with the same dates. Dates before 2 January 1980 are those of builds that can be
//! repeated, and make no tag. Embedded files have a tag of their bytes.
//!
//! # Errors
//!
//! - 404 for what is not there, and for all that is not to be told apart from it: what may not be
//!   read, leaves the folder, is no regular file, has a name that is too long or none at all.
//! - 405 with `Allow` for other methods than GET and HEAD.
//! - 412 where `If-Match` or `If-Unmodified-Since` does not hold.
//! - 416 where no range is inside of the file. More than 32 ranges, or ranges that cost more than
//!   the file, are answered with the whole file and 200, as malformed ones are.
//! - 500 if the system fails to read. Where the head is out already, or the file became shorter, the
//!   response breaks off.
//! - A folder or file that is missing at the start, embedded files that nobody could ask for, and
//!   names or types that are none are problems that `build` reports.
//!
//! # Security
//!
//! - A path is decoded once. A segment that is empty, `.`, `..`, no UTF-8, or has a slash, backslash
//!   or control character in it is a 404, and so are, on Windows, names of devices, drives, streams
//!   and short names. There is one spelling of each file, but for percent-encoding.
//! - A symlink that leaves the folder is a 404. On Linux it is the opened file that counts, so
//!   nobody who changes links meanwhile gets anything else; on other systems the path is looked at
//!   a moment after the file was opened, and so it is everywhere for the names on the page of a
//!   folder. `Files::file` goes where its path leads.
//! - Pipes, sockets and devices are not opened; a file that becomes a pipe blocks nobody.
//! - Redirects stay on the host; the page of a folder escapes names and runs no script.
//! - Content types are told and not guessed (`nosniff`). All the same, HTML or SVG that users have
//!   uploaded runs as a page of this site: serve it from a host of its own, or give it a
//!   `Content-Security-Policy: sandbox` by a middleware around the mount.
//! - Behind a sign-in, set [`Files::with_cache_control`] to `private`, and
//!   [`Files::with_immutable`] to `|_| false` if shared caches are in between.

mod assets;
mod body;
mod config;
mod embedded;
mod fingerprint;
mod folder;
mod forms;
mod listing;
mod prints;
mod range;
mod send;
mod site;
mod target;
mod types;

pub use assets::Assets;
pub use config::Files;
