//! `asset("app.css")`: the address of a static file, which changes when the file does.
//!
//! Before it: the app mounted `files::Assets`, which contributed themselves. After it: pages link to
//! files that caches may keep for ever.

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};

use crate::Contributions;
use crate::files::Assets;

/// Adds the function, if there are assets.
pub(super) fn add(env: &mut Environment<'static>, assets: &Contributions<Assets>) {
    if assets.is_empty() {
        return;
    }
    let assets = assets.clone();
    env.add_function("asset", move |name: &str| {
        let url = address(&assets, name);
        // Without these signs it is the same in HTML, and slashes need no escaping.
        url.map(|url| match url.contains(['&', '<', '>', '"', '\'']) {
            true => Value::from(url),
            false => Value::from_safe_string(url),
        })
    });
}

/// The one address that a file of this name has.
fn address(assets: &[Assets], name: &str) -> Result<String, Error> {
    let fails = |detail: String| Error::new(ErrorKind::InvalidOperation, detail);
    let (mut found, mut missed) = (None, None);
    for one in assets {
        match (one.url(name), &found) {
            (Ok(url), Some(other)) if url != *other => {
                return Err(fails(format!(
                    "there are two assets `{name}`, `{other}` and `{url}`: rename one"
                )));
            }
            (Ok(url), _) => found = Some(url),
            (Err(error), _) => missed = Some(error),
        }
    }
    found.ok_or_else(|| fails(missed.map_or_else(String::new, |error| error.to_string())))
}
