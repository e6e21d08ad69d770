//! What caches on the way are told: by `Vary`, and by tags.

use super::{coding, text};
use cepa::compression::Compression;
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};
use cepa::{Conditional, ETag};

fn client() -> TestClient {
    let tagged = async || (ETag::strong(7), text(5_000));
    App::new()
        .with(Compression::new())
        .with(Conditional::new())
        .get("/", tagged)
        .get("/hashed", async || text(5_000))
        .get("/off", tagged.with(Compression::off()))
        .test()
}

fn ask(client: &TestClient, path: &str, tag: &str) -> TestResponse {
    let ask = client.get(path).header("accept-encoding", "gzip");
    ask.header("if-none-match", tag).send()
}

/// The tag of what is compressed is weak, and the client sends it back so.
#[test]
fn a_client_that_has_the_newest_version_gets_304() {
    let client = client();
    for path in ["/", "/hashed"] {
        let res = ask(&client, path, "");
        assert_eq!(coding(&res), Some("gzip"));
        let tag = res.header("etag").unwrap();
        assert!(tag.starts_with("W/"), "{tag}");
        let again = ask(&client, path, tag);
        again.assert_status(304).assert_text("");
        assert_eq!(coding(&again), None);
    }
}

/// A cache that has two forms refreshes the one with the tag of the 304 (RFC 9111, 4.3.4).
#[test]
fn a_304_has_the_tag_that_the_client_named_and_varies_as_the_content_does() {
    let client = client();
    for (named, sent) in [
        ("W/\"7\"", "W/\"7\""),
        ("\"7\"", "\"7\""),
        ("\"a\", W/\"7\"", "W/\"7\""),
        ("W/\"77\", \"7\"", "\"7\""),
        ("*", "\"7\""),
    ] {
        let res = ask(&client, "/", named);
        res.assert_status(304).assert_header("etag", sent);
        res.assert_header("vary", "accept-encoding");
    }
    let res = ask(&client, "/off", "W/\"7\"");
    res.assert_status(304).assert_header("etag", "\"7\"");
    assert_eq!(res.header("vary"), None);
}

#[test]
fn a_part_varies_as_the_whole_does() {
    let one = |kind: &'static str| {
        let range = ("content-range", "bytes 0-4999/9999");
        let headers = [("content-type", kind), ("etag", "\"7\""), range];
        (StatusCode::PARTIAL_CONTENT, headers, text(5_000))
    };
    let several = || {
        let headers = [("content-type", "multipart/byteranges; boundary=x")];
        (StatusCode::PARTIAL_CONTENT, headers, text(5_000))
    };
    let client = App::new()
        .with(Compression::new())
        .get("/text", move || async move { one("text/plain") })
        .get("/photo", move || async move { one("image/png") })
        .get("/several", move || async move { several() })
        .test();
    for (path, vary) in [
        ("/text", Some("accept-encoding")),
        ("/photo", None),
        ("/several", Some("accept-encoding")),
    ] {
        let res = ask(&client, path, "");
        res.assert_status(206);
        assert_eq!((res.header("vary"), coding(&res)), (vary, None), "{path}");
        assert_ne!(res.header("etag"), Some("W/\"7\""), "{path}");
    }
}
