//! Who has signed in, found out once in each request.
//!
//! Before it: the session says whose it is. After it: the user as the store has it now, or nobody.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

use super::config::Auth;
use super::error::NotSignedIn;
use super::user::User;
use crate::sessions::{Session, SessionError};
use crate::{Request, Result};

/// The value of the session that says of which password its user signed in.
const MARK: &str = "cepa.auth";

/// What was found out in this request, for all who ask.
pub(super) struct Seen<U> {
    name: Arc<str>,
    /// Nothing yet; nobody; somebody.
    user: Arc<Mutex<Option<Option<U>>>>,
}

impl<U: User> Seen<U> {
    /// What the request has noted of users of this name.
    fn of(req: &mut Request, name: &Arc<str>) -> Self {
        if let Some(seen) = req.local::<Self>()
            && seen.name == *name
        {
            return seen.clone();
        }
        let (name, user) = (Arc::clone(name), Arc::default());
        let seen = Self { name, user };
        req.insert(seen.clone());
        seen
    }

    fn lock(&self) -> MutexGuard<'_, Option<Option<U>>> {
        self.user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<U> Clone for Seen<U> {
    fn clone(&self) -> Self {
        let (name, user) = (Arc::clone(&self.name), Arc::clone(&self.user));
        Self { name, user }
    }
}

/// The session of a request, as one that a user may sign in to.
pub(super) struct Current<U> {
    pub(super) session: Session,
    seen: Seen<U>,
    auth: Auth<U>,
}

impl<U: User> Current<U> {
    pub(super) async fn of(req: &mut Request, auth: &Auth<U>) -> Result<Self> {
        Ok(Self {
            session: req.extract().await?,
            seen: Seen::of(req, &auth.name),
            auth: auth.clone(),
        })
    }

    /// Who has signed in. The session of somebody who is gone, or whose password is another by now,
    /// ends here.
    pub(super) async fn user(&self) -> Result<Option<U>> {
        if let Some(user) = &*self.seen.lock() {
            return Ok(user.clone());
        }
        let user = self.find().await?;
        *self.seen.lock() = Some(user.clone());
        Ok(user)
    }

    async fn find(&self) -> Result<Option<U>> {
        let Some(bound) = self.session.user()? else {
            return Ok(None);
        };
        let id = self.auth.id_in(&bound);
        let (Some(id), Some(mark)) = (id, self.session.get::<String>(MARK)?) else {
            return Ok(None);
        };
        let user = self.auth.users.by_id(id).await?;
        let user = user.filter(|user| mark_of(user.password_hash()) == mark);
        if user.is_none() && self.session.destroy().is_err() {
            tracing::debug!(target: "cepa", "a session could not be ended, since its response has left");
        }
        Ok(user)
    }

    /// Says that this user has signed in.
    pub(super) fn bind(&self, user: &U) -> Result<(), SessionError> {
        self.session.bind_user(self.auth.key(user))?;
        self.mark(user)
    }

    /// Notes the password of the user to whom the session belongs.
    pub(super) fn mark(&self, user: &U) -> Result<(), SessionError> {
        self.session.insert(MARK, mark_of(user.password_hash()))?;
        *self.seen.lock() = Some(Some(user.clone()));
        Ok(())
    }

    /// Whether the session belongs to this user.
    pub(super) fn is_of(&self, user: &U) -> Result<bool, SessionError> {
        let bound = self.session.user()?;
        Ok(bound.as_deref() == Some(&*self.auth.key(user)))
    }

    /// Says that nobody has signed in.
    pub(super) fn end(&self) -> Result<(), SessionError> {
        self.session.destroy()?;
        *self.seen.lock() = Some(None);
        Ok(())
    }
}

impl<U: User> Auth<U> {
    /// Whose the sessions of a user are.
    pub(super) fn key(&self, user: &U) -> String {
        format!("{}:{}", self.name, user.id())
    }

    /// The id of the user whose a session is, if it is one of these users.
    pub(super) fn id_in<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&*self.name)?.strip_prefix(':')
    }
}

/// What tells one password of a user from the next, without telling anything else. It is made of the
/// salt, which a hash keeps that is made anew of the same password.
pub(super) fn mark_of(hash: &str) -> String {
    let salt = hash
        .strip_prefix("$argon2")
        .and_then(|rest| rest.split('$').nth(3));
    let hashed = Sha256::new()
        .chain_update("cepa password mark, version 1\0")
        .chain_update(salt.unwrap_or(hash))
        .finalize();
    BASE64.encode(&hashed[..16])
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The users of a scope, their type forgotten, for middleware that names none.
#[derive(Clone)]
pub(super) struct Gate(pub(super) Arc<dyn AnyAuth>);

pub(super) trait AnyAuth: Send + Sync {
    /// Whether who has signed in has this role, or any; an error if nobody has.
    fn allows<'a>(
        &'a self,
        req: &'a mut Request,
        role: Option<&'a str>,
    ) -> BoxFuture<'a, Result<bool>>;
}

impl<U: User> AnyAuth for Auth<U> {
    fn allows<'a>(
        &'a self,
        req: &'a mut Request,
        role: Option<&'a str>,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let user = Current::of(req, self).await?.user().await?;
            let user = user.ok_or_else(|| NotSignedIn.to_error())?;
            let allows = role.is_none_or(|role| user.has_role(role));
            if !allows {
                tracing::info!(target: "cepa", user = user.id(), role, "refused for want of a role");
            }
            Ok(allows)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_that_of_the_salt() {
        let hash = |cost: &str, salt: &str, hash: &str| {
            mark_of(&format!("$argon2id$v=19$m={cost},t=2,p=1${salt}${hash}"))
        };
        assert_eq!(
            hash("19456", "c2FsdA", "aaaa"),
            hash("65536", "c2FsdA", "bbbb")
        );
        assert_ne!(
            hash("19456", "c2FsdA", "aaaa"),
            hash("19456", "b3RoZXI", "aaaa")
        );
        let others = [
            "",
            "$2b$12$abc",
            "$2b$12$abd",
            "$argon2",
            "$argon2id$v=19$m=1",
        ];
        let marks: std::collections::HashSet<_> = others.map(mark_of).into();
        assert_eq!(marks.len(), others.len());
    }
}
