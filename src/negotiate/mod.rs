//! What a client prefers: formats by `Accept` (`accept`), content codings by `Accept-Encoding`
//! (`encoding`).
//!
//! The request's head is read before; the renderer of errors, and who answers in several forms,
//! send the one chosen here after.

mod accept;
mod encoding;

use std::str::from_utf8;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use accept::preferred;

pub use accept::Accept;
pub use encoding::AcceptEncoding;

/// The values of a field, of which there is nearly always one, kept until they are asked for.
#[derive(Clone, Debug, Default)]
struct Values {
    first: Option<HeaderValue>,
    others: Vec<HeaderValue>,
}

impl Values {
    fn of(headers: &HeaderMap, name: HeaderName) -> Self {
        let mut values = headers.get_all(name).iter().cloned();
        Self {
            first: values.next(),
            others: values.collect(),
        }
    }

    fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let values = self.first.iter().chain(&self.others);
        values.map(HeaderValue::as_bytes)
    }
}

/// The entries of a list; malformed ones count as not sent.
fn entries<'a>(values: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = Entry<'a>> {
    let parts = values.flat_map(|value| value.split(|&byte| byte == b','));
    parts.filter_map(|part| Entry::parse(from_utf8(part).ok()?))
}

/// One entry of `Accept` or a field like it, its quality in thousandths.
struct Entry<'a> {
    range: &'a str,
    quality: u16,
}

impl<'a> Entry<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let range = parts.next().filter(|range| !range.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix(['q', 'Q'])?.strip_prefix('='));
        let quality: f32 = weight.map_or(Ok(1.0), str::parse).ok()?;
        (0.0..=1.0).contains(&quality).then_some(Self {
            range,
            quality: (quality * 1000.0).round() as u16,
        })
    }
}
