//! Where start-up lines, the access log and errors go: to `tracing`, or to stderr without it.

/// Writes one line at level info: to the program's `tracing` subscriber with the target `cepa`, or
/// to stderr where none is installed. Control characters are escaped.
///
/// For extensions whose news should be seen in programs that know nothing of `tracing`; others use
/// `tracing` itself.
///
/// ```
/// cepa::log::info("the index is built: 1,204 pages");
/// ```
pub fn info(line: &str) {
    emit(Level::Info, line);
}

/// Writes one line at level warn, as [`info`] does.
///
/// ```
/// cepa::log::warn("the cache is full, old entries go");
/// ```
pub fn warn(line: &str) {
    emit(Level::Warn, line);
}

/// Writes one line at level error, as [`info`] does.
///
/// ```
/// cepa::log::error("the queue refuses jobs: disk full");
/// ```
pub fn error(line: &str) {
    emit(Level::Error, line);
}

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// Whether a line of this level would go anywhere: the subscriber decides, and without one only
/// `Debug` goes nowhere.
pub(crate) fn enabled(level: Level) -> bool {
    if !tracing::dispatcher::has_been_set() {
        return level != Level::Debug;
    }
    match level {
        Level::Debug => tracing::enabled!(target: "cepa", tracing::Level::DEBUG),
        Level::Info => tracing::enabled!(target: "cepa", tracing::Level::INFO),
        Level::Warn => tracing::enabled!(target: "cepa", tracing::Level::WARN),
        Level::Error => tracing::enabled!(target: "cepa", tracing::Level::ERROR),
    }
}

/// Writes one line to the program's `tracing` subscriber; to stderr where it has none.
///
/// Control characters are escaped, so that no text from elsewhere can begin a line of its own.
pub(crate) fn emit(level: Level, line: &str) {
    if line.contains(char::is_control) {
        return emit(level, &escaped(line));
    }
    if !tracing::dispatcher::has_been_set() {
        if enabled(level) {
            // `eprintln!` is captured in tests, and panics where stderr is closed, which is no
            // reason to fail a request.
            let _ = std::panic::catch_unwind(|| eprintln!("{}{line}", prefix(level)));
        }
        return;
    }
    match level {
        Level::Debug => tracing::debug!(target: "cepa", "{line}"),
        Level::Info => tracing::info!(target: "cepa", "{line}"),
        Level::Warn => tracing::warn!(target: "cepa", "{line}"),
        Level::Error => tracing::error!(target: "cepa", "{line}"),
    }
}

fn escaped(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        match c.is_control() {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    escaped
}

fn prefix(level: Level) -> &'static str {
    match level {
        Level::Debug | Level::Info => "",
        Level::Warn => "warning: ",
        Level::Error => "error: ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_begins_no_line_of_its_own() {
        assert_eq!(
            escaped("a\nerror: b\u{1b}[2J\u{e9}"),
            "a\\nerror: b\\u{1b}[2J\u{e9}"
        );
    }
}
