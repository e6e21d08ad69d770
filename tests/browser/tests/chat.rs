//! The examples `chat` and `sse`: what one says, the others read.

use cepa_browser::{Browser, Example, Tab};

fn join<'a>(browser: &'a Browser, chat: &Example, name: &str, room: &str) -> Tab<'a> {
    let tab = browser.open(chat.url());
    tab.write("#enter [name=name]", name);
    tab.write("#enter [name=room]", room);
    tab.click("#enter button");
    tab.wait_for_text("li.note", &format!("{name} is here"));
    tab
}

#[test]
fn what_is_said_in_a_room_is_read_there_until_its_people_leave() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let chat = Example::start("chat", &[]);
    // All that is special in an address, in HTML or in JSON.
    let room = "50% <b>onions</b> & \"leeks\"/?#";
    let ann = join(&browser, &chat, "Ann & <i>Co</i>", room);
    ann.wait_for_text("#state.on", "only you");
    ann.wait_for_text("h1", &format!("# {room}"));
    let bob = join(&browser, &chat, "Bob", room);
    bob.wait_for_text("#state.on", "2 people");
    ann.wait_for_text("li.note", "Bob is here");
    ann.wait_for_text("#state.on", "2 people");
    let eve = join(&browser, &chat, "Eve", "elsewhere");

    let text = "Hello <script>alert(1)</script> \u{1f9c5}";
    ann.write("#say [name=text]", text);
    ann.press_enter();
    ann.wait_for_text("li.mine", text);
    ann.wait_for("say.text.value === ''");
    bob.wait_for_text("li:not(.note, .mine)", &format!("Ann & <i>Co</i>\n{text}"));
    bob.write("#say [name=text]", "Hello Ann");
    bob.click("#say button");
    ann.wait_for_text("li:not(.note, .mine)", "Bob\nHello Ann");

    bob.close();
    ann.wait_for_text("li.note", "Bob has left");
    ann.wait_for_text("#state.on", "only you");
    // She came, and that is all that she was ever told.
    assert_eq!(eve.eval("document.querySelectorAll('li').length"), 1);
}

#[test]
fn nobody_joins_without_a_name() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let chat = Example::start("chat", &[]);
    let tab = browser.open(chat.url());
    for (name, room, valid) in [
        ("", "lobby", false),
        ("   ", "lobby", false),
        ("Ann", " ", false),
        // An address has no such last part.
        ("Ann", "..", false),
        ("Ann", "a.", true),
    ] {
        tab.write("#enter [name=name]", name);
        tab.write("#enter [name=room]", room);
        let is_valid = tab.eval("enter.matches(':valid')");
        assert_eq!(is_valid, valid, "{name:?} in {room:?}");
    }
}

#[test]
fn a_page_with_events_shows_what_was_said_before_and_what_is_said_now() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let sse = Example::start("sse", &[]);
    let ann = browser.open(sse.url());
    ann.write("#text", "Hello <b>Bob</b>");
    ann.press_enter();
    ann.wait_for_text("li", "Hello <b>Bob</b>");
    let bob = browser.open(sse.url());
    bob.wait_for_text("li", "Hello <b>Bob</b>");
    bob.write("#text", "Hello Ann");
    bob.click("button");
    ann.wait_for_text("li", "Hello Ann");
    assert_eq!(ann.eval("document.querySelectorAll('li').length"), 2);
}
