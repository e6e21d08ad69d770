//! `safe_name`: a file's name out of whatever a client says.

/// Bytes that a name has at most; file systems allow 255.
const LONGEST: usize = 128;

/// Bytes of an extension that are kept where a name is too long.
const EXTENSION: usize = 16;

/// Makes a name for a file of the one that a client gives: one component, never empty, never
/// hidden, not reserved on any system, at most 128 bytes.
///
/// Folders go, spaces become `_`, and of the rest letters, digits, `.`, `-` and `_` stay. Two names
/// can become the same one, and an extension says nothing about the content.
///
/// ```
/// use cepa::multipart::safe_name;
///
/// assert_eq!(safe_name("../../etc/passwd"), "passwd");
/// assert_eq!(safe_name("C:\\photos\\Grüße aus Köln.jpg"), "Grüße_aus_Köln.jpg");
/// assert_eq!(safe_name(".htaccess"), "htaccess");
/// assert_eq!(safe_name("con.txt"), "_con.txt");
/// assert_eq!(safe_name("/"), "file");
/// ```
#[must_use]
pub fn safe_name(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') => Some(c),
        c if c.is_whitespace() => Some('_'),
        _ => None,
    });
    let kept: String = kept.collect();
    // A dot at the start hides a file, a dash makes it an option; one at the end is lost on Windows.
    let kept = kept.trim_start_matches(['.', '-']).trim_end_matches('.');
    let name = shorten(kept);
    match name.as_str() {
        "" => "file".to_owned(),
        name if is_reserved(name) => format!("_{name}"),
        _ => name,
    }
}

/// The beginning and the extension of what is too long.
fn shorten(name: &str) -> String {
    let most = LONGEST - 1; // room for the `_` of a reserved one
    if name.len() <= most {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |at| &name[at..]);
    let extension = if extension.len() <= EXTENSION {
        extension
    } else {
        ""
    };
    let stem = name.floor_char_boundary(most - extension.len());
    format!("{}{extension}", name[..stem].trim_end_matches('.'))
}

/// Names of devices on Windows, with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match stem.as_str() {
        "con" | "prn" | "aux" | "nul" => true,
        stem => ["com", "lpt"]
            .iter()
            .filter_map(|device| stem.strip_prefix(device))
            .any(|number| number.chars().count() == 1 && number.chars().all(char::is_numeric)),
    }
}
