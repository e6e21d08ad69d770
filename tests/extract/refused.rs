//! What is refused of a path and of JSON: the words, and the fields they are about.

use cepa::{FieldError, prelude::*};
use serde::Deserialize;

#[derive(Deserialize)]
struct Note {
    title: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Place {
    year: u16,
    slug: String,
}

async fn note(Json(note): Json<Note>) -> String {
    format!("{} {}", note.title, note.tags.len())
}

#[test]
fn an_array_in_the_place_of_an_object_is_called_so() {
    let client = App::new()
        .post("/", note)
        .post("/many", async |Json(notes): Json<Vec<Note>>| {
            notes.len().to_string()
        })
        .test();
    let rows = [
        ("/", "[]", 422, "expected an object, found an array"),
        ("/", " [true]", 422, "expected an object, found an array"),
        (
            "/",
            "[{\"title\":\"a\"}]",
            422,
            "expected an object, found an array",
        ),
        (
            "/many",
            "[[]]",
            422,
            "expected an object, found an array in `[0]` (line 1, column 3)",
        ),
        (
            "/",
            "{\"title\":[]}",
            422,
            "expected a string, found an array in `title` (line 1, column 9)",
        ),
    ];
    for (path, body, status, message) in rows {
        let req = client.post(path).header("content-type", "application/json");
        let res = req.body(body).send();
        res.assert_status(status);
        assert_eq!(res.error().unwrap().message(), message, "{body}");
    }
    let req = client.post("/").header("content-type", "application/json");
    let res = req.body("[").send();
    res.assert_status(400);
    let error = res.error().unwrap();
    assert!(error.message().starts_with("not valid JSON: "), "{error}");
}

#[test]
fn a_bad_parameter_is_a_field_of_the_error() {
    let client = App::new()
        .get("/one/{id}", async |Path(id): Path<u8>| id.to_string())
        .get("/two/{year}/{slug}", async |Path(place): Path<Place>| {
            format!("{}{}", place.year, place.slug)
        })
        .test();
    let rows = [
        (
            "/one/x",
            "id",
            "expected a whole number from 0 to 255, found \"x\"",
        ),
        (
            "/two/MMXX/a",
            "year",
            "expected a whole number from 0 to 65535, found \"MMXX\"",
        ),
        ("/two/1999/%ff", "slug", "is not valid UTF-8"),
    ];
    for (path, field, reason) in rows {
        let res = client.get(path).send();
        res.assert_status(400);
        let fields = res.error().unwrap().fields();
        assert_eq!(fields, [FieldError::new(field, reason)], "{path}");
        let body: Value = res.json();
        assert_eq!(body["errors"][0]["field"], field);
    }
    client.get("/two/1999/a").send().assert_text("1999a");
}
