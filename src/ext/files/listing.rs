//! The page that shows what is in a folder, for those who asked for it by `with_listing`.
//!
//! Before it: the folder has no index. After it: the page is sent.

use std::time::SystemTime;

use http::header::CONTENT_SECURITY_POLICY;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::folder::Item;
use crate::{CacheControl, Escaped, Html, IntoResponse, Response};

/// Names on one page.
pub(super) const MOST: usize = 10_000;

/// All but what RFC 3986, 2.3 leaves alone.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{max-width:50rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.25rem;overflow-wrap:anywhere}\
table{width:100%;border-collapse:collapse}\
th{font-weight:normal;font-size:.875rem;opacity:.7}\
th,td{padding:.25rem .5rem;text-align:left;vertical-align:baseline;white-space:nowrap;font-variant-numeric:tabular-nums}\
td{border-top:1px solid #8884}\
td:first-child{width:100%;white-space:normal;overflow-wrap:anywhere}\
tr>:nth-child(2){text-align:right}\
@media(max-width:30rem){tr>:nth-child(3){display:none}}\
a{text-decoration:none}a:hover,a:focus{text-decoration:underline}";

/// The page of a folder, or of the root, at this path.
pub(super) fn page(path: &str, is_root: bool, mut items: Vec<Item>) -> Response {
    items.sort_by(|a, b| (b.is_dir, &a.name).cmp(&(a.is_dir, &b.name)));
    let title = percent_decode_str(path).decode_utf8_lossy();
    let title = Escaped(&title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n\
         <table>\n<tr><th>Name<th>Size<th>Changed (UTC)\n"
    );
    if !is_root {
        page += "<tr><td><a href=\"../\">..</a><td><td>\n";
    }
    for item in &items {
        row(&mut page, item);
    }
    page += "</table>\n";
    page += match items.len() {
        0 => "<p>Nothing is in this folder.\n",
        MOST => "<p>There is more than this page can show.\n",
        _ => "",
    };
    let kept = CacheControl::new().no_cache();
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    let headers = [
        (CONTENT_SECURITY_POLICY.as_str(), policy),
        ("x-content-type-options", "nosniff"),
    ];
    (headers, kept, Html(page)).into_response()
}

fn row(page: &mut String, item: &Item) {
    let slash = if item.is_dir { "/" } else { "" };
    let size = match item.is_dir {
        true => String::new(),
        false => size(item.length),
    };
    let text = Escaped(&item.name);
    let date = item.modified.map(date).unwrap_or_default();
    // `./` in front, so that no name is read as a scheme or a host.
    let href = utf8_percent_encode(&item.name, NAME);
    *page +=
        &format!("<tr><td><a href=\"./{href}{slash}\">{text}{slash}</a><td>{size}<td>{date}\n");
}

fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if size < 1024.0 {
            let digits = usize::from(unit != "B" && size < 10.0);
            return format!("{size:.digits$} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.0} TiB")
}

/// `06 Nov 1994 08:49` in UTC, out of the date that HTTP writes; empty for what that cannot say.
fn date(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    match since.map(|since| since.as_secs()) {
        Ok(..253_402_300_800) => httpdate::fmt_http_date(at)[5..22].to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_dates_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(20 * 1024 * 1024), "20 MiB");
        assert_eq!(size(u64::MAX), "16777216 TiB");
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(784_111_777);
        assert_eq!(date(at), "06 Nov 1994 08:49");
    }
}
