//! Tests that ask the app in process: no port, no server, a fake in place of a state.
//!
//! ```text
//! cargo test --example testing
//! cargo run --example testing
//! curl -i 127.0.0.1:3000/age/1990
//! ```

use cepa::prelude::*;
use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone)]
struct Clock(fn() -> SystemTime);

impl Clock {
    fn year(&self) -> u64 {
        let since = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        1970 + since.as_secs() / 31_556_952
    }
}

async fn age(Path(born): Path<u64>, State(clock): State<Clock>) -> Result<Json<u64>> {
    let age = clock.year().checked_sub(born);
    age.map(Json).or_bad_request("that is in the future")
}

fn app() -> App {
    App::new()
        .state(Clock(SystemTime::now))
        .get("/age/{year}", age)
}

fn main() -> Result<(), RunError> {
    app().run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_born_in_1950_is_20_in_1970() {
        let client = app().test().replace_state(Clock(|| UNIX_EPOCH));
        client.get("/age/1950").send().assert_json(&json!(20));
    }

    #[test]
    fn nobody_is_born_in_the_future() {
        let client = app().test().replace_state(Clock(|| UNIX_EPOCH));
        let res = client.to(age, &[("year", &1971)]).send();
        let error = res.assert_status(400).error().expect("an error");
        assert_eq!(error.message(), "that is in the future");
    }

    #[tokio::test]
    async fn in_an_async_test_the_request_is_awaited() {
        let res = app().test().post("/age/1950").await;
        res.assert_status(405)
            .assert_header("allow", "GET, HEAD, OPTIONS");
    }
}
