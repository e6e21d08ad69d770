//! Health and metrics: what an orchestrator and Prometheus ask, and checks and metrics of one's own.
//!
//! ```text
//! cargo run --example observe --features health,metrics
//! curl -i 127.0.0.1:3000/readyz
//! curl -X POST 127.0.0.1:3000/orders/leek
//! curl 127.0.0.1:3000/metrics
//! ```

use cepa::health::{Health, HealthCheck};
use cepa::metrics::{Counter, Family, Metric, Metrics};
use cepa::prelude::*;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What stands in for a database here.
#[derive(Clone, Default)]
struct Stock(Arc<AtomicU64>);

/// An extension brings its own check and metric, and need not know who asks for them.
impl Extension for Stock {
    fn install(self, app: App) -> App {
        let (checked, read) = (self.clone(), self.clone());
        let check = HealthCheck::new("stock", move || {
            let sold = checked.0.load(Ordering::Relaxed);
            async move {
                match sold {
                    0..3 => Ok(()),
                    _ => Err(Error::unavailable("sold out")),
                }
            }
        });
        let gauge = Metric::read("stock_sold", "Sold so far.", move || {
            read.0.load(Ordering::Relaxed) as f64
        });
        app.contribute(check).contribute(gauge).state(self)
    }
}

type Orders = Family<Counter, 1>;

async fn order(
    Path(kind): Path<String>,
    State(stock): State<Stock>,
    State(orders): State<Orders>,
) -> Result<String> {
    // Labels come from a small set, never from what a client sends.
    let kind = if kind == "leek" { "leek" } else { "onion" };
    orders.at([kind]).add(1);
    stock.0.fetch_add(1, Ordering::Relaxed);
    Ok(format!("one {kind}\n"))
}

fn main() -> Result<(), RunError> {
    let orders = Counter::new("orders_total", "Orders taken.").with_labels(["kind"]);
    App::new()
        .plug(Health::new().with_max_age(std::time::Duration::ZERO))
        .plug(Metrics::new())
        .plug(Stock::default())
        .contribute(orders.metric())
        .state(orders)
        .post("/orders/{kind}", order)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
