//! Ranges: one, several, and those that would cost more than the file.

use super::*;

fn digits() -> String {
    (0..100_000).map(|at| format!("{at:05}\n")).collect()
}

#[test]
fn one_range_is_a_piece_of_the_file() {
    let digits = digits();
    let place = Place::new().with("a.txt", &digits).with("empty.txt", "");
    let client = place.serve(|files| files);
    let size = digits.len();
    for (range, start, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-5", 0, 6),
        ("bytes=599994-", 599_994, size),
        ("bytes=-6", size - 6, size),
        ("bytes=-999999999", 0, size),
        ("bytes=-99999999999999999999999999", 0, size),
        ("bytes=100-200000", 100, 200_001),
        ("bytes=0-999999999", 0, size),
        ("bytes=1-2,2-3", 1, 4),
    ] {
        let res = client.get("/static/a.txt").header("range", range).send();
        res.assert_status(206);
        let last = end - 1;
        res.assert_header("content-range", &format!("bytes {start}-{last}/{size}"));
        assert!(res.text() == &digits[start..end], "{range}");
        res.assert_header("content-type", "text/plain; charset=utf-8");
    }
    for range in ["bytes=600000-", "bytes=-0", "bytes=9999999-99999999"] {
        let res = client.get("/static/a.txt").header("range", range).send();
        res.assert_status(416)
            .assert_header("content-range", "bytes */600000");
    }
    for range in [
        "",
        "bytes",
        "bytes=",
        "bytes=5-1",
        "bytes=a-",
        "lines=1-2",
        "bytes=0-1,x",
    ] {
        let res = client.get("/static/a.txt").header("range", range).send();
        res.assert_status(200)
            .assert_header("accept-ranges", "bytes");
        assert!(res.text() == digits, "{range}");
    }
    let empty = |range| {
        client
            .get("/static/empty.txt")
            .header("range", range)
            .send()
    };
    empty("bytes=-5").assert_status(200).assert_text("");
    empty("bytes=0-")
        .assert_status(416)
        .assert_header("content-range", "bytes */0");
}

/// Type, range and bytes of each part (RFC 9110, 14.6; RFC 2046, 5.1.1).
fn parts(res: &cepa::testing::TestResponse) -> Vec<(String, String, String)> {
    let content_type = res.header("content-type").unwrap();
    let (_, boundary) = content_type
        .split_once("multipart/byteranges; boundary=")
        .unwrap();
    let text = format!("\r\n{}", res.text());
    let text = text
        .strip_suffix(&format!("\r\n--{boundary}--\r\n"))
        .unwrap();
    let between = format!("\r\n--{boundary}\r\n");
    let mut parts = text.split(&between);
    assert_eq!(parts.next(), Some(""));
    let part = |part: &str| {
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        let (kind, range) = head.split_once("\r\n").unwrap();
        let kind = kind.strip_prefix("content-type: ").unwrap();
        let range = range.strip_prefix("content-range: ").unwrap();
        (kind.to_owned(), range.to_owned(), body.to_owned())
    };
    parts.map(part).collect()
}

#[test]
fn several_ranges_are_parts_in_the_order_asked() {
    let digits = digits();
    let place = Place::new().with("a.txt", &digits);
    let text: &'static str = digits.clone().leak();
    let table: &'static [_] = vec![("a.txt", text.as_bytes())].leak();
    let app = App::new().mount("/static", place.files());
    let client = app.mount("/memory", Files::embedded(table)).test();
    for mount in ["/static", "/memory"] {
        let ask = client.get(format!("{mount}/a.txt"));
        let res = ask.header("range", "bytes=300000-399999,0-5,-6,2-7").send();
        res.assert_status(206);
        let length = res.bytes().len().to_string();
        if let Some(said) = res.header("content-length") {
            assert_eq!(said, length);
        }
        let wanted = [(300_000, 400_000), (0, 8), (599_994, 600_000)];
        let found = parts(&res);
        assert_eq!(found.len(), wanted.len());
        for ((kind, range, body), (start, end)) in found.iter().zip(wanted) {
            assert_eq!(kind, "text/plain; charset=utf-8");
            assert_eq!(*range, format!("bytes {start}-{}/600000", end - 1));
            assert!(*body == digits[start..end]);
        }
    }
}

/// A request of a few kilobytes once made servers send, or read, gigabytes.
#[test]
fn many_overlapping_ranges_cost_no_more_than_the_file() {
    let digits = digits();
    let place = Place::new().with("a.txt", &digits);
    let client = place.serve(|files| files);
    let overlapping: String = (0..1_300).map(|at| format!("{at}-,")).collect();
    let nested: String = (0..1_300)
        .map(|at| format!("{at}-{},", 600_000 - at))
        .collect();
    let tiny: String = (0..1_300).map(|at| format!("{0}-{0},", at * 2)).collect();
    let same = "0-,".repeat(1_300);
    for set in [overlapping, nested, tiny, same] {
        let start = std::time::Instant::now();
        let res = client
            .get("/static/a.txt")
            .header("range", format!("bytes={set}"))
            .send();
        res.assert_status(200);
        assert_eq!(res.bytes().len(), digits.len());
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    // As many as are allowed, and all of them the whole.
    let set = "0-,".repeat(32);
    let res = client
        .get("/static/a.txt")
        .header("range", format!("bytes={set}"))
        .send();
    res.assert_status(206);
    assert_eq!(res.bytes().len(), digits.len());
}

#[test]
fn a_range_of_another_version_is_the_whole_file() {
    let place = Place::new().with("a.txt", "0123456789");
    let client = place.serve(|files| files);
    let res = client.get("/static/a.txt").send();
    let tag = res.header("etag").unwrap().to_owned();
    let date = res.header("last-modified").unwrap().to_owned();
    let weak = format!("W/{tag}");
    for (value, status) in [
        (tag.as_str(), 206),
        (&date, 206),
        (&weak, 200),
        ("\"other\"", 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 200),
        ("garbage", 200),
        ("", 200),
    ] {
        let ask = client.get("/static/a.txt").header("range", "bytes=2-4");
        let res = ask.header("if-range", value).send();
        res.assert_status(status);
        let text = if status == 206 { "234" } else { "0123456789" };
        res.assert_text(text);
    }
    let ask = client.get("/static/a.txt").header("range", "bytes=50-");
    ask.header("if-range", "\"other\"")
        .send()
        .assert_status(200);
    let ask = client.get("/static/a.txt").header("range", "bytes=2-4");
    ask.header("if-none-match", tag).send().assert_status(304);
}
