//! Statuses that have no body: what a handler gives beside them is left out, on purpose and not as if
//! the client had gone.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{Outcome, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

fn app(told: mpsc::UnboundedSender<Outcome>) -> App {
    let told = Arc::new(Mutex::new(told));
    let tell = move |req: Request, next: Next| {
        let told = Arc::clone(&told);
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| told.lock().unwrap().send(outcome).unwrap());
            res
        }
    };
    App::new()
        .with(tell)
        .get("/204", async || (StatusCode::NO_CONTENT, "text"))
        .get("/304", async || (StatusCode::NOT_MODIFIED, "text"))
        .get("/200", async || "text")
}

/// Responses of this kind were once told to loggers as cancelled.
#[tokio::test]
async fn a_body_beside_a_status_without_one_is_left_out() {
    let (told, mut outcomes) = mpsc::unbounded_channel();
    let server = Server::new(app(told))
        .tcp("127.0.0.1:0")
        .bind()
        .await
        .unwrap();
    let addr = server.local_addrs()[0];
    let stop = server.stop_handle();
    let serving = tokio::spawn(server.serve());
    let rows = [
        ("GET", "204", 0, ""),
        ("GET", "304", 0, ""),
        ("HEAD", "200", 0, ""),
        ("GET", "200", 4, "text"),
    ];
    for (method, path, bytes, text) in rows {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let head =
            format!("{method} /{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {path} ")), "{answer}");
        assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, text, "{answer}");
        let outcome = tokio::time::timeout(Duration::from_secs(20), outcomes.recv()).await;
        assert_eq!(
            outcome.unwrap(),
            Some(Outcome::Sent { bytes }),
            "{method} {path}"
        );
    }
    stop.stop();
    serving.await.unwrap().unwrap();
}

/// What a test sees is what a client gets.
#[test]
fn a_test_sees_no_body_either() {
    let (told, mut outcomes) = mpsc::unbounded_channel();
    let client = app(told).test();
    for (path, text) in [("/204", ""), ("/304", ""), ("/200", "text")] {
        client.get(path).send().assert_text(text);
        let bytes = text.len() as u64;
        assert_eq!(outcomes.try_recv(), Ok(Outcome::Sent { bytes }), "{path}");
    }
}
