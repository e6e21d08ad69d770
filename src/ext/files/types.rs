//! The media types of files, by the end of their names.
//!
//! Before it: a file was found. After it: browsers believe this, and do not guess.

/// The type of what no name tells.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// Sorted by extension. Text is UTF-8, except for what says itself what it is: XML by its
/// declaration, JSON by being UTF-8 always (RFC 8259, 8.1).
const TYPES: &[(&str, &str)] = &[
    ("3gp", "video/3gpp"),
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avi", "video/x-msvideo"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("cjs", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("eot", "application/vnd.ms-fontobject"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("geojson", "application/geo+json"),
    ("gif", "image/gif"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("gz", "application/gzip"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("jar", "application/java-archive"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("jxl", "image/jxl"),
    ("log", "text/plain; charset=utf-8"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/mp4"),
    ("map", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("mid", "audio/midi"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpd", "application/dash+xml"),
    ("mpeg", "video/mpeg"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("rss", "application/rss+xml"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("toml", "application/toml"),
    ("ts", "video/mp2t"),
    ("ttc", "font/collection"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("xz", "application/x-xz"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// The type of a file by its name.
pub(super) fn by_name(name: &str) -> &'static str {
    let extension = extension(name);
    let found = TYPES.binary_search_by(|(known, _)| (*known).cmp(&extension));
    found.map_or(UNKNOWN, |at| TYPES[at].1)
}

/// What stands behind the last dot, in lower case; empty where there is none.
pub(super) fn extension(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let extension = last.rsplit_once('.').map_or("", |(_, it)| it);
    extension.to_ascii_lowercase()
}

/// Whether compression is worth it, and a compressed file looked for.
pub(super) fn is_compressible(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || essence.ends_with("json")
        || matches!(
            essence,
            "application/xml"
                | "application/wasm"
                | "application/yaml"
                | "application/toml"
                | "application/rtf"
                | "application/vnd.apple.mpegurl"
                | "application/vnd.ms-fontobject"
                | "font/ttf"
                | "font/otf"
                | "font/collection"
                | "image/bmp"
                | "image/x-icon"
                | "model/gltf-binary"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_text_has_a_charset() {
        assert!(TYPES.is_sorted_by(|(a, _), (b, _)| a < b));
        for (extension, kind) in TYPES {
            let is_text = kind.starts_with("text/");
            assert_eq!(is_text, kind.ends_with("; charset=utf-8"), "{extension}");
            assert!(kind.is_ascii() && *extension == extension.to_lowercase());
        }
    }

    #[test]
    fn names_tell_the_type_by_their_end() {
        let table = [
            ("a.html", "text/html; charset=utf-8"),
            ("a/b.min.JS", "text/javascript; charset=utf-8"),
            ("a.tar.gz", "application/gzip"),
            ("a.js.br", UNKNOWN),
            ("css", UNKNOWN),
            ("a.css/b", UNKNOWN),
            ("a.", UNKNOWN),
            (".css", "text/css; charset=utf-8"),
        ];
        for (name, wanted) in table {
            assert_eq!(by_name(name), wanted, "{name}");
        }
        for name in [
            "a.css",
            "a.svg",
            "a.json",
            "a.map",
            "a.wasm",
            "a.xml",
            "a.webmanifest",
        ] {
            assert!(is_compressible(by_name(name)), "{name}");
        }
        for name in ["a.png", "a.woff2", "a.mp4", "a.zip", "a.pdf", "a"] {
            assert!(!is_compressible(by_name(name)), "{name}");
        }
    }
}
