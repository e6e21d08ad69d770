//! The cookies of a request and the changes to them: plain, signed and encrypted.
//!
//! Before it: the jar put them into the request. After it: the jar takes the changes out.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};

use super::cookie::Cookie;
use super::error::{CookieError, CookieErrorKind};
use super::keys::Keys;
use super::parse::values;
use crate::{Error, FromRequest, HeaderValue, Need, Request, Response, Result};

const NO_JAR: &str = "add `.with(CookieJar::new())` around it";
const NO_KEYS: &str = "add `.state(Keys::from_env(\"SECRET_KEY\")?)`";

/// The cookies of the request, and those that its response will set. Clones share them.
///
/// Reading sees what was set before, in a middleware or handler of the same request. Needs a
/// [`CookieJar`](super::CookieJar) around.
///
/// ```
/// use cepa::cookies::{CookieJar, Cookies};
/// use cepa::prelude::*;
///
/// async fn count(cookies: Cookies) -> Result<String> {
///     let visits = cookies.get("visits").and_then(|text| text.parse().ok()).unwrap_or(0_u32) + 1;
///     cookies.set(("visits", visits.to_string()))?;
///     Ok(format!("visit {visits}"))
/// }
///
/// let client = App::new().with(CookieJar::new()).get("/", count).test();
/// client.get("/").send().assert_text("visit 1");
/// client.get("/").send().assert_text("visit 2");
/// ```
#[derive(Clone)]
pub struct Cookies(Arc<Jar>);

struct Jar {
    /// The `Cookie` fields; nothing of them is read before it is asked for.
    sent: Vec<HeaderValue>,
    is_secure: bool,
    /// Nothing but the mode says that cookies come back over https.
    is_guessed: bool,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    has_left: bool,
    is_private: bool,
    list: Vec<(Cookie, HeaderValue)>,
}

impl Cookies {
    pub(super) fn of(req: &Request, is_secure: bool, is_guessed: bool) -> Self {
        Self(Arc::new(Jar {
            sent: req.headers().get_all(COOKIE).iter().cloned().collect(),
            is_secure,
            is_guessed,
            changes: Mutex::default(),
        }))
    }

    /// The value of the cookie of this name, percent-decoded: as it was set last for this response,
    /// or as the client sent it; of several, the first, which is that of the longest path.
    ///
    /// `None` if there is none, if it was deleted, or if it is not text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.find(name, Some)
    }

    /// Sets a cookie with the response. One of the same name, path and domain that was set before
    /// is replaced.
    ///
    /// # Errors
    /// [`CookieError`], a 500 by `?`: the cookie is malformed or too large, or the response has left.
    pub fn set(&self, cookie: impl Into<Cookie>) -> Result<(), CookieError> {
        let cookie = cookie.into();
        let line = cookie.line(self.0.is_secure)?;
        let mut changes = self.changes();
        if changes.has_left {
            return Err(CookieError::new(&cookie.name, CookieErrorKind::Late));
        }
        if self.0.is_guessed && cookie.leaves_secure_open() && !cookie.is_deleted() {
            warn_of_plain_http();
        }
        changes.list.retain(|(other, _)| {
            let place = (&other.name, &other.path, &other.domain);
            place != (&cookie.name, &cookie.path, &cookie.domain)
        });
        changes.list.push((cookie, line));
        Ok(())
    }

    /// Makes the client forget the cookie of this name, if its path is `/` and it has no domain; for
    /// others, set a [`Cookie::deleted`] with theirs.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn delete(&self, name: &str) -> Result<(), CookieError> {
        self.set(Cookie::deleted(name))
    }

    /// Says that the response shows what cookies hold, so that it is of this client alone: it leaves
    /// with `vary: cookie`, and with `cache-control: private, no-cache` unless it says something of
    /// its own.
    ///
    /// ```
    /// use cepa::cookies::{CookieJar, Cookies};
    /// use cepa::prelude::*;
    ///
    /// async fn hello(cookies: Cookies) -> String {
    ///     let Some(name) = cookies.get("name") else {
    ///         return "Hello!".to_owned(); // the same for all, so caches may keep it
    ///     };
    ///     cookies.make_private();
    ///     format!("Hello, {name}!")
    /// }
    ///
    /// let client = App::new().with(CookieJar::new()).get("/", hello).test();
    /// assert_eq!(client.get("/").send().header("vary"), None);
    /// let res = client.get("/").cookie("name", "Ada").send();
    /// res.assert_header("vary", "cookie").assert_header("cache-control", "private, no-cache");
    /// ```
    pub fn make_private(&self) {
        self.changes().is_private = true;
    }

    /// Puts the changes into the response; later ones are errors.
    pub(super) fn leave(&self, res: &mut Response) {
        let mut changes = self.changes();
        changes.has_left = true;
        if changes.is_private {
            res.vary_by(COOKIE);
            let of_client = HeaderValue::from_static("private, no-cache");
            res.headers_mut().entry(CACHE_CONTROL).or_insert(of_client);
        }
        for (_, line) in changes.list.drain(..) {
            res.headers_mut().append(SET_COOKIE, line);
        }
    }

    /// The first value of this name that can be opened.
    fn find(&self, name: &str, open: impl FnMut(String) -> Option<String>) -> Option<String> {
        let changes = self.changes();
        let mut last_first = changes.list.iter().rev();
        match last_first.find(|(cookie, _)| cookie.name == name) {
            Some((cookie, _)) if cookie.is_deleted() => None,
            Some((cookie, _)) => Some(cookie.value.clone()).and_then(open),
            None => values(&self.0.sent, name).find_map(open),
        }
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        let changes = self.0.changes.lock();
        changes.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says once that browsers will not keep the cookies.
fn warn_of_plain_http() {
    static HAS_WARNED: AtomicBool = AtomicBool::new(false);
    if !HAS_WARNED.swap(true, Ordering::Relaxed) {
        crate::log::warn(
            "a cookie was set for a client that seems to have come by plain http; it is `Secure`, so browsers keep it over https only: serve https, name the proxy that does by `trust_proxies`, or say `CookieJar::with_secure(..)`",
        );
    }
}

impl FromRequest for Cookies {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let missing = || Error::internal(format!("`Cookies` are missing: {NO_JAR}"));
        req.local().cloned().ok_or_else(missing)
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<Self>().with_fix(NO_JAR)]
    }
}

/// The names of those that were changed; values may be secrets.
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = self.changes();
        let names: Vec<_> = changes.list.iter().map(|(it, _)| &it.name).collect();
        f.debug_struct("Cookies")
            .field("changed", &names)
            .finish_non_exhaustive()
    }
}

/// [`Cookies`] signed by the app's [`Keys`]: clients can read them, and cannot change them.
///
/// ```
/// use cepa::cookies::{CookieJar, Keys, SignedCookies};
/// use cepa::prelude::*;
///
/// let client = App::new()
///     .state(Keys::random())
///     .with(CookieJar::new())
///     .post("/", async |cookies: SignedCookies| cookies.set(("role", "cook")))
///     .get("/", async |cookies: SignedCookies| cookies.get("role"))
///     .test();
/// client.post("/").send().assert_status(200);
/// client.get("/").send().assert_text("cook");
/// client.get("/").cookie("role", "chef").send().assert_status(404);
/// ```
#[derive(Clone, Debug)]
pub struct SignedCookies(Sealed);

/// [`Cookies`] encrypted by the app's [`Keys`]: clients can neither read nor change them.
///
/// ```
/// use cepa::cookies::{CookieJar, Cookies, EncryptedCookies, Keys};
/// use cepa::prelude::*;
///
/// async fn keep(plain: Cookies, cookies: EncryptedCookies) -> Result<String> {
///     cookies.set(("iban", "DE02 1203 0000 0000 2020 51"))?;
///     let sent = plain.get("iban").unwrap_or_default();
///     Ok(format!("{} is sent", if sent.contains("1203") { "the number" } else { "no number" }))
/// }
///
/// let client = App::new().state(Keys::random()).with(CookieJar::new()).get("/", keep).test();
/// client.get("/").send().assert_text("no number is sent");
/// ```
#[derive(Clone, Debug)]
pub struct EncryptedCookies(Sealed);

/// The cookies and the keys they are seen through.
#[derive(Clone, Debug)]
struct Sealed {
    cookies: Cookies,
    keys: Keys,
}

impl SignedCookies {
    /// These cookies, signed by these keys, for keys that are no state of the app; handlers take
    /// `SignedCookies` as an argument.
    #[must_use]
    pub fn new(cookies: Cookies, keys: Keys) -> Self {
        Self(Sealed { cookies, keys })
    }

    /// The value of the cookie of this name, if one of the keys signed it under this name; see
    /// [`Cookies::get`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name, Keys::verify)
    }

    /// Signs a cookie and sets it; see [`Cookies::set`]. The signature makes it longer: a third of
    /// the value and 44 bytes.
    ///
    /// # Errors
    /// As [`Cookies::set`].
    pub fn set(&self, cookie: impl Into<Cookie>) -> Result<(), CookieError> {
        self.0.set(cookie.into(), Keys::sign)
    }

    /// Makes the client forget a cookie; see [`Cookies::delete`].
    ///
    /// # Errors
    /// As [`Cookies::set`].
    pub fn delete(&self, name: &str) -> Result<(), CookieError> {
        self.0.cookies.delete(name)
    }
}

impl EncryptedCookies {
    /// The value of the cookie of this name, if one of the keys encrypted it under this name; see
    /// [`Cookies::get`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name, Keys::decrypt)
    }

    /// Encrypts a cookie and sets it; see [`Cookies::set`]. That makes it longer: a third of the
    /// value and 54 bytes.
    ///
    /// # Errors
    /// As [`Cookies::set`].
    pub fn set(&self, cookie: impl Into<Cookie>) -> Result<(), CookieError> {
        self.0.set(cookie.into(), Keys::encrypt)
    }

    /// Makes the client forget a cookie; see [`Cookies::delete`].
    ///
    /// # Errors
    /// As [`Cookies::set`].
    pub fn delete(&self, name: &str) -> Result<(), CookieError> {
        self.0.cookies.delete(name)
    }
}

impl Sealed {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let cookies = req.extract().await?;
        let missing = || Error::internal(format!("`Keys` are missing: {NO_KEYS}"));
        let keys = req.state().cloned().ok_or_else(missing)?;
        Ok(Self { cookies, keys })
    }

    fn requires() -> Vec<Need> {
        let mut needs = Cookies::requires();
        needs.push(Need::state::<Keys>().with_fix(NO_KEYS));
        needs
    }

    fn get(&self, name: &str, open: fn(&Keys, &str, &str) -> Option<String>) -> Option<String> {
        // A sibling domain can plant a cookie of the same name; it does not hide the true one.
        self.cookies.find(name, |token| {
            let value = open(&self.keys, name, &token);
            if value.is_none() {
                tracing::debug!(
                    target: "cepa",
                    "the cookie `{}` was tampered with, or its key is not known",
                    name.escape_debug(),
                );
            }
            value
        })
    }

    fn set(
        &self,
        mut cookie: Cookie,
        seal: fn(&Keys, &str, &str) -> String,
    ) -> Result<(), CookieError> {
        if !cookie.is_deleted() {
            cookie.value = seal(&self.keys, &cookie.name, &cookie.value);
        }
        self.cookies.set(cookie)
    }
}

impl FromRequest for SignedCookies {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Sealed::from_request(req).await.map(Self)
    }

    fn requires() -> Vec<Need> {
        Sealed::requires()
    }
}

impl FromRequest for EncryptedCookies {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Sealed::from_request(req).await.map(Self)
    }

    fn requires() -> Vec<Need> {
        Sealed::requires()
    }
}
