//! A shop with a new checkout behind a flag.
//!
//! ```text
//! cargo run --example shop --all-features
//! curl -i 127.0.0.1:3000/checkout
//! curl -i 127.0.0.1:3000/checkout -H 'x-flags: new-checkout'
//! curl -i -X PUT 127.0.0.1:3000/flags/new-checkout -H 'x-key: onion' --json '{"on": true}'
//! ```

use cepa::prelude::*;
use cepa_flags::{FeatureFlags, Flag, FlagName};
use std::env;

struct NewCheckout;

impl FlagName for NewCheckout {
    const NAME: &'static str = "new-checkout";
}

async fn checkout(new: Flag<NewCheckout>) -> &'static str {
    match new.is_on() {
        true => "Everything on one page\n",
        false => "Page 1 of 5\n",
    }
}

async fn key(req: Request, next: Next) -> Result<Response> {
    let has_key = req.header("x-key") == Some("onion");
    has_key
        .then_some(())
        .or_forbidden("send the key in `X-Key`")?;
    Ok(next.run(req).await)
}

fn main() -> Result<(), RunError> {
    let flags = FeatureFlags::new()
        .with_flag("new-checkout", false)
        .with_override("x-flags")
        .with_guard(key)
        .with_file(env::temp_dir().join("cepa-flags-shop.txt"));
    let app = App::new().with(Logger::new()).plug(flags);
    #[cfg(feature = "health")]
    let app = app.plug(cepa::health::Health::new());
    app.get("/checkout", checkout)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
