//! What signing in costs: the hash and little else, whoever it is.
//!
//! Names and passwords are tried in turn, so that whatever else the machine does meets all of them
//! alike. Times are medians; `cargo bench --features auth --bench auth`.

#![allow(clippy::print_stdout, reason = "the table is what a bench is for")]

use std::time::{Duration, Instant};

use cepa::auth::{Auth, AuthSession, Passwords, Throttle, User, UserStore};
use cepa::prelude::*;
use cepa::rate_limit::Quota;
use cepa::sessions::Sessions;
use cepa::{AppService, Mode};

const PASSWORD: &str = "leek onion garlic";
const ROUNDS: usize = 201;

#[derive(Clone)]
struct Member(String);

impl User for Member {
    fn id(&self) -> String {
        "1".to_owned()
    }

    fn password_hash(&self) -> &str {
        &self.0
    }
}

/// One member, whose name is `ada`.
struct Members(Member);

impl UserStore for Members {
    type User = Member;

    async fn by_id(&self, _: &str) -> Result<Option<Member>> {
        Ok(Some(self.0.clone()))
    }

    async fn by_name(&self, name: &str) -> Result<Option<Member>> {
        Ok((name == "ada").then(|| self.0.clone()))
    }
}

async fn sign_in(
    auth: AuthSession<Member>,
    Path((name, password)): Path<(String, String)>,
) -> Result<()> {
    let member = auth.authenticate(&name, &password).await?;
    Ok(auth.login(&member.or_unauthorized("nobody")?)?)
}

fn app(hash: &str) -> App {
    let much = Quota::new(1_000_000, Duration::from_secs(1));
    let throttle = Throttle::new()
        .with_account_from_address(much)
        .with_account(much)
        .with_address(much);
    let members = Members(Member(hash.to_owned()));
    App::new()
        .mode(Mode::Production)
        .plug(Sessions::memory())
        .plug(Auth::new(members).with_throttle(throttle))
        .post("/{name}/{password}", sign_in)
}

async fn ask(service: &AppService, path: &str, status: u16) -> Duration {
    let uri = format!("https://localhost{path}");
    let req = http::Request::post(uri).header("host", "localhost");
    let req = req.body("").expect("a request");
    let start = Instant::now();
    let res = service.answer(req).await;
    let time = start.elapsed();
    assert_eq!(res.status(), status, "{path}");
    time
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let passwords = Passwords::new();
    let hash = passwords.hash(PASSWORD, &[]).await.expect("a hash");
    let service = app(&hash).build().expect("an app");
    service.start().await.expect("it starts");
    let right = format!("/ada/{}", PASSWORD.replace(' ', "%20"));
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let verified = passwords.verify(PASSWORD, &hash).await;
        assert!(matches!(verified, Ok(true)), "it is the password");
        let all = [
            start.elapsed(),
            ask(&service, &right, 200).await,
            ask(&service, "/ada/onion%20leek%20garlic", 401).await,
            ask(&service, "/bob/onion%20leek%20garlic", 401).await,
        ];
        for (times, time) in times.iter_mut().zip(all) {
            times.push(time.as_secs_f64() * 1e3);
        }
    }
    let names = [
        "the hash alone",
        "signed in",
        "a wrong password",
        "an unknown name",
    ];
    let medians = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    println!("| | ms | of the hash |");
    println!("|---|--:|--:|");
    for (name, median) in names.iter().zip(medians) {
        println!("| {name} | {median:.2} | {:.3} |", median / medians[0]);
    }
}
