//! Anything at all as a token: an answer, and never an accepted one.

use cepa::jwt::Jwt;
use cepa::prelude::*;

use super::{Member, ada, ask, client, key};

/// Numbers of Marsaglia's xorshift, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }
}

#[test]
fn no_text_passes_for_a_token() {
    let jwt = Jwt::new(key());
    let token = jwt.issue(&ada()).unwrap();
    let pieces: Vec<&str> = token
        .split('.')
        .chain([".", "..", "=", "e30", "bnVsbA", "\u{e9}", ""])
        .collect();
    let mut random = Random(7);
    for _ in 0..50_000 {
        let count = random.below(7);
        let text: Vec<_> = (0..count)
            .map(|_| pieces[random.below(pieces.len())])
            .collect();
        let text = text.concat();
        assert!(
            jwt.check::<Member>(&text).is_err() || text == token,
            "{text}"
        );
    }
}

#[test]
fn no_change_of_a_byte_is_overlooked() {
    let jwt = Jwt::new(key());
    let token = jwt.issue(&ada()).unwrap();
    let alphabet = b"ABCxyz019-_.=+/ \n";
    for at in 0..token.len() {
        for &byte in alphabet {
            let mut bytes = token.clone().into_bytes();
            if bytes[at] != byte {
                bytes[at] = byte;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(jwt.check::<Member>(&changed).is_err(), "{at} {changed}");
            }
        }
    }
}

/// Whatever stands in the field, the answer is one of four.
#[test]
fn no_field_upsets_an_app() {
    let client = client(Jwt::new(key()));
    let pieces = [
        "Bearer", "bearer ", " ", "\t", "a.b.c", "Basic", ",", "=", "\"", "\u{e9}",
    ];
    let mut random = Random(11);
    for _ in 0..2_000 {
        let count = random.below(6);
        let text: Vec<_> = (0..count)
            .map(|_| pieces[random.below(pieces.len())])
            .collect();
        let res = ask(&client, "/maybe", &text.concat());
        assert!(matches!(res.status().as_u16(), 200 | 401), "{text:?}");
        let res = ask(&client, "/", &text.concat());
        assert_eq!(res.status(), StatusCode::UNAUTHORIZED, "{text:?}");
        assert!(res.header("www-authenticate").is_some(), "{text:?}");
    }
}
