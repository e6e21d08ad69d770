//! Methods on the request, for middleware and handlers that take all of it.

use cepa::Request;

use crate::extract::Flags;

/// Adds [`flag`](Self::flag) to requests.
pub trait FlagsExt {
    /// Whether a flag is on for this request; off where the extension is not plugged around.
    fn flag(&self, name: &str) -> bool;
}

impl FlagsExt for Request {
    fn flag(&self, name: &str) -> bool {
        self.local::<Flags>().is_some_and(|flags| flags.is_on(name))
    }
}
