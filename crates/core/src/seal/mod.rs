//! The vault format: a body sealed under a data key, which one to eight slots wrap, each under its
//! own credential.
//!
//! Bytes in, bytes out: reading, locking and durable writing are the signer's store. The format is
//! documented byte for byte in `docs/formats/vault.md`.
//!
//! - A [`VaultFile`] proves that the file is whole and well-formed (magic, lengths, bounds,
//!   SHA-256): it is not damaged. It is not authenticated.
//! - An [`OpenVault`] proves that a credential opened it: header, slots and body are authenticated
//!   under the data key.

mod body;
mod cost;
mod credential;
mod error;
mod file;
mod header;
mod known_answers;
mod open;
mod opened_by;
mod primitives;
mod rank;
mod slot;
mod stretch;

pub use cost::{Cost, CostError};
pub use credential::{
    Credential, EmptyKeyFile, KeyFile, KeyFileDigest, Passphrase, PassphraseError, SlotType,
};
pub use error::{
    Kernel, Malformed, RandomUnavailable, SealError, Tampered, UnlockError, VaultError,
};
pub use file::VaultFile;
pub use header::VaultId;
pub(crate) use known_answers::known_answers;
pub use open::{NewSlot, OpenVault};
pub use opened_by::opened_by;
pub use rank::{Conflict, Damaged, Intact, MAX_GENERATION, Ranking, rank};
pub use slot::{SlotFacts, SlotId};
pub use stretch::OutOfMemory;

/// The greatest length of a vault file in bytes; a longer file is refused before it is read.
pub const MAX_FILE_LEN: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests;
