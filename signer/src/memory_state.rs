//! Whether a vault knows everything that was signed.

use minicbor::{Decode, Encode};

/// Whether the journal knows everything that this seed ever signed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub(crate) enum MemoryState {
    /// It does: the seed was born in this vault.
    #[n(0)]
    Complete,
    /// It does not: the vault was restored from words, and no journal was imported.
    #[n(1)]
    Missing,
    /// The journal of another vault with the same words was imported: that one may have signed more
    /// since.
    #[n(2)]
    Imported,
}
