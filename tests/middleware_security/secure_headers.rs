//! `SecureHeaders` and `Secure`: which headers are where.

use cepa::prelude::*;
use cepa::testing::TestResponse;
use cepa::{Cors, Csp, Secure, SecureHeaders};

use super::{assert_problem, request};

const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; \
         object-src 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
    ("x-permitted-cross-domain-policies", "none"),
];

fn app(headers: SecureHeaders) -> App {
    App::new()
        .with(headers)
        .get("/", async || "home")
        .get("/fails", async || Error::internal("on purpose"))
        .get("/own", async || {
            let own = [
                ("x-frame-options", "SAMEORIGIN"),
                ("content-security-policy", "img-src *"),
            ];
            (own, "own")
        })
}

#[track_caller]
fn assert_all(res: &TestResponse) {
    for (name, value) in HEADERS {
        res.assert_header(name, value);
    }
}

#[test]
fn every_answer_has_the_headers() {
    let client = app(SecureHeaders::new()).test();
    for asked in [
        "GET /",
        "HEAD /",
        "GET /none",
        "DELETE /",
        "OPTIONS /",
        "GET /fails",
    ] {
        assert_all(&request(&client, asked).send());
    }
}

#[test]
fn what_a_handler_says_stays() {
    let client = app(SecureHeaders::new()).test();
    let res = client.get("/own").send();
    res.assert_header("x-frame-options", "SAMEORIGIN");
    res.assert_header("content-security-policy", "img-src *");
    res.assert_header("x-content-type-options", "nosniff");
    assert_eq!(res.headers().get_all("x-frame-options").iter().count(), 1);
}

#[test]
fn headers_that_are_there_several_times_stay_so() {
    async fn cookies() -> Response {
        let mut res = "cookies".into_response();
        for cookie in ["a=1", "b=2", "c=3"] {
            res.append_header("set-cookie", cookie);
        }
        res.append_header("permissions-policy", "camera=(self)");
        res.append_header("permissions-policy", "usb=(self)");
        res
    }
    let client = App::new()
        .with(SecureHeaders::new())
        .get("/", cookies)
        .test();
    let res = client.get("/").send();
    let all = |name| {
        res.headers()
            .get_all(name)
            .iter()
            .map(|it| it.to_str().unwrap())
    };
    assert!(all("set-cookie").eq(["a=1", "b=2", "c=3"]));
    assert!(all("permissions-policy").eq(["camera=(self)", "usb=(self)"]));
    assert_eq!(all("x-frame-options").count(), 1);
}

#[test]
fn strict_transport_security_is_said_on_https_alone() {
    let secure = |headers: SecureHeaders| {
        let res = app(headers).test().get("https://localhost/").send();
        res.header("strict-transport-security").map(str::to_owned)
    };
    let client = app(SecureHeaders::new()).trust_proxies(["loopback"]).test();
    let name = "strict-transport-security";
    assert_eq!(client.get("/").send().header(name), None);
    let res = client.get("/").header("x-forwarded-proto", "https").send();
    res.assert_header(name, "max-age=63072000");
    assert_eq!(
        secure(SecureHeaders::new()).as_deref(),
        Some("max-age=63072000")
    );
    assert_eq!(secure(SecureHeaders::new().without_header(name)), None);
    let longer = "max-age=63072000; includeSubDomains; preload";
    let longer = SecureHeaders::new().with_header("Strict-Transport-Security", longer);
    assert_eq!(
        app(longer.clone()).test().get("/").send().header(name),
        None
    );
    assert!(secure(longer).unwrap().ends_with("preload"));
}

#[test]
fn everything_can_be_set_and_left_out() {
    for (name, _) in HEADERS {
        let client = app(SecureHeaders::new().without_header(name)).test();
        assert_eq!(client.get("/").send().header(name), None);
        if name != "content-security-policy" {
            let client = app(SecureHeaders::new().with_header(name, "other")).test();
            let res = client.get("/").send();
            res.assert_header(name, "other");
            assert_eq!(res.headers().get_all(name).iter().count(), 1);
        }
    }
    let more = SecureHeaders::new()
        .with_header("Cross-Origin-Embedder-Policy", "require-corp")
        .with_csp_report_only(Csp::new().with("report-to", "csp"));
    let res = app(more.clone()).test().get("/").send();
    res.assert_header("cross-origin-embedder-policy", "require-corp");
    let tried = "content-security-policy-report-only";
    assert!(
        res.header(tried)
            .unwrap()
            .ends_with("object-src 'none'; report-to csp")
    );
    assert_all(&res);
    let res = app(more.without_header(tried)).test().get("/").send();
    assert_eq!(res.header(tried), None);
}

#[test]
fn an_app_inside_has_its_own() {
    let inner = App::new()
        .with(SecureHeaders::new().with_header("x-frame-options", "SAMEORIGIN"))
        .get("/", async || "in");
    let client = app(SecureHeaders::new()).mount("/in", inner).test();
    client
        .get("/in")
        .send()
        .assert_header("x-frame-options", "SAMEORIGIN");
    client
        .get("/")
        .send()
        .assert_header("x-frame-options", "DENY");
}

#[test]
fn what_is_no_header_does_not_build() {
    let new = SecureHeaders::new;
    let table = [
        (new().with_header("a b", "c"), "`a b: c` is no header"),
        (
            new().with_header("x-a", "b\r\nc: d"),
            "is no header of HTTP",
        ),
        (
            new().with_header("Content-Security-Policy", "img-src *"),
            "with_csp",
        ),
        (new().without_header("a b"), "`a b` is no name of a header"),
    ];
    for (headers, words) in table {
        assert_problem(app(headers), words);
    }
}

#[test]
fn secure_adds_headers_around_the_check_of_origins() {
    let client = App::new()
        .with(Cors::new(["https://friend.example"]))
        .plug(Secure::defaults())
        .post("/", async || "done")
        .test();
    let res = request(&client, "POST /; sec-fetch-site: cross-site").send();
    assert_all(res.assert_status(403));
    let res = request(&client, "POST /; sec-fetch-site: same-origin").send();
    assert_all(res.assert_status(200));
    let wrong = SecureHeaders::new().with_header("a b", "c");
    let app = App::new()
        .plug(Secure::defaults().with_headers(wrong))
        .get("/", async || "");
    assert_problem(app, "`a b: c` is no header");
}

/// The page of the framework itself is styled, whatever the app's policy for its pages is.
#[test]
fn the_error_page_says_the_hash_of_its_style() {
    let client = app(SecureHeaders::new()).test();
    let res = client.get("/none").header("accept", "text/html").send();
    let policy = res.header("content-security-policy").unwrap();
    let (_, rest) = res.text().split_once("<style>").unwrap();
    let (style, rest) = rest.split_once("</style>").unwrap();
    assert!(!rest.contains("style"), "{rest}");
    assert!(
        policy.contains(&format!("style-src 'sha256-{}'", base64(&sha256(style)))),
        "{policy}"
    );
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quad = |chunk: &[u8]| -> String {
        let bits = (0..3).fold(0, |bits, i| {
            bits << 8 | usize::from(*chunk.get(i).unwrap_or(&0))
        });
        let sign = |i: usize| match i <= chunk.len() {
            true => char::from(SIGNS[bits >> (18 - 6 * i) & 63]),
            false => '=',
        };
        (0..4).map(sign).collect()
    };
    bytes.chunks(3).map(quad).collect()
}

/// FIPS 180-4; the constants are roots of the first primes, by integer arithmetic.
fn sha256(text: &str) -> Vec<u8> {
    let primes = (2_u128..).filter(|n| (2..*n).all(|d| n % d != 0));
    let primes: Vec<u128> = primes.take(64).collect();
    let root = |n: u128, power: u32| {
        let is_under = |r: u128| r.pow(power) <= n << (32 * power);
        (0..36).rev().fold(0, |r, bit| {
            if is_under(r | 1 << bit) {
                r | 1 << bit
            } else {
                r
            }
        }) as u32
    };
    let k: Vec<u32> = primes.iter().map(|p| root(*p, 3)).collect();
    let mut hash: Vec<u32> = primes[..8].iter().map(|p| root(*p, 2)).collect();
    let mut data = text.as_bytes().to_vec();
    data.push(0x80);
    while data.len() % 64 != 56 {
        data.push(0);
    }
    data.extend((text.len() as u64 * 8).to_be_bytes());
    for block in data.chunks(64) {
        let mut w: Vec<u32> = block
            .chunks(4)
            .map(|b| u32::from_be_bytes(b.try_into().unwrap()))
            .collect();
        let mix = |x: u32, a, b, c: u32| x.rotate_right(a) ^ x.rotate_right(b) ^ c;
        for i in 16..64 {
            let one = mix(w[i - 15], 7, 18, w[i - 15] >> 3);
            let other = mix(w[i - 2], 17, 19, w[i - 2] >> 10);
            w.push(
                w[i - 16]
                    .wrapping_add(one)
                    .wrapping_add(w[i - 7])
                    .wrapping_add(other),
            );
        }
        let mut v = hash.clone();
        for i in 0..64 {
            let choice = v[4] & v[5] ^ !v[4] & v[6];
            let turned = mix(v[4], 6, 11, v[4].rotate_right(25));
            let one = [v[7], turned, choice, k[i], w[i]]
                .into_iter()
                .fold(0, u32::wrapping_add);
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2];
            let other = mix(v[0], 2, 13, v[0].rotate_right(22)).wrapping_add(majority);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(other);
        }
        hash.iter_mut()
            .zip(v)
            .for_each(|(hash, v)| *hash = hash.wrapping_add(v));
    }
    hash.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[test]
fn the_hash_of_these_tests_is_sha_256() {
    let hex = |text| -> String { sha256(text).iter().map(|b| format!("{b:02x}")).collect() };
    assert!(hex("abc").starts_with("ba7816bf8f01cfea414140de5dae2223b00361a3"));
    assert!(hex("").starts_with("e3b0c44298fc1c149afbf4c8996fb92427ae41e4"));
    assert_eq!(base64(b"any carnal p"), "YW55IGNhcm5hbCBw");
    assert_eq!(base64(b"any carnal pl"), "YW55IGNhcm5hbCBwbA==");
}
