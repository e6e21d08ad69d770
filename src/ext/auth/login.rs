//! Signing in and out, and the passwords in between.

use super::config::Auth;
use super::current::mark_of;
use super::extract::AuthSession;
use super::passwords::Passwords;
use super::throttle::Account;
use super::user::User;
use crate::sessions::{SessionError, SessionErrorKind};
use crate::{Error, Result};

impl<U: User> AuthSession<U> {
    /// The user of this name with this password; `None` if there is none, or it is another password.
    /// The two cannot be told apart, not by the time either.
    ///
    /// It signs nobody in: that is [`login`](Self::login). A hash that was made by other
    /// [`Passwords`] than the present ones is made anew.
    ///
    /// # Errors
    /// 429 with `Retry-After` after too many wrong passwords ([`Throttle`](super::Throttle)); 503 with
    /// `Retry-After` if too many passwords wait; what the store says.
    pub async fn authenticate(&self, name: &str, password: &str) -> Result<Option<U>> {
        self.auth.throttle.try_from(self.addr).await?;
        let user = self.auth.users.by_name(name).await?;
        let is_right = self
            .is_password(user.as_ref(), Account::Named(name), password)
            .await?;
        match user.filter(|_| is_right) {
            Some(user) => self.renewed(user, password).await,
            None => Ok(None),
        }
    }

    /// Whether it is the password of this user: before what only the owner of an account may do, such
    /// as setting a password (ASVS 5, 6.2.3 and 7.5.1). If it is, and the session belongs to this user, it
    /// gets a new id (7.2.4); forms with a [`CsrfToken`](crate::sessions::CsrfToken) of before do not work
    /// then.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn confirm(&self, user: &U, password: &str) -> Result<bool> {
        self.auth.throttle.try_from(self.addr).await?;
        let key = self.auth.key(user);
        let is_right = self
            .is_password(Some(user), Account::Of(&key), password)
            .await?;
        if is_right && self.current.is_of(user)? {
            self.current.session.renew()?;
        }
        Ok(is_right)
    }

    /// Signs a user in. The session gets a new id, so that nobody who knew the old one is signed in
    /// too, and its values stay, unless it was that of another user.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn login(&self, user: &U) -> Result<(), SessionError> {
        self.current.bind(user)?;
        tracing::info!(target: "cepa", user = user.id(), "signed in");
        Ok(())
    }

    /// Signs out: the session ends, here and in its store.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn logout(&self) -> Result<(), SessionError> {
        let key = self.current.session.user()?;
        self.current.end()?;
        if let Some(key) = key {
            let user = self.auth.id_in(&key);
            tracing::info!(target: "cepa", user, "signed out");
        }
        Ok(())
    }

    /// Who has signed in, in this request perhaps.
    ///
    /// # Errors
    /// What the store says.
    pub async fn user(&self) -> Result<Option<U>> {
        self.current.user().await
    }

    /// The hash of a password for a user who does not exist yet; `personal` are names and addresses that
    /// it may not be made of.
    ///
    /// # Errors
    /// 422 with the field `password` if it may not be chosen; 503 with `Retry-After` if too many wait.
    pub async fn hash_password(&self, password: &str, personal: &[&str]) -> Result<String> {
        self.auth.passwords.hash(password, personal).await
    }

    /// Gives a user a new password, and ends all other sessions of that user. Tokens that were issued
    /// for the user are worth nothing then.
    ///
    /// # Errors
    /// As [`hash_password`](Self::hash_password); 409 if the password was changed by somebody else
    /// meanwhile; what the stores say.
    pub async fn set_password(&self, user: &U, password: &str) -> Result<()> {
        let hash = self.hash_password(password, &user.names()).await?;
        self.keep_password(user, &hash).await
    }

    /// Signs a user out everywhere: all sessions end.
    ///
    /// # Errors
    /// [`SessionError`]: 503 by `?` if their store cannot be asked; 500, and nothing ends, if sessions are
    /// kept in cookies: those end when the password changes, and not otherwise.
    pub async fn end_sessions(&self, user: &U) -> Result<()> {
        let key = self.auth.key(user);
        let is_own = self.current.is_of(user)?;
        self.current.session.revoke_user(&key).await?;
        if is_own {
            self.current.end()?;
        }
        tracing::info!(target: "cepa", user = user.id(), "signed out everywhere");
        Ok(())
    }

    /// How passwords are hashed, and which are accepted.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.auth.passwords
    }

    /// Where to go on after signing in: `next` of the query, if it is a path of this site.
    ///
    /// What might lead elsewhere, however a browser or proxy reads it, is `None`.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// [`next`](Self::next), or this path where there is none.
    #[must_use]
    pub fn next_or<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.next().unwrap_or(otherwise)
    }

    /// Keeps the hash of another password, and ends all other sessions.
    pub(super) async fn keep_password(&self, user: &U, hash: &str) -> Result<()> {
        let Some(user) = self.replace(user, hash).await? else {
            return Ok(());
        };
        tracing::info!(target: "cepa", user = user.id(), "password changed");
        if self.current.is_of(&user)? {
            self.current.session.renew()?;
            self.current.mark(&user)?;
            let ended = self.current.session.revoke_others().await;
            return Ok(unless_in_cookies(ended)?);
        }
        let key = self.auth.key(&user);
        let ended = self.current.session.revoke_user(&key).await;
        Ok(unless_in_cookies(ended)?)
    }

    /// Keeps the hash unless the password was changed meanwhile; says who has it then. A login that made
    /// the hash of the same password anew changed nothing, so it is tried again.
    async fn replace(&self, user: &U, hash: &str) -> Result<Option<U>> {
        let users = &self.auth.users;
        let (id, mark) = (user.id(), mark_of(user.password_hash()));
        let mut before = user.clone();
        for _ in 0..3 {
            users.set_password_hash(&before, hash).await?;
            match users.by_id(&id).await? {
                Some(now) if now.password_hash() == hash => return Ok(Some(now)),
                Some(now) if mark_of(now.password_hash()) == mark => before = now,
                Some(_) => break,
                None => return Ok(None),
            }
        }
        Err(Error::conflict(
            "the password was changed meanwhile: try again",
        ))
    }

    /// Counts a try, makes the hash, and gives the try back if it was right.
    async fn is_password(
        &self,
        user: Option<&U>,
        typed: Account<'_>,
        password: &str,
    ) -> Result<bool> {
        let Auth {
            throttle,
            passwords,
            ..
        } = &self.auth;
        let key = user.map(|user| self.auth.key(user));
        // One address is stopped by what it types, whether or not somebody has that name; all of them
        // by the account, whatever the names by which the store finds it.
        let counted = [typed, key.as_deref().map_or(typed, Account::Of)];
        throttle.try_for(self.addr, counted).await?;
        let hash = user.map_or("", User::password_hash);
        let verified = passwords.verify(password, hash).await;
        match &verified {
            Ok(false) => {
                let user = user.map(User::id);
                tracing::info!(target: "cepa", user, addr = %self.addr, "a wrong password");
            }
            Ok(true) | Err(_) => throttle.forgive_for(self.addr, counted).await?,
        }
        verified
    }

    /// The user with a hash of the present cost. That it cannot be made now keeps nobody out.
    async fn renewed(&self, user: U, password: &str) -> Result<Option<U>> {
        let Auth {
            users, passwords, ..
        } = &self.auth;
        if !passwords.is_outdated(user.password_hash()) {
            return Ok(Some(user));
        }
        let renew = async || -> Result<Option<U>> {
            let hash = passwords.renew(password, user.password_hash()).await?;
            users.set_password_hash(&user, &hash).await?;
            // If the password was changed meanwhile, that stays, and this one is right no more.
            let marks = [user.password_hash(), &hash].map(mark_of);
            let now = users.by_id(&user.id()).await?;
            Ok(now.filter(|now| marks.contains(&mark_of(now.password_hash()))))
        };
        match renew().await {
            Ok(renewed) => Ok(renewed),
            Err(error) => {
                tracing::warn!(target: "cepa", "a password hash could not be made anew: {error}");
                Ok(Some(user))
            }
        }
    }
}

/// Sessions in cookies cannot be ended; where the password was changed, its mark in them ends them.
fn unless_in_cookies(ended: Result<u64, SessionError>) -> Result<(), SessionError> {
    match ended {
        Err(error) if error.kind() != SessionErrorKind::Cookie => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
