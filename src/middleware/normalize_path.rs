//! `NormalizePath`: one spelling for each path, before it is matched.

use super::{Middleware, Next};
use crate::{Need, Redirect, Request, Response};

/// Brings a path to the one spelling that routes have: slashes in a row become one, and the segments
/// `.` and `..`, percent-encoded too, are resolved (RFC 3986, 5.2.4). All else stays as it is sent;
/// the slash at the end is a matter of [`App::trailing_slash`](crate::App::trailing_slash).
///
/// [`redirect`](Self::redirect) answers with 308 and the path as `Location`, the query kept, so
/// that the client asks again with the same method. [`rewrite`](Self::rewrite) goes on with that
/// path. Nothing happens to a path that has its one spelling already.
///
/// Behind a proxy that decides by path who may see what, use `redirect`: the proxy decides again,
/// about the path that is matched. After `rewrite`, `/public/..//admin` is `/admin`, whatever the
/// proxy took it for. Without either, such a path is simply another one, and usually a 404.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::NormalizePath;
///
/// let app = || App::new().get("/a/b", async || "found");
/// let client = app().before_routing(NormalizePath::redirect()).test();
/// client.get("//a/./b?x=1").send().assert_status(308).assert_header("location", "/a/b?x=1");
///
/// let client = app().before_routing(NormalizePath::rewrite()).test();
/// client.get("//a/c/../b").send().assert_text("found");
/// ```
///
/// # Errors
/// In [`with`](crate::App::with), where the route is matched already, it is a problem that
/// [`App::build`](crate::App::build) reports.
#[derive(Clone, Copy, Debug)]
pub struct NormalizePath {
    redirect: bool,
}

impl NormalizePath {
    /// Sends the client to the one spelling.
    #[must_use]
    pub fn redirect() -> Self {
        Self { redirect: true }
    }

    /// Goes on with the one spelling.
    #[must_use]
    pub fn rewrite() -> Self {
        Self { redirect: false }
    }
}

impl Middleware for NormalizePath {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let Some(path) = normal(req.path()) else {
            return next.run(req).await;
        };
        if self.redirect {
            // Browsers read `/\host` as another host.
            let path = path.replace('\\', "%5C");
            let path = match req.query() {
                "" => path,
                query => format!("{path}?{query}"),
            };
            return next.answer(req, Redirect::permanent(path)).await;
        }
        match req.set_path(&path) {
            Ok(()) => next.run(req).await,
            Err(error) => next.answer(req, error).await,
        }
    }

    fn requires(&self) -> Vec<Need> {
        vec![Need::before_routing()]
    }
}

/// The path in its one spelling; `None` if that is the one it has. `*` of OPTIONS has no other.
fn normal(path: &str) -> Option<String> {
    let inner = path.strip_prefix('/')?;
    let (folders, last) = inner.rsplit_once('/').unwrap_or(("", inner));
    let is_odd = |segment: &str| segment.is_empty() || dots(segment) > 0;
    let is_alone = folders.len() + last.len() == inner.len();
    if dots(last) == 0 && (is_alone || !folders.split('/').any(is_odd)) {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in inner.split('/') {
        match dots(segment) {
            2 => drop(kept.pop()),
            0 if !segment.is_empty() => kept.push(segment),
            _ => {}
        }
    }
    let mut path = format!("/{}", kept.join("/"));
    if !kept.is_empty() && (last.is_empty() || dots(last) > 0) {
        path.push('/');
    }
    Some(path)
}

/// 1 for the segment `.`, 2 for `..`, otherwise 0.
fn dots(segment: &str) -> usize {
    let mut rest = segment.as_bytes();
    let mut count = 0;
    while !rest.is_empty() {
        rest = match rest {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] if count < 2 => rest,
            _ => return 0,
        };
        count += 1;
    }
    count
}
