//! `asset("app.css")`: the address of a static file, which changes when the file does.
//!
//! Before it: `Templates` was told where the files are. After it: pages link to them, and caches
//! may keep them.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use minijinja::value::Value;
use minijinja::{Error, ErrorKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::error::meant;
use super::source::Source;

/// All but the unreserved characters and slashes (RFC 3986, 2.3).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A folder of static files, and the path at which they are answered.
#[derive(Clone, Debug)]
pub(super) struct Assets {
    pub(super) prefix: String,
    pub(super) dir: PathBuf,
}

/// Addresses by the names of the files.
pub(super) type Addresses = HashMap<String, String>;

impl Assets {
    /// The addresses of all files. With `by_content` each is read, otherwise its date tells what it
    /// is.
    pub(super) fn addresses(&self, by_content: bool) -> Result<Addresses, String> {
        let source = Source::Dir(self.dir.clone());
        let stamp = source.stamp();
        let stamp = stamp.map_err(|it| it.replace("the folder of templates", "the assets"))?;
        let mut addresses = Addresses::new();
        for (path, modified, length) in stamp {
            let below = path.strip_prefix(&self.dir).unwrap_or(&path);
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            let name = parts.join("/");
            let prefix = self.prefix.trim_end_matches('/');
            let address = format!("{prefix}/{}", utf8_percent_encode(&name, PATH));
            if let Some(plain) = without_fingerprint(&name) {
                addresses.insert(plain, address.clone());
                addresses.insert(name, address);
                continue;
            }
            let version = match by_content {
                true => {
                    let bytes = fs::read(&path);
                    let bytes = bytes.map_err(|it| format!("{}: {it}", path.display()))?;
                    let hash = Sha256::digest(&bytes);
                    hash[..6].iter().map(|byte| format!("{byte:02x}")).collect()
                }
                false => {
                    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                    format!("{:x}-{length:x}", since.unwrap_or_default().as_nanos())
                }
            };
            // A file of the plain name beside one with a fingerprint is what that was made from.
            let plain = addresses.entry(name);
            plain.or_insert_with(|| format!("{address}?v={version}"));
        }
        Ok(addresses)
    }
}

/// The address of a file.
pub(super) fn address(addresses: &Addresses, name: &str) -> Result<Value, Error> {
    match addresses.get(name) {
        Some(address) => Ok(Value::from_safe_string(address.clone())),
        None => {
            let fix = match meant(name, addresses.keys().map(String::as_str)) {
                Some(other) => format!("is `{other}` meant?"),
                None => "add the file".to_owned(),
            };
            let detail = format!("there is no asset `{name}`; {fix}");
            Err(Error::new(ErrorKind::InvalidOperation, detail))
        }
    }
}

/// The name that a file was given before a hash was put into it: eight or more of `0-9a-f`, with a
/// digit and a letter, behind a dot or hyphen in front of the extension.
fn without_fingerprint(name: &str) -> Option<String> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let (stem, extension) = file.rsplit_once('.')?;
    let (plain, hash) = stem.rsplit_once(['.', '-'])?;
    let is_hash = hash.len() >= 8
        && hash
            .bytes()
            .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
        && hash.bytes().any(|it| it.is_ascii_digit())
        && hash.bytes().any(|it| it.is_ascii_alphabetic());
    let slash = if folder.is_empty() { "" } else { "/" };
    (is_hash && !plain.is_empty()).then(|| format!("{folder}{slash}{plain}.{extension}"))
}
