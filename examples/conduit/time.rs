//! Times as the API writes them.

use cepa::orm::prelude::TimeDateTimeWithTimeZone;
use serde::{Serialize, Serializer};

/// A time that is written in UTC with milliseconds (ISO 8601): `2026-01-30T12:00:00.000Z`.
pub(crate) struct Time(pub(crate) TimeDateTimeWithTimeZone);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let utc = self.0.to_utc();
        serializer.collect_str(&format_args!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            utc.year(),
            u8::from(utc.month()),
            utc.day(),
            utc.hour(),
            utc.minute(),
            utc.second(),
            utc.millisecond(),
        ))
    }
}

/// This moment.
pub(crate) fn now() -> TimeDateTimeWithTimeZone {
    TimeDateTimeWithTimeZone::now_utc()
}
