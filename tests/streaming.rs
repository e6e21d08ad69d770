//! Streams, readers, lines of JSON and downloads, in process.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use cepa::http::header::CONTENT_LENGTH;
use cepa::prelude::*;
use cepa::{BodyError, Download, Ndjson, Stream};
use tokio::io::{AsyncRead, ReadBuf};

/// Items that a test sends.
struct Items<T>(tokio::sync::mpsc::UnboundedReceiver<T>);

impl<T> futures_core::Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(cx)
    }
}

fn items<T>() -> (tokio::sync::mpsc::UnboundedSender<T>, Items<T>) {
    let (send, items) = tokio::sync::mpsc::unbounded_channel();
    (send, Items(items))
}

fn once<R: IntoResponse + Send + 'static>(answer: R) -> App {
    let answer = Mutex::new(Some(answer));
    App::new().get("/", move || {
        let answer = answer.lock().unwrap().take().unwrap();
        async move { answer }
    })
}

/// Reads these pieces, each with a pause before it, then fails or ends.
struct Pieces(Vec<usize>, bool);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.0.last().copied() {
            None if self.1 => Poll::Ready(Err(std::io::Error::other("a bad sector"))),
            None => Poll::Ready(Ok(())),
            Some(0) => {
                self.0.pop();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(left) => {
                let size = left.min(buf.remaining());
                buf.put_slice(&vec![size as u8 | 1; size]);
                *self.0.last_mut().unwrap() -= size;
                Poll::Ready(Ok(()))
            }
        }
    }
}

#[tokio::test]
async fn a_reader_is_sent_to_its_end_in_pieces() {
    let sizes = vec![1, 0, 70_000, 0, 3, 64 * 1024, 0, 200_000];
    let total: usize = sizes.iter().sum();
    let mut body = Body::from_reader(Pieces(sizes, false));
    let mut count = 0;
    while let Some(piece) = body.chunk().await {
        let piece = piece.unwrap();
        assert!(!piece.is_empty() && piece.len() <= 64 * 1024);
        // Nothing of the buffer's zeros, nor of another piece.
        assert!(piece.iter().all(|byte| *byte == piece.len() as u8 | 1));
        count += piece.len();
    }
    assert_eq!(count, total);
}

#[tokio::test]
async fn a_reader_that_fails_breaks_the_response_off() {
    let client = once(Stream::reader(Pieces(vec![3], true))).test();
    let mut body = client.get("/").response().await.take_body();
    assert_eq!(body.chunk().await.unwrap().unwrap().len(), 3);
    let broken = body.chunk().await.unwrap();
    assert!(matches!(broken, Err(BodyError::Source(_))), "{broken:?}");
}

#[test]
fn a_body_that_is_streamed_keeps_its_length() {
    let client = App::new()
        .get("/", async || Stream(Body::from("hello")))
        .test();
    client.get("/").send().assert_text("hello");
    let res = client.request(Method::HEAD, "/").send();
    assert_eq!(res.headers()[CONTENT_LENGTH], "5");
}

#[tokio::test]
async fn lines_of_json_come_when_they_are_there() {
    let (send, values) = items::<Result<Value, &'static str>>();
    let client = once(Ndjson(values)).test();
    let mut res = client.get("/").response().await;
    assert_eq!(res.header("content-type"), Some("application/x-ndjson"));
    let mut body = res.take_body();
    for _ in 0..2 {
        send.send(Ok(json!({ "text": "a\nb\r" }))).unwrap();
    }
    let lines = "{\"text\":\"a\\nb\\r\"}\n".repeat(2);
    assert_eq!(body.chunk().await.unwrap().unwrap(), lines);
    send.send(Ok(json!(null))).unwrap();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "null\n");
    send.send(Ok(json!(1))).unwrap();
    send.send(Err("the database is gone")).unwrap();
    send.send(Ok(json!(2))).unwrap();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "1\n");
    assert!(matches!(
        body.chunk().await,
        Some(Err(BodyError::Source(_)))
    ));
    assert!(body.chunk().await.is_none() && send.is_closed());
}

#[tokio::test]
async fn a_value_that_is_no_json_breaks_the_lines_off() {
    type Odd = std::collections::BTreeMap<(u8, u8), u8>;
    let (send, values) = items::<Result<Odd, Error>>();
    send.send(Ok(Odd::new())).unwrap();
    send.send(Ok(Odd::from([((1, 2), 3)]))).unwrap();
    let client = once(Ndjson(values)).test();
    let mut body = client.get("/").response().await.take_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "{}\n");
    assert!(matches!(
        body.chunk().await,
        Some(Err(BodyError::Source(_)))
    ));
}

#[tokio::test]
async fn many_lines_come_in_pieces() {
    let (send, values) = items::<Result<String, Error>>();
    for _ in 0..1000 {
        send.send(Ok("x".repeat(100))).unwrap();
    }
    drop(send);
    let client = once(Ndjson(values)).test();
    let mut body = client.get("/").response().await.take_body();
    let mut sizes = Vec::new();
    while let Some(piece) = body.chunk().await {
        sizes.push(piece.unwrap().len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 103_000);
    assert!(sizes.iter().all(|size| *size < 17_000), "{sizes:?}");
}

fn disposition(download: Download) -> String {
    let res = once((download, "x")).test().get("/").send();
    res.header("content-disposition").unwrap().to_owned()
}

#[test]
fn names_of_downloads_are_told_to_old_and_new_clients() {
    let rows = [
        ("plan.pdf", "attachment; filename=\"plan.pdf\""),
        (
            "my plan (1).pdf",
            "attachment; filename=\"my plan (1).pdf\"",
        ),
        ("", "attachment"),
        ("..", "attachment"),
        ("/", "attachment"),
        (
            "../../etc/passwd",
            "attachment; filename=\".._.._etc_passwd\"",
        ),
        (r"C:\a.exe", r#"attachment; filename="C:_a.exe""#),
        (
            "a\"b.txt",
            "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt",
        ),
        (
            "100%41.txt",
            "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt",
        ),
        (
            "naïve € plan.txt",
            "attachment; filename=\"na_ve _ plan.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC%20plan.txt",
        ),
        (
            "a\r\nset-cookie: b",
            "attachment; filename=\"a__set-cookie: b\"",
        ),
        ("exe\u{202e}gpj.exe", "attachment; filename=\"exe_gpj.exe\""),
        ("a;b='c'*", "attachment; filename=\"a;b='c'*\""),
    ];
    for (name, wanted) in rows {
        assert_eq!(disposition(Download::named(name)), wanted, "{name:?}");
    }
    let inline = disposition(Download::named("a.pdf").with_inline(true));
    assert_eq!(inline, "inline; filename=\"a.pdf\"");
    let twice = (Download::named("a"), Download::named("b"), "x");
    let res = once(twice).test().get("/").send();
    // The last one counts, as of all headers in a tuple.
    res.assert_header("content-disposition", "attachment; filename=\"b\"");
}

/// Parses as strictly as RFC 6266 and RFC 8187 allow: the stand-in and the name.
fn parse(header: &str) -> (Option<String>, Option<String>) {
    let mut rest = header.strip_prefix("attachment").expect("the type");
    let (mut stand_in, mut name) = (None, None);
    if let Some(quoted) = rest.strip_prefix("; filename=\"") {
        let (value, after) = quoted.split_once('"').expect("a closing quote");
        assert!(
            value
                .bytes()
                .all(|b| matches!(b, b' '..=b'~') && b != b'\\')
        );
        stand_in = Some(value.to_owned());
        rest = after;
    }
    if let Some(value) = rest.strip_prefix("; filename*=UTF-8''") {
        let is_attr_char = |b: u8| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&b);
        assert!(value.bytes().all(is_attr_char), "{value}");
        let bytes = value.as_bytes();
        let hex = |at: usize| u8::from_str_radix(&value[at + 1..at + 3], 16).unwrap();
        let (mut at, mut decoded) = (0, Vec::new());
        while at < bytes.len() {
            let is_escape = bytes[at] == b'%';
            decoded.push(if is_escape { hex(at) } else { bytes[at] });
            at += if is_escape { 3 } else { 1 };
        }
        name = Some(String::from_utf8(decoded).unwrap());
        rest = "";
    }
    assert_eq!(rest, "", "{header}");
    (stand_in, name)
}

#[test]
fn any_name_is_a_header_that_reads_as_that_name() {
    let parts = [
        "a", ".", "\"", "\\", "/", "%", "%41", "'", ";", "*", "=", " ", "\r", "\n", "\0", "é",
        "日", "😀", "\u{202e}", "\u{85}", "\u{7f}", "_", "filename", ",",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..5_000 {
        let mut name = String::new();
        for _ in 0..state % 9 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            name += parts[(state % parts.len() as u64) as usize];
        }
        state = state.wrapping_add(0x1234_5678_9abc_def1);
        let header = disposition(Download::named(&name));
        let (stand_in, told) = parse(&header);
        let safe = name.replace(
            |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{202e}'),
            "_",
        );
        match told.or(stand_in.clone()) {
            Some(told) => assert_eq!(told, safe, "{header}"),
            None => assert!(safe.chars().all(|c| ". _".contains(c)), "{name:?}"),
        }
        let stand_in = stand_in.unwrap_or_default();
        assert!(!stand_in.contains(['/', '\\', '%', '"']), "{header}");
    }
}
