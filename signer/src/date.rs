//! Times as people write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Writes a time in seconds since 1970 as RFC 3339 in UTC.
pub(crate) fn date(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} s after 1970"))
}
