//! The return: what the signer hands back of a bundle, and only what is new.
//! `docs/formats/return.md` describes its bytes.
//!
//! - [`Return::of`] takes the signatures out of signed PSBTs; [`SignedTransaction::apply`] puts
//!   them into the unsigned PSBT that the watcher has, and proves the result byte for byte.
//! - [`Receipt`]: in which state the vault was, signed by the receipt key.
//!
//! That a hash is right says that nothing was lost on the way. Signatures are for the watcher to
//! verify.

mod error;
mod receipt;
mod signature;
mod signed;

use std::collections::HashSet;

use bitcoin::secp256k1::XOnlyPublicKey;
use cofferdam_core::psbt::Parsed;
use cofferdam_core::wallet::WalletId;

pub use self::error::{ReceiptFault, ReturnError};
pub use self::receipt::{Receipt, VaultState};
pub use self::signed::SignedTransaction;
use crate::bundle::MAX_PSBTS;
use crate::envelope::{EnvelopeError, Format};
use crate::journals::JournalAnswer;

/// How many bytes of a file [`looks_like_return`] wants to see.
pub const LOOK: usize = Format::LOOK;

const FORMAT: Format = Format {
    name: "cofferdam/return",
    noun: "return",
    version: 2,
    // A signature takes less than the input that it is for takes in a bundle.
    max_bytes: 128 << 20,
};

/// The signatures of one run, on their way to the watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    wallet_id: WalletId,
    transactions: Vec<SignedTransaction>,
    receipt: Option<Receipt>,
}

/// Tells a return by the first [`LOOK`] bytes of its file.
pub fn looks_like_return(start: &[u8]) -> bool {
    FORMAT.begins(start)
}

impl Return {
    /// Takes out what was signed: pairs of the unsigned and the signed PSBT.
    ///
    /// # Errors
    ///
    /// When a signed PSBT differs from the unsigned one in more than signatures.
    pub fn of<'a>(
        wallet_id: WalletId,
        pairs: impl IntoIterator<Item = (&'a Parsed, &'a Parsed)>,
    ) -> Result<Return, ReturnError> {
        let transactions = pairs
            .into_iter()
            .map(|(unsigned, signed)| SignedTransaction::of(unsigned, signed))
            .collect::<Result<Vec<_>, _>>()?;
        check_transactions(&transactions)?;
        Ok(Return {
            wallet_id,
            transactions,
            receipt: None,
        })
    }

    /// Adds the receipt of a vault in a state, with what it answers about its journal: `sign` makes
    /// the BIP340 signature of a hash with the receipt key. A bundle of version 1 asks nothing, and
    /// its return is of version 1.
    pub fn with_receipt<E>(
        self,
        vault: VaultState,
        answers: Option<Vec<JournalAnswer>>,
        sign: impl FnOnce([u8; 32]) -> Result<bitcoin::secp256k1::schnorr::Signature, E>,
    ) -> Result<Return, E> {
        let hash = vault.receipt_hash(&self.wallet_id, &self.transactions, answers.as_deref());
        let receipt = Receipt {
            vault,
            answers,
            signature: sign(hash)?,
        };
        Ok(Return {
            receipt: Some(receipt),
            ..self
        })
    }

    /// Reads a return.
    ///
    /// # Errors
    ///
    /// When it is none, damaged, of a newer version, or not in the one deterministic form.
    pub fn parse(bytes: &[u8]) -> Result<Return, ReturnError> {
        let (version, mut reader, entries) = FORMAT.open(bytes)?;
        // Version 2 has a receipt in any case: it is what is new in it.
        if !(version + 1..=3).contains(&entries) {
            return Err(EnvelopeError::Unexpected {
                at: 0,
                expected: "a map of five or six entries",
            }
            .into());
        }
        reader.key(2)?;
        let wallet_id = WalletId::from_bytes(reader.fixed()?);
        reader.key(3)?;
        let mut transactions = Vec::new();
        for _ in 0..reader.array("transactions", MAX_PSBTS)? {
            transactions.push(SignedTransaction::read(&mut reader)?);
        }
        check_transactions(&transactions)?;
        let receipt = match entries {
            3 => {
                reader.key(4)?;
                Some(Receipt::read(&mut reader, version)?)
            }
            _ => None,
        };
        reader.end()?;
        Ok(Return {
            wallet_id,
            transactions,
            receipt,
        })
    }

    /// Writes the one form of the return.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = if self.receipt.is_some() { 3 } else { 2 };
        let answers = self.receipt.as_ref().and_then(Receipt::answers);
        FORMAT.seal(if answers.is_some() { 2 } else { 1 }, entries, |encoder| {
            encoder.u8(2)?.bytes(self.wallet_id.as_bytes())?;
            encoder.u8(3)?.array(self.transactions.len() as u64)?;
            for transaction in &self.transactions {
                transaction.write(encoder)?;
            }
            match &self.receipt {
                Some(receipt) => {
                    encoder.u8(4)?;
                    receipt.write(encoder)
                }
                None => Ok(()),
            }
        })
    }

    /// Returns the wallet that signed.
    pub fn wallet_id(&self) -> WalletId {
        self.wallet_id
    }

    /// Returns the transactions, in the order of the bundle.
    pub fn transactions(&self) -> &[SignedTransaction] {
        &self.transactions
    }

    /// Returns the receipt, which nobody verified.
    pub fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    /// Verifies the receipt with the receipt key of the wallet; returns the state that the vault
    /// was in.
    ///
    /// # Errors
    ///
    /// When there is none, or it is by another key or of another return.
    pub fn verify_receipt(&self, key: &XOnlyPublicKey) -> Result<&VaultState, ReceiptFault> {
        let receipt = self.receipt.as_ref().ok_or(ReceiptFault::Missing)?;
        receipt.verify(key, &self.wallet_id, &self.transactions)
    }
}

fn check_transactions(transactions: &[SignedTransaction]) -> Result<(), ReturnError> {
    if transactions.is_empty() {
        return Err(ReturnError::Empty);
    }
    if transactions.len() > MAX_PSBTS {
        return Err(EnvelopeError::TooMany {
            what: "transactions",
            found: transactions.len() as u64,
            limit: MAX_PSBTS,
        }
        .into());
    }
    let mut seen = HashSet::new();
    match transactions
        .iter()
        .find(|transaction| !seen.insert(transaction.txid()))
    {
        Some(twice) => Err(ReturnError::Twice(twice.txid())),
        None => Ok(()),
    }
}
