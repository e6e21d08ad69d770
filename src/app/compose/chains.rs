//! Chains in the making: steps are interleaved, labelled and frozen into one array.
//!
//! Before it: the drafts of a scope or route. After it: the steps a request walks.

use std::sync::Arc;

use super::draft::Draft;
use super::needs::BEFORE;
use super::{App, Composer};
use crate::app::around::StepInfo;
use crate::chain::{Chain, Run, Step};
use crate::explain::{Label, StepKind};
use crate::router::Route;
use crate::service::{Match, Over};

impl Composer {
    /// The steps of a chain, with what `with_each` makes around each of them.
    pub(super) fn interleave(
        &mut self,
        drafts: &[Arc<Draft>],
        route: Option<&Route>,
    ) -> Vec<Arc<Draft>> {
        let mut all = Vec::with_capacity(drafts.len());
        for draft in drafts {
            for around in &draft.arounds {
                let step = StepInfo {
                    name: &draft.name,
                    is_handler: draft.kind == Some(StepKind::Handler),
                    route,
                };
                if let Some(made) = around.make(&step) {
                    let made = (made, around.place);
                    self.check_options([&made]);
                    let made = Draft::middleware(&made, draft.scope, None, Vec::new());
                    let missing = self.needs.of_states(&self.scopes, &[Arc::clone(&made)]);
                    self.problems.extend(missing);
                    all.push(made);
                }
            }
            all.push(Arc::clone(draft));
        }
        all
    }

    /// Adds a chain to the others: the drafts, a last step of our own, and a guard behind it.
    pub(super) fn push_chain(
        &mut self,
        drafts: &[Arc<Draft>],
        last: Option<Step>,
        route: Option<Arc<Route>>,
        params: Vec<Box<str>>,
    ) -> usize {
        let chain = self.chains.len();
        let first = self.steps.len();
        let step = |draft: &Arc<Draft>| Step {
            run: Arc::clone(&draft.run),
            scope: draft.scope,
            chain,
        };
        self.steps.extend(drafts.iter().map(step));
        let label = |(step, draft): (usize, &Arc<Draft>)| {
            Some(Label {
                step,
                kind: draft.kind?,
                name: draft.name.clone(),
                scope: draft.scope,
                place: Some(draft.place),
            })
        };
        let mut labels: Vec<_> = drafts.iter().enumerate().filter_map(label).collect();
        let automatic = |step: &Step| Label::automatic(step.scope, drafts.len());
        labels.extend(last.iter().map(automatic));
        self.labels.chains.push(labels);
        self.steps.extend(last);
        let scope = self.steps.last().map_or(0, |step| step.scope);
        let guard = self.own_step(Over, scope);
        self.steps.push(guard);
        let params = params.into();
        self.chains.push(Chain {
            first,
            route,
            params,
        });
        chain
    }

    /// A step of our own, for the chain that is pushed next.
    pub(super) fn own_step(&self, run: impl Run + 'static, scope: usize) -> Step {
        Step {
            run: Arc::new(run),
            scope,
            chain: self.chains.len(),
        }
    }

    /// The chain that ends in the match.
    pub(super) fn before_chain(&mut self, app: &App) -> Option<usize> {
        let drafts: Vec<_> = app
            .before
            .iter()
            .map(|one| Draft::middleware(one, 0, Some(StepKind::Middleware), Vec::new()))
            .collect();
        if drafts.is_empty() {
            return None;
        }
        self.problems
            .extend(self.needs.of_states(&self.scopes, &drafts));
        self.problems
            .extend(self.needs.of_chain(&drafts, BEFORE, &[]));
        let last = self.own_step(Match, 0);
        Some(self.push_chain(&drafts, Some(last), None, Vec::new()))
    }
}
