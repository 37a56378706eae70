//! Why a return is refused.

use bitcoin::Txid;

use crate::envelope::EnvelopeError;

/// The reason why a return cannot be made, or is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnError {
    /// Its bytes are no return.
    #[error("the return cannot be read: {0}")]
    Envelope(#[from] EnvelopeError),
    /// It has no transaction.
    #[error("the return has no transaction; sign the bundle again")]
    Empty,
    /// A transaction twice.
    #[error("the return has the transaction {0} twice; sign the bundle again")]
    Twice(Txid),
    /// A signature or key that is none.
    #[error("the return has a signature of input {0} that cannot be read; sign the bundle again")]
    Signature(u64),
    /// Signatures in another order than that of the inputs.
    #[error(
        "the signatures of input {0} in the return are out of order, or there twice; sign the bundle again"
    )]
    Order(u64),
    /// The signed PSBT has more news than a return can carry.
    #[error(
        "the signed PSBT of {0} differs from the unsigned one in more than signatures over the whole transaction; \
         carry the signed PSBT itself"
    )]
    MoreThanSignatures(Txid),
    /// The signatures are for another transaction.
    #[error(
        "the return's signatures are for the transaction {found}, not for {expected}; take the list's own return"
    )]
    OtherTransaction {
        /// The unsigned txid of the PSBT.
        expected: Txid,
        /// The unsigned txid of the return.
        found: Txid,
    },
    /// The unsigned PSBT names no single key for an input whose key the return leaves out.
    #[error(
        "the return leaves out the key of input {0}, and the PSBT does not name one; sign the bundle again"
    )]
    KeyUnknown(usize),
    /// What comes out is not what the signer had.
    #[error(
        "with the return's signatures, the PSBT of {0} is not the one that the signer made: its SHA-256 is another; \
         carry the return again, or sign the bundle again"
    )]
    NotAsSigned(Txid),
}

/// The reason why a receipt does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// There is none.
    #[error(
        "the return has no receipt, and this wallet's signer writes one; sign the bundle with that signer"
    )]
    Missing,
    /// It does not verify.
    #[error(
        "the return's receipt is not by this wallet's receipt key, or not for this return; \
         sign the bundle again with the wallet's own signer"
    )]
    False,
}
