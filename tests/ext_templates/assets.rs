//! `asset("app.css")`: addresses of the assets that are mounted.

use super::reload::Folder;
use super::*;
use cepa::files::{Assets, Files};

fn app(page: &'static str, mode: Mode) -> App {
    App::new()
        .mode(mode)
        .plug(Templates::embedded([("page.html", page)]))
        .get("/", async || View::new("page.html", ()))
}

fn told(app: App) -> String {
    app.build().unwrap_err().to_string()
}

#[test]
fn assets_of_a_folder_or_of_the_program_have_an_address_in_every_template() {
    let folder = Folder::new("assets");
    folder.write("app.css", "p {}");
    folder.write("users/a b.js", "f()");
    folder.write("built.3f2a9c1b.js", "g()");
    let page = "{{ asset('app.css') }} {{ asset('users/a b.js') }} {{ asset('built.js') }} \
                {{ asset('logo.svg') }}";
    for mode in [Mode::Development, Mode::Production] {
        let assets = Assets::new(Files::dir(&folder.0), "/static");
        let embedded = Files::embedded(&[("logo.svg", b"<svg/>")]);
        let own = Assets::new(embedded, "/admin/own");
        let admin = App::new().mount("/own", own);
        let app = app(page, mode)
            .mount("/static", assets)
            .mount("/admin", admin);
        let client = app.test();
        let res = client.get("/").send();
        let urls: Vec<_> = res.text().split(' ').collect();
        assert_eq!(urls[2], "/static/built.3f2a9c1b.js");
        assert!(urls[1].starts_with("/static/users/a%20b."), "{urls:?}");
        for (url, text) in urls.iter().zip(["p {}", "f()", "g()", "<svg/>"]) {
            let res = client.get(*url).send();
            res.assert_text(text);
            res.assert_header("cache-control", "max-age=31536000, immutable");
        }
        folder.write("app.css", "q {} /* longer */");
        let res = client.get("/").send();
        let changed = res.text().split(' ').next().unwrap();
        assert_ne!(changed, urls[0]);
        client.get(changed).send().assert_text("q {} /* longer */");
        folder.write("app.css", "p {}");
    }
}

#[test]
fn an_asset_that_is_not_there_or_twice_is_a_build_error() {
    let page = "<link href=\"{{ asset('ap.css') }}\">";
    let app = || app(page, Mode::Production);
    let error = told(app());
    let wanted =
        "page.html:1:16: there are no assets: mount them, by `.mount(\"/static\", Assets::new";
    assert!(error.contains(wanted), "{error}");
    let assets = |files, base| Assets::new(Files::embedded(files), base);
    let css = || assets(&[("app.css", b"p {}")], "/static");
    let error = told(app().mount("/static", css()));
    let wanted = "page.html:1:22: there is no asset `ap.css`: there is `app.css`";
    assert!(error.contains(wanted), "{error}");
    let one = || assets(&[("ap.css", b"p {}")], "/one");
    let two = assets(&[("ap.css", b"p {}")], "/two");
    let error = told(app().mount("/one", one()).mount("/two", two));
    assert!(
        error.contains("there are two assets `ap.css`, `/one/ap."),
        "{error}"
    );
    // The same ones at two places have one address.
    let one = one();
    let app = app().mount("/one", one.clone()).mount("/other", one);
    app.test()
        .get("/")
        .send()
        .assert_contains("href=\"/one/ap.");
}

#[test]
fn an_address_is_escaped_like_any_value() {
    let files = Files::embedded(&[("app.css", b"p {}")]);
    let assets = Assets::new(files, "https://cdn.example/?a=1&b=\"");
    let app = app("{{ asset('app.css') }}", Mode::Production).contribute(assets);
    let res = app.test().get("/").send();
    assert!(
        res.text()
            .starts_with("https://cdn.example/?a=1&amp;b=&quot;"),
        "{res}"
    );
}
