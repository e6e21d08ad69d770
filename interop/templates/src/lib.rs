//! Nothing but tests: `cepa` together with other template engines as they are.

/// The page about templates, whose code is compiled and run here, where those engines are.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/templates.md")]
mod page {}
