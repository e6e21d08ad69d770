//! What begins with a mail: signing up, and a new password. Nobody learns by them who is a member.

use cepa::auth::AuthSession;
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;
use cepa::templates::View;
use std::time::Duration;

use super::account::at_field;
use super::mails::Mails;
use super::members::{Member, Members};

const VERIFY: &str = "verify an address";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const OVER: &str = "this link was used already, or its time is over";

pub async fn sign_up_page() -> View {
    View::new("sign_up.html", ())
}

pub async fn sign_up(
    auth: AuthSession<Member>,
    State(members): State<Members>,
    State(mails): State<Mails>,
    links: Links,
    flash: Flash,
    mut form: Submission,
) -> Result<Redirect> {
    let email = form.value("email").trim().to_lowercase();
    let is_address = email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
    });
    form.check("email", is_address, "An address is like ada@example.com.");
    // Hashed in any case, which is what takes the time.
    let password = form.value("password").to_owned();
    let hash = auth.hash_password(&password, &[&email]).await;
    let hash = match hash {
        Ok(hash) => hash,
        Err(error) => {
            at_field(error, &mut form, "password")?;
            String::new()
        }
    };
    if !form.is_valid() {
        flash.keep(form)?;
        return Ok(Redirect::to("/sign-up"));
    }
    match members.sign_up(&email, hash).await? {
        Some(member) => {
            let token = auth.issue_token(VERIFY, &member, DAY).await?;
            let link = links.absolute_url_for("verify", &[("token", &token)])?;
            mails.send(&email, "Confirm your address", link).await;
        }
        None => {
            let link = links.absolute_url_for("login", &[])?;
            mails.send(&email, "You are a member already", link).await;
        }
    }
    flash.success(format!("We sent a mail to {email}. Open the link in it."))?;
    Ok(Redirect::to("/"))
}

/// A page with a button, since programs that look at mails open their links too.
pub async fn verify_page() -> View {
    View::new("verify.html", ())
}

pub async fn verify(
    auth: AuthSession<Member>,
    State(members): State<Members>,
    Path(token): Path<String>,
    flash: Flash,
) -> Result<Redirect> {
    let member = auth.redeem_token(VERIFY, &token).await?;
    let member = member.or_not_found(OVER)?;
    members.set_verified(&member).await?;
    flash.success("Your address is confirmed. You can log in.")?;
    Ok(Redirect::to("/login"))
}

pub async fn forgot_page() -> View {
    View::new("forgot.html", ())
}

pub async fn forgot(
    auth: AuthSession<Member>,
    State(mails): State<Mails>,
    links: Links,
    flash: Flash,
    form: Submission,
) -> Result<Redirect> {
    let email = form.value("email").to_owned();
    let send = async move |member: Member, token: String| -> Result<()> {
        let link = links.absolute_url_for("reset", &[("token", &token)])?;
        mails.send(&member.email, "Set a new password", link).await;
        Ok(())
    };
    auth.request_reset(&email, send).await?;
    flash.success("If this is the address of a member, a mail is on its way.")?;
    Ok(Redirect::to("/login"))
}

pub async fn reset_page() -> View {
    View::new("reset.html", ())
}

pub async fn reset(
    auth: AuthSession<Member>,
    Path(token): Path<String>,
    links: Links,
    flash: Flash,
    mut form: Submission,
) -> Result<Redirect> {
    let password = form.value("password").to_owned();
    match auth.reset_password(&token, &password).await {
        Ok(member) => {
            member.or_not_found(OVER)?;
            flash.success("Your password is set. Log in with it.")?;
            Ok(Redirect::to("/login"))
        }
        Err(error) => {
            at_field(error, &mut form, "password")?;
            flash.keep(form)?;
            Ok(Redirect::to(links.url_for("reset", &[("token", &token)])?))
        }
    }
}
