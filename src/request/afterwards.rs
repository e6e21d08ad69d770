//! `Afterwards`: what was kept with a request, for whoever handed it on.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use http::Extensions;

use super::{Inner, Request};
use crate::service::View;

/// What a request leaves behind when its last owner drops it.
pub(super) type Left = Arc<OnceLock<(Extensions, usize)>>;

/// What was kept with a request further in, once the response is there; made by
/// [`Request::afterwards`].
#[must_use = "it is for the time after `next.run`"]
pub struct Afterwards {
    view: Arc<View>,
    left: Left,
}

impl Request {
    /// For a middleware that makes something of the response by what others found out further in,
    /// such as a line of the log with the user: the values kept with this request as they were when
    /// it was used up, or a handler took it as a whole.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// #[derive(Clone)]
    /// struct User(&'static str);
    ///
    /// async fn sign_in(mut req: Request, next: Next) -> Response {
    ///     req.insert(User("ada"));
    ///     next.run(req).await
    /// }
    ///
    /// async fn label(mut req: Request, next: Next) -> Response {
    ///     let after = req.afterwards();
    ///     let res = next.run(req).await;
    ///     res.with_header("x-user", after.local().map_or("", |user: &User| user.0))
    /// }
    ///
    /// let client = App::new().with(label).with(sign_in).get("/", async || "").test();
    /// client.get("/").send().assert_header("x-user", "ada");
    /// client.get("/nowhere").send().assert_status(404).assert_header("x-user", "ada");
    /// ```
    pub fn afterwards(&mut self) -> Afterwards {
        Afterwards {
            view: Arc::clone(&self.0.view),
            left: Arc::clone(self.0.left.get_or_insert_default()),
        }
    }

    /// Leaves the values behind now, since the request is a handler's, who may keep it longer than the
    /// response takes.
    pub(crate) fn hand_over(&self) {
        if let Some(left) = &self.0.left {
            drop(left.set((self.0.head.extensions.clone(), self.0.scope)));
        }
    }

    /// Keeps a copy of the values, since the request is taken apart, and may not come back.
    pub(crate) fn keep_copy(&mut self, values: &Extensions) {
        if self.0.left.is_some() {
            self.0.head.extensions = values.clone();
        }
    }
}

impl Afterwards {
    /// The value of this type that was kept with the request. None is there while the request is still
    /// in use: before the response, or after it where a middleware kept the request and answered.
    #[must_use]
    pub fn local<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.left.get()?.0.get()
    }

    /// The state of this type in the scope where the request was used up, such as that of a mounted
    /// app; [`None`] as for [`local`](Self::local).
    #[must_use]
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        let (_, scope) = self.left.get()?;
        self.view.core.scopes[*scope].states.find()
    }
}

impl fmt::Debug for Afterwards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Afterwards")
    }
}

impl Drop for Inner {
    #[inline]
    fn drop(&mut self) {
        if let Some(left) = self.left.take() {
            let values = std::mem::take(&mut self.head.extensions);
            drop(left.set((values, self.scope)));
        }
    }
}
