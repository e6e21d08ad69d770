//! Where one goes on after signing in: to this site, whatever the query says.

use cepa::sessions::Sessions;

use super::app::{Members, PASSWORD, app, app_with, auth};
use super::browser::Browser;

const ADA: &str = "ada@example.com";

/// Ways out of a site that were found in programs that check by hand.
const ELSEWHERE: [&str; 56] = [
    "https://evil.example",
    "http://evil.example/",
    "HTTPS://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    " https://evil.example",
    "\u{0}//evil.example",
    "/%09/evil.example",
    "/%2f/evil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "/%5C/evil.example",
    "/%5c%5cevil.example",
    "/./evil.example//..",
    "/.//evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/a//evil.example",
    "/%2e%2e//evil.example",
    "/%2e//evil.example",
    "/..;/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "evil.example",
    "evil.example/a",
    "@evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "http:///evil.example",
    "//evil.example@localhost/",
    "//localhost@evil.example/",
    "//[::1]/",
    "//%65vil.example",
    "/\u{ff0f}evil.example",
    "/\u{2044}evil.example",
    "\u{3000}//evil.example",
    "/a\r\nset-cookie: a=b",
    "/a b",
    "?next=/",
    "#/",
    "",
];

#[test]
fn nobody_is_led_elsewhere() {
    let members = Members::default();
    let client = app(&members).test();
    Browser::new(&client).sign_up(ADA);
    for target in ELSEWHERE {
        let browser = Browser::new(&client);
        let form = [("email", ADA), ("password", PASSWORD)];
        let req = client.post("/login").query(&[("next", target)]).form(&form);
        let res = browser.send(req);
        let location = res.header("location").unwrap();
        // A tab, encoded, is the name of a folder; and so are two dots with a semicolon.
        let harmless = ["/%09/evil.example", "/..;/evil.example"];
        match harmless.contains(&target) {
            true => assert_eq!(location, target),
            false => assert_eq!(location, "/me", "{target:?}"),
        }
        assert!(res.headers().get_all("set-cookie").iter().count() == 1);
    }
}

#[test]
fn somebody_goes_on_where_it_was_asked_for() {
    let members = Members::default();
    let with_page = auth(&members).with_login_page("/login");
    let client = app_with(&members, Sessions::memory(), with_page).test();
    Browser::new(&client).sign_up(ADA);
    let paths = [
        "/club",
        "/club/",
        "/club?a=1&b=%2Fx#no",
        "/club/caf%C3%A9?next=//evil.example&x=%25",
        "/club?q=a+b%20c&r=\u{27}",
    ];
    for path in paths {
        let sent = path.split('#').next().unwrap();
        let browser = Browser::new(&client);
        let res = browser.open(sent);
        res.assert_status(303);
        let login = res.header("location").unwrap().to_owned();
        assert!(login.starts_with("/login?next=/club"), "{login}");
        assert_eq!(browser.open(&login).status(), 200);
        let res = browser.post(&login, &[("email", ADA), ("password", PASSWORD)]);
        res.assert_status(303).assert_header("location", sent);
    }
    // Not in a circle.
    let form = [("email", ADA), ("password", PASSWORD)];
    let res = Browser::new(&client).post("/login?next=/login?next=/club", &form);
    res.assert_header("location", "/me");
    let res = Browser::new(&client).post("/login?next=/club&next=//evil.example", &form);
    res.assert_header("location", "/club");
}
