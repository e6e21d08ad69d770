//! The contract of a store: what can happen to the sessions that it keeps.
//!
//! Before it: a request wants its session, or leaves changes to it. After it: they are kept.

use std::future::Future;
use std::pin::Pin;

use super::id::SessionKey;
use super::record::{SessionChange, SessionRecord};
use crate::{AppService, Result};

/// A place where sessions are kept, such as [`MemoryStore`](super::MemoryStore).
///
/// Each method is one step that other requests see as a whole, before or after it, never in between:
/// two requests that change different values of one session both find theirs kept. An error of any
/// kind is a 503 for the client.
///
/// ```
/// use cepa::sessions::{MemoryStore, SessionChange, SessionKey, SessionRecord, SessionStore, Sessions};
/// use cepa::{App, Result};
///
/// /// Says what is asked.
/// struct Told(MemoryStore);
///
/// impl SessionStore for Told {
///     async fn load(&self, key: &SessionKey) -> Result<Option<SessionRecord>> {
///         println!("load {key:?}");
///         self.0.load(key).await
///     }
///     async fn create(&self, key: &SessionKey, record: SessionRecord) -> Result<()> {
///         self.0.create(key, record).await
///     }
///     async fn update(&self, key: &SessionKey, change: SessionChange) -> Result<bool> {
///         self.0.update(key, change).await
///     }
///     async fn delete(&self, key: &SessionKey) -> Result<()> {
///         self.0.delete(key).await
///     }
///     async fn delete_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64> {
///         self.0.delete_user(user, except).await
///     }
///     async fn of_user(&self, user: &str) -> Result<Vec<(SessionKey, SessionRecord)>> {
///         self.0.of_user(user).await
///     }
///     async fn delete_all(&self) -> Result<u64> {
///         self.0.delete_all().await
///     }
/// }
///
/// let app = App::new().plug(Sessions::new(Told(MemoryStore::new())));
/// assert!(app.build().is_ok());
/// ```
pub trait SessionStore: Send + Sync + 'static {
    /// The session of this key; `None` if there is none, or its time is over.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn load(&self, key: &SessionKey) -> impl Future<Output = Result<Option<SessionRecord>>> + Send;

    /// Keeps a new session. Its key was drawn at random, and belongs to no other.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn create(
        &self,
        key: &SessionKey,
        record: SessionRecord,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Applies a change to the session as it is kept now ([`SessionRecord::apply`]), and puts it under
    /// [another key](SessionChange::new_key) if the change says so. False, and nothing is done, if
    /// there is no session of this key (any more).
    ///
    /// # Errors
    /// The store cannot be asked.
    fn update(
        &self,
        key: &SessionKey,
        change: SessionChange,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Ends a session. One that is not there is no error.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn delete(&self, key: &SessionKey) -> impl Future<Output = Result<()>> + Send;

    /// Ends all sessions of a user but this one, and says how many.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn delete_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// The sessions of a user, in any order.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn of_user(
        &self,
        user: &str,
    ) -> impl Future<Output = Result<Vec<(SessionKey, SessionRecord)>>> + Send;

    /// Ends those sessions of a user that would end first, until so many are left, and says how many it
    /// ended. Called when somebody has signed in. As it stands here, it reads all sessions of the user.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn delete_oldest(&self, user: &str, left: usize) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let mut all = self.of_user(user).await?;
            all.sort_by_key(|(key, record)| (record.expires(), *key));
            let too_many = all.len().saturating_sub(left);
            for (key, _) in &all[..too_many] {
                self.delete(key).await?;
            }
            Ok(too_many as u64)
        }
    }

    /// Ends all sessions of everybody, and says how many.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn delete_all(&self) -> impl Future<Output = Result<u64>> + Send;

    /// Forgets the sessions whose time is over, and says how many. Called every now and then; a store
    /// that does so by itself leaves this out.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn sweep(&self) -> impl Future<Output = Result<u64>> + Send {
        async { Ok(0) }
    }

    /// Looks at the app that was built, for what cannot work; called when it is. `middleware` is the
    /// name under which its routes list the sessions that are kept here.
    ///
    /// # Errors
    /// A sentence with the fix.
    fn check(&self, app: &AppService, middleware: &str) -> Result<(), String> {
        let _ = (app, middleware);
        Ok(())
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A store, its type forgotten.
pub(super) trait AnyStore: Send + Sync {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, Option<SessionRecord>>;
    fn create<'a>(&'a self, key: &'a SessionKey, record: SessionRecord) -> BoxFuture<'a, ()>;
    fn update<'a>(&'a self, key: &'a SessionKey, change: SessionChange) -> BoxFuture<'a, bool>;
    fn delete<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, ()>;
    fn delete_user<'a>(
        &'a self,
        user: &'a str,
        except: Option<&'a SessionKey>,
    ) -> BoxFuture<'a, u64>;
    fn of_user<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Vec<(SessionKey, SessionRecord)>>;
    fn delete_oldest<'a>(&'a self, user: &'a str, left: usize) -> BoxFuture<'a, u64>;
    fn sweep(&self) -> BoxFuture<'_, u64>;
    fn check(&self, app: &AppService, middleware: &str) -> Result<(), String>;
}

impl<S: SessionStore> AnyStore for S {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, Option<SessionRecord>> {
        Box::pin(SessionStore::load(self, key))
    }

    fn create<'a>(&'a self, key: &'a SessionKey, record: SessionRecord) -> BoxFuture<'a, ()> {
        Box::pin(SessionStore::create(self, key, record))
    }

    fn update<'a>(&'a self, key: &'a SessionKey, change: SessionChange) -> BoxFuture<'a, bool> {
        Box::pin(SessionStore::update(self, key, change))
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, ()> {
        Box::pin(SessionStore::delete(self, key))
    }

    fn delete_user<'a>(
        &'a self,
        user: &'a str,
        except: Option<&'a SessionKey>,
    ) -> BoxFuture<'a, u64> {
        Box::pin(SessionStore::delete_user(self, user, except))
    }

    fn of_user<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Vec<(SessionKey, SessionRecord)>> {
        Box::pin(SessionStore::of_user(self, user))
    }

    fn delete_oldest<'a>(&'a self, user: &'a str, left: usize) -> BoxFuture<'a, u64> {
        Box::pin(SessionStore::delete_oldest(self, user, left))
    }

    fn sweep(&self) -> BoxFuture<'_, u64> {
        Box::pin(SessionStore::sweep(self))
    }

    fn check(&self, app: &AppService, middleware: &str) -> Result<(), String> {
        SessionStore::check(self, app, middleware)
    }
}
