//! So many requests per client and time; more are a 429 that says when to come back.
//!
//! # Example
//!
//! ```
//! use cepa::prelude::*;
//! use cepa::rate_limit::RateLimit;
//!
//! async fn sign_in() -> &'static str {
//!     "signed in"
//! }
//!
//! let client = App::new()
//!     .with(RateLimit::per_second(50)) // all of the app, by client address
//!     .post("/sign-in", sign_in.with(RateLimit::per_minute(2).with_name("sign-in")))
//!     .test();
//!
//! client.post("/sign-in").send().assert_status(200);
//! client.post("/sign-in").send().assert_status(200);
//! let res = client.post("/sign-in").send();
//! res.assert_status(429).assert_header("retry-after", "30");
//! ```
//!
//! The clients' allowance is a bucket: it holds `burst` requests and fills up again at the rate that
//! was asked for, one by one (the generic cell rate algorithm). So `per_minute(60)` lets 60 through
//! at once and then one each second; `.with_burst(1)` makes it one each second from the start. A
//! refused request costs nothing, so whoever keeps asking is still let through at the rate.
//!
//! Each limiter counts for itself. Where it stands is what it limits: an app, a group, one handler;
//! outside of what is costly, since the middleware outside of it runs for refused requests too.
//!
//! # Options
//!
//! | option | default |
//! |---|---|
//! | `with_burst`: requests at once | the limit itself |
//! | `with_key`: who is counted | the client's address |
//! | `with_name`: the limiter's name in headers, stores and route tables | `default` |
//! | `with_headers`: whether to tell clients what they have left | yes |
//! | `with_store`: where the counts are | [`MemoryStore`], of this process |
//!
//! # Errors
//!
//! - 429 with `Retry-After` in seconds (RFC 6585, 4).
//! - 400 if two trusted proxies disagree who the client is, as [`ClientAddr`](crate::ClientAddr) says.
//! - What the store answers where it fails; [`MemoryStore`] never does.
//! - A limit or burst of zero, and a name that no header may have, are problems that `build` reports.
//!
//! All answers have `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10),
//! such as `"sign-in";r=1;t=30`: 1 request left, everything back in 30 seconds.
//!
//! # Security
//!
//! - Behind a proxy, [`App::trust_proxies`](crate::App::trust_proxies) has to name it; otherwise all
//!   clients share its address. A client cannot choose its address: what it forges is not believed.
//! - IPv6 clients are counted by /64, which is what one subscriber has.
//! - A key of `with_key` should be something that was verified. A client that invents keys has an
//!   allowance for each: keep a limit by address around it.
//! - [`MemoryStore`] is a table of fixed size. Where it is full, a newcomer shares the bucket of the
//!   client that has used least: it may be refused early, and nobody gets more by flooding the table.
//! - This keeps one client from taking it all. It is no defence against floods from many networks,
//!   which have to be held back before they reach a program.

mod config;
mod key;
mod memory;
mod middleware;
mod store;

pub use config::RateLimit;
pub use key::RateLimitKey;
pub use memory::MemoryStore;
pub use store::{Decision, Quota, RateLimitStore};
