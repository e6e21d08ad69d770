//! The page that developers see for an error: who sees it, what it tells, and that it stays small
//! and runs nothing.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

#[path = "../wire/mod.rs"]
mod wire;

mod content;
mod curl;
mod payloads;
mod secrets;
mod size;
mod who;

use std::net::SocketAddr;

use cepa::http::Request as HttpRequest;
use cepa::http::request::Builder;
use cepa::prelude::*;
use cepa::{HeaderMap, Mode};

/// An answer that was read to its end.
struct Page {
    status: u16,
    headers: HeaderMap,
    html: String,
}

impl Page {
    fn is_for_developers(&self) -> bool {
        self.html.contains("This page is shown in development only")
    }

    /// What a person reads: the text without its markup, each line trimmed.
    fn text(&self) -> String {
        let (_, body) = self.html.split_once("</style>").unwrap();
        let (_, body) = body.split_once("</title></head>").unwrap_or(("", body));
        let mut text = String::new();
        for piece in body.split('<').skip(1) {
            let (tag, rest) = piece.split_once('>').unwrap();
            let is_inline = "b /b i /i code /code span /span mark /mark"
                .split(' ')
                .any(|it| tag.split(' ').next() == Some(it));
            text += if is_inline { "" } else { "\n" };
            text += rest;
        }
        let lines = unescaped(&text);
        let lines = lines.lines().map(str::trim).filter(|it| !it.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn assert_tells(&self, part: &str) {
        let text = self.text();
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// Text as a browser reads it.
fn unescaped(html: &str) -> String {
    let table = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    table.iter().fold(html.to_owned(), replace)
}

/// A browser on this machine asks for this.
fn get(uri: &str) -> Builder {
    HttpRequest::get(uri)
        .header("host", "localhost:3000")
        .header("accept", "text/html")
}

fn ask(app: App, req: Builder) -> Page {
    ask_with(app, req, "")
}

/// The answer of an app in development to a request of this machine.
fn ask_with(app: App, req: Builder, body: &'static str) -> Page {
    ask_as(app.mode(Mode::Development), Some("127.0.0.1:9"), req, body)
}

fn ask_as(app: App, peer: Option<&str>, req: Builder, body: &'static str) -> Page {
    let peer = peer.map(|peer| peer.parse::<SocketAddr>().unwrap());
    let service = app.build().unwrap().for_connection(peer, false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut res = service.answer(req.body(body).unwrap()).await;
        let html = res.take_body().collect(1 << 20).await.unwrap();
        Page {
            status: res.status().as_u16(),
            headers: res.headers().clone(),
            html: String::from_utf8(html.to_vec()).unwrap(),
        }
    })
}
