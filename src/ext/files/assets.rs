//! `Assets`: files under names that change with their content.
//!
//! Before it: a page needs the address of a file. After it: browsers keep that file for ever, and
//! ask for another name once it has changed.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::{Files, mounted};
use super::prints::{HOW_TO_NAME, Prints};
use super::site::{Site, Store};
use crate::{App, AppService, Error, Result, log};

/// What answers for them is called in tables of routes.
const NAME: &str = "assets";

/// Files whose addresses carry a fingerprint of their content, so that they are sent with
/// `max-age=31536000, immutable`: `app.css` is at `/static/app.0123456789abcdef.css` too.
///
/// The second argument is where clients find what is mounted: the path of the mount, or the URL of
/// a cache in front of it. Clones share what they know.
///
/// ```
/// use cepa::files::{Assets, Files};
/// use cepa::prelude::*;
///
/// async fn page(State(assets): State<Assets>) -> Result<Html<String>> {
///     Ok(Html(format!("<link rel=stylesheet href={}>", assets.url("app.css")?)))
/// }
///
/// let assets = Assets::new(Files::embedded(&[("app.css", b"h1 { color: teal }")]), "/static");
/// let url = assets.url("app.css").unwrap();
///
/// let client = App::new().state(assets.clone()).get("/", page).mount("/static", assets).test();
/// client.get("/").send().assert_contains(&url);
/// client.get(&url).send().assert_header("cache-control", "max-age=31536000, immutable");
/// client.get("/static/app.css").send().assert_header("cache-control", "no-cache");
/// ```
///
/// A file is hashed when its address is first asked for, and again when its date or size has
/// changed. The hash is no cryptographic one.
///
/// Where they are mounted they are [contributed](App::contribute) to the app, so that with the
/// feature `templates` every template finds them by `asset("app.css")`; those of another server are
/// contributed by hand.
#[derive(Clone)]
#[must_use = "assets are served once they are mounted: `app.mount(\"/static\", assets)`"]
pub struct Assets {
    inner: Arc<Inner>,
    /// `build` tells what is wrong with the files, and need not do so for each name of one as well.
    is_refused: bool,
}

struct Inner {
    base: String,
    site: Arc<Site>,
    problems: Vec<String>,
}

impl Assets {
    /// These files; `base` is where clients find them, such as `/static` or
    /// `https://cdn.example.com/static`.
    pub fn new(files: Files, base: impl Into<String>) -> Self {
        let (mut site, mut problems) = files.into_site();
        if matches!(site.store, Store::One(_)) {
            problems.push(
                "one file has an address of its own: make assets of a folder, by `Files::dir`"
                    .to_owned(),
            );
        }
        site.prints = Some(Prints::default());
        let mut base = base.into();
        while base.ends_with('/') {
            base.pop();
        }
        let site = Arc::new(site);
        Self {
            inner: Arc::new(Inner {
                base,
                site,
                problems,
            }),
            is_refused: false,
        }
    }

    /// The address of a file by its name below the mount, with its fingerprint.
    ///
    /// Files of more than 16 MiB, and those that never change by [`Files::with_immutable`], are
    /// named as they are. Where there is no `app.css`, but a bundler wrote `app.3f2a9c1b.css`, that
    /// is meant; of several the newest.
    ///
    /// The first call for a file reads it, later ones look at its date.
    ///
    /// # Errors
    /// 500 if there is no such file, or it cannot be read.
    #[track_caller]
    pub fn url(&self, name: &str) -> Result<String> {
        /// All but what RFC 3986, 2.3 leaves alone, and the slash.
        const PATH: &AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'.')
            .remove(b'_')
            .remove(b'~')
            .remove(b'/');
        let Inner { base, site, .. } = &*self.inner;
        if self.is_refused {
            return Ok(format!("{base}/{}", utf8_percent_encode(name, PATH)));
        }
        let mut segments = name.split('/').enumerate();
        let is_name = segments.all(|(at, segment)| site.names.allow(segment, at == 0));
        let printed = is_name.then(|| site.printed(name)).transpose()?.flatten();
        let Some(printed) = printed else {
            let others = match is_name {
                true => site.beside(name),
                false => HOW_TO_NAME.to_owned(),
            };
            let name = name.escape_debug();
            return Err(Error::internal(format!(
                "there is no asset `{name}`{others}"
            )));
        };
        Ok(format!("{base}/{}", utf8_percent_encode(&printed, PATH)))
    }
}

/// As of [`Files`]; the app has them as a [contribution](App::contribute) too.
impl From<Assets> for App {
    #[track_caller]
    fn from(mut assets: Assets) -> Self {
        let Inner { site, problems, .. } = &*assets.inner;
        let app = mounted(Arc::clone(site), problems, NAME);
        assets.is_refused = !problems.is_empty();
        let base = assets.inner.base.clone();
        app.contribute(assets).check(move |service| {
            if !is_served(service, &base) {
                log::warn(&format!(
                    "pages ask for assets at `{base}/..`, where this app has none: let \
                     `Assets::new(files, \"{base}\")` name the path of the mount, as clients see it, \
                     unless a proxy in front changes the path"
                ));
            }
            Ok(())
        })
    }
}

/// Whether files are found below this path, as far as that can be told: an address of another server,
/// an app with hosts, and middleware that changes paths before the match are left alone.
fn is_served(service: &AppService, base: &str) -> bool {
    let is_path = base.is_empty() || base.starts_with('/') && !base.starts_with("//");
    if !is_path || service.routes().iter().any(|route| route.host().is_some()) {
        return true;
    }
    let explained = service.explain("GET", &format!("{base}/x"));
    let last = explained.steps.last();
    !explained.before.is_empty() || last.is_some_and(|step| step.name == NAME)
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets")
            .field("base", &self.inner.base)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Assets, Files, is_served};
    use crate::{App, Next, Request};

    #[test]
    fn a_path_that_leads_to_no_assets_is_noticed() {
        let mounted = |at: &str| App::new().mount(at, Assets::new(files(), "/static"));
        let served = |app: App, base: &str| is_served(&app.build().expect("it is sound"), base);
        let home = async || "home";
        assert!(served(mounted("/static"), "/static"));
        assert!(served(mounted("/"), ""));
        assert!(served(mounted("/static"), "https://cdn.example.com/static"));
        assert!(served(mounted("/static"), "//cdn.example.com/static"));
        assert!(!served(mounted("/static"), "/assets"));
        assert!(!served(
            App::new().mount("/app", mounted("/static")),
            "/static"
        ));
        assert!(!served(mounted("/static").mount("/", files()), "/assets"));
        assert!(!served(mounted("/static").get("/{*rest}", home), "/assets"));
        let of_a_host = mounted("/static").get("/", home);
        assert!(served(
            App::new().host("{name}.example.com", of_a_host),
            "/static"
        ));
        let moved = async |req: Request, next: Next| next.run(req).await;
        assert!(served(mounted("/static").before_routing(moved), "/assets"));
    }

    fn files() -> Files {
        Files::embedded(&[("app.css", b"h1 { color: teal }")])
    }
}
