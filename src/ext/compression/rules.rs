//! Which responses are compressed, and how their headers change.

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG,
};
use http_body::Body as _;

use super::coding::Coding;
use super::config::Compression;
use crate::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

/// In the extensions of a response: it stays as it is.
#[derive(Clone)]
pub(super) struct Untouched;

/// What a digest of the bytes is in (RFC 9530, and the one before it).
const DIGESTS: [HeaderName; 3] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
];

impl Compression {
    /// Whether it is compressed for a client that wants that; this does not depend on the request.
    pub(super) fn is_for(&self, res: &Response) -> bool {
        // Most answers that are not are small, and no header is looked at for them.
        let length = res.body().size_hint().exact();
        if length.is_some_and(|length| (1..self.min_size).contains(&length)) {
            return false;
        }
        let headers = res.headers();
        self.is_for_type(headers)
            && has_whole_content(res.status())
            && size(res).is_none_or(|size| size >= self.min_size && size > 0)
            && !headers.contains_key(CONTENT_RANGE)
            && !stays_as_it_is(res)
    }

    /// Whether it is a part of what may be compressed as a whole, or says that it is still the
    /// newest. Both have the `Vary` of the whole (RFC 9110, 15.3.7 and 15.4.5); of which type that
    /// is, only a single part says.
    pub(super) fn is_of_whole(&self, res: &Response) -> bool {
        let is_single = match res.status() {
            StatusCode::PARTIAL_CONTENT => res.headers().contains_key(CONTENT_RANGE),
            StatusCode::NOT_MODIFIED => false,
            _ => return false,
        };
        (!is_single || self.is_for_type(res.headers())) && !stays_as_it_is(res)
    }

    fn is_for_type(&self, headers: &HeaderMap) -> bool {
        let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
        let Some(Ok(content_type)) = content_type else {
            return false;
        };
        let end = content_type.find(';').unwrap_or(content_type.len());
        let media_type = content_type[..end].trim();
        if media_type.eq_ignore_ascii_case("text/event-stream") {
            return false;
        }
        match media_type.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => (self.is_compressible)(&media_type.to_ascii_lowercase()),
            false => (self.is_compressible)(media_type),
        }
    }
}

/// Whether it is encoded already, must not be, or was excluded.
fn stays_as_it_is(res: &Response) -> bool {
    let headers = res.headers();
    headers.contains_key(CONTENT_ENCODING)
        || lists(headers, CACHE_CONTROL, "no-transform")
        || DIGESTS.iter().any(|name| headers.contains_key(name))
        || res.extensions().get::<Untouched>().is_some()
}

/// Text in a wide sense, and what else is not compressed by itself.
pub(super) fn is_text(media_type: &str) -> bool {
    let Some((kind, subtype)) = media_type.split_once('/') else {
        return false;
    };
    if kind == "text" || subtype.ends_with("+json") || subtype.ends_with("+xml") {
        return true;
    }
    match kind {
        "application" => matches!(
            subtype,
            "json"
                | "javascript"
                | "xml"
                | "x-ndjson"
                | "jsonl"
                | "json-seq"
                | "wasm"
                | "graphql"
                | "yaml"
                | "toml"
                | "sql"
                | "rtf"
                | "postscript"
                | "x-javascript"
                | "x-yaml"
                | "x-www-form-urlencoded"
                | "vnd.ms-fontobject"
        ),
        "font" => matches!(subtype, "ttf" | "otf" | "collection" | "sfnt"),
        "image" => matches!(subtype, "bmp" | "x-icon" | "vnd.microsoft.icon"),
        _ => false,
    }
}

/// The others have no content, a part of it, or become another protocol.
fn has_whole_content(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(
            status,
            StatusCode::NO_CONTENT
                | StatusCode::RESET_CONTENT
                | StatusCode::PARTIAL_CONTENT
                | StatusCode::NOT_MODIFIED
        )
}

/// The length of the content, if it is known: of an answer to HEAD made by hand, what it says.
fn size(res: &Response) -> Option<u64> {
    let said = res.headers().get(CONTENT_LENGTH);
    let said = said.and_then(|length| length.to_str().ok()?.parse().ok());
    said.or_else(|| res.body().size_hint().exact())
}

/// Whether a header that is a list has this member, in any case.
fn lists(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut members = values.flat_map(|value| value.split(',')).map(str::trim);
    members.any(|member| member.eq_ignore_ascii_case(wanted))
}

/// Says of the content that it is compressed, and takes back what holds for its bytes alone.
pub(super) fn describe(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
    headers.remove(CONTENT_LENGTH);
    headers.remove(ACCEPT_RANGES);
    // A strong tag says that the bytes are the same (RFC 9110, 8.8.1).
    if let Some(weak) = weak_tag(headers) {
        headers.insert(ETAG, weak);
    }
}

/// A cache finds what a 304 is about by its tag (RFC 9111, 4.3.4): that of what was compressed is
/// weak, as the client says.
pub(super) fn restore_tag(headers: &mut HeaderMap, if_none_match: &[HeaderValue]) {
    let Some(weak) = weak_tag(headers) else {
        return;
    };
    let is_weak = |list: &HeaderValue| {
        let mut tags = list.as_bytes().windows(weak.len());
        tags.any(|tag| tag == weak.as_bytes())
    };
    if if_none_match.iter().any(is_weak) {
        headers.insert(ETAG, weak);
    }
}

/// The weak form of a tag that is strong.
fn weak_tag(headers: &HeaderMap) -> Option<HeaderValue> {
    let tag = headers.get(ETAG)?.as_bytes();
    let is_strong = tag.starts_with(b"\"");
    is_strong.then(|| HeaderValue::from_bytes(&[b"W/", tag].concat()).ok())?
}
