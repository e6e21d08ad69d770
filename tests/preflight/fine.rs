//! Apps that are right and look a little like those that are not: nothing is said about them.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::num::NonZeroU32;

use cepa::TrailingSlash;
use cepa::prelude::*;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::{Db, needs_db};

#[track_caller]
fn fine(app: App) -> cepa::AppService {
    let service = app.build().unwrap();
    assert_eq!(service.warnings(), []);
    service
}

#[derive(Clone)]
struct User(&'static str);

impl FromRequest for User {
    async fn from_request(_: &mut Request) -> Result<Self> {
        Ok(Self("provided"))
    }
}

async fn user(Local(user): Local<User>) -> &'static str {
    user.0
}

async fn insert(mut req: Request, next: Next) -> Response {
    req.insert(User("inserted"));
    next.run(req).await
}

#[test]
fn nothing_at_all_is_an_app() {
    fine(App::new());
    fine(App::new().state(Db));
    fine(App::new().mount("/a", App::new()).mount("/", App::new()));
    fine(App::new().fallback(async || ""));
}

#[test]
fn state_comes_from_anywhere_around() {
    let inner = || App::new().get("/", needs_db);
    fine(App::new().mount("/in", inner()).state(Db));
    fine(App::new().state(Db).mount("/in", inner().state(Db)));
    fine(
        App::new()
            .mount("/a", inner().state(Db))
            .mount("/b", inner().state(Db)),
    );
    fine(
        App::new()
            .state(Db)
            .host("a.test", App::new().mount("/in", inner())),
    );
    fine(App::new().state(Db).fallback(needs_db));
    // One value behind different types is no double.
    fine(
        App::new()
            .state(Db)
            .state(Some(Db))
            .state(1_u8)
            .state(1_u16),
    );
}

/// `provide` in one app says nothing about another where a function inserts the value itself.
#[test]
fn a_value_inserted_by_a_function_needs_no_declaration() {
    let client = App::new()
        .mount("/a", App::new().with(provide::<User>()).get("/", user))
        .mount("/b", App::new().with(insert).get("/", user))
        .get("/c", user.with(insert))
        .test();
    client.get("/a").send().assert_text("provided");
    client.get("/b").send().assert_text("inserted");
    client.get("/c").send().assert_text("inserted");
    fine(App::new().get("/", user).with(insert));
}

#[test]
fn a_value_provided_before_routing_is_seen_by_all() {
    let client = App::new()
        .before_routing(provide::<User>())
        .get("/", user)
        .mount("/in", App::new().get("/", user))
        .fallback(user)
        .test();
    for path in ["/", "/in", "/none"] {
        client.get(path).send().assert_text("provided");
    }
    let client = App::new()
        .before_routing(insert)
        .get("/", user)
        .mount("/in", App::new().with(provide::<User>()).get("/", user))
        .test();
    client.get("/").send().assert_text("inserted");
}

#[test]
fn a_value_is_provided_from_outside_and_may_be_absent() {
    fine(
        App::new()
            .with(provide::<User>())
            .mount("/in", App::new().get("/", user)),
    );
    fine(App::new().get("/", user.with(provide::<User>())));
    fine(App::new().with(provide::<User>()).fallback(user));
    let maybe = async |_: Option<Local<User>>| "";
    let inner = App::new().with(provide::<User>()).get("/in", user);
    fine(App::new().get("/", maybe).mount("/", inner));
}

/// A path parameter in a form that none of the usual texts has.
struct Ticket;

impl<'de> Deserialize<'de> for Ticket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.starts_with("T-") {
            true => Ok(Self),
            false => Err(D::Error::custom("a ticket begins with T-")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its shape counts")]
struct Renamed {
    user_id: u8,
    #[serde(rename = "n")]
    number: NonZeroU32,
    #[serde(alias = "old-name")]
    new_name: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape counts")]
enum Either {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape counts")]
enum Tagged {
    Circle { r: String },
    Square { a: String },
}

#[derive(Deserialize, Serialize)]
#[serde(try_from = "u8")]
struct Even(u8);

impl TryFrom<u8> for Even {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        (number.is_multiple_of(2))
            .then_some(Self(number))
            .ok_or("not even")
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Mixed {
    ticket: Ticket,
    even: Even,
    ip: IpAddr,
    flag: bool,
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Cat,
    Dog,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct AllDefault {
    a: u8,
    b: String,
}

#[track_caller]
fn takes<T: DeserializeOwned + Send + 'static>(path: &str) {
    fine(App::new().get(path, async |_: Path<T>| ""));
}

#[test]
fn types_that_a_path_can_fill_are_taken() {
    takes::<u8>("/{id}");
    takes::<char>("/{id}");
    takes::<bool>("/{id}");
    takes::<Option<u8>>("/{id}");
    takes::<Kind>("/{id}");
    takes::<IpAddr>("/{id}");
    takes::<NonZeroU32>("/{id}");
    takes::<Ticket>("/{id}");
    takes::<(Ticket,)>("/{id}");
    takes::<(Ticket, Even, Kind, bool, IpAddr)>("/{a}/{b}/{c}/{d}/{e}");
    takes::<Even>("/{id}");
    takes::<Either>("/{id}");
    takes::<Vec<Ticket>>("/{a}/{b}");
    takes::<Vec<String>>("/");
    takes::<BTreeMap<String, Even>>("/{a}/{b}");
    takes::<HashMap<String, String>>("/");
    takes::<Value>("/{a}/{b}");
    takes::<Value>("/{a}");
    takes::<()>("/");
    takes::<Renamed>("/{user-id}/{n}/{new-name}");
    takes::<Renamed>("/{user-id}/{n}/{old-name}");
    takes::<Flat>("/{id}/{more}");
    takes::<Flat>("/{id}");
    takes::<Tagged>("/{kind}/{r}/{a}");
    takes::<Tagged>("/{kind}/{r}");
    takes::<Mixed>("/{ticket}/{even}/{ip}/{flag}/{kind}/{not_read}");
    takes::<AllDefault>("/{b}");
    takes::<AllDefault>("/");
}

#[test]
fn a_handler_may_stand_at_several_routes() {
    async fn show(Path(_): Path<HashMap<String, String>>) {}
    fine(
        App::new()
            .get("/", show)
            .get("/{a}", show)
            .post("/{a}/{b}", show)
            .fallback(show),
    );
}

#[test]
fn routes_that_look_alike_are_told_apart() {
    let app = [
        "/{x}", "/a", "/{x}/", "/a/", "/a/{x}", "/{x}/a", "/a/b", "/{x}/{y}", "/A", "/a/{x}/",
    ];
    let app = app
        .into_iter()
        .fold(App::new(), |app, path| app.get(path, async || ""));
    fine(app);
    fine(
        App::new()
            .any("/{x}", async || "")
            .get("/{y}", async || "")
            .head("/{z}", async || ""),
    );
    fine(
        App::new()
            .get("/files", async || "")
            .get("/files/", async || "")
            .get("/files/{*p}", async || ""),
    );
    fine(
        App::new()
            .trailing_slash(TrailingSlash::Same)
            .get("/a", async || "")
            .get("/a/", async || ""),
    );
}

#[test]
fn dots_in_names_are_no_dot_segments() {
    for path in ["/.well-known/x", "/a..b", "/...", "/x.", "/a/.hidden"] {
        fine(App::new().get(path, async || ""));
    }
}

#[test]
fn extensions_that_are_different_or_elsewhere_are_no_doubles() {
    fn install(app: App) -> App {
        app
    }
    fine(
        App::new()
            .plug(install)
            .mount("/in", App::new().plug(install)),
    );
    fine(
        App::new()
            .mount("/a", App::new().plug(install))
            .mount("/b", App::new().plug(install)),
    );
    fine(App::new().plug(|app: App| app).plug(|app: App| app));
    fine(App::new().plug(None::<fn(App) -> App>));
}

#[test]
fn what_the_outermost_app_alone_has_is_fine_there() {
    fine(
        App::new()
            .trust_proxies(["loopback", "private", "10.0.0.7", "fd00::/8"])
            .before_routing(insert)
            .host("a.test", App::new())
            .host("a.test", App::new())
            .host("{x}.test", App::new()),
    );
}

#[test]
fn what_is_set_in_each_of_two_apps_is_no_double() {
    async fn renderer(_: &Error, _: &ErrorContext) {}
    let app = || App::new().on_error(renderer).fallback(async || "");
    fine(app().mount("/in", app().mount("/deep", app())));
}
