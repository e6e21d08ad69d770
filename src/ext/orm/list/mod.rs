//! Lists: a page of them, sorted and filtered as the client asks for, within what the program allows.
//!
//! [`Pagination`] reads the query, [`Columns`] says what may stand in it, a [`Listing`] of both fetches a
//! [`Page`], whose links lead to the others.

mod asked;
mod columns;
mod compare;
mod cursor;
mod listing;
mod page;
mod pageable;
mod pagination;
mod text;

pub use columns::{Columns, Named};
pub use listing::Listing;
pub use page::Page;
pub use pageable::{ByLoader, BySelect, Pageable};
pub use pagination::Pagination;
