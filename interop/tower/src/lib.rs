//! Nothing but tests: `cepa` together with `tower`, `tower-http`, axum and hyper as they are.
