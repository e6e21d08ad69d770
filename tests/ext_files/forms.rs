//! What a file is sent as: its type, its compressed forms.

use super::*;

#[test]
fn types_are_told_and_not_guessed() {
    let place = Place::new();
    let client = place.serve(|files| {
        let files = files.with_type("txt", "text/plain; charset=iso-8859-1");
        files.with_type("ONION", "application/x-onion")
    });
    for (name, wanted) in [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.MJS", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.txt", "text/plain; charset=iso-8859-1"),
        ("a.onion", "application/x-onion"),
        ("README", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ] {
        place.write(name, "<script>alert(1)</script>");
        let res = client.get(format!("/static/{name}")).send();
        res.assert_header("content-type", wanted);
        res.assert_header("x-content-type-options", "nosniff");
    }
}

#[test]
fn a_compressed_form_is_sent_to_those_who_take_it() {
    let place = Place::new()
        .with("a.css", "plain")
        .with("a.css.gz", "gzipped");
    place.write("a.css.br", "brotli");
    place.write("a.css.zst", "zstd");
    place.write("only.js", "plain");
    place.write("only.js.gz", "gzipped");
    place.write("photo.png", "plain");
    place.write("photo.png.gz", "gzipped");
    place.write("index.html", "plain");
    place.write("index.html.gz", "gzipped");
    let client = place.serve(|files| files.with_precompressed());
    for (name, accepted, encoding, text) in [
        ("a.css", "gzip, deflate, br, zstd", Some("br"), "brotli"),
        ("a.css", "gzip, zstd", Some("zstd"), "zstd"),
        ("a.css", "gzip", Some("gzip"), "gzipped"),
        ("a.css", "br;q=0.1, gzip;q=0.2", Some("gzip"), "gzipped"),
        ("a.css", "br;q=0, gzip;q=0", None, "plain"),
        ("a.css", "identity", None, "plain"),
        ("a.css", "", None, "plain"),
        ("a.css", "*", Some("br"), "brotli"),
        ("only.js", "br, gzip", Some("gzip"), "gzipped"),
        ("", "gzip", Some("gzip"), "gzipped"),
    ] {
        let ask = client.get(format!("/static/{name}"));
        let res = ask.header("accept-encoding", accepted).send();
        res.assert_text(text)
            .assert_header("vary", "accept-encoding");
        assert_eq!(res.header("content-encoding"), encoding, "{accepted}");
        let kind = res.header("content-type").unwrap();
        assert!(kind.starts_with("text/"), "{kind}");
    }
    // What is small already is not looked for, so its answer depends on nothing.
    let ask = client
        .get("/static/photo.png")
        .header("accept-encoding", "gzip");
    let res = ask.send();
    assert!(res.assert_text("plain").header("vary").is_none());
    let client = place.serve(|files| files);
    let ask = client
        .get("/static/a.css")
        .header("accept-encoding", "gzip");
    let res = ask.send();
    assert!(res.assert_text("plain").header("vary").is_none());
}

#[test]
fn each_form_has_a_tag_and_ranges_of_its_own() {
    let place = Place::new()
        .with("a.css", "plain")
        .with("a.css.gz", "gzips");
    // The same size and date.
    let date = fs::metadata(place.root().join("a.css")).unwrap().modified();
    let other = fs::File::options()
        .append(true)
        .open(place.root().join("a.css.gz"));
    other.unwrap().set_modified(date.unwrap()).unwrap();
    let client = place.serve(|files| files.with_precompressed());
    let ask = |encoding| {
        client
            .get("/static/a.css")
            .header("accept-encoding", encoding)
    };
    let (plain, gzip) = (ask("").send(), ask("gzip").send());
    let tags = [plain, gzip].map(|res| res.header("etag").unwrap().to_owned());
    assert_ne!(tags[0], tags[1]);
    ask("gzip")
        .header("if-none-match", &*tags[1])
        .send()
        .assert_status(304);
    ask("gzip")
        .header("if-none-match", &*tags[0])
        .send()
        .assert_status(200);
    let res = ask("gzip").header("range", "bytes=1-2").send();
    res.assert_text("zi")
        .assert_header("content-encoding", "gzip");
    res.assert_header("content-range", "bytes 1-2/5");

    // Both have this date, so it says nothing about the bytes that the client has.
    set_age(&place.root().join("a.css"), Duration::from_secs(10));
    set_age(&place.root().join("a.css.gz"), Duration::from_secs(10));
    let ranged = |encoding, name: &str| {
        let known = ask(encoding).send().header(name).unwrap().to_owned();
        let ask = ask(encoding).header("range", "bytes=1-2");
        ask.header("if-range", known).send().status()
    };
    for encoding in ["", "gzip"] {
        assert_eq!(ranged(encoding, "etag"), 206);
        assert_eq!(ranged(encoding, "last-modified"), 200);
    }
}

#[test]
fn a_compressed_form_of_an_older_file_is_left_aside() {
    let place = Place::new()
        .with("a.css", "plain")
        .with("a.css.gz", "gzipped");
    let client = place.serve(|files| files.with_precompressed());
    let ask = || {
        client
            .get("/static/a.css")
            .header("accept-encoding", "gzip")
            .send()
    };
    ask().assert_text("gzipped");
    set_age(&place.root().join("a.css"), Duration::from_secs(1));
    ask()
        .assert_text("plain")
        .assert_header("vary", "accept-encoding");
    set_age(&place.root().join("a.css.gz"), Duration::from_secs(30));
    ask().assert_text("gzipped");
}

#[test]
fn embedded_files_are_sent_like_others() {
    let client = App::new()
        .mount(
            "/",
            Files::embedded(&[
                ("index.html", b"<h1>home</h1>"),
                ("css/app.css", b"plain"),
                ("css/app.css.br", b"brotli"),
                ("img/x.3f2a9c1b.png", b"png"),
            ])
            .with_precompressed()
            .with_listing(),
        )
        .test();
    let res = client.get("/").send();
    res.assert_text("<h1>home</h1>");
    let tag = res.header("etag").unwrap();
    client
        .get("/")
        .header("if-none-match", tag)
        .send()
        .assert_status(304);
    client
        .get("/")
        .header("range", "bytes=1-2")
        .send()
        .assert_text("h1");
    let ask = client.get("/css/app.css").header("accept-encoding", "br");
    ask.send()
        .assert_text("brotli")
        .assert_header("content-encoding", "br");
    let res = client.get("/img/x.3f2a9c1b.png").send();
    res.assert_header("cache-control", "max-age=31536000, immutable");
    client.get("/css").send().assert_header("location", "/css/");
    client
        .get("/css/")
        .send()
        .assert_contains("./app.css\"")
        .assert_contains("../");
    for path in [
        "/none",
        "/css/none",
        "/css/app.css/",
        "/css/app",
        "/index.html/x",
        "/../x",
    ] {
        client.get(path).send().assert_status(404);
    }
}
