//! What people read.

mod journal;
mod review;

use std::path::Path;

use cofferdam_core::sanitize::neutralised;

pub(crate) use crate::amount::{btc, grouped, sat};
pub(crate) use cofferdam_core::count::counted;
pub(crate) use journal::journal;
pub(crate) use review::review;

use crate::protocol::Unlocked;

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
