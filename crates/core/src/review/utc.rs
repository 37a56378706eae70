//! Times as people write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Writes a time in seconds since 1970 as RFC 3339 in UTC.
pub(super) fn utc(seconds: u32) -> String {
    let time = OffsetDateTime::from_unix_timestamp(i64::from(seconds)).ok();
    time.and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} seconds after 1970"))
}
