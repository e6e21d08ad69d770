//! The tables, a file each.

pub(crate) mod article;
pub(crate) mod comment;
pub(crate) mod favorite;
pub(crate) mod follow;
pub(crate) mod tag;
pub(crate) mod user;
