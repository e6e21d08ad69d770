//! Work that would hold up the event loop, on threads of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// Runs a function that computes for long or blocks, such as hashing a password or reading a
/// large file, on a thread where it holds up no other request.
///
/// The function runs to its end even if the request goes away. How many run at once is up to the
/// runtime: tokio allows 512 unless told otherwise.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn sum() -> Result<String> {
///     let sum: u64 = cepa::blocking(|| (1..=1000).sum()).await?;
///     Ok(sum.to_string())
/// }
///
/// App::new().get("/", sum).test().get("/").send().assert_text("500500");
/// ```
///
/// # Errors
/// 500 if the function panics.
#[track_caller]
pub fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    let location = std::panic::Location::caller();
    // Caught on its own thread, which knows where the panic began.
    let caught = || {
        let done = catch_unwind(AssertUnwindSafe(work));
        done.map_err(|payload| Error::from_panic(&*payload))
    };
    let work = tokio::task::spawn_blocking(caught);
    async move {
        work.await.unwrap_or_else(|error| {
            let message = format!("blocking work from {location} was cut: {error}");
            Err(Error::internal(message))
        })
    }
}
