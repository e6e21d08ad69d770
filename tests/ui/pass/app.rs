//! What has to compile: every kind of handler, middleware, renderer and hook in one small app.

use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{BoxError, Endpoint, ErrorRenderer, IntoEndpoint, IntoMiddleware, Stream, Uri, Value};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default)]
struct Db(Arc<Mutex<Vec<User>>>);

#[derive(Clone, Deserialize, Serialize)]
struct User {
    name: String,
}

struct Full;

impl IntoResponse for Full {
    fn into_response(self) -> Response {
        (StatusCode::INSUFFICIENT_STORAGE, "full").into_response()
    }
}

#[derive(Clone)]
struct Tenant(String);

impl FromRequest for Tenant {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let host: Host = req.extract().await?;
        Ok(Self(host.0))
    }
}

async fn show(Path(id): Path<usize>, State(db): State<Db>) -> Result<Json<User>> {
    let user = db.0.lock().unwrap().get(id).cloned();
    Ok(Json(user.or_not_found("no such user")?))
}

async fn create(
    State(db): State<Db>,
    Json(user): Json<User>,
    method: Method,
) -> std::result::Result<(StatusCode, [(&'static str, &'static str); 1], String), Full> {
    let mut users = db.0.lock().unwrap();
    users.push(user);
    match users.len() {
        0..9 => Ok((
            StatusCode::CREATED,
            [("x-method", "post")],
            method.to_string(),
        )),
        _ => Err(Full),
    }
}

async fn upload(tenant: Option<Local<Tenant>>, sent: Result<Bytes>, path: Uri) -> String {
    let tenant = tenant.map(|Local(tenant)| tenant.0);
    format!("{tenant:?} {} {path}", sent.is_ok())
}

async fn whole(method: Method, req: Request) -> impl IntoResponse {
    (method == *req.method()).then_some("the same")
}

async fn maybe(user: Option<Json<User>>) -> StatusCode {
    match user {
        Some(_) => StatusCode::OK,
        None => StatusCode::NO_CONTENT,
    }
}

async fn eight(
    _: Method,
    _: HeaderMap,
    _: ClientAddr,
    _: Stopping,
    _: Path<Vec<String>>,
    _: Query<Value>,
    _: Form<Value>,
    _: State<Db>,
) {
}

async fn eight_with_request(
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    body: Request,
) -> Stream<Body> {
    let mut req = body;
    Stream(req.extract_body().await.unwrap_or_default())
}

async fn stamp(req: Request, next: Next) -> Response {
    let mut res = next.run(req).await;
    res.set_header("x-stamp", "blue");
    res
}

async fn admit(State(db): State<Db>, method: Method, req: Request, next: Next) -> Result<Response> {
    let full = db.0.lock().unwrap().len() > 9;
    match full && method != Method::GET {
        true => Err(Error::unavailable("full")),
        false => Ok(next.run(req).await),
    }
}

struct Named(String);

impl Middleware for Named {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x-name", self.0.as_str());
        res
    }
}

struct Pages(&'static str);

impl ErrorRenderer for Pages {
    async fn render(&self, error: &Error, _: &ErrorContext) -> Response {
        Html(format!("{} {error}", self.0)).into_response()
    }
}

async fn plain(error: &Error, context: &ErrorContext) -> impl IntoResponse {
    std::future::ready(()).await;
    Json(json!({ "error": error.message(), "method": context.method().as_str() }))
}

async fn connect() -> Result<(), BoxError> {
    Ok(())
}

/// A route with its middleware, by whatever it is given.
fn guarded<H, A, K, M, S, R>(app: App, handler: H, middleware: M) -> App
where
    H: IntoEndpoint<A, K>,
    M: IntoMiddleware<S, R>,
{
    app.mount("/guarded", App::new().with(middleware).get("/", handler))
}

fn handlers(app: App) -> App {
    let name = String::from("onion");
    let cloned = name.clone();
    let wrapped: Endpoint = show
        .with(stamp)
        .with(Named(name.clone()))
        .named("user.show");
    app.get("/", async || "home")
        .get("/users/{id}", wrapped.clone())
        .get("/again/{id}", wrapped.finish_on_disconnect().with(admit))
        .post("/users", create)
        .put("/upload", upload)
        .patch("/whole", whole)
        .delete("/maybe", maybe)
        .any("/eight", eight)
        .route(Method::TRACE, "/stream", eight_with_request)
        .get("/number/{id}", async |Path(id): Path<u64>| id.to_string())
        .get("/name", move || async move { "not cloned" })
        .get("/clone", move || {
            let name = cloned.clone();
            async move { name }
        })
        .get("/clone/{id}", move |Path(id): Path<u64>, req: Request| {
            let name = name.clone();
            async move { format!("{name} {id} {}", req.path()) }
        })
        .fallback(async |req: Request| (StatusCode::NOT_FOUND, req.path().to_owned()))
}

fn middleware(app: App) -> App {
    let name = String::from("onion");
    app.with(Logger::new())
        .with(stamp)
        .with(admit)
        .with(Named(name.clone()))
        .with(Some(stamp))
        .with(None::<Named>)
        .with(provide::<Tenant>())
        .with_if(true, async |req: Request, next: Next| next.run(req).await)
        .with(async |method: Method, req: Request, next: Next| {
            (method == Method::GET).then_some(next.run(req).await)
        })
        .with(|req: Request, next: Next| next.run(req))
        .before_routing(move |req: Request, next: Next| {
            let name = name.clone();
            async move {
                let mut res = next.run(req).await;
                res.set_header("server", name);
                res
            }
        })
}

fn errors(app: App) -> App {
    let name = String::from("onion");
    app.on_error(plain)
        .mount("/a", App::new().on_error(Pages("oh")))
        .mount(
            "/b",
            App::new().on_error(async |error: &Error, context: &ErrorContext| {
                format!("{error} {}", context.method())
            }),
        )
        .mount(
            "/c",
            App::new().on_error(move |error: &Error, context: &ErrorContext| {
                let text = format!("{name} {error} {}", context.method());
                async move { text }
            }),
        )
}

fn hooks(app: App) -> App {
    let name = String::from("onion");
    app.on_start(connect)
        .on_start(async move || drop(name))
        .on_stop(async || {})
        .plug(|app: App| app.state(1_u8))
}

fn main() {
    let app = App::new().state(Db::default());
    let app = hooks(errors(middleware(handlers(app))));
    let app = guarded(app, show, admit);
    let _ = app.url_for(show, &[("id", &7)]);
    let _ = app.url_for("user.show", &[("id", &7)]);
}
