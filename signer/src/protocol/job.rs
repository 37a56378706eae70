//! What the screen asks of the keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::review::Digest;

/// Where a secret is read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// The terminal.
    Prompt,
    /// A file.
    File(PathBuf),
    /// An open file descriptor.
    Descriptor(u32),
}

/// Where the parts of a credential are read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unlock {
    /// The passphrase.
    pub(crate) passphrase: Source,
    /// The second passphrase; none unless the vault is, or shall be, under dual control.
    pub(crate) second: Option<Source>,
    /// The key file.
    pub(crate) key_file: Option<PathBuf>,
}

/// What a guess of the passphrase shall cost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Costs {
    /// Argon2id's memory in MiB; calibrated if neither is told.
    pub(crate) memory_mib: Option<u32>,
    /// Argon2id's passes.
    pub(crate) passes: Option<u32>,
}

/// How a wallet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExportFormat {
    /// Cofferdam's own JSON.
    Json,
    /// The JSON argument of Bitcoin Core's `importdescriptors`.
    Core,
    /// The multipath descriptor with its checksum.
    Descriptor,
}

/// What the operator says to a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Consent {
    /// To sign what was reviewed, and nothing else.
    Sign {
        /// The digest of the review that was shown.
        review: Digest,
        /// The codes of the warnings that are accepted.
        accept: Vec<String>,
    },
    /// Not to sign.
    Decline,
}
