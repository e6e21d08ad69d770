//! The examples of users and tokens.

use super::*;

#[cfg(all(feature = "auth", feature = "jwt"))]
#[test]
fn jwt_api_knows_people_by_their_tokens() {
    let secret = [("JWT_SECRET", "0123456789abcdef0123456789abcdef")];
    let example = Example::start_with("jwt_api", &secret);
    let ada = r#"{"name":"ada","password":"leek onion garlic"}"#;
    let weak = r#"{"name":"lovelace","password":"lovelace1"}"#;
    let told = ["\"field\":\"password\"", "little more than a name"];
    example.assert_json("POST /api/users", weak, "422", &told);
    let made = ["cache-control: no-store", "\"token\":\"ey"];
    example.assert_json("POST /api/users", ada, "201", &made);
    example.assert_json("POST /api/users", ada, "409", &["taken"]);
    example.assert_json(
        "POST /api/users/login",
        &ada.replace("leek", "x"),
        "401",
        &[],
    );
    let json = "content-type: application/json\r\n";
    let answer = example.ask("POST /api/users/login", json, ada);
    let token = answer.split("\"token\":\"").nth(1);
    let token = token.and_then(|it| it.split('"').next()).unwrap_or(&answer);
    let known = format!("authorization: Token {token}\r\n");
    example.assert("GET /api/user", &known, "", "200", &[r#"{"name":"ada"}"#]);
    example.assert("GET /", &known, "", "200", &["Hello, ada!"]);
    example.assert_get("/", "200", &["Hello, stranger!"]);
    let bearer = format!("authorization: Bearer {token}\r\n");
    let challenge = ["www-authenticate: Token\r\n"];
    example.assert("GET /api/user", &bearer, "", "401", &challenge);
    let forged = format!("authorization: Token {token}x\r\n");
    example.assert("GET /", &forged, "", "401", &["error=\"invalid_token\""]);
    let log = example.stop();
    assert!(!log.contains("garlic") && !log.contains(token), "{log}");
}

#[cfg(all(
    feature = "auth",
    feature = "files",
    feature = "orm-sqlite",
    feature = "templates"
))]
#[test]
fn auth_takes_members_in_and_knows_them_after_a_restart() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/club.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{file}{end}"));
    }
    let url = format!("sqlite://{file}");
    let start = || Example::start_with("auth", &[("DATABASE_URL", &url)]);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let ada = "email=ada%40example.com&password=leek+onion+garlic";
    let example = start();
    example.assert_get("/", "200", &["For friends of onions"]);
    let page = "accept: text/html\r\n";
    let away = ["location: /login?next=/account"];
    example.assert("GET /account", page, "", "303", &away);
    example.assert("POST /login", form, ada, "303", &["location: /login\r\n"]);
    // Whoever types an address chooses no password for it: whoever reads its mails does.
    let sign_up = || {
        example.assert("POST /sign-up", form, ada, "303", &["location: /\r\n"]);
        let mails = example.ask("GET /mails", "", "");
        let link = mails.split("/join/").nth(1);
        let link = link.and_then(|it| it.split('"').next());
        format!("/join/{}", link.unwrap_or(&mails))
    };
    let (first, second) = (sign_up(), sign_up());
    // No mail leads to a host that somebody else chose.
    let evil = format!("host: evil.example\r\n{form}");
    for line in ["POST /sign-up", "POST /forgot"] {
        example.assert(line, &evil, ada, "421", &["does not answer for this host"]);
    }
    let to_login = ["location: /login\r\n"];
    example.assert("POST /login", form, ada, "303", &to_login);
    example.assert_get(&first, "200", &["ada@example.com"]);
    let post = |link: &str, password: &str, status: &str, parts: &[&str]| {
        let body = format!("password={password}");
        example.assert(&format!("POST {link}"), form, &body, status, parts);
    };
    let used = ["This link was used already"];
    post(&format!("{first}x"), "shallots+and+chives", "404", &used);
    let back = format!("location: {first}\r\n");
    post(&first, "short", "303", &[&back]);
    post(&first, "shallots+and+chives", "303", &to_login);
    // Once for each address, however many links there are.
    post(&first, "leek+onion+garlic", "404", &used);
    post(&second, "leek+onion+garlic", "404", &used);
    example.assert("POST /sign-up", form, ada, "303", &["location: /\r\n"]);
    example.assert_get("/mails", "200", &["You are a member already"]);
    example.stop();

    let example = start();
    let typed = ada.replace("leek+onion+garlic", "shallots+and+chives");
    let answer = example.ask("POST /login?next=/members", form, &typed);
    assert!(answer.contains("location: /members\r\n"), "{answer}");
    let cookie = answer.split("set-cookie: ").nth(1).unwrap_or(&answer);
    let cookie = cookie.split(';').next().unwrap_or(cookie);
    let cookie = format!("cookie: {cookie}\r\n");
    example.assert("GET /members", &cookie, "", "200", &["ada@example.com"]);
    // The page of an error knows who asks, too.
    for (cookie, shown) in [(&*cookie, "Log out"), ("", "Log in")] {
        example.assert("GET /nowhere", cookie, "", "404", &[shown]);
    }
    let other = format!("{cookie}origin: https://evil.example\r\n");
    example.assert("POST /logout", &other, "", "403", &["another origin"]);
    example.assert("POST /logout", &cookie, "", "303", &[]);
    example.assert("GET /members", &cookie, "", "401", &[]);
    let log = example.stop();
    assert!(!log.contains("chives"), "{log}");
}
