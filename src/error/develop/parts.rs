//! What the page says of the error and of the request.

use http::Version;

use super::curl::{self, Command};
use super::page::{Page, TEXT};
use super::shown::Shown;
use super::source;
use crate::error::convert::Carried;
use crate::error::{Error, ErrorContext, Excerpt, is_ours};

/// What was asked, the status, the message, and where the error was made.
pub(super) fn head(page: &mut Page, error: &Error, context: &ErrorContext, shown: &Shown<'_>) {
    let status = error.status();
    let name = status.canonical_reason().unwrap_or("Error");
    let message = headline(error);
    page.part(5_000)
        .raw("<title>")
        .text(status.as_str())
        .raw(" ");
    page.text(name)
        .raw(": ")
        .long(&message, 200)
        .raw("</title></head>");
    page.raw(match status.is_client_error() {
        true => "<body class=\"client\"><header><p class=\"asked\"><b>",
        false => "<body><header><p class=\"asked\"><b>",
    });
    page.text(shown.seen.method.as_str()).raw("</b> ");
    page.text(&shown.target())
        .raw("</p><p class=\"status\"><b>");
    page.text(status.as_str()).raw("</b> ").text(name);
    if error.0.panic.is_some() {
        page.raw("</p> <p class=\"status\">panic");
    }
    page.raw("</p><h1>").prose(&message, 2_000);
    page.raw("</h1><p class=\"place\">");
    if let Some(place) = place(error) {
        page.raw("<span>").text(&place).raw("</span> ");
    }
    if let Some(id) = context.request_id() {
        page.raw("<span>request ").text(id).raw("</span>");
    }
    page.raw("</p></header>");
}

/// The message, whoever it is for, or the cause of an error without one.
fn headline(error: &Error) -> String {
    match (&error.0.panic, &error.0.message) {
        (Some(panic), _) => panic.text.clone(),
        (None, Some(message)) => message.clone().into_owned(),
        (None, None) => match error.sources().next() {
            Some(source) => source.to_string(),
            None => error.message().to_owned(),
        },
    }
}

/// Where it was made, unless that is in this crate.
fn place(error: &Error) -> Option<String> {
    match &error.0.panic {
        Some(panic) => panic.place.as_ref().map(ToString::to_string),
        None => (!is_ours(error.location().file())).then(|| error.location().to_string()),
    }
}

/// What is wrong with the input.
pub(super) fn fields(page: &mut Page, error: &Error) {
    if error.fields().is_empty() {
        return;
    }
    page.part(3_000).raw("<section><h2>Fields</h2><table>");
    for field in error.fields() {
        row(page, &field.field, &field.message);
    }
    page.raw("</table></section>");
}

/// The line that the error comes from, among those around it: of the text that it carries, such as
/// a template, and of the program.
pub(super) fn excerpts(page: &mut Page, error: &Error) {
    if let Some(excerpt) = error.excerpt() {
        page.part(6_000);
        self::excerpt(page, excerpt, column(error, excerpt), false);
    }
    let place = match &error.0.panic {
        Some(panic) => panic.place.as_ref().map(|it| (&*it.file, it.line)),
        None => Some((error.location().file(), error.location().line())),
    };
    let place = place.filter(|(file, _)| !is_ours(file));
    if let Some(read) = place.and_then(|(file, line)| source::read(file, line)) {
        page.part(6_000);
        excerpt(page, &read.excerpt, None, read.is_newer);
    }
}

/// Where in the line it is, from 1, if the error says so as compilers do: `list.html:4:55: ..`.
fn column(error: &Error, excerpt: &Excerpt) -> Option<usize> {
    let (said, place) = (
        error.to_string(),
        format!("{}:{}:", excerpt.file(), excerpt.line()),
    );
    let (_, column) = said.split_once(&place)?;
    column
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn excerpt(page: &mut Page, excerpt: &Excerpt, column: Option<usize>, is_newer: bool) {
    let line = excerpt.line().to_string();
    page.raw("<section><h2 class=\"file\">")
        .text(excerpt.file());
    page.raw("<i>line ").text(&line).raw("</i></h2>");
    if is_newer {
        page.raw("<p>The file was changed after the program was built.</p>");
    }
    page.raw("<pre class=\"source\"><code>");
    let written = excerpt.lines().filter(|(_, text)| !text.trim().is_empty());
    let indents = written.map(|(_, text)| text.len() - text.trim_start_matches(' ').len());
    let indent = indents.min().unwrap_or(0);
    for (number, text) in excerpt.lines() {
        if page.is_full() {
            break;
        }
        let (start, end, column) = match number == excerpt.line() {
            true => ("<b><i>", "\n</b>", column),
            false => ("<span><i>", "\n</span>", None),
        };
        page.raw(start).text(&number.to_string()).raw("</i>");
        let text = text.get(indent..).unwrap_or_default();
        let (before, word, after) = split(text, column.and_then(|it| it.checked_sub(indent + 1)));
        page.long(before, 400);
        if !word.is_empty() {
            page.raw("<mark>").long(word, 200).raw("</mark>");
        }
        page.long(after, 400).raw(end);
    }
    page.raw("</code></pre></section>");
}

/// A line, and in it the word or sign at this character, from 0.
fn split(line: &str, at: Option<usize>) -> (&str, &str, &str) {
    let Some((start, first)) = at.and_then(|at| line.char_indices().nth(at)) else {
        return (line, "", "");
    };
    let (before, rest) = line.split_at(start);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end.max(first.len_utf8()));
    (before, word, after)
}

/// The causes, the nearest first.
pub(super) fn causes(page: &mut Page, error: &Error) {
    let mut said = headline(error);
    let causes: Vec<_> = error
        .sources()
        .filter_map(|cause| {
            let text = cause.to_string();
            // A message taken from its own cause is not told twice.
            let is_new = text != said;
            said.clone_from(&text);
            let place = cause.downcast_ref::<Carried>().and_then(|it| place(&it.0));
            is_new.then_some((text, place))
        })
        .collect();
    if causes.is_empty() {
        return;
    }
    page.part(4_000)
        .raw("<section><h2>Caused by</h2><ol class=\"causes\">");
    for (text, place) in causes {
        if page.is_full() {
            break;
        }
        page.raw("<li>").prose(&text, 1_000);
        if let Some(place) = place {
            page.raw(" <small>").text(&place).raw("</small>");
        }
        page.raw("</li>");
    }
    page.raw("</ol></section>");
}

/// The head of the request, its query and its form.
pub(super) fn request(page: &mut Page, shown: &Shown<'_>) {
    page.part(7_000).raw("<section><h2>Request</h2><table>");
    row(
        page,
        "version",
        match shown.seen.version {
            Version::HTTP_2 => "HTTP/2",
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        },
    );
    for (name, value) in shown.headers() {
        row(page, name.as_str(), &String::from_utf8_lossy(&value));
    }
    page.raw("</table></section>");
    pairs(page, "<section><h2>Query</h2><table>", &shown.query);
    pairs(
        page,
        "<section><h2>Form</h2><table>",
        shown.form.as_deref().unwrap_or_default(),
    );
}

fn pairs(page: &mut Page, start: &'static str, text: &str) {
    if text.is_empty() {
        return;
    }
    page.part(3_000).raw(start);
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        row(
            page,
            &crate::request::decode(name),
            &crate::request::decode(value),
        );
    }
    page.raw("</table></section>");
}

/// A row of a table with names, if it has room.
fn row(page: &mut Page, name: &str, value: &str) {
    if !page.is_full() {
        page.raw("<tr><th>").long(name, 200).raw("</th><td>");
        page.long(value, TEXT).raw("</td></tr>");
    }
}

/// The command that repeats the request, and the end of the page.
pub(super) fn command(page: &mut Page, shown: &Shown<'_>) {
    page.part(8_000).raw("<section><h2>Repeat it</h2>");
    // A part of a command would be another one.
    match curl::command(shown).filter(|it| page.has_room(&it.text)) {
        Some(Command {
            text,
            left_out,
            needs_body,
        }) => {
            page.raw("<pre><code>")
                .long(&text, 8_000)
                .raw("</code></pre>");
            if text.contains(crate::secrets::MASK) {
                page.raw("<p>Put what is secret in place of <code>***</code>.</p>");
            }
            if needs_body {
                page.raw("<p>The body is not kept: put it into a file <code>body</code>.</p>");
            }
            if left_out > 0 {
                page.raw("<p>Headers that are too long for it are left out: ");
                page.text(&left_out.to_string()).raw(".</p>");
            }
        }
        None => drop(page.raw("<p>The request is too long for a command.</p>")),
    }
    page.raw("</section><footer><p>This page is shown in development only, to browsers on this machine. ");
    page.raw("With <code>CEPA_ENV=production</code> you see what others see.</p></footer>");
}
