//! Examples of extensions, each behind its feature.

#[allow(unused_imports, reason = "without features there is nothing here")]
use super::*;

#[cfg(all(feature = "health", feature = "metrics"))]
#[test]
fn observe_shows_health_and_metrics() {
    let example = Example::start("observe");
    example.assert_get("/livez", "200", &["pass"]);
    example.assert_get("/readyz", "200", &[r#""stock":{"status":"pass"}"#]);
    for _ in 0..3 {
        example.assert("POST /orders/leek", "", "", "200", &["one leek"]);
    }
    example.assert_get("/readyz", "503", &[r#""stock":{"status":"fail"}"#]);
    let series = r#"http_requests_total{method="POST",route="/orders/{kind}",status="200"} 3"#;
    let own = ["orders_total{kind=\"leek\"} 3", "stock_sold 3", series];
    example.assert_get("/metrics", "200", &own);
    assert!(
        example
            .stop()
            .contains("health check `stock` fails: sold out")
    );
}

#[cfg(feature = "files")]
#[test]
fn files_are_served_from_a_folder_and_from_the_program() {
    let example = Example::start("files");
    let page = "accept: text/html\r\n";
    example.assert("GET /red/7", page, "", "200", &["<h1>Onions</h1>"]);
    example.assert_get("/docs/", "200", &["routing.md", "structure.md"]);
    let kept = ["cache-control: max-age=3600", "last-modified: "];
    example.assert_get("/docs/routing.md", "200", &kept);
    example.assert_get("/docs/%2e%2e/Cargo.toml", "404", &[]);
    example.assert_get("/api/onions", "200", &["red"]);
    example.stop();
}

#[cfg(feature = "cookies")]
#[test]
fn cookies_count_visits_and_know_who_signed_in() {
    let example = Example::start("cookies");
    let first = [
        "set-cookie: visits=1; Path=/; SameSite=Lax; HttpOnly",
        "stranger",
    ];
    example.assert_get("/", "200", &first);
    example.assert_get("/club", "401", &["set-cookie: visits=1", "sign in first"]);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = example.ask("POST /sign-in", form, "name=Ada");
    let signed = answer
        .split("set-cookie: ")
        .find(|it| it.starts_with("name="));
    let signed = signed.and_then(|it| it.split(';').next());
    let sent = format!("cookie: visits=8; {}\r\n", signed.unwrap_or(&answer));
    let known = ["visits=9", "Welcome to the club, Ada"];
    example.assert("GET /club", &sent, "", "200", &known);
    example.assert("GET /club", "cookie: name=Ada\r\n", "", "401", &[]);
    example.stop();
}

#[cfg(feature = "rate-limit")]
#[test]
fn rate_limits_hold_by_address_and_by_account() {
    let example = Example::start("rate_limit");
    for left in ["r=2", "r=1", "r=0"] {
        let said = format!("ratelimit: \"sign-in\";{left};");
        example.assert("POST /sign-in", "", "", "200", &["You are in", &said]);
    }
    let refused = ["retry-after: ", "too many requests: try again in"];
    example.assert("POST /sign-in", "", "", "429", &refused);
    let ask = |key: &str, status: &str, part: &str| {
        let key = format!("x-key: {key}\r\n");
        example.assert("GET /reports", &key, "", status, &[part]);
    };
    ask("onion", "200", "for Ada");
    ask("onion", "200", "for Ada");
    ask("onion", "429", "\"reports\";r=0");
    ask("leek", "200", "for Bob");
    ask("garlic", "403", "not known");
    example.stop();
}

#[cfg(all(feature = "cookies", feature = "rate-limit"))]
#[test]
fn middleware_tour_shows_each_middleware_at_work() {
    let example = Example::start("middleware_tour");
    let known = "x-request-id: tour-1\r\ncookie: visits=6\r\n";
    let parts = [
        "Visit <b>7</b>",
        "set-cookie: visits=7",
        r#"ratelimit: "default";r="#,
        "x-content-type-options: nosniff",
        "script-src 'nonce-",
        "vary: origin",
        "x-request-id: tour-1",
    ];
    example.assert("GET /", known, "", "200", &parts);
    example.assert_get("//notes/../slow", "308", &["location: /slow"]);
    example.assert_get("/slow", "503", &["x-request-id: ", "nosniff"]);
    example.assert("POST /notes", "", &"x".repeat(1025), "413", &["nosniff"]);
    let evil = "origin: https://evil.example\r\n";
    example.assert("POST /notes", evil, "onions", "403", &["another origin"]);

    let partner = "origin: https://partner.example\r\n";
    let allowed = "access-control-allow-origin: https://partner.example";
    let preflight = format!("{partner}access-control-request-method: DELETE\r\n");
    example.assert("OPTIONS /notes/7", &preflight, "", "204", &[allowed]);
    let instead = format!("{partner}x-http-method-override: DELETE\r\n");
    let parts = ["Deleted note 7", allowed];
    example.assert("POST /notes/7", &instead, "", "200", &parts);

    example.assert("GET /", "host: evil.example\r\n", "", "421", &[]);
    for _ in 0..3 {
        example.assert("POST /sign-in", "", "", "200", &["You are in"]);
    }
    example.assert("POST /sign-in", "", "", "429", &["retry-after: "]);
    assert!(example.stop().contains("GET / 200 94 B"));
}

#[cfg(feature = "multipart")]
#[test]
fn uploads_are_kept_listed_and_counted() {
    let _ = std::fs::remove_dir_all(example::UPLOADS);
    let example = Example::start("upload");
    let body = "--x\r\ncontent-disposition: form-data; name=file; filename=\"../an onion.txt\"\r\n\
                \r\nlayers\r\n--x--\r\n";
    let form = "content-type: multipart/form-data; boundary=x\r\n";
    example.assert("POST /", form, body, "303", &["location: /"]);
    example.assert_get("/", "200", &["an_onion.txt</span><small>6 bytes"]);
    example.assert("POST /", form, body, "409", &["a file of this name"]);
    example.stop();
    let example = Example::start("conformance");
    example.assert("POST /upload", form, body, "200", &["\r\n\r\n1 6"]);
    example.stop();
}

#[cfg(feature = "ws")]
#[test]
fn chat_tells_everyone_in_the_room() {
    let example = Example::start("chat");
    example.assert_get("/", "200", &["<title>Chat</title>"]);
    example.assert_get("/chat/lobby?name=Ada", "426", &[]);
    let open = |name: &str| {
        let mut stream = TcpStream::connect(&example.addr).expect("the example accepts");
        let head = format!(
            "GET /chat/lobby?name={name} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("it takes a head");
        read_until(&mut stream, &format!("\"name\":\"{name}\",\"count\":"));
        stream
    };
    let mut ada = open("Ada");
    let mut ben = open("Ben");
    read_until(&mut ada, r#"{"kind":"came","name":"Ben","count":2}"#);
    let said = br#"{"text":" hello "}"#;
    let frame = [&[0x81, 0x80 | said.len() as u8, 0, 0, 0, 0], &said[..]].concat();
    ada.write_all(&frame).expect("it takes a frame");
    read_until(&mut ben, r#"{"kind":"said","name":"Ada","text":"hello"}"#);
    drop(ada);
    read_until(&mut ben, r#"{"kind":"left","name":"Ada","count":1}"#);
    example.stop();
}

/// Reads until these words came.
#[cfg(feature = "ws")]
fn read_until(stream: &mut TcpStream, words: &str) {
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).expect("it is not zero");
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(words.as_bytes()) {
        let text = || String::from_utf8_lossy(&seen).into_owned();
        let read = stream
            .read(&mut byte)
            .unwrap_or_else(|_| panic!("{}", text()));
        assert_eq!(read, 1, "{}", text());
        seen.push(byte[0]);
    }
}

#[cfg(all(feature = "files", feature = "templates"))]
#[test]
fn templates_show_a_guestbook_with_errors_messages_and_pages() {
    let example = Example::start("templates");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let post = |body: &str| {
        let answer = example.ask("POST /", form, body);
        assert!(answer.contains("location: /\r\n"), "{answer}");
        let cookie = answer
            .split("set-cookie: ")
            .nth(1)
            .and_then(|it| it.split(';').next());
        format!("cookie: {}\r\n", cookie.unwrap_or(&answer))
    };
    example.assert_get(
        "/",
        "200",
        &["Nobody has signed yet", "href=\"/static/guestbook."],
    );
    let wrong = post("name=&text=%3Cb%3E&website=javascript:alert(1)");
    let parts = [
        "Please say who you are.",
        "rows=\"4\">&lt;b&gt;</textarea>",
        "value=\"javascript:alert(1)\"",
        "An address begins with",
        "Nobody has signed yet",
    ];
    example.assert("GET /", &wrong, "", "200", &parts);
    for i in 1..=6 {
        let thanks = post(&format!("name=Visitor+{i}&text=%3Cb%3E"));
        let thanks_parts = ["Thank you, Visitor", "flash success", "max-age=0"].map(String::from);
        let answer = example.ask("GET /", &thanks, "").to_lowercase();
        for part in thanks_parts {
            assert!(answer.contains(&part.to_lowercase()), "{part}: {answer}");
        }
    }
    example.assert_get(
        "/",
        "200",
        &["Visitor 6", "Page 1 of 2", "href=\"/?page=2\""],
    );
    example.assert_get(
        "/?page=2",
        "200",
        &["Visitor 1", "&lt;b&gt;", "href=\"/?page=1\""],
    );
    example.assert_get(
        "/?page=3",
        "404",
        &["<h1>Not Found</h1>", "Back to the guestbook"],
    );
    example.assert_get("/static/guestbook.css", "200", &["content-type: text/css"]);
    example.stop();
}

#[cfg(feature = "sessions")]
#[test]
fn sessions_keep_a_basket_and_know_who_signed_in() {
    let example = Example::start("sessions");
    example.assert_get("/", "200", &["Hello, stranger! Basket: \n"]);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let id = |answer: &str| {
        let line = answer
            .split("set-cookie: ")
            .nth(1)
            .and_then(|it| it.split(';').next());
        format!("cookie: {}\r\n", line.expect(answer))
    };
    let first = id(&example.ask("POST /basket", form, "item=onion"));
    let sent = first.clone() + form;
    example.assert("POST /basket", &sent, "item=leek", "303", &[]);
    let second = id(&example.ask("POST /sign-in", &sent, "name=Ada"));
    let known = ["Hello, Ada! Basket: onion, leek"];
    example.assert("GET /", &second, "", "200", &known);
    example.assert("GET /", &first, "", "200", &["Hello, stranger! Basket: \n"]);
    id(&example.ask("POST /sign-in", form, "name=Ada"));
    let ended = ["signed out elsewhere: 1"];
    example.assert("POST /sign-out-elsewhere", &second, "", "200", &ended);
    let evil = second.clone() + "origin: https://evil.example\r\n";
    example.assert("POST /sign-out", &evil, "", "403", &[]);
    let gone = ["set-cookie: session=; Path=/; Max-Age=0"];
    example.assert("POST /sign-out", &second, "", "303", &gone);
    example.assert("GET /", &second, "", "200", &["stranger"]);
    example.stop();
}
