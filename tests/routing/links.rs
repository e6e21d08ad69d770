//! Links: from a handler or a name, and values, to a path that leads back to the route.

use std::fmt::Display;

use cepa::prelude::*;
use cepa::{AppService, Link};

mod users {
    use cepa::prelude::*;

    pub(super) async fn show(Path(id): Path<u64>) -> String {
        id.to_string()
    }

    pub(super) async fn list() {}

    pub(super) async fn twice() {}

    pub(super) async fn generic<T: Default + ToString + Send + Sync + 'static>() -> String {
        T::default().to_string()
    }
}

async fn file(Path(path): Path<String>) -> String {
    path
}

fn service() -> AppService {
    let tenant = App::new()
        .get("/report/{id}", async |_: Path<(String, u8)>| ())
        .get("/home", (async |_: Path<String>| ()).named("tenant.home"));
    App::new()
        .get("/users", users::list)
        .get("/users/{id}", users::show)
        .get("/files/{*path}", file)
        .get("/i/img-{id}.png", (async || ()).named("image"))
        .get("/café/{x}", (async || ()).named("café"))
        .get("/a", users::twice)
        .get("/b", users::twice)
        .get("/both", (async || ()).named("both"))
        .post("/both", (async || ()).named("both"))
        .get("/closure", async || ())
        .get("/generic", users::generic::<u8>)
        .mount(
            "/v{n}",
            App::new().get("/deep/{id}", (async || ()).named("deep")),
        )
        .host("{tenant}.example.com", tenant)
        .build()
        .unwrap()
}

#[track_caller]
fn row<M>(target: impl Link<M>, values: &[(&str, &dyn Display)], wanted: &str) {
    let link = service().url_for(target, values);
    match link {
        Ok(url) => assert_eq!(url, wanted),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(wanted), "{text:?} should say {wanted:?}");
            assert_eq!(error.status(), 500);
            assert_eq!(error.location().file(), file!());
        }
    }
}

#[test]
fn a_handler_or_a_name_leads_to_its_path() {
    row(users::show, &[("id", &7)], "/users/7");
    row("links::users::show", &[("id", &7)], "/users/7");
    row(users::list, &[], "/users");
    row(users::generic::<u8>, &[], "/generic");
    row("links::users::generic", &[], "/generic");
    row("image", &[("id", &"a.b")], "/i/img-a.b.png");
    row("deep", &[("n", &2), ("id", &"x")], "/v2/deep/x");
    row("deep", &[("id", &"x"), ("n", &2)], "/v2/deep/x");
    row("both", &[], "/both");
    row(
        "tenant.home",
        &[("tenant", &"acme")],
        "//acme.example.com/home",
    );
}

#[test]
fn values_are_encoded_so_that_they_come_back_as_they_were() {
    row(file, &[("path", &"a/b c.txt")], "/files/a/b%20c.txt");
    row(file, &[("path", &"a?b#c%2F")], "/files/a%3Fb%23c%252F");
    row("image", &[("id", &"a/b")], "/i/img-a%2Fb.png");
    row("image", &[("id", &"~-_.é+")], "/i/img-~-_.%C3%A9%2B.png");
    row("café", &[("x", &"1")], "/caf%C3%A9/1");
    row(
        users::list,
        &[("q", &"a b&c"), ("tag", &"x"), ("tag", &"y")],
        "/users?q=a+b%26c&tag=x&tag=y",
    );
    row(
        users::show,
        &[("id", &7), ("tab", &"é")],
        "/users/7?tab=%C3%A9",
    );
}

#[test]
fn a_link_that_cannot_be_made_says_why() {
    row(users::show, &[], "no value for `id`");
    row(users::show, &[("ID", &7)], "no value for `id`");
    row(
        "nothing",
        &[],
        "no link to the route `nothing`: no route has it",
    );
    row("users::show", &[], "no route has it");
    row(users::generic::<u16>, &[], "no route has it");
    row("links::users::twice", &[], "give one of them a name");
    row("image", &[("id", &"")], "would not lead back");
    row("café", &[("x", &"..")], "would not lead back");
    row("café", &[("x", &".")], "would not lead back");
}

/// Clients resolve dot segments, and take a path with two slashes in front for another host.
#[test]
fn a_value_for_the_rest_of_the_path_leads_back_as_well() {
    row(file, &[("path", &"../x")], "would not lead back");
    row(file, &[("path", &"a/../../x")], "would not lead back");
    row(file, &[("path", &"a/./x")], "would not lead back");
    row(file, &[("path", &"a/..")], "would not lead back");
    row(file, &[("path", &"a/...")], "/files/a/...");
    let root = App::new().get("/{*path}", file).build().unwrap();
    let link = root.url_for(file, &[("path", &"/evil.example")]);
    assert!(link.is_err(), "{link:?}");
    let link = root.url_for(file, &[("path", &"a//b")]).unwrap();
    assert_eq!(link, "/a//b");
}

#[test]
fn an_ambiguous_link_names_both_places() {
    let app = App::new().get("/a", users::list).get("/b", users::list);
    let first = line!() - 1;
    let error = app.url_for(users::list, &[]).unwrap_err().to_string();
    for text in ["GET /a", "GET /b", &format!("{}:{first}", file!())] {
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn a_handler_links_from_inside_a_request() {
    async fn index(req: Request) -> Result<String> {
        req.url_for(users::show, &[("id", &42)])
    }
    async fn broken(req: Request) -> Result<String> {
        req.url_for(users::list, &[])
    }
    let client = App::new()
        .get("/", index)
        .get("/broken", broken)
        .mount("/api", App::new().get("/users/{id}", users::show))
        .test();
    client.get("/").send().assert_text("/api/users/42");
    client.get("/broken").send().assert_status(500);
}

#[test]
fn every_link_is_answered_by_its_own_route() {
    let client = App::new()
        .get("/files/{*path}", file)
        .get("/one/{path}", file.named("one"))
        .get("/x/x-{path}.y", file.named("x"))
        .test();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut made = 0;
    for _ in 0..2_000 {
        let mut value = String::new();
        for _ in 0..1 + state % 6 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            value.push(
                [
                    'a', '/', '.', '%', '2', 'F', ' ', 'é', '?', '#', '+', '\\', '{', '&',
                ][state as usize % 14],
            );
        }
        state = state.wrapping_add(0x1234_5678_9abc_def1);
        for name in ["links::file", "one", "x"] {
            let Ok(url) = client.service().url_for(name, &[("path", &value)]) else {
                continue;
            };
            made += 1;
            client
                .get(&url)
                .send()
                .assert_status(200)
                .assert_text(&value);
        }
    }
    assert!(made > 4_000, "{made}");
}

/// A server on a port of its own has its other hosts there too.
#[test]
fn a_link_to_another_host_keeps_the_port() {
    async fn home() {}
    let inner = App::new().get("/home", home);
    let app = App::new()
        .host("{tenant}.test", inner)
        .get("/request", async |req: Request| {
            req.url_for(home, &[("tenant", &"acme"), ("q", &1)])
        })
        .get("/links", async |links: Links| {
            links.url_for(home, &[("tenant", &"acme"), ("q", &1)])
        })
        .get("/here", async |req: Request| {
            req.url_for("links::users::list", &[])
        })
        .get("/users", users::list);
    let client = app.test();
    for path in ["/request", "/links"] {
        let rows = [
            ("localhost", "//acme.test/home?q=1"),
            ("localhost:3000", "//acme.test:3000/home?q=1"),
            ("[::1]:80", "//acme.test:80/home?q=1"),
            ("localhost:x", "//acme.test/home?q=1"),
        ];
        for (host, wanted) in rows {
            client
                .get(path)
                .header("host", host)
                .send()
                .assert_text(wanted);
        }
    }
    let here = client.get("/here").header("host", "localhost:3000").send();
    here.assert_text("/users");
}
