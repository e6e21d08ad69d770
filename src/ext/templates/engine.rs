//! The compiled templates, and how a view becomes a page.
//!
//! Before it: `Templates` was plugged, and the app was built. After it: the text of the page.
//! In production everything is compiled once; in development it is again where a file has changed.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, UndefinedBehavior};

use super::contribute::{ContextProcessor, TemplateFunction};
use super::error::{TemplateError, meant};
use super::functions;
use super::page::{Page, Processors};
use super::source::{Read, Source, Stamp};
use super::told::told;
use super::view::View;
use super::visit::Visit;
use super::{assets, check, escape};
use crate::files::Assets;
use crate::{AppService, Contributions, Mode, RouteTable};

/// How deep templates may be in each other where nothing is optimised: frames are so large there that
/// twice as many do not fit into the 2 MiB of a worker's stack.
const DEEPEST_UNOPTIMISED: usize = 100;

pub(super) type Setup = Box<dyn Fn(&mut Environment<'static>) + Send + Sync>;

/// What `Templates` was told, and what the built app knows.
#[derive(Clone)]
pub(super) struct Pages(Arc<Inner>);

struct Inner {
    source: Source,
    setups: Vec<Setup>,
    processors: Arc<[ContextProcessor]>,
    app: OnceLock<Built>,
    /// What is compiled for good.
    fixed: OnceLock<Engine>,
    /// What was compiled last, from which files.
    latest: Mutex<Option<(Stamp, Arc<Compiled>)>>,
}

type Compiled = Result<Engine, Vec<TemplateError>>;

/// What only the built app knows.
struct Built {
    mode: Mode,
    routes: RouteTable,
    functions: Contributions<TemplateFunction>,
    assets: Contributions<Assets>,
    processors: Processors,
}

/// Templates that passed every check.
struct Engine {
    env: Environment<'static>,
}

impl Pages {
    pub(super) fn new(
        source: Source,
        setups: Vec<Setup>,
        processors: Vec<ContextProcessor>,
    ) -> Self {
        Self(Arc::new(Inner {
            source,
            setups,
            processors: processors.into(),
            app: OnceLock::new(),
            fixed: OnceLock::new(),
            latest: Mutex::new(None),
        }))
    }

    /// Compiles and checks everything, when the app is built.
    pub(super) fn prepare(&self, service: &AppService) -> Result<(), String> {
        let inner = &*self.0;
        let app = inner.app.get_or_init(|| Built {
            mode: service.mode(),
            routes: service.routes().clone(),
            functions: service.contributions(),
            assets: service.contributions(),
            processors: Processors {
                own: Arc::clone(&inner.processors),
                given: service.contributions(),
            },
        });
        let mut problems = check::names(&app.processors);
        let is_development = app.mode.is_development();
        let stamp = is_development.then(|| inner.source.stamp());
        match (inner.compile(app), stamp) {
            (Err(errors), _) => problems.extend(errors.iter().map(ToString::to_string)),
            (Ok(engine), Some(stamp)) => *inner.latest() = Some((stamp?, Arc::new(Ok(engine)))),
            (Ok(engine), None) => drop(inner.fixed.set(engine)),
        }
        match &problems[..] {
            [] => Ok(()),
            [problem] => Err(problem.clone()),
            _ => Err(problems.iter().fold(
                format!("{} problems in templates:", problems.len()),
                |text, problem| format!("{text}\n    {problem}"),
            )),
        }
    }

    /// The page of a view.
    pub(super) fn render(&self, view: View, visit: Visit) -> Result<String, TemplateError> {
        let inner = &*self.0;
        let Some(app) = inner.app.get() else {
            let message = "the app is not built yet";
            return Err(TemplateError::new(&view.name, &view.name, message));
        };
        if let Some(engine) = inner.fixed.get() {
            return engine.render(inner, app, view, visit);
        }
        match &*inner.current(app) {
            Ok(engine) => engine.render(inner, app, view, visit),
            Err(errors) => Err(match errors.first() {
                Some(error) => error.clone(),
                None => TemplateError::new(&view.name, &view.name, "it cannot be compiled"),
            }
            .of_view(view.location)),
        }
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pages").field(&self.0.source).finish()
    }
}

impl Inner {
    fn latest(&self) -> std::sync::MutexGuard<'_, Option<(Stamp, Arc<Compiled>)>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is now, compiled anew where a file is not what it was.
    fn current(&self, app: &Built) -> Arc<Compiled> {
        let mut latest = self.latest();
        let stamp = self.source.stamp();
        if let (Some((old, compiled)), Ok(stamp)) = (&*latest, &stamp)
            && old == stamp
        {
            return Arc::clone(compiled);
        }
        let compiled = Arc::new(self.compile(app));
        *latest = stamp.ok().map(|stamp| (stamp, Arc::clone(&compiled)));
        compiled
    }

    fn compile(&self, app: &Built) -> Compiled {
        let (read, problems) = self.source.read();
        let whole = |problem: String| TemplateError::new("", "", problem);
        let mut errors: Vec<TemplateError> = problems.into_iter().map(whole).collect();
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        if cfg!(debug_assertions) {
            env.set_recursion_limit(DEEPEST_UNOPTIMISED);
        }
        escape::add(&mut env);
        // Needed for names and places in errors; a page without one costs the same.
        env.set_debug(true);
        functions::add(&mut env, &app.routes);
        assets::add(&mut env, &app.assets);
        self.setups.iter().for_each(|setup| setup(&mut env));
        app.functions.iter().for_each(|one| one.add_to(&mut env));
        let mut broken: Vec<&str> = Vec::new();
        for it in &read {
            if let Err(error) = add(app.mode, &mut env, it) {
                errors.push(told(&self.source, &it.name, &it.text, &error));
                broken.push(&it.name);
            }
        }
        let file = |name: &str| self.source.file(name);
        errors.extend(check::all(&read, &broken, &env, &app.routes, &file));
        match errors.is_empty() {
            true => Ok(Engine { env }),
            false => Err(errors),
        }
    }
}

impl Engine {
    fn render(
        &self,
        inner: &Inner,
        app: &Built,
        view: View,
        visit: Visit,
    ) -> Result<String, TemplateError> {
        let fails = |message: String| {
            TemplateError::new(&view.name, &inner.source.file(&view.name), message)
                .of_view(view.location)
        };
        let Ok(template) = self.env.get_template(&view.name) else {
            let names = self.env.templates().map(|(name, _)| name);
            let names: Vec<&str> = names.collect();
            return Err(fails(match meant(&view.name, names.iter().copied()) {
                Some(other) => format!("there is no such template; is `{other}` meant?"),
                None => "there is no such template".to_owned(),
            }));
        };
        if !matches!(view.data.kind(), ValueKind::Map | ValueKind::None) {
            return Err(fails(match view.data.kind() {
                ValueKind::Invalid => format!("the data of the view has no form: {}", view.data),
                kind => format!("the data of the view is a {kind}: pass a map or a struct"),
            }));
        }
        let page = Page {
            name: view.name,
            data: view.data,
            more: view.more,
            visit,
            said: app.processors.iter().map(|_| OnceLock::new()).collect(),
            processors: app.processors.clone(),
            flashes: OnceLock::new(),
            form: OnceLock::new(),
        };
        let page = template.render(Value::from_object(page));
        page.map_err(|error| {
            told(&inner.source, template.name(), template.source(), &error).of_view(view.location)
        })
    }
}

/// Borrowed templates are found without a lock. In production they are read once and stay as
/// long as the program, so their text is leaked for that.
fn add(mode: Mode, env: &mut Environment<'static>, read: &Read) -> Result<(), minijinja::Error> {
    let forever = |text: Cow<'static, str>| match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => &*text.leak(),
    };
    let (name, text) = (read.name.clone(), read.text.clone());
    match mode.is_development() {
        true => env.add_template_owned(name, text),
        false => env.add_template(forever(name), forever(text)),
    }
}
