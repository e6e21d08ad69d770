//! Conditional requests for files. The order of the standard is tested with the function itself.

use super::*;

#[test]
fn a_client_that_has_the_file_gets_304_with_what_a_cache_needs() {
    let place = Place::new().with("a.css", "a {}");
    let client = place.serve(|files| files.with_precompressed());
    let res = client.get("/static/a.css").send();
    res.assert_text("a {}")
        .assert_header("vary", "accept-encoding");
    let tag = res.header("etag").unwrap().to_owned();
    let date = res.header("last-modified").unwrap().to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    for (name, value) in [
        ("if-none-match", tag.clone()),
        ("if-none-match", format!("\"x\", W/{tag}")),
        ("if-none-match", "*".to_owned()),
        ("if-modified-since", date.clone()),
    ] {
        let res = client.get("/static/a.css").header(name, value).send();
        res.assert_status(304).assert_text("");
        res.assert_header("etag", &tag)
            .assert_header("last-modified", &date);
        res.assert_header("cache-control", "no-cache")
            .assert_header("vary", "accept-encoding");
        assert!(res.header("content-type").is_none(), "{res}");
        assert!(res.header("content-length").is_none(), "{res}");
    }
    for (name, value, status) in [
        ("if-none-match", "\"x\"", 200),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 412),
        ("if-match", "\"x\"", 412),
        ("if-match", "*", 200),
        ("if-match", &tag, 200),
        ("if-unmodified-since", &date, 200),
    ] {
        let res = client.get("/static/a.css").header(name, value).send();
        res.assert_status(status);
    }
}

#[test]
fn another_content_is_another_tag_and_a_new_date_too() {
    let place = Place::new().with("a.txt", "one");
    let client = place.serve(|files| files);
    let tag = || {
        let res = client.get("/static/a.txt").send();
        res.header("etag").unwrap().to_owned()
    };
    let first = tag();
    assert_eq!(first, tag());
    fs::write(place.root().join("a.txt"), "two").unwrap();
    let second = tag();
    assert_ne!(first, second);
    set_age(&place.root().join("a.txt"), Duration::from_secs(10));
    assert_ne!(second, tag());
}

/// Stores of packages set all files to the first second of 1970: a tag made of it would never
/// change.
#[test]
fn dates_that_mean_nothing_make_no_validators() {
    let place = Place::new().with("a.txt", "one");
    let path = place.root().join("a.txt");
    let file = fs::File::options().append(true).open(&path).unwrap();
    let client = place.serve(|files| files);
    for seconds in [0, 1, 315_532_800] {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(at).unwrap();
        let res = client
            .get("/static/a.txt")
            .header("if-none-match", "\"1\"")
            .send();
        res.assert_text("one");
        assert!(res.header("etag").is_none() && res.header("last-modified").is_none());
    }
    file.set_modified(SystemTime::now() + Duration::from_secs(86_400))
        .unwrap();
    let res = client.get("/static/a.txt").send();
    let date = httpdate::parse_http_date(res.header("last-modified").unwrap()).unwrap();
    assert!(date <= SystemTime::now(), "{res}");
}

#[test]
fn head_says_what_get_would_without_the_bytes() {
    let large = "x".repeat(100_000);
    let place = Place::new()
        .with("a.txt", "abc")
        .with("large.txt", &large)
        .with("empty", "");
    let client = place.serve(|files| files);
    for name in ["a.txt", "large.txt", "empty"] {
        let path = format!("/static/{name}");
        let get = client.get(&path).send();
        let head = client
            .request(Method::HEAD, &path)
            .header("range", "bytes=0-0")
            .send();
        head.assert_status(200).assert_text("");
        let length = head.header("content-length").unwrap_or("0");
        assert_eq!(length, get.bytes().len().to_string());
        for name in [
            "etag",
            "last-modified",
            "content-type",
            "accept-ranges",
            "cache-control",
        ] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
    let head = client.request(Method::HEAD, "/static/none").send();
    head.assert_status(404);
}

#[test]
fn names_with_a_fingerprint_are_kept_for_ever() {
    let place = Place::new()
        .with("app.3f2a9c1b.js", "1")
        .with("app.js", "2")
        .with("v1/x", "3");
    let ever = "max-age=31536000, immutable";
    let client = place.serve(|files| files);
    let kept = |client: &TestClient, name| {
        let res = client.get(format!("/static/{name}")).send();
        res.header("cache-control").map(str::to_owned)
    };
    assert_eq!(kept(&client, "app.3f2a9c1b.js").unwrap(), ever);
    assert_eq!(kept(&client, "app.js").unwrap(), "no-cache");
    let hour = cepa::CacheControl::new()
        .public()
        .max_age(Duration::from_secs(3600));
    let client = place.serve(|files| {
        let files = files.with_cache_control(hour);
        files.with_immutable(|name| name.starts_with("v1/"))
    });
    assert_eq!(
        kept(&client, "app.3f2a9c1b.js").unwrap(),
        "public, max-age=3600"
    );
    assert_eq!(kept(&client, "v1/x").unwrap(), ever);
    let client = place.serve(|files| files.with_cache_control(cepa::CacheControl::new()));
    assert_eq!(kept(&client, "app.js"), None);
}
