//! Files: a folder, one file, and pages that are part of the program.
//!
//! ```text
//! cargo run --example files --features files
//! curl -i 127.0.0.1:3000/docs/
//! curl -i -H 'range: bytes=0-99' 127.0.0.1:3000/docs/routing.md
//! curl -i -H 'if-modified-since: Fri, 01 Jan 2100 00:00:00 GMT' 127.0.0.1:3000/license.txt
//! curl -i -H 'accept: text/html' 127.0.0.1:3000/any/page/of/the/app
//! ```

use std::time::Duration;

use cepa::CacheControl;
use cepa::files::Files;
use cepa::prelude::*;

const PAGE: &[u8] = b"<!doctype html>
<html lang=en>
<meta name=viewport content=\"width=device-width\">
<title>Onions</title>
<link rel=stylesheet href=/app.css>
<h1>Onions</h1>
<p>This page answers for every address of the app. <a href=/docs/>The documentation</a>
";

const STYLE: &[u8] = b":root { color-scheme: light dark; font: 1rem/1.5 system-ui }
body { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem }
";

fn app() -> App {
    let hour = CacheControl::new().max_age(Duration::from_secs(3600));
    let own = Files::embedded(&[("index.html", PAGE), ("app.css", STYLE)]);
    let docs = Files::dir("docs").with_listing();
    App::new()
        .with(Logger::new())
        .get("/api/onions", async || Json(json!(["red", "white"])))
        .mount("/docs", docs.with_cache_control(hour))
        .mount("/license.txt", Files::file("LICENSE"))
        .mount("/", own.with_spa("index.html"))
}

fn main() -> Result<(), RunError> {
    let addr = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    app().run(addr)
}
