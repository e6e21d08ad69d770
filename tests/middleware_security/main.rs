//! The built-in middleware for security: what it does to which request, in tables.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod before_routing;
mod body_limit;
mod cors;
mod cross_origin;
mod csp;
mod hosts;
mod secure_headers;

use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::testing::TestRequest;

/// The messages of what is wrong with an app.
fn problems(app: App) -> Vec<String> {
    let problems = match app.build() {
        Ok(_) => return Vec::new(),
        Err(error) => error.problems().to_vec(),
    };
    problems.iter().map(|it| it.message().to_owned()).collect()
}

/// Asserts that the app has one problem, whose message has these words.
#[track_caller]
fn assert_problem(app: App, words: &str) {
    let said = problems(app);
    assert!(
        said.len() == 1 && said[0].contains(words),
        "{said:?} should say {words}"
    );
}

/// A request written as `POST /path; name: value; name: value`.
#[track_caller]
fn request<'a>(client: &'a TestClient, text: &str) -> TestRequest<'a> {
    let mut parts = text.split("; ");
    let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
    let req = client.request(method.parse().unwrap(), path);
    parts.fold(req, |req, header| {
        let (name, value) = header.split_once(':').unwrap();
        req.header(name, value.trim())
    })
}
