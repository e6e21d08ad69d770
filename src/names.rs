//! Short names of handlers, types and lines, for route tables, links and messages.

use std::borrow::Cow;
use std::panic::Location;

/// The name of `T` without its crate and without generics: `users::show`, `Logger`, `closure`.
pub(crate) fn short<T: ?Sized>() -> Cow<'static, str> {
    Cow::Borrowed(strip(std::any::type_name::<T>()))
}

/// The name of a function as links use it: its module path inside the crate, `users::show`.
pub(crate) fn link<T: ?Sized>() -> Cow<'static, str> {
    let name = std::any::type_name::<T>();
    if name.contains("{{closure}}") {
        return Cow::Borrowed("closure");
    }
    let plain = name.split('<').next().unwrap_or(name);
    Cow::Borrowed(plain.split_once("::").map_or(plain, |(_crate, rest)| rest))
}

fn strip(name: &'static str) -> &'static str {
    if name.contains("{{closure}}") {
        return "closure";
    }
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit("::").next().unwrap_or(plain)
}

/// A type's name with all module paths taken out: `Arc<Db>` for `alloc::sync::Arc<app::Db>`.
pub(crate) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut word = 0;
    for c in name.chars() {
        plain.push(c);
        if plain.ends_with("::") {
            plain.truncate(word);
        } else if !(c.is_alphanumeric() || c == '_' || c == ':') {
            word = plain.len();
        }
    }
    plain
}

/// A line of the source: `src/main.rs:31`.
pub(crate) fn line(place: &Location<'_>) -> String {
    format!("{}:{}", place.file(), place.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_paths_are_taken_out_of_type_names() {
        assert_eq!(plain("alloc::sync::Arc<app::db::Db>"), "Arc<Db>");
        assert_eq!(plain("(u8, alloc::string::String)"), "(u8, String)");
        assert_eq!(plain("&'static str"), "&'static str");
    }
}
