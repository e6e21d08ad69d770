//! The example `templates`: a form that comes back with its errors, messages seen once, pages.

use cepa_browser::{Browser, Example, Tab};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn start() -> Example {
    Example::start("templates", &[("SECRET_KEY", KEY.as_ref())])
}

fn sign(tab: &Tab<'_>, name: &str, text: &str) {
    tab.write("#name", name);
    tab.write("#text", text);
    tab.click("button");
}

fn count(tab: &Tab<'_>, selector: &str) -> u64 {
    let count = tab.eval(&format!("document.querySelectorAll('{selector}').length"));
    count.as_u64().unwrap()
}

#[test]
fn a_form_comes_back_with_values_and_errors_until_it_is_right() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let book = start();
    let tab = browser.open(book.url());
    tab.wait_for_text(".empty", "Nobody has signed yet. Be the first.");
    // The script has the nonce of the policy.
    tab.wait_for_text("#left", "500 letters left");

    let text = "</textarea><script>alert(1)</script> it's \"5 < 6\" & more";
    tab.write("#website", "javascript:alert(1)");
    sign(&tab, "", text);
    tab.wait_for_text("#name-error", "Please say who you are.");
    tab.wait_for_text("#website-error", "An address begins with https://.");
    assert_eq!(count(&tab, ".error"), 2);
    tab.wait_until_it_fits();
    assert_eq!(tab.eval("text.value"), text);
    assert_eq!(tab.eval("website.value"), "javascript:alert(1)");
    assert_eq!(
        tab.eval("document.querySelector('#name').ariaInvalid"),
        "true"
    );
    tab.wait_for_text(".empty", "Nobody has signed yet. Be the first.");

    // What was wrong is told once; the address is that of the book, so a reload sends nothing.
    tab.go(book.url());
    tab.wait_for("document.querySelectorAll('.error').length === 0 && text.value === ''");

    tab.write("#website", "https://example.com/a?b=1&c='");
    sign(&tab, "Ann & <b>Co</b>", text);
    tab.wait_for_text(
        ".flash.success",
        "Thank you, Ann & <b>Co</b>. Your entry is in the book.",
    );
    tab.wait_for_text("article .text", text);
    tab.wait_for_text(".count", "1 entry");
    assert_eq!(
        tab.eval("document.querySelector('article a').href"),
        "https://example.com/a?b=1&c=%27"
    );
    assert_eq!(tab.eval("text.value"), "");
    assert_eq!(tab.eval("location.pathname"), "/");

    tab.go(book.url());
    tab.wait_for_text("article .text", text);
    assert_eq!(count(&tab, ".flash"), 0, "a message is seen once");
    assert_eq!(count(&tab, "article"), 1);

    sign(&tab, &"n".repeat(40), &"w".repeat(400));
    tab.wait_for_text(".count", "2 entries");
    tab.wait_until_it_fits();
}

#[test]
fn entries_are_on_pages() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let book = start();
    let tab = browser.open(book.url());
    for i in 1..=6 {
        sign(&tab, &format!("Visitor {i}"), "Hello");
        tab.wait_for_text(
            ".flash",
            &format!("Thank you, Visitor {i}. Your entry is in the book."),
        );
    }
    tab.wait_for_text(".here", "Page 1 of 2");
    assert_eq!(count(&tab, "article"), 5);
    tab.click("a[rel=next]");
    tab.wait_for_text(".here", "Page 2 of 2");
    assert_eq!(count(&tab, "article"), 1);
    assert_eq!(count(&tab, ".flash"), 0);
    tab.wait_for_text(".number", "No. 1");
    tab.click("a[rel=prev]");
    tab.wait_for_text(".here", "Page 1 of 2");
    tab.wait_for_text(".number", "No. 6");

    tab.go(&format!("{}?page=3", book.url()));
    tab.wait_for_text("h1", "Not Found");
    tab.click("main a");
    tab.wait_for_text(".here", "Page 1 of 2");
}

#[test]
fn without_scripts_the_form_works_too() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let book = start();
    let tab = browser.open("about:blank#");
    tab.without_scripts();
    tab.go(book.url());
    sign(&tab, "", "Hello");
    tab.wait_for_text("#name-error", "Please say who you are.");
    assert_eq!(tab.eval("document.querySelector('#text').value"), "Hello");
    sign(&tab, "Ann", "Hello");
    tab.wait_for_text(
        ".flash.success",
        "Thank you, Ann. Your entry is in the book.",
    );
}
