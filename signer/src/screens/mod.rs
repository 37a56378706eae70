//! What people read.

mod amount;
mod journal;
mod review;

use std::path::Path;

use cofferdam_core::sanitize::neutralised;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(crate) use amount::{btc, grouped, sat};
pub(crate) use cofferdam_core::count::counted;
pub(crate) use journal::journal;
pub(crate) use review::review;

use crate::protocol::Unlocked;

/// Writes a time in seconds since 1970 as RFC 3339 in UTC.
pub(crate) fn date(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} s after 1970"))
}

/// Writes a path so that no name can move a cursor or pose as another.
pub(crate) fn path(path: &Path) -> String {
    neutralised(&path.display().to_string())
}

/// The line that is shown at every unlock.
pub(crate) fn unlocked(unlocked: &Unlocked) -> String {
    let journal = match &unlocked.journal {
        Some(at) => format!("journal {}, head {}", counted(at.count, "record"), at.head),
        None => "journal damaged".into(),
    };
    format!(
        "vault {} generation {}, {journal}",
        unlocked.vault_id, unlocked.generation
    )
}
