//! Rate limits.

fn main() {}
