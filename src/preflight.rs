//! What `App::build` checks: needs of handlers and middleware, and the report of all problems.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use serde::de::DeserializeOwned;

use crate::names::{line, plain};
use crate::router::{PathError, probe};

/// Something a handler, middleware or extractor needs to work.
///
/// What is missing is a problem that [`App::build`](crate::App::build) reports, with the line that
/// added who needs it.
///
/// ```
/// use cepa::{Need, prelude::*};
///
/// #[derive(Clone)]
/// struct Price(u32);
///
/// /// The price of one, by the state of the app.
/// struct Each(u32);
///
/// impl FromRequest for Each {
///     async fn from_request(req: &mut Request) -> Result<Self> {
///         let State(price): State<Price> = req.extract().await?;
///         Ok(Self(price.0))
///     }
///     fn requires() -> Vec<Need> {
///         vec![Need::state::<Price>()]
///     }
/// }
///
/// let app = || App::new().get("/", async |Each(price): Each| price.to_string());
/// app().state(Price(40)).test().get("/").send().assert_text("40");
/// assert!(app().build().unwrap_err().to_string().contains("needs `State<Price>`"));
/// ```
#[derive(Clone, Debug)]
pub struct Need {
    pub(crate) kind: NeedKind,
    /// That of the type.
    pub(crate) name: &'static str,
    /// What messages call it, if it is not the type.
    title: Option<&'static str>,
    pub(crate) fix: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) enum NeedKind {
    State(TypeId),
    Local(TypeId),
    Path(fn(&[Box<str>]) -> Result<(), PathError>),
    BeforeRouting,
}

impl Need {
    fn new<T>(kind: NeedKind) -> Self {
        Self {
            kind,
            name: std::any::type_name::<T>(),
            title: None,
            fix: None,
        }
    }

    /// A state of this type in the scope or around it.
    #[must_use]
    pub fn state<T: Any>() -> Self {
        Self::new::<T>(NeedKind::State(TypeId::of::<T>()))
    }

    /// A local value of this type, put into the request by a middleware outside.
    #[must_use]
    pub fn local<T: Any>() -> Self {
        Self::new::<T>(NeedKind::Local(TypeId::of::<T>()))
    }

    /// Path parameters that this type can be made from.
    #[must_use]
    pub fn path<T: DeserializeOwned>() -> Self {
        Self::new::<T>(NeedKind::Path(probe::<T>))
    }

    /// A place in [`App::before_routing`](crate::App::before_routing), for a middleware that
    /// changes what the router matches.
    #[must_use]
    pub fn before_routing() -> Self {
        Self::new::<()>(NeedKind::BeforeRouting)
    }

    /// The same need with the words that say how to add what is missing, for types that one extension
    /// alone provides, or for what the path or the place has to be.
    ///
    /// A local value is then missing wherever no middleware around declares to provide it; without
    /// these words, a function around is believed to insert it.
    ///
    /// ```
    /// use cepa::{Need, prelude::*};
    ///
    /// #[derive(Clone)]
    /// struct Tenant(String);
    ///
    /// impl FromRequest for Tenant {
    ///     async fn from_request(req: &mut Request) -> Result<Self> {
    ///         Ok(req.extract::<Local<Self>>().await?.0)
    ///     }
    ///     fn requires() -> Vec<Need> {
    ///         vec![Need::local::<Self>().with_fix("add `.with(Tenants::new())`")]
    ///     }
    /// }
    ///
    /// let error = App::new().get("/", async |Tenant(name): Tenant| name).build().unwrap_err();
    /// assert!(error.to_string().ends_with("needs `Tenant`: add `.with(Tenants::new())`"));
    /// ```
    #[must_use]
    pub fn with_fix(mut self, words: &'static str) -> Self {
        self.fix = Some(words);
        self
    }

    /// The same need under this name in messages: what a handler takes, where the type that is kept
    /// for it is none that users of an extension know. A path has none.
    ///
    /// ```
    /// use cepa::{Need, prelude::*};
    ///
    /// struct Pool;
    /// struct Db;
    ///
    /// impl FromRequest for Db {
    ///     async fn from_request(_: &mut Request) -> Result<Self> {
    ///         Ok(Self)
    ///     }
    ///     fn requires() -> Vec<Need> {
    ///         vec![Need::state::<Pool>().with_name("Db").with_fix("add `.plug(Database)`")]
    ///     }
    /// }
    ///
    /// async fn list(_: Db) {}
    ///
    /// let error = App::new().get("/", list).build().unwrap_err();
    /// assert!(error.to_string().ends_with("list` needs `Db`: add `.plug(Database)`"));
    /// ```
    #[must_use]
    pub fn with_name(mut self, name: &'static str) -> Self {
        self.title = Some(name);
        self
    }

    /// What it is called: by its title, by the type alone where an extension keeps it, or as handlers
    /// ask for it.
    pub(crate) fn title(&self) -> String {
        let name = plain(self.name);
        match (self.title, self.fix, &self.kind) {
            (Some(title), ..) => title.to_owned(),
            (None, None, NeedKind::State(_)) => format!("State<{name}>"),
            (None, None, NeedKind::Local(_)) => format!("Local<{name}>"),
            _ => name,
        }
    }
}

/// Something a middleware puts into the request for those inside of it.
///
/// ```
/// use cepa::{Provided, prelude::*};
///
/// #[derive(Clone)]
/// struct Tenant(&'static str);
///
/// struct Tenants;
///
/// impl Middleware for Tenants {
///     async fn handle(&self, mut req: Request, next: Next) -> Response {
///         req.insert(Tenant("acme"));
///         next.run(req).await
///     }
///     fn provides(&self) -> Vec<Provided> {
///         vec![Provided::local::<Tenant>()]
///     }
/// }
///
/// let app = || App::new().get("/", async |Local(tenant): Local<Tenant>| tenant.0);
/// app().with(Tenants).test().get("/").send().assert_text("acme");
///
/// // With the provider in another place, its consumer is reported.
/// let error = app().mount("/in", app().with(Tenants)).build().unwrap_err();
/// assert!(error.to_string().contains("no middleware around it provides it"));
/// ```
#[derive(Clone, Debug)]
pub struct Provided {
    pub(crate) id: TypeId,
}

impl Provided {
    /// A local value of this type.
    #[must_use]
    pub fn local<T: Any>() -> Self {
        Self {
            id: TypeId::of::<T>(),
        }
    }

    /// No value, but a mark by which others know this middleware on the way of a route
    /// ([`Route::providers`](crate::Route::providers)), whatever its name.
    #[must_use]
    pub fn mark<T: Any>() -> Self {
        struct Mark<T>(PhantomData<T>);
        Self::local::<Mark<T>>()
    }

    /// Whatever a function, or code of others, may insert without declaring it: no need further in
    /// is reported as missing.
    #[must_use]
    pub fn anything() -> Self {
        struct Anything;
        Self::local::<Anything>()
    }
}

/// One thing that is wrong, or odd, with an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    message: String,
    location: &'static Location<'static>,
}

impl Problem {
    pub(crate) fn new(location: &'static Location<'static>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            location,
        }
    }

    /// A sentence that says what is wrong and how to mend it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line that caused it.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", line(self.location), self.message)
    }
}

/// Why an app cannot be served: all problems found, in the order of their lines.
///
/// ```
/// use cepa::prelude::*;
///
/// let error = App::new()
///     .get("/users/:id", async || "")
///     .get("/count", async |State(n): State<u64>| n.to_string())
///     .build()
///     .unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BuildError {
    problems: Vec<Problem>,
}

impl BuildError {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        sort(&mut problems);
        Self { problems }
    }

    /// The problems, in the order of their lines.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// Orders by file, line and column, and keeps one of each.
pub(crate) fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by_key(|problem| problem.location);
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems.drain(..) {
        if !kept.contains(&problem) {
            kept.push(problem);
        }
    }
    *problems = kept;
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "the app has a problem:")?,
            count => write!(f, "the app has {count} problems:")?,
        }
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// The sentences, since `main` prints an error this way.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
