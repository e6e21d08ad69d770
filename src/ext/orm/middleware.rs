//! What stands around the handlers: each request gets its transaction, which ends with the response.

use std::borrow::Cow;

use super::config::Database;
use super::statements::Repeats;
use super::tx::TxSlot;
use crate::{Error, IntoResponse, Middleware, Next, Provided, Request, Response, StatusCode, log};

/// Ends the transaction of each request with its response.
pub(super) struct Transactions;

impl Middleware for Transactions {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let slot = TxSlot::default();
        req.insert(slot.clone());
        Repeats::begin(&mut req);
        let res = next.run(req).await;
        let succeeds = res.error().is_none() && res.status() < StatusCode::BAD_REQUEST;
        match slot.end(succeeds).await {
            Ok(()) => res,
            Err(error) if succeeds => Error::from(error).into_response(),
            Err(error) => {
                log::warn(&format!(
                    "a transaction could not be rolled back, and ends with its connection: {error}"
                ));
                res
            }
        }
    }

    fn name(&self) -> Cow<'static, str> {
        "Database".into()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<TxSlot>(), Provided::mark::<Database>()]
    }
}
