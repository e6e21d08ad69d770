//! Where files are mounted, and what answers for a folder or for nothing.

use super::*;

#[test]
fn files_answer_beside_routes_and_below_their_mount_only() {
    let place = Place::new()
        .with("index.html", "home")
        .with("a b/é.txt", "named");
    place.write("login", "shadowed");
    let client = App::new()
        .get("/api/users", async || "users")
        .post("/login", async || "in")
        .mount("/api", App::new().get("/posts", async || "posts"))
        .mount("/assets", place.files())
        .mount("/", place.files())
        .test();
    client.get("/").send().assert_text("home");
    client.get("/index.html").send().assert_text("home");
    client.get("/assets/").send().assert_text("home");
    client.get("/api/users").send().assert_text("users");
    client.get("/api/index.html").send().assert_status(404);
    for path in ["/a%20b/%C3%A9.txt", "/assets/a%20b/%c3%a9.txt"] {
        client.get(path).send().assert_text("named");
    }
    for (method, status) in [
        ("POST", 405),
        ("PUT", 405),
        ("DELETE", 405),
        ("OPTIONS", 204),
    ] {
        let method = method.parse().unwrap();
        let res = client.request(method, "/assets/index.html").send();
        res.assert_status(status)
            .assert_header("allow", "GET, HEAD, OPTIONS");
    }
    let res = client
        .get("/none")
        .header("accept", "application/json")
        .send();
    res.assert_status(404)
        .assert_header("content-type", "application/problem+json");
}

#[test]
fn a_folder_answers_by_its_index_behind_a_slash() {
    let place = Place::new()
        .with("docs/index.html", "docs")
        .with("bare/x", "x");
    place.write("old/index.htm", "old");
    let client = place.serve(|files| files.with_index(["index.html", "index.htm"]));
    client.get("/static/docs/").send().assert_text("docs");
    client.get("/static/old/").send().assert_text("old");
    let res = client.get("/static/docs").send();
    res.assert_status(308)
        .assert_header("location", "/static/docs/");
    let res = client.get("/static/docs?page=2").send();
    res.assert_header("location", "/static/docs/?page=2");
    for path in [
        "/static",
        "/static/",
        "/static/bare",
        "/static/bare/",
        "/static/bare/x/",
    ] {
        client.get(path).send().assert_status(404);
    }
    let client = place.serve(|files| files.with_index([""; 0]));
    client.get("/static/docs/").send().assert_status(404);
    place.write("index.html", "root");
    let client = place.serve(|files| files);
    client
        .get("/static")
        .send()
        .assert_header("location", "/static/");
}

#[test]
fn one_file_is_at_the_mount_itself() {
    let place = Place::new()
        .with("robots.txt", "User-agent: *")
        .with("index.html", "app");
    place.write("index.html.gz", "gzipped");
    let client = App::new()
        .mount("/robots.txt", Files::file(place.root().join("robots.txt")))
        .mount(
            "/",
            Files::file(place.root().join("index.html")).with_precompressed(),
        )
        .test();
    let res = client.get("/robots.txt").send();
    res.assert_text("User-agent: *")
        .assert_header("content-type", "text/plain; charset=utf-8");
    client.get("/").send().assert_text("app");
    client
        .get("/")
        .header("accept-encoding", "gzip")
        .send()
        .assert_text("gzipped");
    for path in [
        "/robots.txt/",
        "/robots.txt/x",
        "/index.html",
        "/x",
        "/robots.txt/../index.html",
    ] {
        client.get(path).send().assert_status(404);
    }
    fs::remove_file(place.root().join("robots.txt")).unwrap();
    client.get("/robots.txt").send().assert_status(404);
}

#[test]
fn one_file_has_the_type_of_its_own_name_or_else_of_its_address() {
    let place = Place::new().with("LICENSE", "MIT").with("a.css", "p {}");
    let one = |name| Files::file(place.root().join(name));
    let client = App::new()
        .mount("/license.txt", one("LICENSE"))
        .mount("/license", one("LICENSE"))
        .mount("/plain", one("LICENSE").with_type("", "text/plain"))
        .mount("/style.txt", one("a.css"))
        .test();
    for (path, kind) in [
        ("/license.txt", "text/plain; charset=utf-8"),
        ("/license", "application/octet-stream"),
        ("/plain", "text/plain"),
        ("/style.txt", "text/css; charset=utf-8"),
    ] {
        client.get(path).send().assert_header("content-type", kind);
    }
}

#[test]
fn a_single_page_app_answers_for_its_addresses() {
    let place = Place::new()
        .with("index.html", "<app>")
        .with("app.js", "js");
    let client = App::new()
        .mount("/api", App::new().get("/users", async || "users"))
        .mount("/", place.files().with_spa("index.html"))
        .test();
    let page = "text/html,application/xhtml+xml,*/*;q=0.8";
    for path in ["/", "/users/7", "/users/7/", "/a/b/c?x=1"] {
        let res = client.get(path).header("accept", page).send();
        res.assert_status(200).assert_text("<app>");
        res.assert_header("content-type", "text/html; charset=utf-8");
        res.assert_header("cache-control", "no-cache");
        // Those who take no HTML get a 404 in the place of the page, but for its own address.
        let vary = (path != "/").then_some("accept");
        assert_eq!(res.header("vary"), vary, "{path}");
        let tag = res.header("etag").unwrap();
        let ask = client.get(path).header("if-none-match", tag);
        let res = ask.send();
        assert_eq!(res.assert_status(304).header("vary"), vary, "{path}");
        client.request(Method::HEAD, path).send().assert_status(200);
    }
    client.get("/app.js").send().assert_text("js");
    for (path, accept) in [
        ("/app.old.js", page),
        ("/users/7", "application/json"),
        ("/users/7", "image/png"),
        ("/api/none", page),
        ("/..%2f", page),
        ("/.git", page),
    ] {
        client
            .get(path)
            .header("accept", accept)
            .send()
            .assert_status(404);
    }
    let post = client.post("/users/7").header("accept", page).send();
    post.assert_status(405);
}

#[test]
fn a_listing_shows_names_as_text() {
    let place = Place::new()
        .with("<b>&\"'.txt", "x")
        .with("javascript:alert(1)", "x");
    place.write("z/x", "x");
    place.write("big.bin", vec![0; 1536]);
    place.write("a b%2e#?é", "x");
    place.write("line\nbreak", "x");
    let client = place.serve(|files| files.with_listing());
    let res = client.get("/static/").send();
    res.assert_header("content-type", "text/html; charset=utf-8");
    res.assert_header("x-content-type-options", "nosniff");
    res.assert_header("cache-control", "no-cache");
    let policy = res.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = res.text();
    assert!(
        !text.contains("<b>") && !text.contains("href=\"javascript"),
        "{text}"
    );
    for part in [
        "<a href=\"./%3Cb%3E%26%22%27.txt\">&lt;b&gt;&amp;&quot;&#39;.txt</a>",
        "<a href=\"./javascript%3Aalert%281%29\">javascript:alert(1)</a>",
        "<a href=\"./a%20b%252e%23%3F%C3%A9\">",
        "<a href=\"./z/\">z/</a>",
        "1.5 KiB",
    ] {
        res.assert_contains(part);
    }
    // What could not be asked for is not shown.
    assert!(!text.contains("break") && !text.contains("../"), "{text}");
    // Folders first; each link leads to what it names.
    assert!(text.find("./z/") < text.find("./big"), "{text}");
    for link in text.split("href=\"./").skip(1) {
        let link = link.split('"').next().unwrap();
        let res = client.get(format!("/static/{link}")).send();
        res.assert_status(200);
    }
    client
        .get("/static")
        .send()
        .assert_header("location", "/static/");
    fs::create_dir(place.root().join("z/é<")).unwrap();
    let inner = client.get("/static/z/").send();
    inner.assert_contains("<a href=\"../\">..</a>");
    assert!(!inner.text().contains("Nothing"));
    let empty = client.get("/static/z/%C3%A9%3C/").send();
    empty.assert_contains("<h1>/static/z/é&lt;/</h1>");
    empty.assert_contains("Nothing is in this folder.");
}

#[test]
fn what_cannot_be_served_is_a_problem_of_the_build() {
    let place = Place::new().with("a.txt", "a");
    let missing = place.0.join("missing");
    let table: &'static [(&str, &[u8])] = &[
        ("/a.css", b""),
        ("b/../c", b""),
        ("d", b""),
        ("d", b""),
        ("d/e", b""),
    ];
    let line = line!() + 2;
    let app = App::new()
        .mount("/a", Files::dir(&missing))
        .mount("/b", Files::dir(place.root().join("a.txt")))
        .mount("/c", Files::file(&missing))
        .mount("/d", Files::file(place.root()))
        .mount("/e", place.files().with_index(["a/"]).with_spa("/x"))
        .mount("/f", place.files().with_type("x", "html"))
        .mount("/g", Files::embedded(table));
    let error = app.build().unwrap_err();
    let problems: Vec<_> = error.problems().iter().map(|it| it.to_string()).collect();
    let text = problems.join("\n");
    for part in [
        "the folder `",
        "the file `",
        "looked for it at",
        "`a/` is no name",
        "`/x` is no name",
        "`html` is no content type",
        "`/a.css` cannot be asked for",
        "`b/../c` cannot",
        "`d` is there twice",
        "`d` cannot be a folder too",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(problems.len(), 11, "{text}");
    let place = format!("{}:{line}", file!());
    assert!(text.contains(&place), "{place}: {text}");
}
