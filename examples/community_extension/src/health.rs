//! The health check: whether the flags can be kept.

use cepa::Error;
use cepa::health::HealthCheck;

use crate::store::Store;

/// Fails while the folder of the file is not there or cannot be written to.
pub(crate) fn check(store: &Store) -> HealthCheck {
    let store = store.clone();
    HealthCheck::new("flags", move || {
        let folder = store.file().and_then(|file| file.parent());
        let folder = folder.map(|folder| match folder.as_os_str().is_empty() {
            true => ".".into(),
            false => folder.to_owned(),
        });
        async move {
            let Some(folder) = folder else {
                return Ok(());
            };
            let metadata = cepa::blocking(move || std::fs::metadata(folder)).await??;
            match metadata.permissions().readonly() {
                true => Err(Error::internal("the folder of the flags is read-only")),
                false => Ok(()),
            }
        }
    })
}
