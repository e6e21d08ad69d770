//! Conditional requests (RFC 9110, 13) and `Cache-Control`, as tables.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::time::{Duration, SystemTime};

use cepa::prelude::*;
use cepa::{CacheControl, Conditional, Conditions, ETag, HeaderName, Precondition, Validators};

const OLD: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const NEW: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn modified() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
}

fn current() -> Validators {
    let tag = Validators::from(ETag::strong("now"));
    tag.with_last_modified(modified() + Duration::from_millis(900))
}

/// Header fields, `OLD`, `SAME` and `NEW` standing for dates.
fn conditions(method: &Method, fields: &[(&str, &str)]) -> Conditions {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let value = match *value {
            "OLD" => OLD,
            "SAME" => SAME,
            "NEW" => NEW,
            value => value,
        };
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    Conditions::of(method, &headers)
}

const YES: Precondition = Precondition::Holds;
const SEEN: Precondition = Precondition::NotModified;
const NO: Precondition = Precondition::Failed;
const MATCH: &str = "if-match";
const NONE: &str = "if-none-match";
const SINCE: &str = "if-modified-since";
const UNTIL: &str = "if-unmodified-since";
// Fields, then what they come to for GET and for PUT.
type Row = (
    &'static [(&'static str, &'static str)],
    Precondition,
    Precondition,
);
const TABLE: &[Row] = &[
    (&[], YES, YES),
    (&[(MATCH, "\"now\"")], YES, YES),
    (&[(MATCH, "\"old\"")], NO, NO),
    (&[(MATCH, "\"old\", \"now\"")], YES, YES),
    (&[(MATCH, "\"old\""), (MATCH, "\"now\"")], YES, YES),
    (&[(MATCH, "W/\"now\"")], NO, NO),
    (&[(MATCH, "*")], YES, YES),
    (&[(MATCH, "now")], NO, NO),
    (&[(MATCH, "")], NO, NO),
    (&[(UNTIL, "OLD")], NO, NO),
    (&[(UNTIL, "SAME")], YES, YES),
    (&[(UNTIL, "NEW")], YES, YES),
    (&[(UNTIL, "yesterday")], YES, YES),
    (&[(UNTIL, "OLD"), (UNTIL, "OLD")], YES, YES),
    (&[(MATCH, "\"now\""), (UNTIL, "OLD")], YES, YES),
    (&[(MATCH, "\"old\""), (UNTIL, "NEW")], NO, NO),
    (&[(NONE, "\"now\"")], SEEN, NO),
    (&[(NONE, "W/\"now\"")], SEEN, NO),
    (&[(NONE, "\"old\"")], YES, YES),
    (&[(NONE, "\"old\" , W/\"now\"")], SEEN, NO),
    (&[(NONE, "\"old\""), (NONE, "\"now\"")], SEEN, NO),
    (&[(NONE, "*")], SEEN, NO),
    (&[(NONE, " * ")], SEEN, NO),
    (&[(NONE, "now")], YES, YES),
    (&[(NONE, "now, \"now\"")], SEEN, NO),
    (&[(SINCE, "OLD")], YES, YES),
    (&[(SINCE, "SAME")], SEEN, YES),
    (&[(SINCE, "NEW")], SEEN, YES),
    (&[(SINCE, "Sunday, 06-Nov-94 08:49:37 GMT")], SEEN, YES),
    (&[(SINCE, "Sun Nov  6 08:49:37 1994")], SEEN, YES),
    (&[(SINCE, "784111777")], YES, YES),
    (&[(SINCE, "NEW"), (SINCE, "NEW")], YES, YES),
    (&[(NONE, "\"old\""), (SINCE, "NEW")], YES, YES),
    (&[(NONE, "\"now\""), (SINCE, "OLD")], SEEN, NO),
    (&[(NONE, "garbage"), (SINCE, "NEW")], YES, YES),
    (&[(MATCH, "\"now\""), (NONE, "\"now\"")], SEEN, NO),
    (&[(MATCH, "\"old\""), (NONE, "\"now\"")], NO, NO),
    (&[(UNTIL, "NEW"), (SINCE, "NEW")], SEEN, YES),
];

#[test]
fn conditions_are_decided_in_the_order_of_the_standard() {
    for (fields, get, put) in TABLE {
        for (method, wanted) in [
            (Method::GET, get),
            (Method::HEAD, get),
            (Method::PUT, put),
            (Method::DELETE, put),
        ] {
            let found = conditions(&method, fields).evaluate(Some(&current()));
            assert_eq!(found, *wanted, "{method} {fields:?}");
        }
    }
}

#[test]
fn what_is_not_there_matches_nothing() {
    let ask = |name, value| conditions(&Method::PUT, &[(name, value)]).evaluate(None);
    assert_eq!(ask("if-match", "*"), Precondition::Failed);
    assert_eq!(ask("if-match", "\"now\""), Precondition::Failed);
    assert_eq!(ask("if-none-match", "*"), Precondition::Holds);
    assert_eq!(ask("if-none-match", "\"now\""), Precondition::Holds);
    assert_eq!(ask("if-unmodified-since", OLD), Precondition::Holds);
    // Something without a tag and a date is there all the same.
    let bare = Validators::new();
    let create = conditions(&Method::PUT, &[("if-none-match", "*")]);
    assert_eq!(create.evaluate(Some(&bare)), Precondition::Failed);
    assert!(create.require(None::<ETag>).is_ok());
    let error = create.require(Some(bare)).unwrap_err();
    assert_eq!(error.status(), 412);
}

#[test]
fn a_range_counts_if_exactly_this_version_is_named() {
    let allows = |value, current: &Validators| {
        conditions(&Method::GET, &[("if-range", value)]).allows_range(current)
    };
    assert!(conditions(&Method::GET, &[]).allows_range(&current()));
    for (value, wanted) in [
        ("\"now\"", true),
        ("\"old\"", false),
        ("W/\"now\"", false),
        ("SAME", true),
        ("OLD", false),
        ("NEW", false),
        ("*", false),
        ("", false),
        ("now", false),
        ("\"now\", \"old\"", false),
    ] {
        assert_eq!(allows(value, &current()), wanted, "{value}");
    }
    assert!(!allows("W/\"now\"", &ETag::weak("now").into()));
    // The file may change once more within the second.
    let now = Validators::new().with_last_modified(SystemTime::now());
    let res = (now.clone(), ()).into_response();
    let date = res.header("last-modified").unwrap();
    assert!(!allows(date, &now));
}

#[test]
fn dates_that_http_cannot_say_are_left_out_and_none_is_in_the_future() {
    let header = |at| {
        let res = (Validators::new().with_last_modified(at), ()).into_response();
        res.header("last-modified").map(str::to_owned)
    };
    let hour = Duration::from_secs(3600);
    assert_eq!(header(SystemTime::UNIX_EPOCH - hour), None);
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert_eq!(header(far), None);
    let soon = header(SystemTime::now() + hour).unwrap();
    let soon = httpdate::parse_http_date(&soon).unwrap();
    assert!(soon <= SystemTime::now());
}

#[test]
fn a_handler_that_knows_its_version_gets_304s() {
    let client = App::new()
        .with(Conditional::new())
        .get("/", async || {
            let kept = CacheControl::new().private().no_cache();
            (ETag::strong(3), kept, Html("<p>three"))
        })
        .put("/", async || (ETag::strong(3), "put"))
        .get("/dated", async || {
            (Validators::new().with_last_modified(modified()), "dated")
        })
        .test();
    let ask = |name, value| client.get("/").header(name, value).send();
    ask("x-none", "1")
        .assert_status(200)
        .assert_text("<p>three");
    let res = ask("if-none-match", "W/\"3\"");
    res.assert_status(304).assert_text("");
    res.assert_header("etag", "\"3\"");
    res.assert_header("cache-control", "private, no-cache");
    assert_eq!(res.header("content-type"), None);
    ask("if-match", "\"2\"").assert_status(412);
    ask("if-none-match", "\"2\"").assert_status(200);
    let head = client.request(Method::HEAD, "/");
    head.header("if-none-match", "*").send().assert_status(304);
    // What was changed already is not denied afterwards.
    let put = client.put("/").header("if-none-match", "*").send();
    put.assert_status(200).assert_text("put");
    let dated = client
        .get("/dated")
        .header("if-modified-since", SAME)
        .send();
    dated.assert_status(304);
    let dated = client.get("/dated").header("if-modified-since", OLD).send();
    dated
        .assert_text("dated")
        .assert_header("last-modified", SAME);
    assert_eq!(dated.header("etag"), None);
}

#[test]
fn bodies_in_memory_get_a_tag_and_others_pass() {
    struct Once(Option<Bytes>);
    impl futures_core::Stream for Once {
        type Item = Result<Bytes>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready(self.0.take().map(Ok))
        }
    }
    let client = App::new()
        .with(Conditional::new().with_hash_limit(5))
        .get("/small", async || "12345")
        .get("/large", async || "123456")
        .get("/none", async || ())
        .get("/created", async || (StatusCode::CREATED, "1"))
        .get("/secret", async || (CacheControl::new().no_store(), "1"))
        .get("/Secret", async || {
            ([("cache-control", "private, No-Store")], "1")
        })
        .get("/stream", async || {
            cepa::Stream(Once(Some(Bytes::from_static(b"1"))))
        })
        .test();
    let res = client.get("/small").send();
    let tag = res.assert_text("12345").header("etag").unwrap();
    assert!(tag.starts_with("W/\"") && tag.len() == 36, "{tag}");
    let again = client.get("/small").header("if-none-match", tag).send();
    again.assert_status(304).assert_header("etag", tag);
    for path in [
        "/large", "/none", "/created", "/secret", "/Secret", "/stream",
    ] {
        let res = client.get(path).header("if-none-match", tag).send();
        assert!(res.header("etag").is_none(), "{res}");
        assert!(res.status().is_success(), "{res}");
    }
}

#[test]
fn directives_are_written_in_one_order() {
    let day = Duration::from_secs(86_400);
    let table = [
        (CacheControl::new().no_store(), "no-store"),
        (CacheControl::new().public().private(), "private"),
        (CacheControl::new().private().public(), "public"),
        (
            CacheControl::new().max_age(Duration::from_millis(1_999)),
            "max-age=1",
        ),
        (
            CacheControl::new().immutable().max_age(day).public(),
            "public, max-age=86400, immutable",
        ),
        (
            CacheControl::new()
                .stale_if_error(day)
                .stale_while_revalidate(day)
                .s_maxage(day)
                .max_age(Duration::ZERO)
                .must_revalidate()
                .proxy_revalidate()
                .no_transform()
                .no_cache()
                .must_understand()
                .no_store(),
            "no-store, no-cache, must-understand, max-age=0, s-maxage=86400, \
             stale-while-revalidate=86400, stale-if-error=86400, must-revalidate, \
             proxy-revalidate, no-transform",
        ),
    ];
    for (directives, wanted) in table {
        assert_eq!(directives.to_string(), wanted);
        let value = cepa::HeaderValue::from(directives);
        assert_eq!(value, wanted);
    }
    let res = (CacheControl::new(), [("cache-control", "no-store")], ()).into_response();
    res.header("cache-control").unwrap();
    let inner = ([("cache-control", "no-store")], ());
    let res = (CacheControl::new(), inner).into_response();
    assert_eq!(res.header("cache-control"), None);
}

/// Whatever the fields hold, GET is never denied by `If-None-Match` nor PUT answered by 304.
#[test]
fn any_bytes_in_the_fields_are_decided() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let names = ["if-match", "if-none-match", "if-range", "if-modified-since"];
    for _ in 0..50_000 {
        let mut headers = HeaderMap::new();
        for _ in 0..state % 4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let pieces = ["\"now\"", "W/", "*", ",", " ", "\"", "now", "\u{e9}", SAME];
            let text: String = (0..state % 6)
                .map(|at| pieces[(state >> (at * 7)) as usize % pieces.len()])
                .collect();
            let name: HeaderName = names[(state >> 50) as usize % 4].parse().unwrap();
            headers.append(
                name,
                cepa::HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            );
        }
        state = state.wrapping_add(0x1234_5678_9abc_def1);
        let get = Conditions::of(&Method::GET, &headers);
        let put = Conditions::of(&Method::PUT, &headers);
        let _ = get.allows_range(&current());
        assert_ne!(put.evaluate(Some(&current())), Precondition::NotModified);
        let failed = get.evaluate(Some(&current())) == Precondition::Failed;
        assert!(!failed || headers.contains_key("if-match"), "{headers:?}");
    }
}
