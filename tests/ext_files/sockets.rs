//! Files over real sockets: large ones, and one that becomes small.

use std::io::Read;

use cepa::{ETag, Server};

use super::wire::{Running, head};
use super::*;

/// Bytes that repeat nowhere near.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..size / 8).flat_map(|_| next()).collect()
}

fn start(place: &Place) -> Running {
    Running::start(Server::new(App::new().mount("/", place.files())))
}

#[test]
fn a_large_file_arrives_byte_for_byte_also_in_pieces() {
    let bytes = noise(5_000_000);
    let place = Place::new().with("large.bin", &bytes);
    let server = start(&place);
    let ask = |line: &str, fields: &str| {
        let mut client = server.connect();
        client.send(format!(
            "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n"
        ));
        let answer = client.read_all_bytes();
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head, answer[end + 4..].to_vec())
    };
    let (head, body) = ask("GET /large.bin", "");
    assert!(head.contains("content-length: 5000000"), "{head}");
    assert_eq!(ETag::of(&body), ETag::of(&bytes));
    let (head, body) = ask("HEAD /large.bin", "");
    assert!(head.contains("content-length: 5000000"), "{head}");
    assert!(body.is_empty());
    let mut whole = Vec::new();
    while whole.len() < bytes.len() {
        let at = whole.len();
        let (head, body) = ask(
            "GET /large.bin",
            &format!("range: bytes={at}-{}\r\n", at + 999_998),
        );
        assert!(head.starts_with("HTTP/1.1 206"), "{head}");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        whole.extend(body);
    }
    assert_eq!(ETag::of(&whole), ETag::of(&bytes));
    let (head, body) = ask("GET /large.bin", "range: bytes=0-9,1000000-1999999\r\n");
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    assert!(body.windows(10).any(|it| it == &bytes[..10]));
    let (head, body) = ask("GET /large.bin", "if-none-match: *\r\n");
    assert!(
        head.starts_with("HTTP/1.1 304") && body.is_empty(),
        "{head}"
    );
    assert!(!head.contains("content-length"), "{head}");
}

/// The client is told by a connection that breaks off, and does not wait.
#[test]
fn a_file_that_shrinks_while_it_is_sent_ends_the_response() {
    let place = Place::new().with("large.bin", vec![1; 50_000_000]);
    let server = start(&place);
    let mut client = server.connect();
    client.send(head("GET /large.bin HTTP/1.1"));
    let mut bytes = [0; 1000];
    client.stream.read_exact(&mut bytes).unwrap();
    let file = fs::File::options()
        .write(true)
        .open(place.root().join("large.bin"));
    file.unwrap().set_len(1000).unwrap();
    let rest = client.read_all_bytes();
    assert!(rest.len() < 50_000_000 - 1000, "{} bytes", rest.len());
    // Others are served as before.
    let mut client = server.connect();
    client.send(head("HEAD /large.bin HTTP/1.1"));
    let mut answer = [0; 15];
    client.stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}
