//! The headers of a part, and the parameters of `Content-Type` and `Content-Disposition`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::MultipartError::{self, Malformed};

/// What a part says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
}

/// The boundary in a `Content-Type` (RFC 2046, 5.1.1): 1 to 70 characters, no space at its end.
pub(super) fn parse_boundary(content_type: &str) -> Result<String, MultipartError> {
    let (media_type, params) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !media_type
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return Err(MultipartError::NotMultipart);
    }
    let params = params_of(params).ok_or(MultipartError::NoBoundary)?;
    let mut found = params
        .into_iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    let (Some((_, boundary)), None) = (found.next(), found.next()) else {
        return Err(MultipartError::NoBoundary);
    };
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let fits = (1..=70).contains(&boundary.len()) && !boundary.ends_with(' ');
    match fits && boundary.bytes().all(is_allowed) {
        true => Ok(boundary.into_owned()),
        false => Err(MultipartError::NoBoundary),
    }
}

/// The end of the delimiter's line, then headers.
pub(super) fn parse_head(text: &[u8]) -> Result<PartHead, MultipartError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| Malformed("the headers of a part are not UTF-8 text"))?;
    let mut lines = text.split("\r\n");
    let padding = lines.next().unwrap_or_default();
    if !padding.trim_matches([' ', '\t']).is_empty() {
        return Err(Malformed("a boundary is not alone on its line"));
    }
    let (mut disposition, mut content_type) = (None, None);
    for line in lines {
        let (name, value) = line
            .split_once(':')
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(is_token))
            .ok_or(Malformed("a line in the head of a part is no header"))?;
        let value = value.trim_matches([' ', '\t']);
        if value
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err(Malformed("a header of a part has control characters"));
        }
        let slot = match name {
            name if name.eq_ignore_ascii_case("content-disposition") => &mut disposition,
            name if name.eq_ignore_ascii_case("content-type") => &mut content_type,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(Malformed("a header of a part is there twice"));
        }
    }
    let head = parse_disposition(disposition.unwrap_or_default())?;
    let content_type = content_type.map(str::to_owned);
    Ok(PartHead {
        content_type,
        ..head
    })
}

/// `form-data; name="avatar"; filename="me.png"` (RFC 7578, 4.2).
fn parse_disposition(text: &str) -> Result<PartHead, MultipartError> {
    const WANTED: MultipartError =
        Malformed("a part has no `Content-Disposition: form-data; name=\"..\"`");
    let (kind, params) = text.split_once(';').ok_or(WANTED)?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(WANTED);
    }
    let (mut name, mut file_name, mut encoded) = (None, None, None);
    for (key, value) in params_of(params).ok_or(WANTED)? {
        let (slot, value) = match key {
            key if key.eq_ignore_ascii_case("name") => (&mut name, unescape(&value)),
            key if key.eq_ignore_ascii_case("filename") => (&mut file_name, unescape(&value)),
            key if key.eq_ignore_ascii_case("filename*") => match decode_extended(&value) {
                Some(value) => (&mut encoded, value),
                None => return Err(Malformed("a `filename*` is not UTF-8 (RFC 8187, 3.2)")),
            },
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(Malformed("a parameter of a part is there twice"));
        }
    }
    Ok(PartHead {
        name: name.ok_or(WANTED)?,
        file_name: file_name.or(encoded),
        content_type: None,
    })
}

/// `; a=1; b="2"` without its first semicolon; `None` if it is not of this form. Backslashes stay
/// in quotes, unless they stand before a quote or a backslash.
fn params_of(mut text: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut params = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ';']);
        if text.is_empty() {
            return Some(params);
        }
        let (name, value) = text.split_once('=')?;
        let name = name.trim_end_matches([' ', '\t']);
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        let value = value.trim_start_matches([' ', '\t']);
        let (value, rest) = match value.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let end = value.find([';', ' ', '\t']).unwrap_or(value.len());
                (Cow::Borrowed(&value[..end]), &value[end..])
            }
        };
        text = rest.trim_start_matches([' ', '\t']);
        if !text.is_empty() && !text.starts_with(';') {
            return None;
        }
        params.push((name, value));
    }
}

/// The text up to the closing quote, and what stands behind that.
fn quoted_string(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut value = String::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' if start == 0 => return Some((Cow::Borrowed(&text[..at]), &text[at + 1..])),
            b'"' => return Some((Cow::Owned(value + &text[start..at]), &text[at + 1..])),
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => {
                value += &text[start..at];
                start = at + 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// What browsers write in place of quotes and line breaks, and nothing else (HTML standard,
/// multipart form data).
fn unescape(text: &str) -> String {
    match text.contains('%') {
        true => text
            .replace("%22", "\"")
            .replace("%0D", "\r")
            .replace("%0A", "\n"),
        false => text.to_owned(),
    }
}

/// `UTF-8''a%20b` (RFC 8187, 3.2).
fn decode_extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, value) = rest.split_once('\'')?;
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8");
    is_utf8.then(|| value.into_owned())
}

/// What names of headers and parameters are made of (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
