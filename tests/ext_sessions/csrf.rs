//! Which requests a page of another site can make a browser send: none that change anything.

use cepa::CrossOrigin;
use cepa::prelude::*;
use cepa::sessions::{CsrfToken, CsrfTokens, Session, Sessions};
use cepa::testing::TestClient;

use crate::{id_in, routes};

/// What a request says of the page it comes from.
#[derive(Clone, Copy, Debug)]
struct From(Option<&'static str>, Option<&'static str>);

const OWN: &str = "http://localhost";
const EVIL: &str = "https://evil.example";
const FRIEND: &str = "https://friend.example";

const SAME_SITE: From = From(Some("same-origin"), Some(OWN));
const TYPED: From = From(Some("none"), None);
const CROSS: From = From(Some("cross-site"), Some(EVIL));
const SIBLING: From = From(Some("same-site"), Some("http://other.localhost"));
const BEFORE_2020: From = From(None, Some(OWN));
const CROSS_BEFORE_2020: From = From(None, Some(EVIL));
const NULL: From = From(None, Some("null"));
const OTHER_PORT: From = From(None, Some("http://localhost:8080"));
const OLD: From = From(None, None);
const TRUSTED: From = From(Some("cross-site"), Some(FRIEND));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    None,
    Valid,
    /// In the header.
    Header,
    /// Of another client's session.
    Others,
    /// Of this client's session before somebody signed in.
    Stale,
    Broken,
}
use Token::{Broken, Header, None as NoToken, Others, Stale, Valid};

fn app() -> App {
    let friends = CrossOrigin::new().with_trusted([FRIEND]);
    App::new()
        .plug(Sessions::memory().with_cross_origin(friends))
        .plug(routes)
        .any("/plain", async || "passed")
        .get("/token", async |token: CsrfToken| token.to_string())
        .group("/guarded", |guarded| {
            guarded.with(CsrfTokens::new()).any("/", async || "passed")
        })
}

struct Client {
    client: TestClient,
    cookie: String,
    tokens: [String; 3],
}

fn client() -> Client {
    let client = app().test();
    let others = client
        .get("/token")
        .header("cookie", "")
        .send()
        .text()
        .to_owned();
    client.post("/set/a/1").send();
    let stale = client.get("/token").send().text().to_owned();
    let cookie = format!("session={}", id_in(&client.post("/bind/ada").send()));
    let valid = client.get("/token").send().text().to_owned();
    let tokens = [valid, others, stale];
    Client {
        client,
        cookie,
        tokens,
    }
}

impl Client {
    #[track_caller]
    fn assert(&self, (method, path, from, cookie, token, status): Case) {
        let mut req = self.client.request(method.parse().unwrap(), path);
        let From(site, origin) = from;
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                req = req.header(name, value);
            }
        }
        req = req.header("cookie", if cookie { &self.cookie } else { "" });
        let [valid, others, stale] = &self.tokens;
        let text = match token {
            NoToken => "",
            Valid | Header => valid,
            Others => others,
            Stale => stale,
            Broken => &valid[1..],
        };
        req = match token {
            NoToken => req,
            Header => req.header("x-csrf-token", text),
            _ => req.form(&[("name", "a=b&c"), ("_csrf", text)]),
        };
        let case = format!("{method} {path} {from:?} cookie {cookie} token {token:?}");
        assert_eq!(req.send().status().as_u16(), status, "{case}");
    }
}

type Case = (&'static str, &'static str, From, bool, Token, u16);

const PLAIN: &str = "/plain";
const GUARDED: &str = "/guarded";

/// Whatever says where it comes from is judged by that, with or without a session.
const BY_ORIGIN: [Case; 22] = [
    ("POST", PLAIN, SAME_SITE, true, NoToken, 200),
    ("POST", PLAIN, SAME_SITE, false, NoToken, 200),
    ("POST", PLAIN, TYPED, true, NoToken, 200),
    ("POST", PLAIN, CROSS, true, NoToken, 403),
    ("POST", PLAIN, CROSS, false, NoToken, 403),
    ("POST", PLAIN, CROSS, true, Valid, 403),
    ("POST", PLAIN, SIBLING, true, NoToken, 403),
    ("PUT", PLAIN, CROSS, true, NoToken, 403),
    ("PATCH", PLAIN, CROSS, true, NoToken, 403),
    ("DELETE", PLAIN, CROSS, true, NoToken, 403),
    ("PURGE", PLAIN, CROSS, true, NoToken, 403),
    ("GET", PLAIN, CROSS, true, NoToken, 200),
    ("HEAD", PLAIN, CROSS, true, NoToken, 200),
    ("OPTIONS", PLAIN, CROSS, true, NoToken, 200),
    ("POST", PLAIN, BEFORE_2020, true, NoToken, 200),
    ("POST", PLAIN, CROSS_BEFORE_2020, true, NoToken, 403),
    ("POST", PLAIN, NULL, true, NoToken, 403),
    ("POST", PLAIN, OTHER_PORT, true, NoToken, 403),
    ("POST", PLAIN, OLD, true, NoToken, 200),
    ("POST", PLAIN, TRUSTED, true, NoToken, 200),
    ("POST", "/nowhere", CROSS, true, NoToken, 403),
    ("POST", "/nowhere", SAME_SITE, true, NoToken, 404),
];

/// Where tokens are asked for, what changes something needs one, and the check by origin stays.
const BY_TOKEN: [Case; 22] = [
    ("GET", GUARDED, OLD, true, NoToken, 200),
    ("HEAD", GUARDED, OLD, true, NoToken, 200),
    ("OPTIONS", GUARDED, OLD, true, NoToken, 200),
    ("GET", GUARDED, CROSS, true, NoToken, 200),
    ("POST", GUARDED, OLD, true, Valid, 200),
    ("POST", GUARDED, OLD, true, Header, 200),
    ("PUT", GUARDED, OLD, true, Valid, 200),
    ("DELETE", GUARDED, OLD, true, Header, 200),
    ("POST", GUARDED, SAME_SITE, true, Valid, 200),
    ("POST", GUARDED, BEFORE_2020, true, Header, 200),
    ("POST", GUARDED, OLD, true, NoToken, 403),
    ("PUT", GUARDED, OLD, true, NoToken, 403),
    ("PATCH", GUARDED, OLD, true, NoToken, 403),
    ("DELETE", GUARDED, OLD, true, NoToken, 403),
    ("POST", GUARDED, SAME_SITE, true, NoToken, 403),
    ("POST", GUARDED, OLD, true, Others, 403),
    ("POST", GUARDED, OLD, true, Stale, 403),
    ("POST", GUARDED, OLD, true, Broken, 403),
    ("POST", GUARDED, OLD, false, NoToken, 403),
    ("POST", GUARDED, OLD, false, Valid, 403),
    ("POST", GUARDED, CROSS, true, Valid, 403),
    ("POST", GUARDED, CROSS_BEFORE_2020, true, Header, 403),
];

#[test]
fn requests_that_change_something_come_from_pages_of_this_app() {
    let client = client();
    BY_ORIGIN.into_iter().for_each(|case| client.assert(case));
}

#[test]
fn where_tokens_are_asked_for_they_have_to_be_those_of_the_session() {
    let client = client();
    BY_TOKEN.into_iter().for_each(|case| client.assert(case));
}

#[test]
fn a_check_of_the_apps_own_takes_the_place_of_the_default_one() {
    let friends = || CrossOrigin::new().with_trusted([FRIEND]);
    let from = |client: &TestClient, origin: &str| {
        let req = client.post("/").header("sec-fetch-site", "cross-site");
        req.header("origin", origin).send().status().as_u16()
    };
    let handler = async || "";
    let outside = App::new()
        .with(friends())
        .plug(Sessions::memory())
        .post("/", handler);
    let inside = App::new()
        .plug(Sessions::memory())
        .with(friends())
        .post("/", handler);
    let mounted = App::new().with(friends()).post("/", handler);
    let mounted = App::new().plug(Sessions::memory()).mount("/", mounted);
    let secure = cepa::Secure::defaults().with_cross_origin(friends());
    let secure = App::new()
        .plug(secure)
        .plug(Sessions::memory())
        .post("/", handler);
    let at_route = App::new()
        .plug(Sessions::memory())
        .post("/", handler.with(friends()));
    for (n, app) in [outside, inside, mounted, secure, at_route]
        .into_iter()
        .enumerate()
    {
        let client = app.test();
        assert_eq!(from(&client, FRIEND), 200, "{n}");
        assert_eq!(from(&client, EVIL), 403, "{n}");
    }
    let none = App::new()
        .plug(Sessions::memory().without_cross_origin())
        .post("/", handler);
    assert_eq!(from(&none.test(), EVIL), 200);
}

/// Named like the one that checks, and checking nothing.
#[test]
fn a_namesake_of_the_check_takes_no_place() {
    struct CrossOrigin;
    impl Middleware for CrossOrigin {
        async fn handle(&self, req: Request, next: Next) -> Response {
            next.run(req).await
        }
    }
    let app = App::new().plug(Sessions::memory()).with(CrossOrigin);
    let app = app.post("/", async || "");
    let route = app.routes();
    let names = route
        .iter()
        .next()
        .unwrap()
        .middleware()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(names.ends_with("CrossOrigin"), "{names}");
    let req = app.test().post("/").header("origin", EVIL).send();
    req.assert_status(403);
}

#[test]
fn what_is_no_origin_is_reported() {
    let check = CrossOrigin::new().with_trusted(["friend.example"]);
    let app = App::new().plug(Sessions::memory().with_cross_origin(check));
    let error = app.build().unwrap_err().to_string();
    assert!(error.contains("`friend.example` is no origin"), "{error}");
}

/// The page of a form is loaded with a cookie whose session is over.
#[test]
fn the_token_of_a_session_that_begins_is_good_for_it() {
    let page = async |session: Session, token: CsrfToken| -> Result<String> {
        session.insert("seen", true)?;
        Ok(token.to_string())
    };
    let client = app().get("/page", page).test();
    let over = format!("session={}", "A".repeat(43));
    let res = client.get("/page").header("cookie", over).send();
    let new = format!("session={}", id_in(&res));
    let req = client.post(GUARDED).header("cookie", new);
    let req = req.header("x-csrf-token", res.text());
    req.send().assert_status(200);
}

#[test]
fn a_token_looks_different_each_time() {
    let client = app().test();
    let mut tokens = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let token = client.get("/token").send().text().to_owned();
        assert_eq!(token.len(), 86);
        // Neither half stays the same, so that compression finds nothing to guess at.
        assert!(tokens.insert(token[..40].to_owned()) && tokens.insert(token[44..].to_owned()));
    }
}

#[test]
fn a_token_with_any_sign_changed_is_none() {
    let client = app().test();
    let token = client.get("/token").send().text().to_owned();
    let ask = |token: &str| {
        let req = client.post(GUARDED).header("x-csrf-token", token);
        req.send().status().as_u16()
    };
    assert_eq!(ask(&token), 200);
    for at in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(ask(std::str::from_utf8(&other).unwrap()), 403, "{at}");
        assert_eq!(ask(&token[..at]), 403);
    }
    assert_eq!(ask(&format!("{token}A")), 403);
    let nothing = "A".repeat(86);
    assert_eq!(ask(&nothing), 403);
}

#[test]
fn tokens_work_with_sessions_in_cookies() {
    let keys = cepa::cookies::Keys::random();
    let client = App::new()
        .plug(Sessions::cookie(&keys))
        .with(CsrfTokens::new())
        .get("/", async |token: CsrfToken| token.to_string())
        .post("/", async || "passed")
        .test();
    let token = client.get("/").send().text().to_owned();
    client
        .post("/")
        .header("x-csrf-token", &token)
        .send()
        .assert_text("passed");
    client.post("/").send().assert_status(403);
    let again = client.get("/").send().text().to_owned();
    client
        .post("/")
        .header("x-csrf-token", again)
        .send()
        .assert_text("passed");
}

/// The token is made with the id that the client will have.
#[test]
fn a_token_of_a_request_that_signs_in_is_that_of_the_new_session() {
    use cepa::sessions::Session;
    let login = async |session: Session| -> Result<String> {
        session.bind_user("ada")?;
        Ok(session.csrf_token()?.to_string())
    };
    let client = app().post("/login", login).test();
    for _ in 0..2 {
        let token = client.post("/login").send().text().to_owned();
        client
            .post(GUARDED)
            .header("x-csrf-token", token)
            .send()
            .assert_status(200);
    }
}
