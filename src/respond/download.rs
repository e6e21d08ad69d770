//! `Download`: a file name beside a response, in `Content-Disposition` (RFC 6266).
//!
//! Names come from users and file systems, so nothing in one may end the header, hide what kind of
//! file it is, or name a folder.

use std::fmt::Write as _;

use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ResponsePart;
use crate::response::Response;

/// Beside a value in a tuple: the browser saves the response as a file of this name.
///
/// Any text is a name. A name of plain ASCII is sent as `filename`; every other one as `filename*`
/// (RFC 8187) behind an ASCII stand-in, for clients that know only that. Slashes, backslashes,
/// control characters and those that turn the direction of writing become `_`, since a name is no
/// path and shows its own end. Without a character that is left, no name is sent.
///
/// The content type is that of the value: set one beside it where it matters.
///
/// ```
/// use cepa::{Download, prelude::*};
///
/// async fn report() -> impl IntoResponse {
///     (Download::named("Übersicht.csv"), [("content-type", "text/csv")], "a,b\n")
/// }
///
/// let res = App::new().get("/", report).test().get("/").send();
/// res.assert_text("a,b\n").assert_header(
///     "content-disposition",
///     "attachment; filename=\"_bersicht.csv\"; filename*=UTF-8''%C3%9Cbersicht.csv",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it does nothing until it stands before a value: `(Download::named(..), bytes)`"]
pub struct Download {
    name: String,
    inline: bool,
}

impl Download {
    /// A download under this name, with its extension: `plan.pdf`.
    pub fn named(name: impl Into<String>) -> Self {
        let name: String = name.into();
        let is_bad = |c: char| c.is_control() || matches!(c, '/' | '\\') || turns_writing(c);
        let name = name.replace(is_bad, "_");
        Self {
            name,
            inline: false,
        }
    }

    /// Whether the browser shows it where it can, and uses the name only for saving. Default: no.
    ///
    /// What is shown runs its scripts as this site: files of strangers are not for this.
    pub fn with_inline(mut self, inline: bool) -> Self {
        self.inline = inline;
        self
    }

    fn header(&self) -> String {
        let mut header = match self.inline {
            true => "inline".to_owned(),
            false => "attachment".to_owned(),
        };
        if self.name.trim_matches(['.', ' ', '_']).is_empty() {
            return header;
        }
        let stand_in = self.name.replace(|c| !is_plain(c), "_");
        // Writing to a `String` never fails.
        let _ = write!(header, "; filename=\"{stand_in}\"");
        if stand_in != self.name {
            let name = utf8_percent_encode(&self.name, EXT_VALUE);
            let _ = write!(header, "; filename*=UTF-8''{name}");
        }
        header
    }
}

impl ResponsePart for Download {
    fn apply(self, res: &mut Response) {
        if let Ok(value) = HeaderValue::try_from(self.header()) {
            res.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
    }
}

/// What is not an `attr-char` of RFC 8187, 3.2.1.
const EXT_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Read alike by everyone inside of a quoted string: some clients decode `%41`, others stumble over
/// an escaped quote (RFC 6266, appendix D).
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%')
}

/// Characters that make `gpj.exe` out of `exe.jpg` for those who read it.
fn turns_writing(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
