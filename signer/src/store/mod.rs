//! The vault's files: the only code that touches them.
//!
//! | file | what it is |
//! | --- | --- |
//! | `V` | the vault; at no instant missing once it was created |
//! | `V.<generation>` | an earlier generation, kept until `prune` |
//! | `V.aside.<k>` | a file that `repair` moved out of the way; never read again, never deleted |
//! | `V.<n>` otherwise | whatever else is named so moves no generation and stops no work |
//! | `V.lock` | locked by the process that may write; empty, never deleted |
//! | `.V.tmp` | a write under way; what a killed process left is replaced by the next write |
//!
//! A write is: hard link `V` to `V.<generation>`, fsync folder, temporary file (mode 0600), fsync,
//! rename over `V`, fsync folder. Killed or failing at any point it leaves the old or the new vault
//! in `V`, whole.

mod appended;
mod durable;
mod error;
mod lock;
mod path;
mod prune;
mod repair;
mod survey;
mod verify;

pub(crate) use appended::Appended;
pub(crate) use error::{Kind, StoreError};
pub(crate) use lock::LockedVault;
pub(crate) use path::VaultPath;
pub(crate) use prune::PrunePlan;
pub(crate) use repair::Repaired;
pub(crate) use survey::Survey;
pub(crate) use verify::{FileFacts, FileReport, verify};

#[cfg(test)]
mod tests;
