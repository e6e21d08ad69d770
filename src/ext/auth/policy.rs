//! `Policy`: who may do what with one thing.
//!
//! Before it: the user is known, and the thing was found. After it: it is done, or the answer is 403,
//! or 404 where even its existence is nobody else's business.

use crate::{Error, Result};

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// It may be done.
    Granted,
    /// It may not be done: 403.
    Denied,
    /// For this user there is no such thing: 404.
    Hidden,
}

impl Access {
    /// [`Granted`](Self::Granted) if the condition holds, otherwise [`Denied`](Self::Denied).
    #[must_use]
    pub fn granted_if(holds: bool) -> Self {
        if holds { Self::Granted } else { Self::Denied }
    }

    /// The same with [`Hidden`](Self::Hidden) in place of [`Denied`](Self::Denied).
    #[must_use]
    pub fn or_hidden(self) -> Self {
        match self {
            Self::Denied => Self::Hidden,
            other => other,
        }
    }

    /// Whether it may be done.
    #[must_use]
    pub fn is_granted(self) -> bool {
        self == Self::Granted
    }
}

/// Who may do what with a thing of this type, `U` being the users. It is implemented for the thing, so
/// that what may be done with it stands in one place.
///
/// ```
/// use cepa::auth::{Access, Policy, authorize};
///
/// struct Member { id: u64, is_admin: bool }
/// struct Note { owner: u64, is_public: bool }
/// enum Action { Read, Write }
///
/// impl Policy<Member> for Note {
///     type Action = Action;
///
///     fn access(&self, member: &Member, action: Action) -> Access {
///         let is_own = self.owner == member.id || member.is_admin;
///         match action {
///             Action::Read => Access::granted_if(is_own || self.is_public).or_hidden(),
///             Action::Write if self.is_public => Access::granted_if(is_own),
///             Action::Write => Access::granted_if(is_own).or_hidden(),
///         }
///     }
/// }
///
/// let (ada, bob) = (Member { id: 1, is_admin: false }, Member { id: 2, is_admin: false });
/// let note = Note { owner: 1, is_public: true };
/// assert!(authorize(&ada, Action::Write, &note).is_ok());
/// assert!(authorize(&bob, Action::Read, &note).is_ok());
/// assert_eq!(authorize(&bob, Action::Write, &note).unwrap_err().status(), 403);
/// let note = Note { is_public: false, ..note };
/// assert_eq!(authorize(&bob, Action::Read, &note).unwrap_err().status(), 404);
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing says who of `{U}` may do what with `{Self}`",
    label = "has no policy",
    note = "implement `cepa::auth::Policy<{U}>` for `{Self}`"
)]
pub trait Policy<U: ?Sized> {
    /// What can be done with it: an enum, or `&str`.
    type Action;

    /// What this user may do with it.
    fn access(&self, user: &U, action: Self::Action) -> Access;

    /// The sentence of the 404 for what is [hidden](Access::Hidden): the one that is said where there is
    /// no such thing, so that nobody can tell the two apart. Default: `not found`.
    fn hidden_message(&self) -> &'static str {
        "not found"
    }
}

/// Nothing, if the user may do this with the thing.
///
/// [`CurrentUser::authorize`](super::CurrentUser::authorize) is the same as a method.
///
/// # Errors
/// 403 or 404, as the [`Policy`] says.
#[track_caller]
pub fn authorize<U, T>(user: &U, action: T::Action, object: &T) -> Result<()>
where
    U: ?Sized,
    T: Policy<U> + ?Sized,
{
    match object.access(user, action) {
        Access::Granted => Ok(()),
        Access::Denied => Err(Error::forbidden("you may not do this")),
        Access::Hidden => Err(Error::not_found(object.hidden_message())),
    }
}
