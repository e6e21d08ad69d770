//! The page while it is written: our markup as it is, the text of others escaped, each part with its
//! room.

use crate::respond::reference;

/// The style, of which [`POLICY`] has the hash.
const STYLE: &str = include_str!("page.css");
/// No script, no image, no frame; the style by its hash (CSP 3, 2.3.1).
pub(super) const POLICY: &str = "default-src 'none'; style-src 'sha256-1K6jihOddPrDR+7Loo0DKO5aWaKnWkzccEwXwg/QPQ4='; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Where all parts are full, whatever room they have; what closes them comes behind it.
const TOTAL: usize = 45_000;

/// What most texts may take of their part, escaped, in bytes.
pub(super) const TEXT: usize = 600;

/// The page so far.
pub(super) struct Page {
    html: String,
    /// The length at which the part that is being written is full.
    full: usize,
}

impl Page {
    /// The page up to its title.
    pub(super) fn new() -> Self {
        let mut page = Self {
            html: String::with_capacity(16 * 1024),
            full: 0,
        };
        page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>")
            .raw(STYLE)
            .raw("</style>");
        page
    }

    /// Begins a part that has room for so many bytes.
    pub(super) fn part(&mut self, room: usize) -> &mut Self {
        self.full = TOTAL.min(self.html.len() + room);
        self
    }

    /// Whether the part has no room for more; what is repeated in it ends then.
    pub(super) fn is_full(&self) -> bool {
        self.html.len() >= self.full
    }

    /// Markup, which is ours: no text of a request lives that long.
    pub(super) fn raw(&mut self, html: &'static str) -> &mut Self {
        self.html.push_str(html);
        self
    }

    /// Text of anyone, escaped and cut to what takes about [`TEXT`] bytes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.long(text, TEXT)
    }

    /// Text of anyone, escaped and cut to what takes about so many bytes, and has room in the part.
    pub(super) fn long(&mut self, text: &str, most: usize) -> &mut Self {
        let end = self.full.min(self.html.len() + most);
        for c in text.chars() {
            if self.html.len() >= end {
                self.html.push('…');
                break;
            }
            match u8::try_from(c).ok().and_then(reference) {
                Some(reference) => self.html.push_str(reference),
                None if is_hidden(c) => self.html.push('\u{fffd}'),
                None => self.html.push(c),
            }
        }
        self
    }

    /// Whether [`long`](Self::long) writes all of this text, with some markup before it.
    pub(super) fn has_room(&self, text: &str) -> bool {
        let escaped = text.bytes().map(|byte| reference(byte).map_or(1, str::len));
        self.html.len() + escaped.sum::<usize>() + 100 <= self.full
    }

    /// A sentence: what stands between backticks is code.
    pub(super) fn prose(&mut self, text: &str, most: usize) -> &mut Self {
        let end = self.html.len() + most;
        if text.matches('`').count() % 2 == 1 {
            return self.long(text, most);
        }
        for (i, piece) in text.split('`').enumerate() {
            let room = end.saturating_sub(self.html.len());
            match i % 2 {
                _ if room == 0 => break,
                1 => self.raw("<code>").long(piece, room).raw("</code>"),
                _ => self.long(piece, room),
            };
        }
        self
    }

    pub(super) fn finish(mut self) -> String {
        self.raw("</body></html>\n");
        self.html
    }
}

/// Signs that are not seen, and those that turn the direction of the text behind them (UAX 9), so that
/// it reads otherwise than it is.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_cut_within_its_room() {
        let mut page = Page::new();
        let start = page.html.len();
        page.part(100).long("<a b='\"&\u{202e}\0\n", 1000);
        assert_eq!(
            &page.html[start..],
            "&lt;a b=&#39;&quot;&amp;\u{fffd}\u{fffd}\n"
        );
        for (room, most) in [(10, 1000), (1000, 10), (0, 1000), (1000, 0)] {
            let start = page.html.len();
            page.part(room).long(&"'".repeat(1000), most);
            let written = &page.html[start..];
            assert!(written.len() < 20 && written.ends_with('…'), "{written}");
            assert!(
                written
                    .trim_end_matches('…')
                    .replace("&#39;", "")
                    .is_empty()
            );
        }
        page.part(110);
        assert!(page.has_room("&&") && !page.has_room("&&&"));
        page.part(3).long("abc", 3);
        assert!(page.html.ends_with("abc") && page.is_full());
    }
}
