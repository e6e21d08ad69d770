//! Optional modules, one feature each. They use of this crate only what it exports, as any outside
//! crate would; the core names none of them.

#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "compression")]
pub mod compression;
#[cfg(feature = "cookies")]
pub mod cookies;
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "flash")]
pub mod flash;
#[cfg(feature = "health")]
pub mod health;
#[cfg(feature = "jwt")]
pub mod jwt;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "multipart")]
pub mod multipart;
#[cfg(any(
    feature = "orm-mysql",
    feature = "orm-postgres",
    feature = "orm-sqlite"
))]
pub mod orm;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "sessions")]
pub mod sessions;
#[cfg(feature = "templates")]
pub mod templates;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "ws")]
pub mod ws;

#[cfg(all(
    feature = "orm",
    not(any(
        feature = "orm-mysql",
        feature = "orm-postgres",
        feature = "orm-sqlite"
    ))
))]
compile_error!(
    "the feature `orm` is for a database: take `orm-sqlite`, `orm-postgres` or `orm-mysql`"
);
