//! What is known of a request until its line is written, and the line.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::log::{self, Level};
use crate::secrets::Secrets;
use crate::{Method, Outcome, Request, StatusCode};

/// Written when the response ended. If it is dropped before, the client went away while the
/// handler worked.
pub(super) struct Line {
    json: bool,
    method: Method,
    path: String,
    /// Empty where there is none.
    query: String,
    route: Option<String>,
    id: Option<Arc<str>>,
    start: Instant,
    /// `None` until the response is there.
    status: Option<StatusCode>,
    written: bool,
}

impl Line {
    pub(super) fn of(req: &Request, secrets: &Secrets, json: bool) -> Self {
        let route = req.route().map(crate::Route::path);
        // A 405 and a redirect to the other slash have the path of a route, and its secrets.
        let of_path = req.route_of_path().map(crate::Route::path);
        let hidden = of_path.filter(|route| secrets.are_in_path(route));
        let path = hidden.map_or_else(|| printable(req.path()), Cow::Borrowed);
        // For people, a route that says no more than the path is left out.
        let shown = route.filter(|route| json || *route != path);
        Self {
            json,
            method: req.method().clone(),
            route: shown.map(str::to_owned),
            path: path.into_owned(),
            query: printable(&secrets.masked(req.query())).into_owned(),
            id: req.id().map(|id| printable(id).into()),
            start: Instant::now(),
            status: None,
            written: false,
        }
    }

    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(super) fn end(mut self, outcome: Outcome) {
        self.write(outcome);
    }

    fn write(&mut self, outcome: Outcome) {
        self.written = true;
        let line = match self.json {
            false => Some(self.text(outcome)),
            true => serde_json::to_string(&Json(self, outcome)).ok(),
        };
        log::emit(Level::Info, &line.unwrap_or_default());
    }

    fn text(&self, outcome: Outcome) -> String {
        let (ended, bytes) = parts(outcome);
        let mut line = format!("{} {}", self.method, self.path);
        let _ = self.text_after_path(&mut line, ended, bytes);
        line
    }

    fn text_after_path(&self, line: &mut String, ended: &str, bytes: u64) -> fmt::Result {
        if !self.query.is_empty() {
            write!(line, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(line, " {}", status.as_u16())?,
            None => line.push_str(" -"),
        }
        write!(line, " {bytes} B {:.1?}", self.start.elapsed())?;
        if ended != "sent" {
            write!(line, " {ended}")?;
        }
        if let Some(route) = &self.route {
            write!(line, " route={route}")?;
        }
        if let Some(id) = &self.id {
            write!(line, " id={id}")?;
        }
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.written {
            self.write(Outcome::Cancelled { bytes: 0 });
        }
    }
}

fn parts(outcome: Outcome) -> (&'static str, u64) {
    match outcome {
        Outcome::Sent { bytes } => ("sent", bytes),
        Outcome::Failed { bytes } => ("failed", bytes),
        Outcome::Cancelled { bytes } => ("cancelled", bytes),
    }
}

/// Visible ASCII; a space, too, would end a field.
fn printable(text: &str) -> Cow<'_, str> {
    const HIDDEN: &AsciiSet = &CONTROLS.add(b' ');
    utf8_percent_encode(text, HIDDEN).into()
}

/// A line as a JSON object, its members in the order of the documentation.
struct Json<'a>(&'a Line, Outcome);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(line, outcome) = self;
        let (ended, bytes) = parts(*outcome);
        let query = Some(&line.query).filter(|query| !query.is_empty());
        let micros = line.start.elapsed().as_micros();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &timestamp(SystemTime::now()))?;
        map.serialize_entry("method", line.method.as_str())?;
        map.serialize_entry("path", &line.path)?;
        map.serialize_entry("query", &query)?;
        map.serialize_entry("route", &line.route)?;
        map.serialize_entry("status", &line.status.map(|status| status.as_u16()))?;
        map.serialize_entry("bytes", &bytes)?;
        map.serialize_entry("duration_ms", &(micros as f64 / 1000.0))?;
        map.serialize_entry("outcome", ended)?;
        map.serialize_entry("request_id", &line.id.as_deref())?;
        map.end()
    }
}

/// UTC with milliseconds, as RFC 3339, 5.6 writes it.
fn timestamp(time: SystemTime) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let time = time.max(UNIX_EPOCH);
    let millis = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.subsec_millis());
    // `Sun, 06 Nov 1994 08:49:37 GMT`
    let date = httpdate::fmt_http_date(time);
    let month = MONTHS.find(&date[8..11]).unwrap_or_default() / 3 + 1;
    let (day, year, clock) = (&date[5..7], &date[12..16], &date[17..25]);
    format!("{year}-{month:02}-{day}T{clock}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn timestamps_are_those_of_the_calendar() {
        let table = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
            (1_795_164_742_123, "2026-11-20T08:52:22.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (millis, text) in table {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn what_is_printed_is_visible_ascii() {
        let table = [
            ("/a%0Ab", "/a%0Ab"),
            ("a\nb\r\u{1b}[2J", "a%0Ab%0D%1B[2J"),
            (
                "a b\u{7f}\u{85}\u{2028}\u{202e}",
                "a%20b%7F%C2%85%E2%80%A8%E2%80%AE",
            ),
        ];
        for (text, shown) in table {
            assert_eq!(printable(text), shown);
        }
    }
}
