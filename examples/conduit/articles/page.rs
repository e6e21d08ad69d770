//! Which part of a list is asked for: `?limit=20&offset=0`.

use cepa::{FieldErrors, prelude::*};

/// Articles of one answer, unless told otherwise and at most.
const LIMIT: u64 = 20;
const MOST: u64 = 1000;

pub(crate) struct Page {
    pub(super) limit: u64,
    pub(super) offset: u64,
}

impl FromRequest for Page {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let mut errors = FieldErrors::new();
        let mut number = |name, default, range: std::ops::RangeInclusive<u64>| {
            let sent = req.query_param(name);
            let number = sent.map_or(Some(default), |text| text.parse().ok());
            let number = number.filter(|it| range.contains(it));
            let (least, most) = range.into_inner();
            let message = format!("is no number from {least} to {most}");
            errors.check(name, number.is_some(), message);
            number.unwrap_or(default)
        };
        let limit = number("limit", LIMIT, 1..=MOST);
        let offset = number("offset", 0, 0..=i64::MAX as u64);
        errors.finish()?;
        Ok(Self { limit, offset })
    }
}
