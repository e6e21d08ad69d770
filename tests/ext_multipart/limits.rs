//! Each limit, where it stands and who counts.

use cepa::BodyLimit;
use cepa::multipart::{MultipartError, MultipartForm, UploadLimits, UploadedFile};
use serde::Deserialize;

use super::*;

fn limited(limits: UploadLimits) -> TestClient {
    let uploads = Uploads::new().with_limits(limits);
    App::new().plug(uploads).post("/", tell).test()
}

#[test]
fn what_is_at_a_limit_passes_and_what_is_beyond_is_413() {
    let none = UploadLimits::new;
    let files = |count| (0..count).fold(Form::default(), |form, _| form.file("f", "a", "1"));
    let texts = |count| (0..count).fold(Form::default(), |form, _| form.text("f", "1"));
    let head = |size: usize| {
        let base = "\r\nContent-Disposition: form-data; name=\"\"".len();
        Form::default().text(&"n".repeat(size - base), "1")
    };
    let table = [
        (none(), texts(1_000), texts(1_001), "1000"),
        (none().with_parts(2), texts(2), texts(3), "2 allowed"),
        (none(), files(100), files(101), "100 allowed"),
        (none().with_files(0), texts(3), files(1), "0 allowed"),
        (none(), head(8 * 1024), head(8 * 1024 + 1), "8192 bytes"),
        (none(), texts(1), head(100_000), "8192 bytes"),
        (
            none().with_part_head(200),
            head(200),
            head(201),
            "200 bytes",
        ),
        (
            none().with_file_size(3),
            Form::default().file("f", "a", "123").text("t", "1234"),
            Form::default().file("f", "a", "1234"),
            "the file in `f` is larger than 3 bytes",
        ),
        (
            none().with_total(70),
            texts(1),
            texts(2),
            "larger than allowed",
        ),
    ];
    for (limits, within, beyond, sentence) in table {
        let client = limited(limits);
        upload(&client, "/", within.end()).assert_status(200);
        let res = upload(&client, "/", beyond.end());
        res.assert_status(413).assert_contains(sentence);
    }
}

#[test]
fn a_head_without_an_end_is_refused_before_the_body_is_read() {
    let client = limited(UploadLimits::new());
    let endless = Form::default().text(&"n".repeat(10_000_000), "").0;
    let res = upload(&client, "/", endless);
    res.assert_status(413);
    let error = res.error().unwrap().downcast_ref::<MultipartError>();
    assert_eq!(
        error,
        Some(&MultipartError::HeadTooLarge { limit: 8 * 1024 })
    );
}

#[test]
fn empty_file_inputs_do_not_count_as_files() {
    let client = limited(UploadLimits::new().with_files(1));
    let form = Form::default()
        .file("a", "", "")
        .text("text", "between")
        .file("b", "", "")
        .file("c", "x", "1");
    upload(&client, "/", form.end()).assert_status(200);
    // With content it is a file, whatever it is called.
    let form = Form::default().file("a", "", "1").file("b", "", "2");
    let res = upload(&client, "/", form.end());
    res.assert_status(413)
        .assert_contains("more files than the 1 allowed");
}

#[test]
fn the_total_is_its_own_unless_a_body_limit_was_chosen() {
    const MIB: usize = 1024 * 1024;
    async fn size(mut parts: Multipart) -> Result<String> {
        let mut size = 0;
        while let Some(mut field) = parts.next_field().await? {
            while let Some(chunk) = field.chunk().await {
                size += chunk?.len();
            }
        }
        Ok(size.to_string())
    }
    let large = |mib: usize| Form::default().file("f", "a", vec![0; mib * MIB]).end();
    let limit = |mib: usize| UploadLimits::new().with_total((mib * MIB) as u64);
    let client = App::new()
        .plug(Uploads::new())
        .post("/default", size)
        .post("/body", size.with(BodyLimit::new(MIB as u64)))
        .post(
            "/both",
            size.with(limit(3)).with(BodyLimit::new(MIB as u64)),
        )
        .post(
            "/inner",
            size.with(BodyLimit::new(MIB as u64)).with(limit(3)),
        )
        .mount(
            "/app",
            App::new()
                .with(limit(1))
                .post("/", size)
                .post("/more", size.with(limit(3))),
        )
        .test();
    for (path, most) in [
        ("/default", 31),
        ("/body", 0),
        ("/both", 2),
        ("/inner", 2),
        ("/app", 0),
        ("/app/more", 2),
    ] {
        upload(&client, path, large(most)).assert_status(200);
        let least = if most == 31 { 32 } else { most + 1 };
        upload(&client, path, large(least)).assert_status(413);
    }
}

#[test]
fn a_route_says_only_what_is_special_about_it() {
    let app = UploadLimits::new().with_files(1).with_parts(2);
    let client = App::new()
        .plug(Uploads::new().with_limits(app))
        .post("/", tell.with(UploadLimits::new().with_parts(3)))
        .test();
    let form = Form::default()
        .text("a", "")
        .text("b", "")
        .file("c", "x", "");
    upload(&client, "/", form.end()).assert_status(200);
    let form = Form::default().file("a", "x", "").file("c", "x", "");
    upload(&client, "/", form.end()).assert_status(413);
}

#[test]
fn text_in_memory_is_limited_by_field_and_by_form() {
    #[derive(Deserialize)]
    struct Two {
        a: String,
        b: String,
    }
    async fn form(MultipartForm(two): MultipartForm<Two>) -> String {
        two.a + &two.b
    }
    async fn text(mut parts: Multipart) -> Result<String> {
        let mut all = String::new();
        while let Some(field) = parts.next_field().await? {
            all += &field.text().await?;
        }
        Ok(all)
    }
    let uploads = Uploads::new().with_limits(UploadLimits::new().with_text_size(4));
    let client = App::new()
        .plug(uploads)
        .post("/form", form)
        .post("/text", text)
        .test();
    let two = |a, b| Form::default().text("a", a).text("b", b).end();
    upload(&client, "/text", two("1234", "1234")).assert_text("12341234");
    upload(&client, "/form", two("12", "34")).assert_text("1234");
    for (path, body) in [("/text", two("1", "12345")), ("/form", two("12", "345"))] {
        let res = upload(&client, path, body);
        res.assert_status(413);
        assert_eq!(res.error().unwrap().fields()[0].field, "b");
    }
}

#[test]
fn options_that_let_nothing_through_are_problems() {
    for limits in [
        UploadLimits::new().with_total(0),
        UploadLimits::new().with_parts(0),
        UploadLimits::new().with_part_head(0),
    ] {
        let plugged = App::new().plug(Uploads::new().with_limits(limits)).build();
        let around = App::new()
            .plug(Uploads::new())
            .post("/", tell.with(limits))
            .build();
        for built in [plugged, around] {
            let error = built.unwrap_err().to_string();
            assert!(error.contains("(0)` lets no upload through"), "{error}");
        }
    }
    let nowhere = Uploads::new().with_temp_dir("");
    assert!(App::new().plug(nowhere).build().is_err());
}

#[test]
fn a_file_beyond_its_limit_leaves_nothing_on_the_disk() {
    #[derive(Deserialize)]
    struct One {
        _f: UploadedFile,
    }
    let folder = Folder::new();
    let limits = UploadLimits::new().with_file_size(3_000_000);
    let uploads = Uploads::new().with_limits(limits).with_temp_dir(&folder.0);
    let app = App::new().plug(uploads);
    let client = app.post("/", async |_: MultipartForm<One>| "").test();
    let form = Form::default().file("_f", "a", vec![0; 3_000_001]);
    upload(&client, "/", form.end()).assert_status(413);
    folder.wait_until_empty();
}

/// The server's own timeout holds, and its status is kept.
#[test]
fn a_client_that_stops_sending_is_408() {
    use std::io::{Read as _, Write as _};
    let app = App::new().plug(Uploads::new()).post("/", tell);
    let server = cepa::Server::new(app)
        .tcp("127.0.0.1:0")
        .with_body_timeout(Duration::from_millis(100));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(server.bind()).unwrap();
    let addr = *server.local_addrs().first().unwrap();
    runtime.spawn(server.serve());
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM_DATA}\r\nContent-Length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&Form::default().text("a", "1").0).unwrap();
    let mut answer = String::new();
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).unwrap();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("did not come in time"), "{answer}");
}
