//! What `with_each` puts around which steps.

use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{Need, StepInfo};

use crate::problems;

/// Notes who runs, on the way in and out.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

struct Noted(String);

impl Middleware for Noted {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let trace = req.state::<Trace>().unwrap().clone();
        trace.note(format!("<{}", self.0));
        let res = next.run(req).await;
        trace.note(format!("{}>", self.0));
        res
    }

    fn requires(&self) -> Vec<Need> {
        vec![Need::state::<Trace>()]
    }
}

/// `outer:Logger`, `outer:home!` for a handler, with the route in brackets.
fn noting(mark: &'static str) -> impl Fn(&StepInfo<'_>) -> Noted {
    move |step| {
        let end = if step.is_handler() { "!" } else { "" };
        let route = step.route().map_or("-", |route| route.path());
        Noted(format!("{mark}{}{end}[{route}]", step.name()))
    }
}

async fn pass_outer(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn pass(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn home() -> &'static str {
    "home"
}

#[test]
fn each_step_inside_is_wrapped_and_knows_its_route() {
    let trace = Trace::default();
    let inner = App::new()
        .with_each(noting("inner:"))
        .with(pass)
        .get("/", home.named("inner.home"));
    let client = App::new()
        .state(trace.clone())
        .with(pass_outer)
        .with_each(noting(""))
        .with(pass)
        .get("/", home.named("home"))
        .get("/own", home.with(pass).named("own"))
        .mount("/inner", inner)
        .test();
    client.get("/").send().assert_text("home");
    assert_eq!(trace.take(), "<pass[/] <home![/] home![/]> pass[/]>");
    client.get("/own").send();
    assert_eq!(
        trace.take(),
        "<pass[/own] <pass[/own] <own![/own] own![/own]> pass[/own]> pass[/own]>"
    );
    client.get("/none").send().assert_status(404);
    assert_eq!(trace.take(), "<pass[-] pass[-]>");
    client.get("/inner").send();
    let way_in = "<pass[/inner] <pass[/inner] <inner:pass[/inner] <inner.home![/inner] <inner:inner.home![/inner]";
    assert!(trace.take().starts_with(way_in));
    // The table shows what was written.
    let routes = client.service().routes().to_string();
    assert!(!routes.contains("Noted"), "{routes}");
}

#[test]
fn fallbacks_and_errors_go_through_it() {
    let trace = Trace::default();
    let client = App::new()
        .state(trace.clone())
        .with_each(noting(""))
        .get("/panic", async || -> () { panic!("on purpose") })
        .fallback(home.named("fallback"))
        .test();
    client.get("/none").send().assert_text("home");
    assert_eq!(trace.take(), "<fallback![-] fallback![-]>");
    client.get("/panic").send().assert_status(500);
    assert_eq!(trace.take(), "<closure![/panic] closure![/panic]>");
}

#[test]
fn it_can_leave_steps_alone_and_be_a_function() {
    let app = App::new()
        .with_each(|step: &StepInfo<'_>| {
            let name = step.name().to_owned();
            step.is_handler()
                .then_some(move |req: Request, next: Next| {
                    let name = name.clone();
                    async move {
                        let mut res = next.run(req).await;
                        res.append_header("x-step", name);
                        res
                    }
                })
        })
        .with(pass)
        .get("/", home.named("home"));
    let res = app.test().get("/").send();
    let steps: Vec<_> = res.headers().get_all("x-step").iter().collect();
    assert_eq!(steps, ["home"]);
}

#[test]
fn what_it_makes_is_checked_like_what_is_written() {
    struct Wrong;
    impl Middleware for Wrong {
        async fn handle(&self, req: Request, next: Next) -> Response {
            next.run(req).await
        }
        fn problems(&self) -> Vec<String> {
            vec!["this cannot work".to_owned()]
        }
    }
    let app = App::new()
        .with_each(noting(""))
        .with_each(|_: &StepInfo<'_>| Wrong)
        .get("/a", home)
        .get("/b", home);
    let text = problems(app);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("`Noted` needs `State<Trace>`"), "{text}");
    assert!(
        text.contains("with_each.rs:") && text.contains("`Wrong`: this cannot work"),
        "{text}"
    );
}

/// It ran in the scope of the app that asked for it, and saw another state than the step inside.
#[test]
fn what_it_makes_runs_in_the_scope_of_its_step() {
    async fn told(State(n): State<u8>, req: Request, next: Next) -> Response {
        next.run(req).await.with_header("x-state", u16::from(n))
    }
    let app = |inner: App| {
        let around = App::new().state(1_u8).with_each(|_: &StepInfo<'_>| told);
        around
            .get("/", home)
            .mount("/in", inner.get("/", home))
            .test()
    };
    let client = app(App::new().state(2_u8));
    client.get("/").send().assert_header("x-state", "1");
    client.get("/in").send().assert_header("x-state", "2");
    let client = app(App::new());
    client.get("/in").send().assert_header("x-state", "1");
}
