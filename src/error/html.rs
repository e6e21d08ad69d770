//! Text inside HTML.

use std::fmt::{self, Write as _};

/// Text inside HTML (HTML standard, 13.1.2.6 and 13.1.4).
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match reference(c) {
                Some(reference) => f.write_str(reference)?,
                None => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// What stands for a character that would be markup, in text or between quotes.
pub(super) fn reference(c: char) -> Option<&'static str> {
    match c {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}
