//! Whole uploads as structs.

use std::collections::HashMap;

use cepa::multipart::{MultipartForm, UploadedFile};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Public,
    Private,
}

#[derive(Debug, Deserialize)]
struct Id(u32);

#[derive(Debug, Deserialize)]
struct Avatar(UploadedFile);

#[derive(Debug, Deserialize)]
struct All {
    id: Id,
    ratio: f32,
    kind: Kind,
    #[serde(default)]
    agreed: bool,
    note: Option<String>,
    age: Option<u8>,
    #[serde(default)]
    tags: Vec<String>,
    main: UploadedFile,
    avatar: Option<Avatar>,
    #[serde(default, alias = "pictures")]
    photos: Vec<UploadedFile>,
}

fn client<T: DeserializeOwned + Send + 'static>(show: fn(T) -> String) -> TestClient {
    let handler = move |MultipartForm(value): MultipartForm<T>| async move { show(value) };
    App::new().plug(Uploads::new()).post("/", handler).test()
}

fn all(all: All) -> String {
    let photos: Vec<_> = all.photos.iter().map(UploadedFile::safe_name).collect();
    let avatar = all.avatar.map(|avatar| avatar.0.size());
    let main = (all.main.file_name(), all.main.size(), all.main.path());
    format!(
        "{} {} {:?} {} {:?} {:?} {:?} {main:?} {avatar:?} {photos:?}",
        all.id.0, all.ratio, all.kind, all.agreed, all.note, all.age, all.tags
    )
}

fn least() -> Form {
    let form = Form::default().text("id", "7").text("ratio", "1.5");
    form.text("kind", "public").file("main", "a.txt", "abc")
}

#[test]
fn text_and_files_become_a_struct() {
    let client = client(all);
    upload(&client, "/", least().end())
        .assert_text("7 1.5 Public false None None [] (\"a.txt\", 3, None) None []");
    let full = least()
        .text("agreed", "on")
        .text("note", "")
        .text("age", "")
        .text("tags", "x")
        .text("tags", "y")
        .file("avatar", "me.png", "12345")
        .file("pictures", "../p 1.png", "")
        .file("pictures", "p2.png", "1")
        .text("nobody asked", "1")
        .file("nobody asked", "a", "1");
    upload(&client, "/", full.end()).assert_text(
        "7 1.5 Public true Some(\"\") None [\"x\", \"y\"] (\"a.txt\", 3, None) Some(5) [\"p_1.png\", \"p2.png\"]",
    );
}

#[test]
fn a_file_input_without_a_choice_is_none() {
    let client = client(all);
    let form = least().file("avatar", "", "").file("photos", "", "");
    upload(&client, "/", form.end())
        .assert_text("7 1.5 Public false None None [] (\"a.txt\", 3, None) None []");
}

#[test]
fn what_does_not_fit_is_422_and_names_its_field() {
    let client = client(all);
    let table = [
        (Form::default(), "id", "the field is missing"),
        (least().text("id", "8"), "id", "is there 2 times"),
        (least().text("age", "old"), "age", "expected a whole number"),
        (least().text("age", "300"), "age", "too large"),
        (least().text("agreed", "maybe"), "agreed", "it is not"),
        (
            least().file("note", "a", "1"),
            "note",
            "text is expected, not a file",
        ),
        (
            least().text("avatar", "0"),
            "avatar",
            "a file is expected, not text",
        ),
        (
            least().text("photos", "0"),
            "photos",
            "a file is expected, not text",
        ),
        (least().file("main", "b", "1"), "main", "is there 2 times"),
        (
            Form::default()
                .text("id", "1")
                .text("ratio", "1")
                .text("kind", "secret"),
            "kind",
            "unknown variant",
        ),
        (
            Form::default()
                .text("id", "1")
                .text("ratio", "1")
                .text("kind", "public")
                .file("main", "", ""),
            "main",
            "no file was chosen",
        ),
        (
            Form::default()
                .text("id", "1")
                .text("ratio", "1")
                .text("kind", "private"),
            "main",
            "the field is missing",
        ),
    ];
    for (form, field, sentence) in table {
        let res = upload(&client, "/", form.end());
        res.assert_status(422).assert_contains(sentence);
        let error = res.error().unwrap();
        assert_eq!(error.fields()[0].field, field, "{error}");
        assert!(error.fields()[0].message.contains(sentence), "{error}");
    }
    let res = upload(&client, "/", Form::default().part("name=id", b"\xff").end());
    res.assert_status(422)
        .assert_contains("`id` is no UTF-8 text");
}

#[test]
fn a_struct_inside_another_is_flattened_with_its_files() {
    #[derive(Deserialize)]
    struct Inner {
        note: String,
        file: UploadedFile,
        other: Option<UploadedFile>,
    }
    #[derive(Deserialize)]
    struct Outer {
        id: u32,
        #[serde(flatten)]
        inner: Inner,
    }
    let client = client(|Outer { id, inner }: Outer| {
        format!(
            "{id} {} {} {}",
            inner.note,
            inner.file.size(),
            inner.other.is_some()
        )
    });
    let form = || Form::default().text("id", "7").text("note", "n");
    upload(&client, "/", form().file("file", "a", "abc").end()).assert_text("7 n 3 false");
    upload(
        &client,
        "/",
        form().file("file", "a", "abc").file("other", "", "").end(),
    )
    .assert_text("7 n 3 false");
    upload(
        &client,
        "/",
        form().file("file", "a", "abc").file("other", "b", "").end(),
    )
    .assert_text("7 n 3 true");
    // The number of a file is nothing that a client can send as text.
    let res = upload(
        &client,
        "/",
        form().text("file", "0").file("x", "a", "abc").end(),
    );
    res.assert_status(422).assert_contains("a file is expected");
}

#[test]
fn maps_of_all_files_or_of_all_text_work_too() {
    let files = client(|files: HashMap<String, UploadedFile>| files.len().to_string());
    upload(
        &files,
        "/",
        Form::default()
            .file("a", "x", "1")
            .file("b", "y", "2")
            .end(),
    )
    .assert_text("2");
    let texts = client(|texts: HashMap<String, String>| texts["a"].clone());
    upload(&texts, "/", Form::default().text("a", "1").end()).assert_text("1");
    // What knows no files gets none, and no number in place of one either.
    let values = client(|values: Value| values.to_string());
    upload(&values, "/", Form::default().text("a", "1").end()).assert_text("{\"a\":\"1\"}");
    upload(&values, "/", Form::default().file("a", "x", "1").end()).assert_status(422);
}

#[test]
fn no_other_format_makes_a_file() {
    for text in ["0", "null", "\"a\"", "{\"path\":\"/etc/passwd\"}"] {
        let made = serde_json::from_str::<UploadedFile>(text);
        assert!(made.is_err(), "{text}");
    }
}
