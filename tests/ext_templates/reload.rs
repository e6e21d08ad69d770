//! Folders of templates: read anew in development, once in production.

use std::fs;
use std::path::PathBuf;

use cepa::Mode;
use cepa::prelude::*;
use cepa::templates::{TemplateError, Templates, View};

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cepa-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(path.join("users")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn app(&self, mode: Mode) -> App {
        let view = async || View::new("users/show.html", json!({ "name": "Ada" }));
        let app = App::new().mode(mode).plug(Templates::dir(&self.0));
        app.get("/", view)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn in_development_a_change_is_seen_at_the_next_request() {
    let folder = Folder::new("reload");
    folder.write("layout.html", "<{% block body %}{% endblock %}>");
    folder.write(
        "users/show.html",
        "{% extends 'layout.html' %}{% block body %}{{ name }}{% endblock %}",
    );
    let client = folder.app(Mode::Development).test();
    client.get("/").send().assert_text("<Ada>");
    folder.write("layout.html", "({% block body %}{% endblock %})!");
    client.get("/").send().assert_text("(Ada)!");

    folder.write("users/show.html", "a\n{{ name | uper }}");
    let res = client.get("/").send();
    let error = res.assert_status(500).error().unwrap();
    let told = error.downcast_ref::<TemplateError>().unwrap();
    assert_eq!((told.line(), told.column()), (2, 11), "{told}");
    assert!(
        told.to_string()
            .starts_with(&folder.0.display().to_string()),
        "{told}"
    );
    assert!(error.location().file().ends_with("reload.rs"), "{error:?}");

    folder.write("users/show.html", "mended, {{ name }}");
    client.get("/").send().assert_text("mended, Ada");
    fs::remove_file(folder.0.join("users/show.html")).unwrap();
    client.get("/").send().assert_status(500);
    folder.write("users/show.html", "again");
    client.get("/").send().assert_text("again");
}

#[test]
fn in_production_nothing_is_read_after_the_build() {
    let folder = Folder::new("fixed");
    folder.write("users/show.html", "{{ name }}{% include 'foot.html' %}");
    folder.write("foot.html", ".");
    let client = folder.app(Mode::Production).test();
    client.get("/").send().assert_text("Ada.");
    fs::remove_dir_all(&folder.0).unwrap();
    client.get("/").send().assert_text("Ada.");
}

#[test]
fn what_editors_leave_behind_is_no_template() {
    let folder = Folder::new("editors");
    folder.write("users/show.html", "x");
    folder.write("users/.show.html.swp", "{{ broken");
    folder.write("users/show.html~", "{{ broken");
    folder
        .app(Mode::Development)
        .test()
        .get("/")
        .send()
        .assert_text("x");
}

#[test]
fn a_folder_that_cannot_be_read_is_a_build_error() {
    let app = App::new().plug(Templates::dir("no/such/folder"));
    let told = app.build().unwrap_err().to_string();
    assert!(
        told.contains("the folder of templates, no/such/folder, cannot be read"),
        "{told}"
    );
    assert!(told.contains("the path is seen from /"), "{told}");

    let folder = Folder::new("bytes");
    fs::write(folder.0.join("logo.png"), [0xff, 0xd8]).unwrap();
    let told = folder
        .app(Mode::Production)
        .build()
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("logo.png is not UTF-8: move what is no template out"),
        "{told}"
    );

    let folder = Folder::new("syntax");
    folder.write("users/show.html", "ok\n{% if %}");
    let told = folder
        .app(Mode::Production)
        .build()
        .unwrap_err()
        .to_string();
    assert!(told.contains("users/show.html:2:"), "{told}");
}

#[test]
fn assets_are_addressed_by_their_content() {
    let folder = Folder::new("assets");
    folder.write("app.css", "p {}");
    folder.write("users/a b.js", "f()");
    folder.write("bundle.3f2a9c1b.js", "g()");
    folder.write("bundle.js", "g() // as it was");
    let page = "{{ asset('app.css') }} {{ asset('users/a b.js') }} {{ asset('bundle.js') }}";
    let app = |mode| {
        let templates =
            Templates::embedded([("page.html", page)]).with_assets("/static/", &folder.0);
        App::new()
            .mode(mode)
            .plug(templates)
            .get("/", async || View::new("page.html", ()))
    };
    let client = app(Mode::Production).test();
    let first = client.get("/").send().text().to_owned();
    let wanted = "/static/app.css?v=e6dc51f78aad /static/users/a%20b.js?v=a82c0d1b2b20 /static/bundle.3f2a9c1b.js";
    let shape = |text: &str| text.split("?v=").map(|it| it.len()).collect::<Vec<_>>();
    assert_eq!(shape(&first), shape(wanted), "{first}");
    folder.write("app.css", "q {}");
    client.get("/").send().assert_text(&first);
    let other = app(Mode::Production)
        .test()
        .get("/")
        .send()
        .text()
        .to_owned();
    assert!(
        other != first && other.starts_with("/static/app.css?v="),
        "{other}"
    );

    let client = app(Mode::Development).test();
    let first = client.get("/").send().text().to_owned();
    folder.write("app.css", "longer than before {}");
    assert_ne!(client.get("/").send().text(), first);
}

#[test]
fn an_asset_that_is_not_there_is_a_build_error() {
    let folder = Folder::new("no-asset");
    folder.write("app.css", "p {}");
    let told = |templates: Templates| App::new().plug(templates).build().unwrap_err().to_string();
    let page = || Templates::embedded([("page.html", "<link href=\"{{ asset('ap.css') }}\">")]);
    let error = told(page().with_assets("/static", &folder.0));
    assert!(
        error.contains("page.html:1:22: there is no asset `ap.css`; is `app.css` meant?"),
        "{error}"
    );
    assert!(
        told(page()).contains("page.html:1:16: nothing says where assets are: add `.with_assets(")
    );
    let error = told(page().with_assets("/static", "no/such/folder"));
    assert!(
        error.contains("the assets, no/such/folder, cannot be read"),
        "{error}"
    );
}
