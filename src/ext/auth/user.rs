//! Who signs in: the app's own type, and where the app keeps it.

use std::future::Future;
use std::pin::Pin;

use crate::{Error, Result};

/// Somebody who signs in: a type of the app's own.
///
/// ```
/// use cepa::auth::User;
///
/// #[derive(Clone)]
/// struct Member { id: u64, email: String, password: String, is_admin: bool }
///
/// impl User for Member {
///     fn id(&self) -> String {
///         self.id.to_string()
///     }
///     fn password_hash(&self) -> &str {
///         &self.password
///     }
///     fn has_role(&self, role: &str) -> bool {
///         role == "admin" && self.is_admin
///     }
///     fn names(&self) -> Vec<&str> {
///         vec![&self.email]
///     }
/// }
/// ```
pub trait User: Clone + Send + Sync + 'static {
    /// What this user is called for good, such as the key of a row. It is in the session.
    fn id(&self) -> String;

    /// The hash of the password, as [`Passwords::hash`](super::Passwords::hash) made it. Default:
    /// empty, for users who sign in by other means; no password is theirs.
    fn password_hash(&self) -> &str {
        ""
    }

    /// Whether this user has a role, for [`require_role`](super::require_role). Default: none.
    fn has_role(&self, role: &str) -> bool {
        let _ = role;
        false
    }

    /// Names and addresses that a password of this user may not be made of. Default: none.
    fn names(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Where the app keeps its users: a database, or anything else.
///
/// A function from an id to a user is one too, for apps whose users sign in without a password of
/// theirs: `Auth::new(|id: String| async move { .. })`.
///
/// ```
/// use cepa::auth::{User, UserStore};
/// use cepa::prelude::*;
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Clone)]
/// struct Member { id: usize, email: String, password: String }
///
/// impl User for Member {
///     fn id(&self) -> String { self.id.to_string() }
///     fn password_hash(&self) -> &str { &self.password }
/// }
///
/// #[derive(Clone, Default)]
/// struct Members(Arc<Mutex<Vec<Member>>>);
///
/// impl UserStore for Members {
///     type User = Member;
///
///     async fn by_id(&self, id: &str) -> Result<Option<Member>> {
///         let id: usize = id.parse()?;
///         Ok(self.0.lock().unwrap().get(id).cloned())
///     }
///     async fn by_name(&self, name: &str) -> Result<Option<Member>> {
///         Ok(self.0.lock().unwrap().iter().find(|it| it.email == name).cloned())
///     }
///     async fn set_password_hash(&self, user: &Member, hash: &str) -> Result<()> {
///         let kept = &mut self.0.lock().unwrap()[user.id].password;
///         if *kept == user.password { // `.. WHERE id = ? AND password = ?`
///             *kept = hash.to_owned();
///         }
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store of users",
    label = "not a store of users",
    note = "implement `cepa::auth::UserStore` for it, or take a function: `|id: String| async move {{ \
            Ok::<Option<Member>, cepa::Error>(..) }}`"
)]
pub trait UserStore: Send + Sync + 'static {
    /// What it keeps.
    type User: User;

    /// The user of this [id](User::id), as it is now; `None` if there is none, or none who may be
    /// signed in. Asked once in each request that wants to know who is there.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn by_id(&self, id: &str) -> impl Future<Output = Result<Option<Self::User>>> + Send;

    /// The user who signs in under this name, such as a mail address, as it was typed; `None` if there
    /// is none, or none who may sign in. Default: nobody.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn by_name(&self, name: &str) -> impl Future<Output = Result<Option<Self::User>>> + Send {
        let _ = name;
        async { Ok(None) }
    }

    /// Keeps a new hash for the password of a user, if the one that is kept is still that of `user`, in
    /// one step; if not, it was changed meanwhile, and stays. In SQL:
    /// `UPDATE member SET password = ? WHERE id = ? AND password = ?`. Default: an error, for stores
    /// without passwords.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn set_password_hash(
        &self,
        user: &Self::User,
        hash: &str,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (user, hash);
        async {
            Err(Error::internal(
                "this store keeps no passwords: implement `UserStore::set_password_hash`",
            ))
        }
    }
}

impl<F, Fut, U> UserStore for F
where
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<U>>> + Send,
    U: User,
{
    type User = U;

    fn by_id(&self, id: &str) -> impl Future<Output = Result<Option<U>>> + Send {
        self(id.to_owned())
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A [`UserStore`] behind a pointer.
pub(super) trait AnyUsers<U>: Send + Sync {
    fn by_id<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<U>>;
    fn by_name<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<U>>;
    fn set_password_hash<'a>(&'a self, user: &'a U, hash: &'a str) -> BoxFuture<'a, ()>;
}

impl<S: UserStore> AnyUsers<S::User> for S {
    fn by_id<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<S::User>> {
        Box::pin(UserStore::by_id(self, id))
    }

    fn by_name<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<S::User>> {
        Box::pin(UserStore::by_name(self, name))
    }

    fn set_password_hash<'a>(&'a self, user: &'a S::User, hash: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(UserStore::set_password_hash(self, user, hash))
    }
}
