//! Examples that need no feature.

use super::*;

#[test]
fn hello_greets_and_logs_it() {
    let example = Example::start("hello");
    example.assert_get("/", "200", &["\r\n\r\nHello, World!"]);
    assert!(example.stop().contains("GET / 200 13 B"));
}

#[test]
fn routing_finds_parameters_literals_and_links() {
    let example = Example::start("routing");
    example.assert_get("/", "200", &["Read /posts/2026/hello-world"]);
    example.assert_get("/posts/2026/a%20b", "200", &["a b, written in 2026"]);
    example.assert_get("/posts/latest", "200", &["The latest post"]);
    example.assert_get("/posts/soon/x", "400", &["year"]);
    example.assert_get("/search?q=onions&page=2", "200", &["Page 2", "onions"]);
    example.assert_get("/search", "400", &["is missing"]);
    example.assert_get("/img-7.png", "200", &["Image 7"]);
    example.assert_get("/files/a/b.txt", "200", &["The file a/b.txt"]);
    example.assert_get("/users", "200", &["All users"]);
    example.assert_get("/users/me", "200", &["You"]);
    example.assert("DELETE /users/7", "", "", "204", &[]);
    example.assert(
        "PUT /users/7",
        "",
        "",
        "405",
        &["allow: DELETE, GET, HEAD, OPTIONS"],
    );
    example.assert("TRACE /echo", "", "", "200", &["TRACE"]);
    example.assert_get("/nowhere", "404", &["try /search"]);
    example.stop();
}

#[test]
fn routes_are_printed_explained_and_served() {
    let explain = |args: &[&str]| {
        let output = Command::new(program("routes")).args(args).output();
        String::from_utf8(output.expect("it is built").stderr).expect("it is text")
    };
    let told = explain(&["GET", "/users/7/x"]);
    assert!(told.contains("404") && told.contains("one segment less"));
    let told = explain(&["GET", "http://red.example.com/members/7"]);
    assert!(told.contains("team = \"red\""));
    let example = Example::start("routes");
    example.assert_get("/users/7", "200", &["User 7", "x-version: 1"]);
    example.stop();
}

#[test]
fn middleware_wraps_and_guards() {
    let example = Example::start("middleware");
    example.assert_get("/", "200", &["server-timing: app;dur="]);
    example.assert_get("/logo", "200", &["cache-control: max-age=3600"]);
    example.assert_get("/secret", "401", &["send your token", "server-timing"]);
    let token = "authorization: Bearer onion\r\n";
    example.assert("GET /secret", token, "", "200", &["Welcome, Ada!"]);
    example.stop();
}

#[test]
fn json_is_taken_and_refused_by_field() {
    let example = Example::start("json");
    let onion = r#"{"items": [{"name": "onion", "price": 40}]}"#;
    example.assert_json("POST /orders", onion, "200", &[r#""total":40"#]);
    let text = r#"{"items": [{"name": "onion", "price": "much"}]}"#;
    example.assert_json("POST /orders", text, "422", &["items[0].price"]);
    let gift = r#"{"items": [], "gift": true}"#;
    example.assert_json("POST /orders", gift, "422", &[r#""field":"note""#]);
    example.assert_json("POST /orders", "{", "400", &["line 1"]);
    example.assert("POST /orders", "", onion, "415", &["application/json"]);
    example.assert_json("POST /echo", "[1]", "202", &[r#"{"you_sent":[1]}"#]);
    example.stop();
}

#[test]
fn state_is_shared_and_inherited() {
    let example = Example::start("state");
    example.assert("POST /visits", "", "", "200", &["Hello! You are number 1."]);
    example.assert(
        "POST /eo/visits",
        "",
        "",
        "200",
        &["Saluton! You are number 2."],
    );
    example.assert("POST /guestbook", "", "Ada", "201", &[]);
    example.assert_get("/guestbook", "200", &[r#"["Ada"]"#]);
    example.stop();
}

#[test]
fn sse_tells_everyone_and_ends_at_a_stop() {
    let example = Example::start("sse");
    example.assert_get("/", "200", &["new EventSource"]);
    for text in ["one", "two\nlines", "three"] {
        example.assert("POST /messages", "", text, "204", &[]);
    }
    let mut stream = TcpStream::connect(&example.addr).expect("the example accepts");
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).expect("it is not zero");
    let ask = b"GET /events HTTP/1.1\r\nhost: a\r\nlast-event-id: 1\r\n\r\n";
    stream.write_all(ask).expect("it is read");
    let (mut text, mut piece) = (String::new(), [0; 1024]);
    while !text.contains("id: 3") {
        let count = stream.read(&mut piece).expect("it sends on");
        assert!(count > 0, "it ended after {text}");
        text += &String::from_utf8_lossy(&piece[..count]);
    }
    assert!(text.contains("data: two\ndata: lines\nid: 2\n\n"));
    assert!(!text.contains("data: one"), "{text}");
    example.stop();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("it ends");
    assert!(
        rest.contains("retry: 1000") && rest.ends_with("0\r\n\r\n"),
        "{rest}"
    );
}

#[test]
fn errors_have_their_status_and_hide_their_cause() {
    let example = Example::start("errors");
    example.assert(
        "POST /accounts/7/withdraw/30",
        "",
        "",
        "200",
        &["70 are left"],
    );
    example.assert(
        "POST /accounts/7/withdraw/500",
        "",
        "",
        "409",
        &["not enough money"],
    );
    example.assert(
        "POST /accounts/13/withdraw/5",
        "",
        "",
        "403",
        &["is closed"],
    );
    example.assert_get("/colors/blue", "200", &["#00f"]);
    example.assert_get(
        "/colors/green",
        "404",
        &[r#"{"error":"red and blue are known here"#],
    );
    let answer = example.ask("GET /motto", "", "");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(!answer.contains("No such file"), "{answer}");
    assert!(example.stop().contains("No such file"));
}

#[test]
fn mount_gives_each_part_its_own_answers() {
    let example = Example::start("mount");
    example.assert_get("/", "200", &["Home"]);
    example.assert_get("/api", "200", &[r#"{"version":1}"#]);
    example.assert_get("/api/nothing", "404", &[r#"{"error":"see /api"}"#]);
    example.assert_get("/nothing", "404", &["<h1>Nothing here</h1>"]);
    example.assert_get(
        "/api/admin",
        "403",
        &[r#"{"error":"send a key in `X-Key`"}"#],
    );
    example.assert(
        "GET /api/admin",
        "x-key: 1\r\n",
        "",
        "200",
        &["The admin's page"],
    );
    example.assert_get("/teams/red/members/7", "200", &["Member 7 of team red"]);
    let host = "host: acme.example.com\r\n";
    example.assert(
        "GET /members/7",
        host,
        "",
        "200",
        &["Member 7 of team acme"],
    );
    example.stop();
}

#[test]
fn testing_runs_as_a_program_too() {
    let example = Example::start("testing");
    example.assert_get("/age/9999", "400", &["that is in the future"]);
    example.stop();
}

#[test]
fn notes_are_made_found_and_deleted() {
    let example = Example::start("notes");
    example.assert_get(
        "/api/notes",
        "200",
        &[r#""title":"Welcome""#, "x-request-id: "],
    );
    let note = r#"{"title": "Onions", "tags": ["food"]}"#;
    let made = ["location: /api/notes/2", r#""id":2"#];
    example.assert_json("POST /api/notes", note, "201", &made);
    example.assert_json("POST /api/notes", note, "409", &["note 2 has this title"]);
    let wrong = r#"{"title": " ", "tags": ["food", "two words"]}"#;
    let fields = [r#""field":"title""#, r#""field":"tags[1]""#, "request_id"];
    example.assert_json("POST /api/notes", wrong, "422", &fields);
    example.assert_get("/api/notes?tag=food&limit=1", "200", &["Onions"]);
    example.assert_get("/api/notes/2", "200", &["Onions"]);
    example.assert("DELETE /api/notes/2", "", "", "403", &["X-Key"]);
    example.assert("DELETE /api/notes/2", "x-key: onion\r\n", "", "204", &[]);
    example.assert_get("/api/notes/2", "404", &["no such note"]);
    example.assert_get("/notes", "404", &["the notes are at /api/notes"]);
    example.stop();
}

#[test]
fn todo_keeps_what_its_suite_sends() {
    let hosts = [("HOSTS", "localhost,onions.example")];
    let example = Example::start_with("todo", &hosts);
    let page = "origin: https://todobackend.com\r\n";
    let preflight = format!("{page}access-control-request-method: PATCH\r\n");
    let methods = "access-control-allow-methods: GET, POST, PATCH, DELETE";
    example.assert("OPTIONS /todos/1", &preflight, "", "204", &[methods]);

    let made = [
        "location: http://localhost/todos/1",
        r#"{"title":"Plant","completed":false,"order":5,"url":"http://localhost/todos/1"}"#,
    ];
    example.assert_json(
        "POST /todos",
        r#"{"title": "Plant", "order": 5}"#,
        "201",
        &made,
    );
    example.assert_json("POST /todos", "{}", "422", &[r#""field":"title""#]);

    let change = r#"{"title": "Water", "completed": true}"#;
    let changed = [r#"{"title":"Water","completed":true,"order":5,"#];
    example.assert_json("PATCH /todos/1", change, "200", &changed);
    example.assert_json(
        "PATCH /todos/1",
        r#"{"order": 9}"#,
        "200",
        &[r#""order":9"#],
    );
    example.assert_json("PATCH /todos/2", change, "404", &["no such todo"]);

    let host = format!("host: onions.example:8080\r\n{page}");
    let listed = [
        "access-control-allow-origin: *",
        r#"[{"title":"Water","completed":true,"order":9,"url":"http://onions.example:8080/todos/1"}]"#,
    ];
    example.assert("GET /todos", &host, "", "200", &listed);
    let evil = "host: evil.example\r\n";
    example.assert("GET /todos", evil, "", "421", &[]);
    example.assert_get("/todos/1", "200", &["Water"]);

    example.assert("DELETE /todos/1", page, "", "204", &["access-control"]);
    example.assert("DELETE /todos/1", page, "", "404", &["access-control"]);
    example.assert("DELETE /todos", "", "", "204", &[]);
    example.assert_get("/todos", "200", &["\r\n\r\n[]"]);
    example.stop();
}

#[test]
fn conformance_answers_what_suites_ask() {
    let example = Example::start("conformance");
    example.assert_get("/json", "200", &[r#"{"message":"Hello, World!"}"#]);
    example.assert_get("/mw", "200", &["Hello, World!"]);
    example.assert_json("POST /todos", r#"{"title": "a"}"#, "201", &["/todos/1"]);
    example.assert("PATCH /echo", "", "as sent", "200", &["as sent"]);
    example.assert_get("/hdr?v=a%0db", "500", &[]);
    let event = "data: a\ndata: b\ndata: id: 1\n\n";
    example.assert_get("/sse1?d=a%0db%0D%0Aid:%201", "200", &[event]);
    if cfg!(feature = "compression") {
        example.assert("POST /gunzip", "", "plain", "200", &["\r\n\r\n5"]);
        let gzip = "content-encoding: gzip\r\n";
        example.assert("POST /gunzip", gzip, "plain", "400", &["cannot be decoded"]);
        let odd = "content-encoding: compress\r\n";
        example.assert(
            "POST /gunzip",
            odd,
            "plain",
            "415",
            &["accept-encoding: zstd, br"],
        );
    }
    let sockets = if cfg!(feature = "ws") { "426" } else { "404" };
    example.assert_get("/ws", sockets, &[]);
    example.stop();
}
