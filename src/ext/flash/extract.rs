//! `Flash`: what one request leaves for the page after its redirect.

use std::fmt;

use super::form::Submission;
use super::store::{AGE, Kept, Message};
use crate::cookies::{Cookie, CookieError, CookieErrorKind, Cookies, Keys, SignedCookies};
use crate::{FromRequest, Need, Request, Result};

const NAME: &str = "flash";

/// Messages and a form for the next page; see [the module](crate::flash).
///
/// ```
/// use cepa::cookies::{CookieJar, Keys};
/// use cepa::flash::Flash;
/// use cepa::prelude::*;
///
/// async fn delete(flash: Flash) -> Result<Redirect> {
///     flash.success("the note is gone")?;
///     Ok(Redirect::to("/"))
/// }
///
/// async fn home(flash: Flash) -> Result<String> {
///     Ok(flash.take()?.iter().map(|it| it.text().to_owned()).collect())
/// }
///
/// let app = App::new().state(Keys::random()).with(CookieJar::new());
/// let client = app.get("/", home).post("/delete", delete).test();
/// client.post("/delete").send().assert_status(303);
/// client.get("/").send().assert_text("the note is gone");
/// client.get("/").send().assert_text("");
/// ```
#[derive(Clone)]
pub struct Flash {
    cookies: Cookies,
    signed: SignedCookies,
}

impl Flash {
    /// What these cookies hold, for code that has them from elsewhere; handlers take `Flash` as an
    /// argument.
    #[must_use]
    pub fn new(cookies: Cookies, keys: Keys) -> Self {
        Self {
            signed: SignedCookies::new(cookies.clone(), keys),
            cookies,
        }
    }

    /// Leaves a message of this kind: 300 characters of it, an ellipsis for the rest. Where the cookie
    /// has no room for all that no page has shown yet, the oldest are gone.
    ///
    /// # Errors
    /// [`CookieError`], a 500 by `?`: the response has left, or the kind is too long for a cookie.
    pub fn add(&self, kind: impl Into<String>, text: impl Into<String>) -> Result<(), CookieError> {
        let mut kept = self.kept();
        kept.push(kind.into(), text.into());
        self.set(&mut kept)
    }

    /// Leaves a message of the kind `success`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn success(&self, text: impl Into<String>) -> Result<(), CookieError> {
        self.add("success", text)
    }

    /// Leaves a message of the kind `error`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn error(&self, text: impl Into<String>) -> Result<(), CookieError> {
        self.add("error", text)
    }

    /// Leaves a form for the page that shows it again, in place of another that was left. Of what is
    /// wrong with a field, 200 characters are kept. Where the cookie has no room for all, the longest
    /// values are left out, which [`Submission::is_lost`] tells, and then the longest errors.
    ///
    /// # Errors
    /// As [`add`](Self::add); no form is too large.
    pub fn keep(&self, form: Submission) -> Result<(), CookieError> {
        let mut kept = self.kept();
        kept.form = form.trimmed();
        self.set(&mut kept)
    }

    /// The messages, which are gone then.
    ///
    /// # Errors
    /// [`CookieError`], a 500 by `?`: the response has left.
    pub fn take(&self) -> Result<Vec<Message>, CookieError> {
        let mut kept = self.kept();
        let messages = std::mem::take(&mut kept.messages);
        if !messages.is_empty() {
            self.cookies.make_private();
            self.set(&mut kept)?;
        }
        Ok(messages)
    }

    /// The form that was left, which is gone then; an empty one if there is none, or where the response
    /// has left already and it stays for the next page.
    #[must_use]
    pub fn form(&self) -> Submission {
        let mut kept = self.kept();
        let form = std::mem::take(&mut kept.form);
        if form.is_empty() || self.set(&mut kept).is_err() {
            return Submission::default();
        }
        self.cookies.make_private();
        form
    }

    fn kept(&self) -> Kept {
        let text = self.signed.get(NAME);
        text.and_then(|text| Kept::of_text(&text))
            .unwrap_or_default()
    }

    /// Sets the cookie; where it would be too large, without some of the form.
    fn set(&self, kept: &mut Kept) -> Result<(), CookieError> {
        if kept.is_empty() {
            return self.signed.delete(NAME);
        }
        loop {
            let cookie = Cookie::new(NAME, kept.to_text()).with_max_age(AGE);
            match self.signed.set(cookie) {
                Err(error)
                    if matches!(error.kind(), CookieErrorKind::Size { .. }) && kept.form.lose() => {
                }
                result => return result,
            }
        }
    }
}

impl FromRequest for Flash {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(Self {
            cookies: req.extract().await?,
            signed: req.extract().await?,
        })
    }

    fn requires() -> Vec<Need> {
        SignedCookies::requires()
    }
}

impl fmt::Debug for Flash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flash")
    }
}
