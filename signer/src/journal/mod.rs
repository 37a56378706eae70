//! The journal `V.journal`: an append-only, hash-chained and sealed record of what the vault signed
//! and refused.
//!
//! The format is documented in `docs/formats/journal.md`.

mod beyond;
mod entry;
mod file;
mod imports;
mod key;
mod log;
mod memory;
mod record;
mod show;

pub(crate) use beyond::Beyond;
pub(crate) use entry::{
    Class, Entry, Event, InputRecord, MarksRecord, OutputRecord, Place, Proof, RefusalRecord,
    Superseded, TransactionRecord,
};
pub(crate) use file::{Journal, JournalError, accept};
pub(crate) use imports::{Import, imported, knows_everything, unconfirmed};
pub(crate) use key::JournalKey;
pub(crate) use log::{Checkpoint, Log, LogError};
pub(crate) use memory::{Claim, Memory, Remembered, SignedAmount};
pub(crate) use record::{HEADER_LEN, header, is_header};
