//! Middleware: around everything, around one route, with options, and one that answers itself.
//!
//! ```text
//! cargo run --example middleware
//! curl -i 127.0.0.1:3000/secret -H 'authorization: Bearer onion'
//! ```

use cepa::prelude::*;
use std::{collections::HashMap, env, sync::Arc, time::Instant};

/// What stands before `next.run` sees the request go in, what stands after it the response come out.
async fn timing(req: Request, next: Next) -> Response {
    let start = Instant::now();
    let mut res = next.run(req).await;
    let ms = start.elapsed().as_millis();
    res.set_header("server-timing", format!("app;dur={ms}"));
    res
}

/// A type is a middleware too, to carry options.
struct CacheControl(&'static str);

impl Middleware for CacheControl {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("cache-control", self.0);
        res
    }
}

#[derive(Clone, Copy)]
struct Member(&'static str);

type Members = Arc<HashMap<&'static str, Member>>;

/// Extractors stand before the request. An error is an answer: nothing inside runs then.
async fn sign_in(State(all): State<Members>, mut req: Request, next: Next) -> Result<Response> {
    let header = req.header("authorization").unwrap_or("");
    let token = header.strip_prefix("Bearer ").unwrap_or("");
    let member = all.get(token).or_unauthorized("send your token")?;
    req.insert(*member); // handlers take it as `Local<Member>`
    Ok(next.run(req).await)
}

async fn secret(Local(member): Local<Member>) -> String {
    format!("Welcome, {}!\n", member.0)
}

async fn logo() -> &'static str {
    "An onion\n"
}

fn main() -> Result<(), RunError> {
    App::new()
        .state(Members::new([("onion", Member("Ada"))].into()))
        .with(Logger::new()) // the first is the outermost
        .with(timing)
        .with_if(env::var_os("NO_CACHE").is_some(), CacheControl("no-store"))
        .get("/", async || "Anyone may read this\n")
        .get("/logo", logo.with(CacheControl("max-age=3600")))
        .get("/secret", secret.with(sign_in))
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
