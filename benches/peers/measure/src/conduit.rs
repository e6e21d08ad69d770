//! What Conduit is asked for: a database, made and filled by the first server through its own API.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::server::Server;
use crate::suite::Suite;

const PASSWORD: &str = "leek onion garlic";

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("peers-conduit-{}", std::process::id()))
}

/// Both servers work on one file, made anew for each run.
pub fn variables() -> Vec<(&'static str, String)> {
    let folder = folder();
    vec![
        (
            "DATABASE_URL",
            format!("sqlite://{}/app.db", folder.display()),
        ),
        ("JWT_SECRET", "0123456789abcdef0123456789abcdef".to_owned()),
    ]
}

/// Five users, a hundred articles of three tags each, and some who like them.
pub fn fill(suite: &Suite) {
    fs::create_dir_all(folder()).expect("there is room");
    let server = Server::start(&suite.servers[0], &suite.variables, &["env"]);
    let tokens: Vec<String> = (0..5)
        .map(|user| {
            let said = ask(
                &server,
                "POST",
                "users",
                "",
                &format!(
                    r#"{{"user":{{"username":"user{user}","email":"user{user}@example.com","password":"{PASSWORD}"}}}}"#
                ),
            );
            let (_, token) = said.split_once(r#""token":""#).expect("a token");
            token.split('"').next().unwrap_or_default().to_owned()
        })
        .collect();
    for article in 0..100 {
        let [author, reader] = [article % 5, (article + 1) % 5];
        let [a, b, c] = [article % 7, article % 7 + 7, article % 7 + 14];
        let body = "All there is to say of onions, at some length. ".repeat(20);
        ask(
            &server,
            "POST",
            "articles",
            &tokens[author],
            &format!(
                r#"{{"article":{{"title":"Article number {article}","description":"About onions","body":"{body}","tagList":["tag-{a}","tag-{b}","tag-{c}"]}}}}"#
            ),
        );
        let like = format!("articles/article-number-{article}/favorite");
        ask(&server, "POST", &like, &tokens[reader], "");
    }
    server.process.stop();
}

/// Nothing stays behind.
pub fn clear() {
    let _ = fs::remove_dir_all(folder());
}

fn ask(server: &Server, method: &str, path: &str, token: &str, body: &str) -> String {
    let url = format!("http://{}/api/{path}", server.addr);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "-X", method, &url]);
    if !token.is_empty() {
        curl.args(["-H", &format!("authorization: Token {token}")]);
    }
    if !body.is_empty() {
        curl.args(["--json", body]);
    }
    let output = curl.output().expect("curl is installed");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{method} {url}: {error}");
    String::from_utf8(output.stdout).expect("it is text")
}
