//! Logging in and out, and the page of a member.

use cepa::auth::{AuthSession, CurrentUser};
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;
use cepa::templates::View;

use super::members::Member;

/// What is wrong with a password is said at its field; anything else is an error.
pub fn at_field(error: Error, form: &mut Submission, field: &str) -> Result<()> {
    if error.fields().is_empty() {
        return Err(error);
    }
    let fields = error.fields().iter();
    fields.for_each(|it| form.reject(field, it.message.clone()));
    Ok(())
}

pub async fn login_page() -> View {
    View::new("login.html", ())
}

pub async fn login(
    auth: AuthSession<Member>,
    flash: Flash,
    links: Links,
    mut form: Submission,
) -> Result<Redirect> {
    let (email, password) = (form.value("email"), form.value("password"));
    match auth.authenticate(email, password).await? {
        Some(member) => {
            auth.login(&member)?;
            Ok(Redirect::to(auth.next_or("/account")))
        }
        None => {
            form.reject("password", "This is no member's address and password.");
            flash.keep(form)?;
            // With where to go on, if that was said.
            let page = match auth.next() {
                Some(next) => links.url_for("login", &[("next", &next)])?,
                None => links.url_for("login", &[])?,
            };
            Ok(Redirect::to(page))
        }
    }
}

pub async fn logout(auth: AuthSession<Member>, flash: Flash) -> Result<Redirect> {
    auth.logout()?;
    flash.success("You are logged out.")?;
    Ok(Redirect::to("/"))
}

pub async fn show(CurrentUser(member): CurrentUser<Member>) -> View {
    View::new("account.html", json!({ "email": member.email }))
}

pub async fn change_password(
    auth: AuthSession<Member>,
    CurrentUser(member): CurrentUser<Member>,
    flash: Flash,
    mut form: Submission,
) -> Result<Redirect> {
    let (old, new) = (form.value("password"), form.value("new_password"));
    let (old, new) = (old.to_owned(), new.to_owned());
    if !auth.confirm(&member, &old).await? {
        form.reject("password", "This is not your present password.");
    } else if let Err(error) = auth.set_password(&member, &new).await {
        at_field(error, &mut form, "new_password")?;
    }
    match form.is_valid() {
        true => flash.success("Your password is changed. Other devices are logged out.")?,
        false => flash.keep(form)?,
    }
    Ok(Redirect::to("/account"))
}

pub async fn everywhere(
    auth: AuthSession<Member>,
    CurrentUser(member): CurrentUser<Member>,
    flash: Flash,
) -> Result<Redirect> {
    auth.end_sessions(&member).await?;
    flash.success("You are logged out on all devices.")?;
    Ok(Redirect::to("/"))
}
