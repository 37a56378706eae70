//! Why a bundle is refused.

use bitcoin::{OutPoint, Txid};
use cofferdam_core::psbt::PsbtError;

use crate::envelope::EnvelopeError;

/// The reason why a bundle cannot be made, or is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Its bytes are no bundle.
    #[error("the bundle cannot be read: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The name is none.
    #[error("the bundle's name is not 1 to 64 of A-Z a-z 0-9 . _ -; export the list again")]
    Name,
    /// It has no PSBT.
    #[error("the bundle has no PSBT; export a list with transactions that are not done")]
    Empty,
    /// One of its PSBTs is none.
    #[error("PSBT {} of the bundle: {error}", index + 1)]
    Psbt {
        /// Which, from 0.
        index: usize,
        /// Why.
        error: PsbtError,
    },
    /// Two PSBTs of one transaction.
    #[error("the bundle has the transaction {0} twice; export the list again")]
    Twice(Txid),
    /// A previous transaction is no transaction.
    #[error("previous transaction {} of the bundle cannot be read; export the list again", .0 + 1)]
    Previous(usize),
    /// A previous transaction is there twice.
    #[error("the bundle has the previous transaction {0} twice; export the list again")]
    PreviousTwice(Txid),
    /// A previous transaction that no input spends.
    #[error("the bundle has the transaction {0}, which no input spends; export the list again")]
    PreviousUnused(Txid),
    /// A coin whose previous transaction the bundle lacks.
    #[error("the bundle lacks what made the coin {outpoint} of PSBT {}; export the list again", index + 1)]
    PreviousMissing {
        /// Which PSBT, from 0.
        index: usize,
        /// The coin.
        outpoint: OutPoint,
    },
    /// The PSBTs would take more than one run of the signer.
    #[error(
        "the bundle's PSBTs have more than {} bytes once rebuilt; split the payout over several lists",
        super::MAX_REBUILT_BYTES
    )]
    Rebuilt,
    /// What was rebuilt is not what was sent.
    #[error("PSBT {} of the bundle is not the one that was sent: its SHA-256 is another; carry the bundle again", .0 + 1)]
    NotAsSent(usize),
}
