//! Partially signed Bitcoin transactions, read once, strictly and within limits: version 0 (BIP174)
//! and 2 (BIP370).
//!
//! - [`Parsed::parse`]: bytes of a file become a value, or a [`PsbtError`] says why not.
//! - [`Parsed::with_signatures`]: the same PSBT with signatures, in the encoding and version in
//!   which it came.
//! - [`build::create`]: an unsigned PSBT of one of our wallets.
//! - [`finalize()`]: a signed PSBT becomes a transaction, every signature verified against coins
//!   that the caller vouches for.
//!
//! What a PSBT says of its coins is a claim. [`crate::review`] proves it.

pub mod build;
mod difference;
mod encoding;
mod error;
pub mod fields;
mod finalize;
mod input;
mod legacy;
mod limits;
mod output;
mod parsed;
mod previous;
mod raw;
mod reader;
mod signatures;
mod unsigned;
mod verify;
mod version;

pub use difference::{Difference, Presence};
pub use encoding::{Encoding, MAGIC, decode};
pub use error::{MapName, PsbtError};
pub(crate) use finalize::verify_final;
pub use finalize::{FinalizeError, finalize};
pub use input::{Input, PartialSignature};
pub use legacy::LegacyHasher;
pub use limits::Limits;
pub use output::Output;
pub use parsed::{Global, Parsed, Size};
pub use previous::{NotATransaction, PreviousTransaction, TransactionIndex};
pub use raw::{RawKey, RawMap, RawPair, RawPsbt};
pub use signatures::{InputSignature, NoSuchInput, SignatureKind};
pub use verify::{SignatureFault, Verifier, VerifyWork};
pub use version::Version;
