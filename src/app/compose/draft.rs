//! `Draft`: a middleware or handler on its way into the chains.
//!
//! Before it: the builder's entries. After it: the steps of frozen chains.

use std::borrow::Cow;
use std::sync::Arc;

use crate::app::Place;
use crate::app::around::Around;
use crate::chain::Run;
use crate::explain::StepKind;
use crate::handler::Endpoint;
use crate::middleware::AnyMiddleware;
use crate::preflight::{Need, Provided};

/// A step before it is frozen: a middleware or handler, and where it was written.
pub(super) struct Draft {
    pub(super) run: Arc<dyn Run>,
    pub(super) name: Cow<'static, str>,
    pub(super) needs: Vec<Need>,
    pub(super) provides: Vec<Provided>,
    pub(super) scope: usize,
    pub(super) place: Place,
    /// `None` where `with_each` made it, which no list of steps shows.
    pub(super) kind: Option<StepKind>,
    /// What is made around it, in its scope, outermost first.
    pub(super) arounds: Vec<Arc<Around>>,
}

impl Draft {
    pub(super) fn middleware(
        (middleware, place): &(AnyMiddleware, Place),
        scope: usize,
        kind: Option<StepKind>,
        arounds: Vec<Arc<Around>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            run: middleware.run.clone(),
            name: middleware.name.clone(),
            needs: middleware.needs.clone(),
            provides: middleware.provides.clone(),
            scope,
            place,
            kind,
            arounds,
        })
    }

    /// The middleware of a handler's own, then the handler.
    pub(super) fn endpoint(
        endpoint: &Endpoint,
        scope: usize,
        place: Place,
        arounds: &[Arc<Around>],
    ) -> Vec<Arc<Self>> {
        let own = endpoint.middleware.iter();
        let kind = Some(StepKind::OfHandler);
        let own = own.map(|one| Self::middleware(one, scope, kind, arounds.to_vec()));
        let mut drafts: Vec<_> = own.collect();
        drafts.push(Arc::new(Self {
            run: endpoint.run.clone(),
            name: endpoint.name.clone(),
            needs: endpoint.needs.clone(),
            provides: Vec::new(),
            scope,
            place,
            kind: Some(StepKind::Handler),
            arounds: arounds.to_vec(),
        }));
        drafts
    }
}
