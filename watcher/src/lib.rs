//! The online side of Cofferdam: it watches coins, plans payouts, hands them over and reconciles.
//! It holds no private key.
//!
//! - [`cli`]: the command line; each command is a thin layer over the services below.
//! - [`wallets`], [`addresses`], [`coins`]: what the ledger answers.
//! - [`payout`]: payouts, from a list to its confirmations; `csv` reads lists, `plan` picks coins.
//! - [`scan`]: what QR codes hold.
//! - [`sync`]: brings the ledger to the tip of a chain.
//! - [`chain`]: where blocks come from and transactions go to.
//! - [`store`]: the ledger's tables.
//! - [`settings`], [`data_folder`]: what lies in the data folder beside the ledger; [`private`]:
//!   for its owner alone.
//! - [`error`]: every failure's code, hint and exit status.

pub mod addresses;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod coins;
mod csv;
pub mod data_folder;
mod derivation;
pub mod error;
mod identity;
pub mod payout;
mod plan;
pub mod private;
pub mod remedy;
pub mod scan;
pub mod service;
pub mod settings;
pub mod store;
pub mod sync;
pub mod tip;
pub mod wallets;

pub use error::Error;
