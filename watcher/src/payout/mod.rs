//! Payouts, from a list to its confirmations: plan, create, export, import, broadcast, cancel,
//! follow.
//!
//! What this ledger did with a transaction is stored; what the chain did is looked up. A
//! transaction's [`state`] follows from both, so that a reorganisation moves it back by itself.
//!
//! - [`draft`]: a plan with its change addresses, before it is stored. [`create`], [`split`]:
//!   storing it.
//! - [`export`], [`import`], [`broadcast`]: across the gap and out. [`verify`], [`receipt`]: what
//!   is checked on the way back.
//! - [`cancel`]: making a transaction impossible.
//! - [`follow`]: what a sync does for payouts. [`sighting`]: what blocks and the memory pool show
//!   of them.
//! - [`repeats`], [`fees`]: what is worth telling about a plan; [`finding`]: how it is told.
//! - [`document`]: what is shown.

pub mod broadcast;
pub mod cancel;
pub mod create;
pub mod document;
pub(crate) mod draft;
pub mod error;
pub mod export;
mod fees;
pub mod finding;
pub mod follow;
mod ids;
pub mod import;
pub mod receipt;
mod repeats;
pub mod show;
pub mod sighting;
pub mod split;
pub mod state;
mod verify;

pub use error::PayoutError;
pub use state::TransactionState;

#[cfg(test)]
mod tests;
