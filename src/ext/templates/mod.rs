//! Pages from templates, which are checked when the app is built.

mod assets;
mod check;
mod config;
mod contribute;
mod engine;
mod error;
mod form;
mod functions;
mod html;
mod markup;
mod middleware;
mod page;
mod scan;
mod source;
mod view;
mod visit;

pub use minijinja;

pub use config::Templates;
pub use contribute::{ContextProcessor, TemplateFunction};
pub use error::TemplateError;
pub use view::View;
pub use visit::Visit;
