//! Nothing outside of the folder is found, however it is spelled, and nothing hidden in it.

use std::os::unix::fs::symlink;

use super::*;

/// Below the mount, as they are sent. `^` stands for the name of the file outside.
const OUTSIDE: &str = r"
    /../^ /../../^ /../../../../../../^ /..//^ //../^ ///../../^ /./../^ /.././^ /a/../../^
    /a/b/../../../^ /%2e%2e/^ /%2E%2E/^ /.%2e/^ /%2e./^ /%2e%2e%2f^ /..%2f^ /..%2F..%2f^ /%2f..%2f^
    /a/..%2f..%2f^ /%2e%2e%5c^ /..%5c^ /..%5C..%5c^ /a%5c..%5c..%5c^ /%5c..%5c^ /%5c%5c..%5c^
    /%252e%252e/^ /%252e%252e%252f^ /..%252f^ /%25252e%25252e/^ /..%255c^ /%%32%65%%32%65/^
    /%c0%ae%c0%ae/^ /%c0%ae%c0%ae%c0%af^ /..%c0%af^ /..%c1%9c^ /%e0%80%ae%e0%80%ae/^
    /%f0%80%80%ae%f0%80%80%ae/^ /%uff0e%uff0e/^ /%u002e%u002e%u2215^ /%ef%bc%8e%ef%bc%8e/^
    /..%ef%bc%8f^ /..%e2%88%95^ /.../^ /..../^ /...//^ /....//^ /..;/^ /..;x/^ /;/../^ /..%3b/^
    /..%00/^ /%00/../^ /..%00%2f^ /a.css%00/../^ /../^%00 /../^%00.css /^%00 /%2e%2e/^%00.png
    /..%0d%0a/^ /..%0a/^ /%0a../^ /..%09/^ /..%20/^ /%20../^ /.%20./^ /..+/^ /~/^ /~root/^
    /c:/^ /c:%5c^ /C:%5C..%5C^ /c%3a/^ /file:///^ /%5c%5c127.0.0.1%5cc$%5c^ /%5c%5c.%5cc:%5c^
    /proc/self/cwd/^ /%2fetc/passwd //etc/passwd /etc/passwd /%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd
    /....%2f%2f^ /..%2f%2f^ /..%c0%9v^ /..%fc%80%80%80%80%af^ /a/.%2e/.%2e/^ /..%5c..%2f^ /..%%35%63^
    /con /nul /aux.txt /com1 /lpt1 /^::$DATA /.%5c../^ /..%2f..%2f..%2f..%2fetc%2fpasswd
    /link/^ /link/ /link /out.txt /deep/out/^ /deep/out/ /deep/out /deep/../link/^ /loop /loop/
    /loop/x /dangling /absolute /absolute/secret.txt";

#[test]
fn nothing_outside_is_found_however_it_is_spelled() {
    let place = Place::new().with("a/b/c.css", "c").with("deep/x", "x");
    place.write("a.css", "a");
    let outside = place.0.join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("secret.txt"), SECRET).unwrap();
    fs::write(outside.join("index.html"), SECRET).unwrap();
    let root = place.root();
    symlink("../outside", root.join("link")).unwrap();
    symlink("../secret.txt", root.join("out.txt")).unwrap();
    symlink("../../outside", root.join("deep/out")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink(&outside, root.join("absolute")).unwrap();
    let plain = place.serve(|files| files);
    let all = place.serve(|files| {
        let files = files.with_listing().with_dotfiles();
        files.with_precompressed().with_index(["index.html", "x"])
    });
    let root = App::new().mount("/", place.files().with_listing()).test();
    let paths: Vec<_> = OUTSIDE.split_whitespace().collect();
    assert!(paths.len() > 100, "{}", paths.len());
    let mut asked = 0;
    for path in paths {
        let path = path.replace('^', "secret.txt");
        for (client, prefix) in [(&plain, "/static"), (&all, "/static"), (&root, "")] {
            for target in [format!("{prefix}{path}"), format!("{prefix}{path}?x=/../y")] {
                // Not every spelling is one that HTTP lets through.
                if target.parse::<cepa::Uri>().is_err() || target.starts_with("//") {
                    continue;
                }
                let res = client.get(&target).send();
                res.assert_status(404);
                assert!(!res.text().contains(SECRET) && !res.text().contains("root:"));
                assert!(res.header("location").is_none(), "{res}");
                asked += 1;
            }
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn symlinks_that_stay_inside_are_followed() {
    let place = Place::new().with("real/a.txt", "a");
    symlink("real/a.txt", place.root().join("link.txt")).unwrap();
    symlink("real", place.root().join("folder")).unwrap();
    let client = place.serve(|files| files.with_listing());
    client.get("/static/link.txt").send().assert_text("a");
    client.get("/static/folder/a.txt").send().assert_text("a");
    let list = client.get("/static/").send();
    list.assert_contains("./link.txt")
        .assert_contains("./folder/");
}

#[test]
fn the_root_itself_may_be_a_symlink() {
    let place = Place::new().with("a.txt", "a");
    let link = place.0.join("current");
    symlink(place.root(), &link).unwrap();
    let client = App::new().mount("/", Files::dir(&link)).test();
    client.get("/a.txt").send().assert_text("a");
    client.get("/../secret.txt").send().assert_status(404);
}

#[test]
fn hidden_files_are_hidden_but_for_the_well_known() {
    let place = Place::new().with(".env", "KEY=1").with(".git/config", "x");
    place.write("a/.htpasswd", "x");
    place.write(".well-known/security.txt", "mail us");
    place.write(".well-known/.hidden", "x");
    place.write("a/.well-known/x", "x");
    let hidden = [
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/.git/",
        "/.git",
        "/a/.htpasswd",
        "/.well-known/.hidden",
        "/a/.well-known/x",
    ];
    let client = place.serve(|files| files.with_listing());
    for path in hidden {
        client
            .get(format!("/static{path}"))
            .send()
            .assert_status(404);
    }
    let known = client.get("/static/.well-known/security.txt").send();
    known.assert_text("mail us");
    let list = client.get("/static/").send();
    assert!(!list.text().contains(".env") && !list.text().contains(".git"));
    let client = place.serve(|files| files.with_dotfiles());
    client.get("/static/.env").send().assert_text("KEY=1");
}

#[test]
fn names_that_are_too_long_are_not_there() {
    let place = Place::new().with("a.txt", "a");
    let client = place.serve(|files| files.with_precompressed().with_listing());
    for length in [200, 255, 256, 1_000, 5_000, 20_000] {
        let name = "a".repeat(length);
        for path in [
            format!("/{name}"),
            format!("/{name}/"),
            format!("/{name}.css/a"),
        ] {
            client
                .get(format!("/static{path}"))
                .send()
                .assert_status(404);
        }
        let deep = "/a".repeat(length);
        client
            .get(format!("/static{deep}"))
            .send()
            .assert_status(404);
        client
            .get(format!("/static/a.txt{deep}"))
            .send()
            .assert_status(404);
    }
    // The name is there, and with `.gz` behind it too long to be asked for.
    let name = format!("{}.txt", "b".repeat(251));
    place.write(&name, "long");
    let res = client.get(format!("/static/{name}"));
    res.header("accept-encoding", "gzip")
        .send()
        .assert_text("long");
}

#[test]
fn what_is_no_regular_file_is_not_there_and_blocks_nobody() {
    let place = Place::new();
    let pipe = place.root().join("pipe.txt");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    symlink("/dev/zero", place.root().join("zero")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.root().join("socket")).unwrap();
    let client = place.serve(|files| files.with_listing());
    for name in ["pipe.txt", "zero", "socket"] {
        client
            .get(format!("/static/{name}"))
            .send()
            .assert_status(404);
    }
    let list = client.get("/static/").send();
    assert!(!list.text().contains("pipe"), "{list}");
}

#[test]
fn what_may_not_be_read_is_not_there() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let path = place.write("locked.txt", "locked");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // root reads everything
    }
    let client = place.serve(|files| files);
    client.get("/static/locked.txt").send().assert_status(404);
}

#[test]
fn redirects_lead_to_no_other_host() {
    let place = Place::new()
        .with("index.html", "root")
        .with("docs/index.html", "docs");
    place.write("evil.com/index.html", "evil");
    let root = App::new().mount("/", place.files()).test();
    root.get("/docs?a=//b")
        .send()
        .assert_status(308)
        .assert_header("location", "/docs/?a=//b");
    root.get("/evil.com")
        .send()
        .assert_header("location", "/evil.com/");
    let tenants = App::new().mount("/{tenant}", place.files()).test();
    tenants
        .get("/acme")
        .send()
        .assert_header("location", "/acme/");
    for client in [&root, &tenants] {
        for path in [
            "//evil.com",
            "///evil.com",
            "/%2fevil.com",
            "/%2f/evil.com",
            "/%5cevil.com",
            "/%5c/evil.com",
            "/./evil.com",
            "/x//evil.com",
            "/%0d%0alocation:x/evil.com",
            "/docs//evil.com/..",
            "/%09/evil.com",
            "/.//evil.com",
            "/;@evil.com/docs",
            "/@evil.com",
        ] {
            // As a server reads it from the wire; a URI that begins with two slashes has no host.
            let mut req = http::Request::new(Body::empty());
            let Ok(target) = http::uri::PathAndQuery::try_from(path) else {
                continue;
            };
            let mut parts = http::uri::Parts::default();
            parts.path_and_query = Some(target);
            *req.uri_mut() = http::Uri::from_parts(parts).unwrap();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let res = runtime.block_on(client.service().answer(req));
            let location = res.header("location").unwrap_or("/");
            let is_local = location.starts_with('/') && !location.starts_with("//");
            assert!(is_local && !location.contains('\\'), "{path}: {location}");
            assert!(res.status().as_u16() < 500, "{path}");
        }
    }
}

/// Random bytes as a path: an answer that is no failure, and never the secret.
#[test]
fn any_path_is_answered_without_failing() {
    let place = Place::new().with("a.txt", "a").with("b/index.html", "b");
    symlink("../secret.txt", place.root().join("s")).unwrap();
    let client = place.serve(|files| files.with_listing().with_precompressed());
    let pieces = [
        "/",
        "/",
        "..",
        ".",
        "%2e",
        "%2f",
        "%5c",
        "%00",
        "a.txt",
        "b",
        "s",
        "%",
        "%25",
        "%ff",
        "secret.txt",
        "~",
        ":",
        ";",
        "é",
        "%c3%a9",
        "index.html",
        "?",
        "%20",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..5_000 {
        let mut path = "/static/".to_owned();
        for _ in 0..state % 8 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            path += pieces[state as usize % pieces.len()];
        }
        state = state.wrapping_add(0x1234_5678_9abc_def1);
        if path.parse::<cepa::Uri>().is_err() {
            continue;
        }
        let res = client.get(&path).header("accept-encoding", "br").send();
        assert!(matches!(res.status().as_u16(), 200 | 308 | 404), "{res}");
        assert!(!res.text().contains(SECRET), "{res}");
    }
}
