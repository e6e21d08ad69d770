//! All built-in middleware around one small app, in an order that works, each with its reason.
//!
//! ```text
//! cargo run --features cookies,rate-limit --example middleware_tour
//!
//! $ curl -i 127.0.0.1:3000/ -H 'x-request-id: tour-1' -b visits=6
//! HTTP/1.1 200 OK
//! content-type: text/html; charset=utf-8
//! set-cookie: visits=7; Path=/; SameSite=Lax; HttpOnly                 <- CookieJar
//! ratelimit-policy: "default";q=50;w=1                                 <- RateLimit
//! ratelimit: "default";r=49;t=1
//! x-content-type-options: nosniff                                      <- SecureHeaders
//! x-frame-options: DENY
//! referrer-policy: strict-origin-when-cross-origin
//! cross-origin-opener-policy: same-origin
//! cross-origin-resource-policy: same-origin
//! permissions-policy: accelerometer=(), camera=(), display-capture=(), ..
//! x-permitted-cross-domain-policies: none
//! content-security-policy: default-src 'self'; .. script-src 'nonce-GNkCZCPBxCVA7s9FO_HVag'
//! vary: origin                                                         <- Cors
//! server-timing: total;dur=0.211, Cors;dur=0.004, .. home;dur=0.050    <- ServerTiming
//! x-request-id: tour-1                                                 <- RequestId
//!
//! $ curl -i 127.0.0.1:3000//notes/../slow
//! HTTP/1.1 308 Permanent Redirect                                      <- NormalizePath
//! location: /slow
//!
//! $ curl -i 127.0.0.1:3000/slow
//! HTTP/1.1 503 Service Unavailable                                     <- Timeout, after 1 s
//!
//! $ curl -i 127.0.0.1:3000/notes -d @README.md
//! HTTP/1.1 413 Payload Too Large                                       <- BodyLimit
//!
//! $ curl -i 127.0.0.1:3000/notes -d onions -H 'origin: https://evil.example'
//! HTTP/1.1 403 Forbidden                                               <- CrossOrigin
//!
//! $ curl -i 127.0.0.1:3000/notes/7 -X OPTIONS \
//!     -H 'origin: https://partner.example' -H 'access-control-request-method: DELETE'
//! HTTP/1.1 204 No Content                                              <- Cors
//! access-control-allow-origin: https://partner.example
//! access-control-allow-methods: GET, POST, DELETE
//!
//! $ curl -i 127.0.0.1:3000/notes/7 -X POST -H 'x-http-method-override: DELETE'
//! HTTP/1.1 200 OK                                                      <- MethodOverride
//! Deleted note 7
//!
//! $ curl -i 127.0.0.1:3000/ -H 'host: evil.example'
//! HTTP/1.1 421 Misdirected Request                                     <- HostGuard
//!
//! $ for i in 1 2 3 4; do curl -i 127.0.0.1:3000/sign-in -X POST; done
//! HTTP/1.1 429 Too Many Requests                                       <- RateLimit, the fourth
//! ratelimit-policy: "sign-in";q=3;w=60
//! ratelimit: "sign-in";r=0;t=60
//! retry-after: 20
//! ```
//!
//! Every refusal is a response for those outside of it: it has a request id, a line of the log and
//! the security headers. What answers before the match, as the redirect here, stands outside of all.

use cepa::cookies::{CookieJar, Cookies};
use cepa::rate_limit::RateLimit;
use cepa::{
    BodyLimit, Concurrency, Cors, CrossOrigin, Csp, CspNonce, HostGuard, MethodOverride,
    NormalizePath, RequestId, SecureHeaders, ServerTiming, Timeout, prelude::*,
};
use std::{env, time::Duration};

const PARTNER: &str = "https://partner.example";

async fn home(cookies: Cookies, nonce: CspNonce) -> Result<Html<String>> {
    let visits = cookies.get("visits").and_then(|text| text.parse().ok());
    let visits = visits.unwrap_or(0_u32).saturating_add(1);
    cookies.set(("visits", visits.to_string()))?;
    Ok(Html(format!(
        "<p>Visit <b>{visits}</b></p><script nonce=\"{nonce}\">document.title = 'Onion'</script>\n"
    )))
}

async fn save(text: String) -> String {
    format!("Saved {} bytes\n", text.len())
}

async fn delete(Path(id): Path<u64>) -> String {
    format!("Deleted note {id}\n")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(60)).await;
    "Nobody waits for this\n"
}

async fn sign_in() -> &'static str {
    "You are in\n"
}

fn app() -> App {
    let methods = [Method::GET, Method::POST, Method::DELETE];
    let csp = Csp::new().with("script-src", "'nonce'");
    let guesses = RateLimit::per_minute(3).with_name("sign-in");
    App::new()
        // Before the match: what decides which route it is.
        .before_routing(NormalizePath::redirect()) // one spelling for each path
        .before_routing(MethodOverride::new()) // a POST that stands for a DELETE
        // After it, from outside to inside. First what sees everything, refusals too.
        .with(RequestId::new()) // before the logger, whose lines have the id
        .with(Logger::new())
        .plug(ServerTiming::new()) // in development: the time of each step below
        .with(Cors::new([PARTNER]).with_methods(methods)) // so that this partner can read errors
        .with(SecureHeaders::new().with_csp(csp)) // on every page, those of errors too
        // Then what turns requests away, the cheapest check first.
        .with(HostGuard::new(["localhost", "127.0.0.1"]))
        .with(CrossOrigin::new().with_trusted([PARTNER]))
        .with(RateLimit::per_second(50))
        // Then what limits those that were let in.
        .with(Concurrency::new(100))
        .with(Timeout::new(Duration::from_secs(1)))
        .with(BodyLimit::new(1024))
        // Next to the handlers: what they take.
        .with(CookieJar::new())
        .get("/", home)
        .post("/notes", save)
        .delete("/notes/{id}", delete)
        .get("/slow", slow)
        .post("/sign-in", sign_in.with(guesses)) // around this route alone
}

fn main() -> Result<(), RunError> {
    app().run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
