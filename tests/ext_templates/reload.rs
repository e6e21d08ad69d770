//! Folders of templates: read anew in development, once in production.

use std::fs;
use std::path::PathBuf;

use cepa::Mode;
use cepa::prelude::*;
use cepa::templates::{TemplateError, Templates, View};

/// A folder that is deleted at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cepa-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(path.join("users")).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    pub(crate) fn app(&self, mode: Mode) -> App {
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
    folder.write("layout.html", "[{% block body %}{% endblock %}]");
    folder.write(
        "users/show.html",
        "{% extends 'layout.html' %}{% block body %}{{ name }}{% endblock %}",
    );
    let client = folder.app(Mode::Development).test();
    client.get("/").send().assert_text("[Ada]");
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

/// A page would wait for them without end.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_no_template() {
    let folder = Folder::new("pipes");
    folder.write("shown.html", "x");
    std::os::unix::fs::symlink("../shown.html", folder.0.join("users/show.html")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.0.join("socket")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.0.join("pipe"))
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    for mode in [Mode::Development, Mode::Production] {
        let client = folder.app(mode).test();
        client.get("/").send().assert_text("x");
    }
}

#[test]
fn the_mark_that_some_editors_begin_a_file_with_is_left_out() {
    let folder = Folder::new("mark");
    folder.write("layout.html", "\u{feff}<{% block body %}{% endblock %}>");
    let text = "\u{feff}{% extends 'layout.html' %}{% block body %}\u{feff}{% endblock %}";
    folder.write("users/show.html", text);
    let client = folder.app(Mode::Development).test();
    client.get("/").send().assert_text("<\u{feff}>");

    let embedded = Templates::embedded([
        ("a.html", "\u{feff}a"),
        ("b.html", "{% include 'a.html' %}"),
    ]);
    let app = App::new().plug(embedded);
    let client = app.get("/", async || View::new("b.html", ())).test();
    client.get("/").send().assert_text("a");
}

#[test]
fn a_folder_that_cannot_be_read_is_a_build_error() {
    let app = App::new().plug(Templates::dir("no/such/folder"));
    let told = app.build().unwrap_err().to_string();
    assert!(
        told.contains("the folder of templates `no/such/folder` cannot be read"),
        "{told}"
    );
    assert!(told.contains("the path is seen from `/"), "{told}");

    let folder = Folder::new("bytes");
    fs::write(folder.0.join("logo.png"), [0xff, 0xd8]).unwrap();
    let told = folder
        .app(Mode::Production)
        .build()
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("logo.png` is not UTF-8: move what is no template out"),
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
