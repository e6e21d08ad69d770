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
    std::thread::sleep(Duration::from_millis(1_100)); // files are looked at once in a second
    let other = assets.url("css/app.css").unwrap();
    assert_ne!(url, other);
    client.get(&other).send().assert_text("another");
    client.get(&url).send().assert_status(404);
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
