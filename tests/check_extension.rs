//! `check_extension` finds each promise that an extension breaks, and lets good ones pass.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use cepa::prelude::*;
use cepa::testing::{ExtensionCheck, check_extension};
use cepa::{Need, Provided};

#[derive(Clone)]
struct Tenant(&'static str);

/// Puts the tenant into each request.
struct Tenants;

impl Middleware for Tenants {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        req.insert(Tenant("acme"));
        next.run(req).await
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Tenant>()]
    }
}

/// Plugs `Tenants`.
struct Tenancy;

impl Extension for Tenancy {
    fn install(self, app: App) -> App {
        app.with(Tenants)
            .get("/tenant", async |tenant: Tenant| tenant.0)
    }
}

impl FromRequest for Tenant {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.extract::<Local<Self>>().await?.0)
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<Self>().with_fix("add `.plug(Tenancy)`")]
    }
}

/// Needs `Tenancy`.
struct Bills;

impl Extension for Bills {
    fn install(self, app: App) -> App {
        app.require::<Tenancy>("add `.plug(Tenancy)`")
            .get("/bills", async |tenant: Tenant| tenant.0)
    }
}

fn told(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn good_extensions_pass() {
    check_extension(|| Tenancy);
    check_extension(|| |app: App| app.get("/x", async || ""));
    ExtensionCheck::new(|| Tenancy)
        .with_consumer(async |tenant: Tenant| tenant.0)
        .run();
    ExtensionCheck::new(|| Bills)
        .within(|app| app.plug(Tenancy))
        .run();
    fn rewrites(app: App) -> App {
        app.before_routing(async |req: Request, next: Next| next.run(req).await)
    }
    ExtensionCheck::new(|| rewrites).outermost().run();
}

#[test]
fn what_is_missing_around_it_is_told() {
    let told = told(|| check_extension(|| Bills));
    assert!(
        told.contains("the extension `Bills` breaks its promises"),
        "{told}"
    );
    assert!(
        told.contains("`.within(..)`") && told.contains("add `.plug(Tenancy)`"),
        "{told}"
    );
}

#[test]
fn an_extension_for_the_outermost_app_has_to_be_declared() {
    fn rewrites(app: App) -> App {
        app.before_routing(async |req: Request, next: Next| next.run(req).await)
    }
    let told = told(|| check_extension(|| rewrites));
    assert!(told.contains("belongs to the outermost app"), "{told}");
}

#[test]
fn a_consumer_that_says_nothing_of_its_needs_is_found() {
    struct Careless;
    impl FromRequest for Careless {
        async fn from_request(req: &mut Request) -> Result<Self> {
            req.local::<Tenant>()
                .or_status(StatusCode::INTERNAL_SERVER_ERROR, "none")?;
            Ok(Self)
        }
    }
    let told = told(|| {
        ExtensionCheck::new(|| Tenancy)
            .with_consumer(async |_: Careless| "")
            .run()
    });
    assert!(
        told.contains("a consumer without it is not reported"),
        "{told}"
    );
    assert!(
        told.contains("a consumer beside it is not reported"),
        "{told}"
    );
}

#[test]
fn a_consumer_that_fails_inside_is_found() {
    let told = told(|| {
        let failing = async |_: Tenant| Error::internal("oh");
        ExtensionCheck::new(|| Tenancy).with_consumer(failing).run();
    });
    assert!(
        told.contains("a consumer inside of it fails: Ok((500"),
        "{told}"
    );
}

#[test]
fn an_order_that_matters_is_found() {
    struct Gate;
    impl Extension for Gate {
        fn install(self, app: App) -> App {
            match app.routes().is_empty() {
                true => app,
                false => app.get("/only-if-late", async || ""),
            }
        }
    }
    let told = told(|| check_extension(|| Gate));
    assert!(
        told.contains("the order of `plug` decides which routes there are"),
        "{told}"
    );
}

#[test]
fn a_global_that_only_one_may_have_is_found() {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    fn greedy(app: App) -> App {
        app.on_start(async || match TAKEN.swap(true, Relaxed) {
            true => Err("there is one already"),
            false => Ok(()),
        })
        .on_stop(async || TAKEN.store(false, Relaxed))
    }
    let told = told(|| check_extension(|| greedy));
    assert!(
        told.contains("a second one does not start beside it"),
        "{told}"
    );
}

#[test]
fn hooks_that_fail_are_found() {
    fn stuck(app: App) -> App {
        app.on_stop(async || Err::<(), _>("the disk is full"))
    }
    let told = told(|| check_extension(|| stuck));
    assert!(
        told.contains("it does not stop: the disk is full"),
        "{told}"
    );
}

#[test]
fn options_are_refused_in_words_and_without_a_panic() {
    struct Sized(usize);
    impl Extension for Sized {
        fn install(self, app: App) -> App {
            match self.0 {
                0 => app.problem("a size of 0 holds nothing: make it larger"),
                1 => panic!("one"),
                _ => app.state(self.0),
            }
        }
    }
    ExtensionCheck::new(|| Sized(9))
        .refuses(|| Sized(0), "holds nothing")
        .run();
    let rows = [
        (0, "no sentence contains \"other words\""),
        (1, "are a panic: panicked: one"),
        (2, "are not reported"),
    ];
    for (size, wanted) in rows {
        let check = ExtensionCheck::new(|| Sized(9)).refuses(move || Sized(size), "other words");
        let told = told(|| check.run());
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn it_is_made_anew_each_time() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    check_extension(|| {
        MADE.fetch_add(1, Relaxed);
        Tenancy
    });
    assert!(MADE.load(Relaxed) > 5);
}

#[test]
fn what_two_have_in_common_is_found() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    async fn once(req: Request, next: Next) -> Result<Response> {
        if req.path() == "/beside" && ASKED.fetch_add(1, Relaxed) > 0 {
            return Err(Error::too_many_requests("once is enough"));
        }
        Ok(next.run(req).await)
    }
    let told = told(|| check_extension(|| |app: App| app.with(once)));
    assert!(told.contains("of two side by side"), "{told}");
}
