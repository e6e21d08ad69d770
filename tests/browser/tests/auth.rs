//! The example `auth`: from signing up to being put out, by typing and clicking.

use std::ffi::OsString;

use cepa_browser::{Browser, Example, Folder, Tab};

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const PASSWORD: &str = "leek onion garlic";

fn start(folder: &Folder) -> Example {
    let mut url = OsString::from("sqlite://");
    url.push(folder.join("app.db"));
    let key = "0123456789abcdef0123456789abcdef";
    let variables = [
        ("SECRET_KEY", key.as_ref()),
        ("DATABASE_URL", url.as_os_str()),
    ];
    Example::start("auth", &variables)
}

/// A page of the club in one browser.
struct Page<'a> {
    tab: Tab<'a>,
    url: &'a str,
}

impl<'a> Page<'a> {
    fn open(browser: &'a Browser, club: &'a Example) -> Self {
        let tab = browser.open(club.url());
        let url = club.url();
        Self { tab, url }
    }

    fn go(&self, path: &str) {
        self.tab.go(&format!("{}{path}", self.url));
    }

    fn send(&self, fields: &[(&str, &str)], button: &str) {
        for (name, text) in fields {
            self.tab.write(&format!("main [name={name}]"), text);
        }
        self.tab.click(button);
    }

    fn wait_at(&self, path: &str) {
        let path = format!("{:?}", format!("/{path}"));
        self.tab.wait_for(format!(
            "decodeURIComponent(location.pathname + location.search) === {path} && document.readyState === 'complete'"
        ));
    }

    fn follow_mail(&self, subject: &str) {
        self.go("mails");
        self.tab.wait_for_text("li:first-child a", subject);
        self.tab.click("li:first-child a");
    }

    fn sign_up(&self, email: &str) {
        self.go("sign-up");
        self.send(&[("email", email)], "main button");
        let sent = format!("We sent a mail to {email}. Open the link in it.");
        self.tab.wait_for_text(".flash.success", &sent);
        self.follow_mail("Confirm your address");
        self.tab.wait_for_text("h1", "Choose a password");
        self.tab.wait_for_text("strong", email);
    }

    fn join(&self) {
        self.send(&[("password", PASSWORD)], "main button");
        let joined = "You are a member. Log in with your password.";
        self.tab.wait_for_text(".flash.success", joined);
    }

    fn log_in(&self, email: &str, password: &str) {
        self.send(&[("email", email), ("password", password)], "main button");
    }
}

#[test]
fn somebody_becomes_a_member_and_goes_in_and_out() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let folder = Folder::new();
    let club = start(&folder);
    let page = Page::open(&browser, &club);
    page.tab.click("nav a[href='/sign-up']");
    page.wait_at("sign-up");
    // What is wrong is said where it is, and what was typed is still there.
    page.send(&[("email", "ada@example")], "main button");
    let wrong = "An address is like ada@example.com.";
    page.tab.wait_for_text("#email-note.error", wrong);
    assert_eq!(page.tab.eval("email.value"), "ada@example");
    page.sign_up(ADA);
    page.send(&[("password", "Password1")], "main button");
    let common = "This is one of the most common passwords: take another";
    page.tab.wait_for_text("#password-note.error", common);
    assert_eq!(page.tab.eval("password.value"), "");
    page.join();

    // Who comes from a page that is for members goes on there.
    page.go("account");
    page.wait_at("login?next=/account");
    page.log_in(ADA, "leek onion garlik");
    let wrong = "This is no member's address and password.";
    page.tab.wait_for_text("#password-note.error", wrong);
    page.wait_at("login?next=/account");
    page.log_in(ADA, PASSWORD);
    page.wait_at("account");
    page.tab.wait_for_text("strong", ADA);
    page.tab.click("nav button");
    page.tab
        .wait_for_text(".flash.success", "You are logged out.");
    page.go("account");
    page.wait_at("login?next=/account");
}

#[test]
fn another_password_puts_other_devices_out_and_a_link_sets_a_new_one() {
    let (Some(here), Some(there)) = (Browser::start(), Browser::start()) else {
        return;
    };
    let folder = Folder::new();
    let club = start(&folder);
    let (here, there) = (Page::open(&here, &club), Page::open(&there, &club));
    here.sign_up(ADA);
    here.join();
    for page in [&here, &there] {
        page.go("account");
        page.wait_at("login?next=/account");
        page.log_in(ADA, PASSWORD);
        page.wait_at("account");
    }
    let change = "form[action='/account/password'] button";
    here.send(
        &[("password", "wrong"), ("new_password", "garlic onion leek")],
        change,
    );
    here.tab
        .wait_for_text("#password-note.error", "This is not your present password.");
    here.send(
        &[
            ("password", PASSWORD),
            ("new_password", "garlic onion leek"),
        ],
        change,
    );
    let changed = "Your password is changed. Other devices are logged out.";
    here.tab.wait_for_text(".flash.success", changed);
    here.tab.wait_for_text("strong", ADA);
    there.go("account");
    there.wait_at("login?next=/account");

    there.tab.click("a[href='/forgot']");
    there.wait_at("forgot");
    there.send(&[("email", ADA)], "main button");
    let sent = "If this is the address of a member, a mail is on its way.";
    there.tab.wait_for_text(".flash.success", sent);
    there.follow_mail("Set a new password");
    there.tab.wait_for_text("h1", "Your new password");
    there.send(&[("password", "short")], "main button");
    there
        .tab
        .wait_for_text("#password-note.error", "Take at least 8 characters");
    there.send(&[("password", "shallots and chives")], "main button");
    there
        .tab
        .wait_for_text(".flash.success", "Your password is set. Log in with it.");
    there.log_in(ADA, "shallots and chives");
    there.wait_at("account");
    here.go("account");
    here.wait_at("login?next=/account");
}

#[test]
fn an_admin_puts_somebody_out_at_once() {
    let (Some(admins), Some(members)) = (Browser::start(), Browser::start()) else {
        return;
    };
    let folder = Folder::new();
    let club = start(&folder);
    let (ada, bob) = (Page::open(&admins, &club), Page::open(&members, &club));
    for (page, email) in [(&ada, ADA), (&bob, BOB)] {
        page.sign_up(email);
        page.join();
        page.log_in(email, PASSWORD);
        page.wait_at("account");
    }
    bob.go("members");
    bob.tab.wait_for_text("h1", "Forbidden");
    ada.tab.click("nav a[href='/members']");
    ada.wait_at("members");
    // Nobody blocks an admin, themselves neither.
    assert_eq!(
        ada.tab
            .eval("document.querySelectorAll('main form').length"),
        1
    );
    ada.tab.click("main form button");
    ada.tab
        .wait_for_text(".flash.success", "bob@example.com is blocked.");
    bob.go("account");
    bob.wait_at("login?next=/account");
    bob.log_in(BOB, PASSWORD);
    bob.tab.wait_for_text(
        "#password-note.error",
        "This is no member's address and password.",
    );
    ada.tab.click("main form button");
    ada.tab
        .wait_for_text(".flash.success", "bob@example.com is back.");
    bob.log_in(BOB, PASSWORD);
    bob.wait_at("account");
}
