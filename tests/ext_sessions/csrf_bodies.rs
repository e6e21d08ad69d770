//! The token is found in forms of both kinds, which handlers then read as if nobody had.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use cepa::prelude::*;
use cepa::sessions::{CsrfToken, CsrfTokens, Sessions};
use cepa::testing::TestClient;

async fn echo(mut req: Request) -> Result<Vec<u8>> {
    Ok(req.buffer_body(10 << 20).await?.to_vec())
}

fn client() -> (TestClient, String) {
    let client = App::new()
        .plug(Sessions::memory())
        .with(CsrfTokens::new())
        .get("/", async |token: CsrfToken| token.to_string())
        .post("/", echo)
        .test();
    let token = client.get("/").send().text().to_owned();
    (client, token)
}

/// A body that comes in pieces of this size.
struct Pieces(VecDeque<Bytes>);

impl Pieces {
    fn of(bytes: &[u8], size: usize) -> Body {
        Body::from_stream(Self(
            bytes.chunks(size).map(Bytes::copy_from_slice).collect(),
        ))
    }
}

impl futures_core::Stream for Pieces {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

const MULTIPART: &str = "multipart/form-data; boundary=xYz";
const FORM: &str = "application/x-www-form-urlencoded";

fn part(name: &str, value: &str) -> String {
    format!("--xYz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

#[test]
fn a_form_reaches_the_handler_whole() {
    let (client, token) = client();
    let file = "0123456789".repeat(10_000);
    let bodies = [
        (FORM, format!("a=1&_csrf={token}&b=%26_csrf%3D")),
        (FORM, format!("_csrf={token}")),
        (
            "Application/X-WWW-Form-Urlencoded;charset=utf-8",
            format!("_csrf={token}"),
        ),
        (MULTIPART, part("_csrf", &token) + "--xYz--\r\n"),
        (
            MULTIPART,
            part("_csrf", &token) + &part("file", &file) + "--xYz--\r\n",
        ),
        (
            "Multipart/Form-Data; charset=x; Boundary=\"xYz\"",
            part("_csrf", &token) + "--xYz--",
        ),
    ];
    for (content_type, body) in bodies {
        for size in [1, 7, 600, 4096, usize::MAX] {
            let pieces = Pieces::of(body.as_bytes(), size);
            let res = client
                .post("/")
                .header("content-type", content_type)
                .body(pieces)
                .send();
            res.assert_status(200).assert_text(&body);
        }
    }
}

#[test]
fn a_form_without_its_token_is_refused() {
    let (client, token) = client();
    let late = part("a", "1") + &part("_csrf", &token) + "--xYz--";
    let far = part("_csrf", &format!("{token}{}", "x".repeat(8_000)));
    let bodies = [
        (FORM, String::new()),
        (FORM, format!("csrf={token}")),
        (FORM, format!("x_csrf={token}")),
        (FORM, format!("_csrf=&_csrf={token}")),
        (FORM, format!("_csrf={token}x")),
        (MULTIPART, late),
        (MULTIPART, far),
        (MULTIPART, String::new()),
        (MULTIPART, part("_csrf", &token)),
        (MULTIPART, part("_csrf2", &token) + "--xYz--"),
        (MULTIPART, part("_csrf", &token).replace("xYz", "other")),
        ("multipart/form-data", part("_csrf", &token) + "--xYz--"),
        (
            "multipart/mixed; boundary=xYz",
            part("_csrf", &token) + "--xYz--",
        ),
        ("application/json", format!("{{\"_csrf\":\"{token}\"}}")),
        ("text/plain", format!("_csrf={token}")),
    ];
    for (content_type, body) in bodies {
        let res = client
            .post("/")
            .header("content-type", content_type)
            .body(body.clone())
            .send();
        assert_eq!(res.status().as_u16(), 403, "{content_type}: {body:.200}");
    }
    // Nor in the address, which ends up in logs.
    client
        .post(format!("/?_csrf={token}"))
        .send()
        .assert_status(403);
}

#[test]
fn a_form_that_breaks_off_or_is_too_large_is_said_to_be_so() {
    let (client, token) = client();
    let large = format!("_csrf={token}&a={}", "x".repeat(3 << 20));
    client
        .post("/")
        .header("content-type", FORM)
        .body(large)
        .send()
        .assert_status(413);

    struct Broken(bool);
    impl futures_core::Stream for Broken {
        type Item = Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let was_first = std::mem::replace(&mut self.0, false);
            Poll::Ready(Some(match was_first {
                true => Ok("--xYz\r\nContent-Dis".into()),
                false => Err(Error::internal("cut")),
            }))
        }
    }
    for content_type in [FORM, MULTIPART] {
        let body = Body::from_stream(Broken(true));
        let res = client
            .post("/")
            .header("content-type", content_type)
            .body(body)
            .send();
        res.assert_status(400);
    }
}

/// Anything may come as a form; nothing of it passes, and nothing of it is an error of ours.
#[test]
fn random_forms_are_refused() {
    let (client, token) = client();
    let pieces = [
        "--xYz",
        "\r\n",
        "--",
        "Content-Disposition",
        ": ",
        "form-data",
        "; ",
        "name=\"_csrf\"",
        "_csrf",
        "=",
        "&",
        "\u{e9}",
        "\0",
        "\"",
        ";",
        &token[..40],
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for n in 0..3_000 {
        let mut body = if n % 2 == 0 {
            "--xYz\r\n".to_owned()
        } else {
            String::new()
        };
        for _ in 0..random % 20 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            body.push_str(pieces[(random >> 20) as usize % pieces.len()]);
        }
        random = random.wrapping_add(0x1234_5678_9abc_def1);
        for content_type in [FORM, MULTIPART] {
            let res = client
                .post("/")
                .header("content-type", content_type)
                .body(body.clone())
                .send();
            assert_eq!(res.status().as_u16(), 403, "{content_type}: {body:?}");
        }
    }
}
