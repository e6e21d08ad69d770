//! Rate limits in an app.
