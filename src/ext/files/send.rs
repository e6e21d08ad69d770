//! From an opened file to a response: conditions, ranges, headers, body.
//!
//! Before it: the file was found. After it: the bytes go out, or 304, 412, 416.

use std::hash::{BuildHasher, RandomState};

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};

use super::body::{CHUNK, Content, Piece, Pieces};
use super::folder::Opened;
use super::forms::Encoding;
use super::range::Ranges;
use crate::{
    Body, Bytes, Conditions, ETag, Error, HeaderValue, Precondition, Response, ResponsePart,
    Result, StatusCode, Validators,
};

/// A file, and how it is described.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) opened: Opened,
    pub(super) content_type: HeaderValue,
    pub(super) cache_control: Option<HeaderValue>,
    pub(super) encoding: Option<Encoding>,
    /// Whether the answer depends on `Accept-Encoding`.
    pub(super) varies: bool,
}

/// What a client asked of it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) is_head: bool,
    pub(super) conditions: Conditions,
    /// `None` too where the method is not GET (RFC 9110, 14.2), or there are several.
    pub(super) range: Option<HeaderValue>,
}

impl Sending {
    /// Answers; reads what is small at once.
    pub(super) fn answer(self, wanted: &Wanted) -> Result<Response> {
        let current = self.validators();
        let mut res = Response::new();
        self.describe(&mut res);
        match wanted.conditions.evaluate(Some(&current)) {
            Precondition::NotModified => {
                res.set_status(StatusCode::NOT_MODIFIED);
                current.apply(&mut res);
                return Ok(res);
            }
            Precondition::Failed => {
                let message = "the file is not the one that this request was made for";
                return Err(Error::new(StatusCode::PRECONDITION_FAILED, message));
            }
            _ => {}
        }
        let range = wanted.range.as_ref();
        let range = range.filter(|_| self.allows_range(&wanted.conditions, &current));
        let length = self.opened.length;
        let ranges = range.map_or(Ranges::Whole, |it| Ranges::parse(it.as_bytes(), length));
        current.apply(&mut res);
        let headers = res.headers_mut();
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        if let Some(encoding) = self.encoding {
            let name = HeaderValue::from_static(encoding.name());
            headers.insert(CONTENT_ENCODING, name);
        }
        let content = self.opened.content;
        match ranges {
            Ranges::Whole => res.set_body(whole(content, 0, length, wanted.is_head)?),
            Ranges::Outside => {
                let message = format!("the file has {length} bytes, none of them in this range");
                let error = Error::new(StatusCode::RANGE_NOT_SATISFIABLE, message);
                return Err(error.with_header(CONTENT_RANGE, format!("bytes */{length}")));
            }
            Ranges::Parts(parts) => {
                res.set_status(StatusCode::PARTIAL_CONTENT);
                match *parts {
                    [(start, end)] => {
                        res.set_header(CONTENT_RANGE, content_range(start, end, length));
                        res.set_body(whole(content, start, end, false)?);
                    }
                    _ => several(&mut res, content, &parts, length),
                }
            }
        }
        Ok(res)
    }

    /// An encoded file is another one, whatever its metadata (RFC 9110, 8.8.3.3).
    fn validators(&self) -> Validators {
        let tag = self.opened.tag.as_ref().map(|tag| match self.encoding {
            None => ETag::strong(tag),
            Some(encoding) => ETag::strong(format_args!("{tag}-{}", encoding.name())),
        });
        let validators = tag.map(Validators::from).unwrap_or_default();
        match self.opened.modified {
            Some(at) => validators.with_last_modified(at),
            None => validators,
        }
    }

    /// A date may be that of several forms, whose bytes differ.
    fn allows_range(&self, conditions: &Conditions, current: &Validators) -> bool {
        match (self.varies, current.etag()) {
            (true, Some(tag)) => conditions.allows_range(&tag.clone().into()),
            _ => conditions.allows_range(current),
        }
    }

    /// What 304 says too (RFC 9110, 15.4.5).
    fn describe(&self, res: &mut Response) {
        let headers = res.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(directives) = &self.cache_control {
            headers.insert(CACHE_CONTROL, directives.clone());
        }
        if self.varies {
            res.vary_by(ACCEPT_ENCODING);
        }
    }
}

/// The bytes from the first up to and without the last; not read for HEAD, which needs their number.
fn whole(mut content: Content, start: u64, end: u64, is_head: bool) -> Result<Body> {
    if start == end {
        return Ok(Body::empty());
    }
    let is_small = matches!(content, Content::Memory(_)) || end - start <= CHUNK;
    if is_small && !is_head {
        return Ok(content.read(start, end)?.into());
    }
    Ok(Body::wrap(Pieces::new(content, [Piece::Part(start, end)])))
}

fn content_range(start: u64, end: u64, length: u64) -> String {
    format!("bytes {start}-{}/{length}", end - 1)
}

/// `multipart/byteranges` (RFC 9110, 14.6).
fn several(res: &mut Response, content: Content, parts: &[(u64, u64)], length: u64) {
    // Drawn anew each time, so that no file can hold it but by chance.
    let random = || RandomState::new().hash_one(length);
    let boundary = format!("{:016x}{:016x}", random(), random());
    let content_type = res.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let mut pieces = Vec::with_capacity(parts.len() * 2 + 1);
    let mut between = "";
    for &(start, end) in parts {
        let range = content_range(start, end, length);
        pieces.push(text(format!(
            "{between}--{boundary}\r\ncontent-type: {content_type}\r\ncontent-range: {range}\r\n\r\n"
        )));
        pieces.push(Piece::Part(start, end));
        between = "\r\n";
    }
    pieces.push(text(format!("\r\n--{boundary}--\r\n")));
    res.set_header(
        CONTENT_TYPE,
        format!("multipart/byteranges; boundary={boundary}"),
    );
    res.set_body(Body::wrap(Pieces::new(content, pieces)));
}

fn text(text: String) -> Piece {
    Piece::Text(Bytes::from(text))
}
