//! What the names of a template stand for: the data of its view, and what is known of the request.
//!
//! Before it: the engine found the template. After it: minijinja asks for names, one by one.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, Value};

use super::contribute::ContextProcessor;
use super::form;
use super::visit::Visit;
use crate::Contributions;

/// A name that no template can write, under which functions find the page.
const SELF: &str = "the page";

/// What is known of every page, beside what context processors add.
pub(super) const KNOWN: [&str; 4] = ["request", "csp_nonce", "flashes", "form"];

/// The outermost names of one page.
pub(super) struct Page {
    /// That of its view, which says what its values are escaped for.
    pub(super) name: Cow<'static, str>,
    pub(super) data: Value,
    pub(super) more: Vec<(&'static str, Value)>,
    pub(super) visit: Visit,
    pub(super) processors: Processors,
    /// What each processor said, once it was asked.
    pub(super) said: Box<[OnceLock<Value>]>,
    /// What was left for this page, once it was asked for.
    pub(super) flashes: OnceLock<Value>,
    pub(super) form: OnceLock<Value>,
}

/// The processors of the app and those contributed.
#[derive(Clone)]
pub(super) struct Processors {
    pub(super) own: Arc<[ContextProcessor]>,
    pub(super) given: Contributions<ContextProcessor>,
}

impl Processors {
    pub(super) fn iter(&self) -> impl Iterator<Item = &ContextProcessor> {
        self.own.iter().chain(self.given.iter())
    }
}

impl Page {
    /// The page that a function was called from, unless it was called from nowhere.
    pub(super) fn of(state: &minijinja::State<'_, '_>) -> Option<Arc<Self>> {
        state.lookup(SELF)?.downcast_object()
    }

    fn of_request(self: &Arc<Self>, name: &str) -> Option<Value> {
        match name {
            "request" => Some(Value::from_object(AboutRequest(Arc::clone(self)))),
            "csp_nonce" => {
                let nonce = self.visit.csp_nonce()?;
                Some(Value::from_safe_string(nonce.to_string()))
            }
            "flashes" => Some(
                self.flashes
                    .get_or_init(|| form::flashes(&self.visit))
                    .clone(),
            ),
            "form" => Some(self.form.get_or_init(|| form::left(&self.visit)).clone()),
            _ => None,
        }
    }
}

impl Object for Page {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some((_, value)) = self.more.iter().rev().find(|(other, _)| *other == name) {
            return Some(value.clone());
        }
        let own = self.data.as_object();
        let own = own.and_then(|data| data.get_value_by_str(name));
        if let Some(value) = own.filter(|value| !value.is_undefined()) {
            return Some(value);
        }
        if name == SELF {
            return Some(Value::from_dyn_object(Arc::clone(self)));
        }
        if let Some(value) = self.of_request(name) {
            return Some(value);
        }
        let mut processors = self.processors.iter().zip(&self.said);
        let (processor, said) = processors.find(|(one, _)| one.name() == name)?;
        Some(said.get_or_init(|| processor.value(&self.visit)).clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let data = self.data.try_iter().into_iter().flatten();
        let more = self.more.iter().map(|(name, _)| Value::from(*name));
        let known = KNOWN.iter().map(|name| Value::from(*name));
        let added = self.processors.iter().map(|one| Value::from(one.name()));
        Enumerator::Values(data.chain(more).chain(known).chain(added).collect())
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

/// `request` in templates.
struct AboutRequest(Arc<Page>);

impl Object for AboutRequest {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let visit = &self.0.visit;
        match key.as_str()? {
            "path" => Some(Value::from(visit.path())),
            "query" => Some(Value::from(visit.query())),
            "method" => Some(Value::from(visit.method().as_str())),
            "development" => Some(Value::from(visit.mode().is_development())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["path", "query", "method", "development"])
    }
}

impl fmt::Debug for AboutRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("request")
    }
}
