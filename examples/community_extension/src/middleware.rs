//! The middleware: gives each request its flags.

use cepa::prelude::*;
use cepa::{HeaderName, Provided};

use crate::extract::Flags;
use crate::store::Store;

/// Puts the flags of a request into it.
pub(crate) struct SetFlags {
    store: Store,
    header: Option<HeaderName>,
}

impl SetFlags {
    pub(crate) fn new(store: Store, header: Option<HeaderName>) -> Self {
        Self { store, header }
    }

    /// The flags with those on that the request names; others than ours are left out.
    fn overridden(&self, flags: Flags, req: &Request) -> Flags {
        let values = self.header.iter().flat_map(|it| req.headers().get_all(it));
        let named: Vec<&str> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|name| flags.0.contains_key(*name))
            .collect();
        if named.is_empty() {
            return flags;
        }
        let mut flags = (*flags.0).clone();
        flags.extend(named.into_iter().map(|name| (name.to_owned(), true)));
        Flags(flags.into())
    }
}

impl Middleware for SetFlags {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let mut flags = self.store.flags();
        if self.header.is_some() {
            flags = self.overridden(flags, &req);
        }
        req.insert(flags);
        next.run(req).await
    }

    fn name(&self) -> std::borrow::Cow<'static, str> {
        "FeatureFlags".into()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Flags>()]
    }
}
