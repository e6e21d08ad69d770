//! The command that sends the request again, for a shell.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::Method;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TRANSFER_ENCODING,
};

use super::page::is_hidden;
use super::shown::Shown;

/// Bytes beyond which a command is no help any more: those of all of it, and of one header.
const LONGEST: usize = 3 * 1024;
const LONGEST_HEADER: usize = 1024;

/// What curl writes itself: where it connects to, and how the body is framed.
const OF_CURL: [HeaderName; 6] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    TRANSFER_ENCODING,
];

/// A command, and what it lacks.
pub(super) struct Command {
    pub(super) text: String,
    /// Headers that were too long for it.
    pub(super) left_out: usize,
    /// Whether the user has to put the body into a file.
    pub(super) needs_body: bool,
}

/// The command for a request; `None` where its address or form is too long for one.
pub(super) fn command(shown: &Shown<'_>) -> Option<Command> {
    let mut args = Args::new(shown)?;
    args.address(shown);
    let headers = &shown.seen.headers;
    let has = |name: &HeaderName| headers.contains_key(name);
    let body = match &shown.form {
        Some(form) if !form.is_empty() => Some(quoted(form.as_bytes())),
        _ if headers.get(CONTENT_LENGTH).is_some_and(|it| it == "0") => Some(quoted(b"")),
        _ if has(&CONTENT_LENGTH) || has(&TRANSFER_ENCODING) => None,
        _ => Some(Cow::Borrowed("")),
    };
    args.method(&shown.seen.method, body.as_deref() != Some(""));
    if has(&ACCEPT_ENCODING) {
        args.0.push_str(" --compressed");
    }
    let room = body.as_ref().map_or(0, |body| body.len());
    let mut left_out = 0;
    for (name, value) in shown.headers().filter(|(name, _)| !OF_CURL.contains(name)) {
        let line = match value.is_empty() {
            // What ends with a colon would take the header away.
            true => quoted(format!("{name};").as_bytes()).into_owned(),
            false => quoted(&[name.as_str().as_bytes(), b": ", &value].concat()).into_owned(),
        };
        let is_short = line.len() <= LONGEST_HEADER && args.0.len() + line.len() + room <= LONGEST;
        match is_short {
            true => args.option("-H", &line),
            false => left_out += 1,
        }
    }
    match body.as_deref() {
        Some("") => {}
        Some(form) => args.option("--data-raw", form),
        None => args.option("--data-binary", "@body"),
    }
    (args.0.len() <= LONGEST).then_some(Command {
        text: args.0,
        left_out,
        needs_body: body.is_none(),
    })
}

/// The command so far.
struct Args(String);

impl Args {
    fn new(shown: &Shown<'_>) -> Option<Self> {
        let is_short = shown.path.len() + shown.query.len() <= LONGEST;
        is_short.then(|| Self("curl -i".to_owned()))
    }

    fn option(&mut self, name: &str, value: &str) {
        let _ = write!(self.0, " \\\n  {name} {value}");
    }

    fn address(&mut self, shown: &Shown<'_>) {
        let seen = shown.seen;
        let host = seen.headers.get(HOST).and_then(|host| host.to_str().ok());
        let scheme = if seen.is_secure { "https" } else { "http" };
        let root = format!("{scheme}://{}", host.unwrap_or("localhost"));
        let target = shown.target();
        if !target.starts_with('/') {
            let _ = write!(self.0, " {}", quoted(root.as_bytes()));
            self.option("--request-target", &quoted(target.as_bytes()));
            return;
        }
        // Braces and brackets are patterns to curl, dots in a path are taken out.
        if target.contains(['{', '}', '[', ']']) || root.contains('[') {
            self.0.push_str(" -g");
        }
        if target.contains("/.") {
            self.0.push_str(" --path-as-is");
        }
        let _ = write!(self.0, " {}", quoted(format!("{root}{target}").as_bytes()));
    }

    /// With a body, curl would send a POST.
    fn method(&mut self, method: &Method, has_body: bool) {
        match *method {
            Method::GET if !has_body => {}
            Method::HEAD => self.0.push_str(" --head"),
            _ => {
                let _ = write!(self.0, " -X {}", quoted(method.as_str().as_bytes()));
            }
        }
    }
}

/// A word as a shell reads it (POSIX, 2.2): bare where nothing in it is special, in single quotes, or with
/// escapes where it has bytes that a terminal or the page does not show. No quote is among the escapes: a
/// shell that knows no `$'..'` (dash) reads a dollar sign and a word in single quotes, and runs none of it.
fn quoted(word: &[u8]) -> Cow<'_, str> {
    let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._/:@%+,".contains(byte);
    match std::str::from_utf8(word) {
        Ok(text) if !text.is_empty() && word.iter().all(is_bare) => text.into(),
        Ok(text) if !text.chars().any(|c| c.is_control() || is_hidden(c)) => {
            format!("'{}'", text.replace('\'', r"'\''")).into()
        }
        _ => {
            let mut quoted = "$'".to_owned();
            for byte in word {
                let _ = match byte {
                    b'\\' => write!(quoted, r"\\"),
                    b' '..=b'~' if *byte != b'\'' => write!(quoted, "{}", char::from(*byte)),
                    _ => write!(quoted, "\\{byte:03o}"),
                };
            }
            quoted.push('\'');
            quoted.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::process::Command;

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        let table: [(&[u8], &str); 9] = [
            (b"GET", "GET"),
            (b"a/b-c.d:80", "a/b-c.d:80"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", r"'it'\''s'"),
            (b"$(id) `id` !x \\ \"", "'$(id) `id` !x \\ \"'"),
            (b"a\xff'\\", r"$'a\377\047\\'"),
            ("\u{202e}".as_bytes(), r"$'\342\200\256'"),
            (b"a\nb", r"$'a\012b'"),
        ];
        for (word, wanted) in table {
            assert_eq!(quoted(word), wanted, "{word:?}");
        }
    }

    /// 500 words of any bytes, and a script that prints each with a zero behind it.
    #[cfg(unix)]
    fn words() -> (Vec<Vec<u8>>, String) {
        let mut random = Random::new();
        let special = b"'\"\\$`!{}[]*?~#&;|<>()\n\t -a1";
        let mut byte = |_| match random.below(3) {
            0 => special[random.below(special.len())],
            1 => 1 + random.below(255) as u8,
            _ => b'x',
        };
        let words: Vec<Vec<u8>> = (0..500)
            .map(|i| (0..i % 12).map(&mut byte).collect())
            .collect();
        let script = words.iter().map(|word| format!("{} ", quoted(word)));
        let script = format!("printf '%s\\0' {}", script.collect::<String>());
        (words, script)
    }

    #[cfg(unix)]
    fn read_by(shell: &str, script: &str) -> Option<Vec<Vec<u8>>> {
        let read = Command::new(shell).args(["-c", script]).output().ok()?;
        assert!(read.stderr.is_empty(), "{read:?}");
        let mut words: Vec<_> = read.stdout.split(|byte| *byte == 0).collect();
        assert_eq!(words.pop(), Some(&b""[..]));
        Some(words.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// As `bash` reads it, which knows `$'..'` as the shells of people do.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_any_bytes_back() {
        let (words, script) = words();
        if let Some(read) = read_by("bash", &script) {
            assert_eq!(read, words);
        }
    }

    /// As `dash` does, the `sh` of Debian. What the words said would be run otherwise.
    #[cfg(unix)]
    #[test]
    fn a_shell_without_escapes_reads_other_words_and_runs_nothing() {
        let (words, script) = words();
        let Some(read) = read_by("/bin/sh", &script) else {
            return;
        };
        assert_eq!(read.len(), words.len());
        for (read, word) in read.iter().zip(&words) {
            let is_plain = !quoted(word).starts_with('$');
            assert!(
                read == word || !is_plain && read.starts_with(b"$"),
                "{word:?}: {read:?}"
            );
        }
    }
}
