//! `Count`: how many rows a request asks for.

use cepa::prelude::*;
use std::num::IntErrorKind;

/// `?q=` as a number from 1 to 500: what is beyond becomes the nearest of them, and what is missing or
/// no number becomes 1.
pub(crate) struct Count(pub(crate) usize);

impl FromRequest for Count {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let asked = req.query_param("q").unwrap_or_default();
        let count = match asked.parse::<i64>() {
            Ok(count) => count,
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => i64::MAX,
            Err(_) => 1,
        };
        Ok(Self(count.clamp(1, 500) as usize))
    }
}
