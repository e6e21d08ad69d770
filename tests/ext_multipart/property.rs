//! Random bodies, and good ones with random mistakes in them.

use super::*;

/// Numbers of Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    /// Text of what matters to the parser, more often than by chance.
    fn text(&mut self, pieces: usize) -> Vec<u8> {
        const WORDS: [&[u8]; 16] = [
            b"\r\n",
            b"--x",
            b"--",
            b"\r",
            b"\n",
            b"x",
            b"a",
            b"\r\n--x",
            b"\r\n\r\n",
            b" ",
            b"Content-Disposition: form-data; name=a",
            b"; filename=\"",
            b"\"",
            b"\\",
            b"\xff",
            b"\0",
        ];
        let pieces = self.below(pieces);
        (0..pieces)
            .flat_map(|_| WORDS[self.below(WORDS.len())])
            .copied()
            .collect()
    }

    /// The same in pieces of any size.
    fn cut(&mut self, body: &[u8]) -> Body {
        let mut pieces = Vec::new();
        let mut rest = body;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + self.below(rest.len().min(200)));
            pieces.push(Ok::<_, Error>(Bytes::copy_from_slice(piece)));
            rest = after;
        }
        Body::from_stream(Stream(pieces.into_iter()))
    }
}

struct Stream(std::vec::IntoIter<Result<Bytes>>);

impl futures_core::Stream for Stream {
    type Item = Result<Bytes>;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

/// The parts as hex, so that nothing is lost.
async fn hex(mut parts: Multipart) -> Result<String> {
    let mut told = String::new();
    while let Some(mut field) = parts.next_field().await? {
        told += field.name();
        told.push('=');
        while let Some(chunk) = field.chunk().await {
            let chunk = chunk?;
            assert!(!chunk.is_empty(), "there is always something in a chunk");
            told.extend(chunk.iter().map(|byte| format!("{byte:02x}")));
        }
        told.push(';');
    }
    Ok(told)
}

#[test]
fn any_content_without_the_delimiter_arrives_as_it_was_sent_however_it_is_cut() {
    let client = App::new().plug(Uploads::new()).post("/", hex).test();
    let mut random = Random(7);
    for _ in 0..2_000 {
        let mut form = Form::default();
        let mut wanted = String::new();
        for number in 0..random.below(4) {
            let content = random.text(12);
            // Behind the headers stands a line break that a delimiter could begin with.
            if [&b"\r\n"[..], &content]
                .concat()
                .windows(5)
                .any(|it| it == b"\r\n--x")
                && content.windows(5).any(|it| it == b"\r\n--x")
            {
                continue;
            }
            form = form.text(&number.to_string(), "").with_content(&content);
            wanted += &format!("{number}=");
            wanted.extend(content.iter().map(|byte| format!("{byte:02x}")));
            wanted.push(';');
        }
        let body = form.end();
        let body = random.cut(&body);
        upload(&client, "/", body).assert_text(&wanted);
    }
}

impl Form {
    /// Puts content into the last part, which has none.
    fn with_content(mut self, content: &[u8]) -> Self {
        let end = self.0.len() - 2;
        self.0.splice(end..end, content.iter().copied());
        self
    }
}

#[test]
fn random_bytes_and_mutated_bodies_are_400_or_parsed_and_never_more() {
    let client = App::new().plug(Uploads::new()).post("/", hex).test();
    let mut random = Random(11);
    let good = Form::default()
        .text("a", "1")
        .file("b", "c.txt", "23\r\n--4")
        .text("d", "")
        .end();
    let (mut parsed, mut refused) = (0, 0);
    for round in 0..4_000 {
        let body = match round % 4 {
            0 => random.text(40),
            1 => [&b"--x\r\n"[..], &random.text(40)].concat(),
            _ => {
                let mut body = good.clone();
                for _ in 0..=random.below(3) {
                    let at = random.below(body.len());
                    match random.below(3) {
                        0 => body[at] = random.below(256) as u8,
                        1 => drop(body.remove(at)),
                        _ => body.insert(at, random.below(256) as u8),
                    }
                }
                body
            }
        };
        // In one piece and in many: the same answer.
        let whole = upload(&client, "/", body.clone());
        let cut = random.cut(&body);
        let cut = upload(&client, "/", cut);
        assert_eq!(whole.status(), cut.status(), "{body:?}");
        assert_eq!(whole.text(), cut.text(), "{body:?}");
        match whole.status().as_u16() {
            200 => parsed += 1,
            400 => refused += 1,
            status => panic!("{status} for {body:?}"),
        }
    }
    assert!(
        parsed > 200 && refused > 200,
        "{parsed} parsed, {refused} refused"
    );
}

#[test]
fn random_content_types_are_415_or_400_or_a_boundary() {
    let client = App::new().plug(Uploads::new()).post("/", hex).test();
    let mut random = Random(13);
    let words = [
        "multipart/form-data",
        "; ",
        "boundary",
        "=",
        "\"",
        "x",
        "\\",
        ";",
        " ",
        "charset=utf-8",
        "ü",
    ];
    for _ in 0..3_000 {
        let count = random.below(12);
        let mut text = if random.below(2) == 0 {
            "multipart/form-data;".to_owned()
        } else {
            String::new()
        };
        for _ in 0..count {
            text += words[random.below(words.len())];
        }
        let req = client.post("/").header("content-type", text.as_str());
        let status = req.body("--x--").send().status().as_u16();
        assert!(matches!(status, 200 | 400 | 415), "{status} for {text:?}");
    }
}
