//! Examples with a database, each behind its features.

#[allow(unused_imports, reason = "without features there is nothing here")]
use super::*;

/// The URL of a file that is not there yet.
#[cfg(feature = "orm-sqlite")]
fn new_file(name: &str) -> String {
    let file = format!("{}/{name}.db", env!("CARGO_TARGET_TMPDIR"));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{file}{end}"));
    }
    format!("sqlite://{file}")
}

#[cfg(feature = "orm-sqlite")]
#[test]
fn orm_keeps_notes_with_tags_page_by_page() {
    let example = Example::start_with("orm", &[("DATABASE_URL", &new_file("notes"))]);
    for (title, tag) in [("Onions", "food"), ("Leeks", "food"), ("Tea", "drink")] {
        let note = format!(r#"{{"title":"{title}","text":"..","tags":["{tag}"]}}"#);
        example.assert_json("POST /notes", &note, "201", &[title]);
    }
    let again = r#"{"title":"Onions","text":"..","tags":[]}"#;
    example.assert_json("POST /notes", again, "409", &["title"]);
    example.assert_get(
        "/notes?sort=title&per_page=1",
        "200",
        &["Leeks", r#""total":3"#],
    );
    example.assert_get("/notes?tag=drink", "200", &["Tea", r#""total":1"#]);
    example.assert_get("/notes?sort=secret", "400", &["sort"]);
    example.assert_get("/notes/1", "200", &["Onions", "food"]);
    example.assert_get("/notes.ndjson", "200", &["Onions", "Leeks", "Tea"]);
    example.assert_get("/readyz", "200", &[r#""database":{"status":"pass"}"#]);
    example.stop();
}

#[cfg(all(
    feature = "auth",
    feature = "health",
    feature = "jwt",
    feature = "metrics",
    feature = "orm-sqlite"
))]
#[test]
fn conduit_knows_its_users_and_articles_after_a_restart() {
    let url = new_file("conduit");
    let secret = "0123456789abcdef0123456789abcdef";
    let start =
        || Example::start_with("conduit", &[("DATABASE_URL", &url), ("JWT_SECRET", secret)]);
    let example = start();
    let ada = r#"{"user":{"username":"ada","email":"ada@example.com","password":"password"}}"#;
    let json = "content-type: application/json\r\n";
    let answer = example.ask("POST /api/users", json, ada);
    let token = answer
        .split(r#""token":""#)
        .nth(1)
        .and_then(|it| it.split('"').next());
    let known = format!(
        "{json}authorization: Token {}\r\n",
        token.unwrap_or(&answer)
    );
    let article =
        r#"{"article":{"title":"Onions","description":"How","body":"Deep","tagList":["b","a"]}}"#;
    let parts = [
        r#""slug":"onions""#,
        r#""tagList":["b","a"]"#,
        r#""favoritesCount":0"#,
    ];
    example.assert("POST /api/articles", &known, article, "201", &parts);
    example.assert_json(
        "POST /api/articles",
        article,
        "401",
        &[r#"{"errors":{"token":["#],
    );
    example.stop();
    let example = start();
    let parts = [r#""articlesCount":1"#, r#""username":"ada""#];
    example.assert_get("/api/articles?tag=a", "200", &parts);
    example.assert("GET /api/user", &known, "", "200", &["ada@example.com"]);
    example.assert_get("/metrics", "200", &["http_requests_total"]);
    example.stop();
}
