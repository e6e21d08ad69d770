//! What is an upload and what is not.

use super::*;

fn client() -> TestClient {
    App::new().plug(Uploads::new()).post("/", tell).test()
}

/// The same body in pieces of this size.
fn pieces(body: &[u8], size: usize) -> Body {
    struct Pieces(std::vec::IntoIter<Bytes>);
    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(self.0.next().map(|piece| Ok(http_body::Frame::data(piece))))
        }
    }
    let pieces: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    Body::wrap(Pieces(pieces.into_iter()))
}

const HEAD: &str = "Content-Disposition: form-data; name=";

/// Bodies and their parts. `@` stands for the start of a header.
const PARSED: &[(&str, &str)] = &[
    ("--x\r\n@a\r\n\r\n1\r\n--x--", "a=1;"),
    ("--x\r\n@\"a b\"\r\n\r\n1\r\n--x--\r\n", "a b=1;"),
    ("--x\r\n@a\r\n\r\n\r\n--x--", "a=;"),
    ("--x--\r\n", ""),
    // Before the first delimiter and behind the last stands nothing that counts.
    ("hello\r\n--x\r\n@a\r\n\r\n1\r\n--x--\r\nbye", "a=1;"),
    ("\r\n--x\r\n@a\r\n\r\n1\r\n--x--", "a=1;"),
    // Spaces behind a boundary (RFC 2046, 5.1.1).
    ("--x \t\r\n@a\r\n\r\n1\r\n--x--", "a=1;"),
    // What only begins like a delimiter is content.
    (
        "--x\r\n@a\r\n\r\n\r\n--\r\n-x\r\r\n--\r\n--x--",
        "a=\r\n--\r\n-x\r\r\n--;",
    ),
    ("--x\r\n@a\r\n\r\n--x\r\n--x--", "a=--x;"),
    ("--x\r\n@a\r\n\r\n1\n--x\n2\r\n--x--", "a=1\n--x\n2;"),
    (
        "--x\r\n@a\r\n\r\n1\r\n--x\r\n@a\r\n\r\n2\r\n--x--",
        "a=1;a=2;",
    ),
    // Names in any order of parameters and any case.
    (
        "--x\r\nCONTENT-DISPOSITION:Form-Data ;NAME = a ; FILENAME=b\r\n\r\n1\r\n--x--",
        "a(b)=1;",
    ),
    (
        "--x\r\nX-Other: 1\r\nContent-Type: text/plain\r\n@a\r\n\r\n1\r\n--x--",
        "a=1;",
    ),
    // A name inside of a file's name is no field's name.
    (
        "--x\r\nContent-Disposition: form-data; filename=\"x; name=admin\"; name=\"a\"\r\n\r\n1\r\n--x--",
        "a(x; name=admin)=1;",
    ),
    // Quotes as curl and browsers write them, backslashes as old browsers did.
    (
        "--x\r\n@\"a\\\"b\"; filename=\"c%22d\"\r\n\r\n1\r\n--x--",
        "a\"b(c\"d)=1;",
    ),
    (
        "--x\r\n@a; filename=\"C:\\dir\\file.txt\"\r\n\r\n1\r\n--x--",
        "a(C:\\dir\\file.txt)=1;",
    ),
    (
        "--x\r\n@a; filename=\"100%25.txt\"\r\n\r\n1\r\n--x--",
        "a(100%25.txt)=1;",
    ),
    (
        "--x\r\n@\"größe\"; filename=\"Ω.txt\"\r\n\r\n1\r\n--x--",
        "größe(Ω.txt)=1;",
    ),
    (
        "--x\r\n@a; filename*=UTF-8'en'%E2%82%AC.txt\r\n\r\n1\r\n--x--",
        "a(€.txt)=1;",
    ),
    ("--x\r\n@a; filename=\"\"\r\n\r\n\r\n--x--", "a()=;"),
];

#[test]
fn parts_are_found_however_the_body_is_cut() {
    let client = client();
    for (body, wanted) in PARSED {
        let body = body.replace('@', HEAD);
        for size in [1, 2, 3, 7, 1_000] {
            let res = upload(&client, "/", pieces(body.as_bytes(), size));
            assert_eq!(res.status(), 200, "{body:?} in {size}: {}", res.text());
            assert_eq!(res.text(), *wanted, "{body:?} in {size}");
        }
    }
}

/// Content type, body, status, and what the sentence is about. `@` stands for the start of a header.
const REFUSED: &[(&str, &str, u16, &str)] = &[
    ("text/plain", "--x--", 415, "enctype"),
    ("", "--x--", 415, "enctype"),
    ("multipart/mixed; boundary=x", "--x--", 415, "enctype"),
    ("multipart/form-data", "--x--", 400, "boundary"),
    ("multipart/form-data; boundary=", "--x--", 400, "boundary"),
    (
        "multipart/form-data; boundary=\"x\"y",
        "--x--",
        400,
        "boundary",
    ),
    (
        "multipart/form-data; boundary=x; boundary=y",
        "--x--",
        400,
        "boundary",
    ),
    (
        "multipart/form-data; boundary=\"x \"",
        "--x--",
        400,
        "boundary",
    ),
    (
        "multipart/form-data; boundary=<x>",
        "--x--",
        400,
        "boundary",
    ),
    (FORM_DATA, "", 400, "ends before its last boundary"),
    (FORM_DATA, "--x", 400, "ends before its last boundary"),
    (FORM_DATA, "--y--", 400, "ends before its last boundary"),
    (
        FORM_DATA,
        "no parts at all",
        400,
        "ends before its last boundary",
    ),
    (FORM_DATA, "--x\r\n@a", 400, "ends before its last boundary"),
    (
        FORM_DATA,
        "--x\r\n@a\r\n\r\n1",
        400,
        "ends before its last boundary",
    ),
    (
        FORM_DATA,
        "--x\r\n@a\r\n\r\n1\r\n--x\r\n",
        400,
        "ends before its last boundary",
    ),
    (
        FORM_DATA,
        "--x\r\n@a\r\n\r\n1\r\n--xy\r\n\r\n",
        400,
        "not alone on its line",
    ),
    (
        FORM_DATA,
        "--x\r\n\r\n1\r\n--x--",
        400,
        "no `Content-Disposition",
    ),
    (
        FORM_DATA,
        "--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
        400,
        "no `Content-Disposition",
    ),
    (
        FORM_DATA,
        "--x\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--x--",
        400,
        "no `Content-Disposition",
    ),
    (
        FORM_DATA,
        "--x\r\n@a; name=b\r\n\r\n1\r\n--x--",
        400,
        "there twice",
    ),
    (
        FORM_DATA,
        "--x\r\n@a\r\n@b\r\n\r\n1\r\n--x--",
        400,
        "there twice",
    ),
    (
        FORM_DATA,
        "--x\r\n@\"a\r\n\r\n1\r\n--x--",
        400,
        "no `Content-Disposition",
    ),
    (
        FORM_DATA,
        "--x\r\n@a\r\n folded\r\n\r\n1\r\n--x--",
        400,
        "is no header",
    ),
    (
        FORM_DATA,
        "--x\r\n@a\r\nno header\r\n\r\n1\r\n--x--",
        400,
        "is no header",
    ),
    (
        FORM_DATA,
        "--x\r\n@\"a\0\"\r\n\r\n1\r\n--x--",
        400,
        "control characters",
    ),
    (
        FORM_DATA,
        "--x\n@a\n\n1\n--x--",
        400,
        "ends before its last boundary",
    ),
];

#[test]
fn what_is_no_upload_is_refused_with_a_sentence() {
    let client = client();
    for (content_type, body, status, sentence) in REFUSED {
        let body = body.replace('@', HEAD);
        let req = client.post("/").header("content-type", *content_type);
        let res = req.body(body.clone()).send();
        assert_eq!(res.status().as_u16(), *status, "{content_type} {body:?}");
        let said = res.error().unwrap().message();
        assert!(said.contains(sentence), "{content_type} {body:?}: {said}");
    }
    let not_utf8 = Form::default().0;
    let not_utf8 = [
        &not_utf8,
        &b"--x\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n1\r\n--x--"[..],
    ]
    .concat();
    let res = upload(&client, "/", not_utf8);
    res.assert_status(400).assert_contains("UTF-8");
}

#[test]
fn boundaries_may_be_quoted_and_long() {
    let client = client();
    let long = "a'()+_,-./:=?".repeat(5);
    for boundary in ["x y", "--", long.as_str()] {
        let body = format!("--{boundary}\r\n{HEAD}a\r\n\r\n1\r\n--{boundary}--\r\n");
        let content_type = format!("Multipart/Form-Data; charset=utf-8; Boundary=\"{boundary}\"");
        let req = client.post("/").header("content-type", content_type);
        req.body(body).send().assert_text("a=1;");
    }
    let req = client.post("/");
    let req = req.header(
        "content-type",
        format!("multipart/form-data; boundary={}", "a".repeat(71)),
    );
    req.body("").send().assert_status(400);
}

#[test]
fn parts_that_are_not_read_are_passed_over_and_an_error_stays_one() {
    async fn second(mut parts: Multipart) -> Result<String> {
        parts.next_field().await?;
        let Some(mut field) = parts.next_field().await? else {
            return Ok("no second".to_owned());
        };
        let _ = field.chunk().await;
        let name = field.name().to_owned();
        let rest = parts.next_field().await.err();
        let again = parts.next_field().await.err();
        Ok(format!("{name} {} {}", rest.is_some(), again.is_some()))
    }
    let client = App::new().plug(Uploads::new()).post("/", second).test();
    let form = || Form::default().text("a", "1").text("b", "2");
    upload(&client, "/", form().end()).assert_text("b false false");
    upload(&client, "/", form().0).assert_text("b true true");
    upload(&client, "/", Form::default().text("a", "1").end()).assert_text("no second");
}

#[test]
fn what_form_data_writes_is_read_back() {
    use cepa::multipart::FormData;
    let client = client();
    let form = FormData::new()
        .with_text("plain", "1")
        .with_text("a \"b\" ü\r\nx", "--\r\n--")
        .with_file("f", "\"..\\c\".txt", b"2\r\n");
    let req = client.post("/").header("content-type", form.content_type());
    let wanted = "plain=1;a \"b\" ü\r\nx=--\r\n--;f(\"..\\c\".txt)=2\r\n;";
    req.body(form).send().assert_text(wanted);
    let none = FormData::default();
    let req = client.post("/").header("content-type", none.content_type());
    req.body(none).send().assert_text("");
}

#[test]
fn fields_are_read_as_text_bytes_or_json_and_blamed_by_name() {
    async fn read(Path(how): Path<String>, mut parts: Multipart) -> Result<String> {
        let field = parts
            .next_field()
            .await?
            .or_bad_request("a field is missing")?;
        assert_eq!(
            format!("{field:?}"),
            "Field { name: \"f\", file_name: None, content_type: None, .. }"
        );
        match how.as_str() {
            "text" => field.text().await,
            "bytes" => Ok(format!("{:?}", field.bytes().await?)),
            _ => Ok(field.json::<Vec<u8>>().await?.len().to_string()),
        }
    }
    let client = App::new().plug(Uploads::new()).post("/{how}", read).test();
    let form = |content: &[u8]| Form::default().part("name=f", content).end();
    upload(&client, "/text", form("ü".as_bytes())).assert_text("ü");
    upload(&client, "/bytes", form(b"\xff")).assert_text("b\"\\xff\"");
    upload(&client, "/json", form(b"[1,2]")).assert_text("2");
    for (path, content) in [("/text", &b"\xff"[..]), ("/json", b"{}"), ("/json", b"[")] {
        let res = upload(&client, path, form(content));
        res.assert_status(422);
        assert_eq!(res.error().unwrap().fields()[0].field, "f");
    }
}
