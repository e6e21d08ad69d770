//! The API as its clients see it, a file for each feature.

mod articles;
mod comments;
mod errors;
mod lists;
mod profiles;
mod users;

use crate::app::app;
use cepa::auth::Passwords;
use cepa::jwt::JwtKey;
use cepa::orm::TestDatabase;
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};
use std::env;

/// A server with a database of its own: SQLite, and PostgreSQL where `CEPA_TEST_POSTGRES` names one
/// and the test says so.
struct Conduit {
    client: TestClient,
    _database: TestDatabase,
}

impl Conduit {
    fn new() -> Self {
        Self::on(TestDatabase::sqlite())
    }

    fn on(database: TestDatabase) -> Self {
        let passwords = Passwords::for_tests().with_any_password();
        let client = app(database.database(), JwtKey::random(), passwords).test();
        Self {
            client,
            _database: database,
        }
    }

    /// One for each kind of database that is there.
    fn each() -> Vec<Self> {
        let postgres = env::var("CEPA_TEST_POSTGRES").ok();
        let postgres = postgres.map(|url| Self::on(TestDatabase::at(&url)));
        [Self::new()].into_iter().chain(postgres).collect()
    }

    /// Asks as somebody, or as nobody where the token is empty.
    fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> TestResponse {
        let mut req = self.client.request(method, format!("/api{path}"));
        if !token.is_empty() {
            req = req.header("authorization", format!("Token {token}"));
        }
        match body {
            Value::Null => req.send(),
            body => req.json(&body).send(),
        }
    }

    fn get(&self, path: &str, token: &str) -> TestResponse {
        self.ask(Method::GET, path, token, Value::Null)
    }

    fn post(&self, path: &str, token: &str, body: Value) -> TestResponse {
        self.ask(Method::POST, path, token, body)
    }

    fn put(&self, path: &str, token: &str, body: Value) -> TestResponse {
        self.ask(Method::PUT, path, token, body)
    }

    fn delete(&self, path: &str, token: &str) -> TestResponse {
        self.ask(Method::DELETE, path, token, Value::Null)
    }

    /// Signs somebody up; the token.
    fn user(&self, name: &str) -> String {
        let user = json!({ "username": name, "email": format!("{name}@example.com"), "password": "password" });
        let res = self.post("/users", "", json!({ "user": user }));
        res.assert_status(201);
        let token = res.json::<Value>()["user"]["token"].clone();
        token.as_str().expect("a token is text").to_owned()
    }

    /// Writes an article with these tags; its slug.
    fn article(&self, token: &str, title: &str, tags: &[&str]) -> String {
        let article = json!({ "title": title, "description": "d", "body": "b", "tagList": tags });
        let res = self.post("/articles", token, json!({ "article": article }));
        res.assert_status(201);
        let slug = res.json::<Value>()["article"]["slug"].clone();
        slug.as_str().expect("a slug is text").to_owned()
    }
}

/// That it is refused, and which fields are named.
#[track_caller]
fn assert_refused(res: &TestResponse, status: u16, fields: &[&str]) {
    res.assert_status(status);
    let errors = res.json::<Value>()["errors"].clone();
    let errors = errors.as_object().expect("errors are an object");
    let named: Vec<&str> = errors.keys().map(String::as_str).collect();
    assert_eq!(named, fields);
    for messages in errors.values() {
        let messages = messages.as_array().expect("messages are a list");
        assert!(!messages.is_empty() && messages.iter().all(Value::is_string));
    }
}
