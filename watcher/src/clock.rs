//! The wall clock, read in one place.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the seconds since 1970 (UTC); 0 when the clock stands before that.
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_secs() as i64)
}
