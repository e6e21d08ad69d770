//! `/fortunes`, the page.

use super::*;

const FORTUNES: [(u32, &str); 13] = [
    (
        11,
        "<script>alert(\"This should not be displayed in a browser alert box.\");</script>",
    ),
    (
        4,
        "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    ),
    (
        5,
        "A computer program does what you tell it to do, not what you want it to do.",
    ),
    (
        2,
        "A computer scientist is someone who fixes things that aren't broken.",
    ),
    (
        8,
        "A list is only as strong as its weakest link. — Donald Knuth",
    ),
    (0, "Additional fortune added at request time."),
    (3, "After enough decimal places, nobody gives a damn."),
    (7, "Any program that runs right is obsolete."),
    (10, "Computers make very fast, very accurate mistakes."),
    (
        6,
        "Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen",
    ),
    (9, "Feature: A bug with seniority."),
    (1, "fortune: No such file or directory"),
    (12, "フレームワークのベンチマーク"),
];

/// The rows of the page, in its order, as they are shown.
#[track_caller]
fn rows(page: &str) -> Vec<(u32, String)> {
    let rest = page.strip_prefix("<!doctype html>").expect("it is HTML 5");
    let squeezed: String = rest.lines().map(str::trim).collect();
    let rest = squeezed
        .strip_prefix("<html><head>")
        .expect("there is a head");
    let (head, body) = rest.split_once("</head>").expect("the head ends");
    assert!(head.contains("<title>Fortunes</title>"), "{head}");
    assert!(head.contains("<meta charset=\"utf-8\">"), "{head}");
    let start = "<body><table><tr><th>id</th><th>message</th></tr>";
    let table = body.strip_prefix(start).expect("there is the table");
    let table = table
        .strip_suffix("</table></body></html>")
        .expect("it ends");
    let row = |row: &str| {
        let row = row.strip_prefix("<tr><td>").expect("it is a row");
        let (id, message) = row.split_once("</td><td>").expect("it has two cells");
        let message = message.strip_suffix("</td>").expect("the cell ends");
        (id.parse().unwrap(), unescaped(message))
    };
    let table = table.strip_suffix("</tr>").expect("the last row ends");
    table.split("</tr>").map(row).collect()
}

/// What a browser shows of a text that has nothing in it that would be markup.
#[track_caller]
fn unescaped(text: &str) -> String {
    assert!(
        !text.contains(['<', '>', '"', '\'']),
        "{text} is not escaped"
    );
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let bare = pairs
        .iter()
        .fold(text.to_owned(), |text, (name, _)| text.replace(name, ""));
    assert!(!bare.contains('&'), "{text} is not escaped");
    pairs.iter().fold(text.to_owned(), |text, (name, shown)| {
        text.replace(name, shown)
    })
}

#[track_caller]
fn page(example: &Example) -> Vec<(u32, String)> {
    let answer = get(example, "/fortunes");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    rows(&answer.body)
}

#[test]
fn fortunes_are_sorted_escaped_and_one_more_than_there_are() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let expected = FORTUNES.map(|(id, message)| (id, message.to_owned()));
    assert_eq!(page(&example), expected);
    assert_eq!(database.number("SELECT count(*) FROM Fortune"), 12);
    example.stop();
}

#[test]
fn fortunes_are_read_anew_and_no_text_becomes_markup() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let hostile = "</td></tr></table><img src=x onerror='alert(1)'>&lt;\"{{ 7 * 7 }}";
    let quoted = hostile.replace('\'', "''");
    database.run(&format!(
        "INSERT INTO Fortune VALUES (13, '{quoted}'), (14, 'Zwiebel & Söhne')"
    ));
    let mut expected = FORTUNES
        .map(|(id, message)| (id, message.to_owned()))
        .to_vec();
    expected.insert(0, (13, hostile.to_owned()));
    expected.insert(12, (14, "Zwiebel & Söhne".to_owned()));
    expected.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(page(&example), expected);
    database.run("DELETE FROM Fortune");
    assert_eq!(page(&example), [(0, FORTUNES[5].1.to_owned())]);
    example.stop();
}
