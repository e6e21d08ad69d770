//! What begins with a mail: signing up, and a new password. Nobody learns by them who is a member.

use cepa::auth::AuthSession;
use cepa::cookies::Keys;
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;
use cepa::templates::View;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::account::at_field;
use super::mails::Mails;
use super::members::{Member, Members};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const OVER: &str = "this link was used already, or its time is over";

pub async fn sign_up_page() -> View {
    View::new("sign_up.html", ())
}

/// A password is chosen by whoever reads the mails of an address, not by whoever types it here. Until
/// then nothing is kept: who it is for is in the link, signed.
pub async fn sign_up(
    State(members): State<Members>,
    State(mails): State<Mails>,
    State(keys): State<Keys>,
    links: Links,
    flash: Flash,
    mut form: Submission,
) -> Result<Redirect> {
    let email = form.value("email").trim().to_lowercase();
    let is_address = email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
    });
    form.check("email", is_address, "An address is like ada@example.com.");
    if !form.is_valid() {
        flash.keep(form)?;
        return Ok(Redirect::to("/sign-up"));
    }
    // One look and one mail for everybody, so that the answer tells nothing, in its time neither.
    let token = invitation(&keys, &email);
    let join = links.absolute_url_for("join", &[("token", &token)])?;
    let login = links.absolute_url_for("login", &[])?;
    let (subject, link) = match members.by_email(&email).await? {
        None => ("Confirm your address", join),
        Some(_) => ("You are a member already", login),
    };
    mails.send(&email, subject, link).await;
    flash.success(format!("We sent a mail to {email}. Open the link in it."))?;
    Ok(Redirect::to("/"))
}

/// The address and until when it is invited, signed.
fn invitation(keys: &Keys, email: &str) -> String {
    let until = now().saturating_add(DAY).as_secs();
    let keys = keys.for_purpose("invitations");
    keys.sign("address", &format!("{until} {email}"))
}

/// The address in an invitation that is good.
fn invited(keys: &Keys, token: &str) -> Result<String> {
    let signed = keys.for_purpose("invitations").verify("address", token);
    let signed = signed.as_deref().and_then(|it| it.split_once(' '));
    let (until, email) = signed.or_not_found(OVER)?;
    let is_over = now().as_secs() >= until.parse()?;
    (!is_over).then(|| email.to_owned()).or_not_found(OVER)
}

fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// A page with a form, since programs that look at mails open their links too.
pub async fn join_page(State(keys): State<Keys>, Path(token): Path<String>) -> Result<View> {
    let email = invited(&keys, &token)?;
    Ok(View::new("join.html", json!({ "email": email })))
}

pub async fn join(
    auth: AuthSession<Member>,
    State(members): State<Members>,
    State(keys): State<Keys>,
    Path(token): Path<String>,
    links: Links,
    flash: Flash,
    mut form: Submission,
) -> Result<Redirect> {
    let email = invited(&keys, &token)?;
    let password = form.value("password").to_owned();
    match auth.hash_password(&password, &[&email]).await {
        Ok(hash) => {
            members.join(&email, hash).await?.or_not_found(OVER)?;
            flash.success("You are a member. Log in with your password.")?;
            Ok(Redirect::to("/login"))
        }
        Err(error) => {
            at_field(error, &mut form, "password")?;
            flash.keep(form)?;
            Ok(Redirect::to(links.url_for("join", &[("token", &token)])?))
        }
    }
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
