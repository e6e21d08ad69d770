//! Addresses with a fingerprint of the content.

use cepa::files::Assets;

use super::*;

fn client(assets: &Assets) -> TestClient {
    App::new().mount("/static", assets.clone()).test()
}

#[test]
fn an_address_is_kept_for_ever_and_changes_with_the_file() {
    let place = Place::new()
        .with("css/app.css", "one")
        .with("LICENSE", "MIT");
    place.write("css/app.css.gz", "gzipped");
    place.write("a b/é.txt", "named");
    let assets = Assets::new(place.files().with_precompressed(), "/static/");
    let client = client(&assets);
    let ever = "max-age=31536000, immutable";
    let url = assets.url("css/app.css").unwrap();
    let (start, rest) = url.split_at("/static/css/app.".len());
    assert_eq!(start, "/static/css/app.");
    assert!(rest.len() == 16 + 4 && rest.ends_with(".css"), "{url}");
    let res = client.get(&url).send();
    res.assert_text("one").assert_header("cache-control", ever);
    res.assert_header("content-type", "text/css; charset=utf-8");
    let res = client.get(&url).header("accept-encoding", "gzip").send();
    res.assert_text("gzipped")
        .assert_header("cache-control", ever);
    for (name, text) in [("LICENSE", "MIT"), ("a b/é.txt", "named")] {
        let url = assets.url(name).unwrap();
        let res = client.get(&url).send();
        res.assert_text(text).assert_header("cache-control", ever);
        client.get(format!("{url}/")).send().assert_status(404);
    }
    // What nobody has an address for is not kept, and a wrong fingerprint is no name.
    let plain = client.get("/static/css/app.css").send();
    plain.assert_header("cache-control", "no-cache");
    let wrong = client.get("/static/css/app.0123456789abcdef.css").send();
    wrong.assert_status(404);

    fs::write(place.root().join("css/app.css"), "another").unwrap();
    // No content is ever sent under the address of another.
    client.get(&url).send().assert_status(404);
    let other = assets.url("css/app.css").unwrap();
    assert_ne!(url, other);
    client.get(&other).send().assert_text("another");
    client.get(&url).send().assert_status(404);
    fs::remove_file(place.root().join("css/app.css")).unwrap();
    client.get(&other).send().assert_status(404);
}

#[test]
fn what_a_bundler_named_by_its_content_is_found_by_its_plain_name() {
    let place = Place::new().with("js/app.3f2a9c1b.js", "old");
    place.write("js/app-4f2a9c1b.js", "new");
    place.write("js/app.5f2a9c1b.js.map", "map");
    place.write("both.js", "plain");
    place.write("both.6f2a9c1b.js", "built");
    set_age(
        &place.root().join("js/app.3f2a9c1b.js"),
        Duration::from_secs(7_200),
    );
    let assets = Assets::new(place.files(), "/static");
    let client = client(&assets);
    for (name, text) in [
        ("js/app.js", "new"),
        ("js/app.3f2a9c1b.js", "old"),
        ("both.js", "plain"),
    ] {
        let url = assets.url(name).unwrap();
        let res = client.get(&url).send();
        res.assert_text(text);
        res.assert_header("cache-control", "max-age=31536000, immutable");
    }
    assert_eq!(
        assets.url("js/app.js").unwrap(),
        "/static/js/app-4f2a9c1b.js"
    );
    assert_eq!(
        assets.url("js/app.3f2a9c1b.js").unwrap(),
        "/static/js/app.3f2a9c1b.js"
    );
    assert!(assets.url("other.js").is_err());
    let error = assets.url("js/other.js").unwrap_err().to_string();
    let wanted =
        "there is no asset `js/other.js`: there is `js/app-4f2a9c1b.js`, `js/app.3f2a9c1b.js`";
    assert!(error.starts_with(wanted), "{error}");
}

/// Builds that can be repeated give every file the same date, so that it says nothing.
#[test]
fn files_without_a_date_have_an_address_too() {
    let place = Place::new().with("a.css", "one");
    let path = place.root().join("a.css");
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let assets = Assets::new(place.files(), "/static");
    let client = client(&assets);
    let url = assets.url("a.css").unwrap();
    assert_eq!(assets.url("a.css").unwrap(), url);
    client.get(&url).send().assert_text("one");
}

#[test]
fn only_files_have_an_address() {
    let place = Place::new().with("a.css", "a").with("b/c", "c");
    fs::write(place.root().join("large.bin"), vec![0; 17 << 20]).unwrap();
    let assets = Assets::new(place.files(), "https://cdn.example.com/s");
    for name in [
        "",
        "b",
        "none.css",
        "../secret.txt",
        "/a.css",
        "a.css/",
        "a\0",
        "b/../a.css",
    ] {
        let error = assets.url(name).unwrap_err();
        assert_eq!(error.status(), 500);
        assert!(
            error.to_string().contains("there is no asset"),
            "{name}: {error}"
        );
    }
    let url = assets.url("a.css").unwrap();
    assert!(url.starts_with("https://cdn.example.com/s/a."), "{url}");
    let large = assets.url("large.bin").unwrap();
    assert_eq!(large, "https://cdn.example.com/s/large.bin");
    let one = Assets::new(Files::file(place.root().join("a.css")), "/a.css");
    let error = App::new().mount("/a.css", one).build().unwrap_err();
    assert!(error.to_string().contains("by `Files::dir`"), "{error}");
    // Two of the same content and another content.
    let files = Files::embedded(&[("a.js", b"1"), ("b.js", b"1"), ("c.js", b"2")]);
    let assets = Assets::new(files, "");
    let print = |name| assets.url(name).unwrap()[3..].to_owned();
    assert_eq!(print("a.js"), print("b.js"));
    assert_ne!(print("a.js"), print("c.js"));
}
