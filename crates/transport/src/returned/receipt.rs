//! The receipt: in which state a vault was when it signed.

use std::convert::Infallible;
use std::sync::LazyLock;

use bitcoin::secp256k1::{Message, Secp256k1, VerifyOnly, XOnlyPublicKey, schnorr};
use cofferdam_core::seal::VaultId;
use cofferdam_core::wallet::WalletId;
use minicbor::encode::{Encoder, Error as EncodeError};
use sha2::{Digest as _, Sha256};

use super::{ReceiptFault, SignedTransaction};
use crate::envelope::{EnvelopeError, Reader, encoded};
use crate::journals::{JournalAnswer, MAX_SEEN};

/// The tags of the hash that is signed, of a receipt that answers nothing and of one that does.
const TAGS: [&[u8]; 2] = [b"cofferdam/receipt/1", b"cofferdam/receipt/2"];

static VERIFIER: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

/// What a vault and its journal had come to, after what was signed had been recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultState {
    /// The vault.
    pub vault_id: VaultId,
    /// Its generation.
    pub generation: u64,
    /// The number of records in its journal.
    pub journal_count: u64,
    /// The hash of the last one.
    pub journal_head: [u8; 32],
}

/// A vault's state, signed by the receipt key together with what the return holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub(super) vault: VaultState,
    pub(super) answers: Option<Vec<JournalAnswer>>,
    pub(super) signature: schnorr::Signature,
}

impl VaultState {
    /// `SHA256(SHA256(tag) ‖ SHA256(tag) ‖ CBOR)`, as BIP340 tags hashes: the tag is
    /// `cofferdam/receipt/1`, the CBOR `[vault id, generation, count, head, wallet id, [[unsigned
    /// txid, SHA-256 of the signed PSBT]...]]`. With answers the tag is `cofferdam/receipt/2`, and
    /// they are a seventh element.
    pub(super) fn receipt_hash(
        &self,
        wallet_id: &WalletId,
        signed: &[SignedTransaction],
        answers: Option<&[JournalAnswer]>,
    ) -> [u8; 32] {
        let message = encoded(|encoder| {
            encoder.array(if answers.is_some() { 7 } else { 6 })?;
            self.write(encoder)?;
            encoder
                .bytes(wallet_id.as_bytes())?
                .array(signed.len() as u64)?;
            for transaction in signed {
                let txid: &[u8; 32] = transaction.txid_bytes();
                encoder.array(2)?.bytes(txid)?.bytes(transaction.sha256())?;
            }
            answers.map_or(Ok(()), |answers| write_answers(answers, encoder))
        });
        let tag = Sha256::digest(TAGS[usize::from(answers.is_some())]);
        Sha256::new()
            .chain_update(tag)
            .chain_update(tag)
            .chain_update(message)
            .finalize()
            .into()
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> Result<(), EncodeError<Infallible>> {
        encoder.bytes(&self.vault_id.0)?.u64(self.generation)?;
        encoder
            .u64(self.journal_count)?
            .bytes(&self.journal_head)?
            .ok()
    }
}

impl Receipt {
    /// Returns the state that it claims.
    pub fn vault(&self) -> &VaultState {
        &self.vault
    }

    /// Returns what the vault answers about its journal; none in a return of version 1, which
    /// answers nothing.
    pub fn answers(&self) -> Option<&[JournalAnswer]> {
        self.answers.as_deref()
    }

    /// Returns the signature by the receipt key.
    pub fn signature(&self) -> schnorr::Signature {
        self.signature
    }

    pub(super) fn read(reader: &mut Reader<'_>, version: u64) -> Result<Receipt, EnvelopeError> {
        reader.tuple(if version == 1 { 5 } else { 6 })?;
        let vault = VaultState {
            vault_id: VaultId(reader.fixed()?),
            generation: reader.number()?,
            journal_count: reader.number()?,
            journal_head: reader.fixed()?,
        };
        let answers = match version {
            1 => None,
            _ => Some(read_answers(reader)?),
        };
        let at = reader.position();
        let signature = reader.fixed::<64>()?;
        let signature =
            schnorr::Signature::from_slice(&signature).map_err(|_| EnvelopeError::Unexpected {
                at,
                expected: "a signature",
            })?;
        Ok(Receipt {
            vault,
            answers,
            signature,
        })
    }

    pub(super) fn write(
        &self,
        encoder: &mut Encoder<Vec<u8>>,
    ) -> Result<(), EncodeError<Infallible>> {
        encoder.array(if self.answers.is_some() { 6 } else { 5 })?;
        self.vault.write(encoder)?;
        if let Some(answers) = &self.answers {
            write_answers(answers, encoder)?;
        }
        encoder.bytes(self.signature.as_ref())?.ok()
    }

    pub(super) fn verify(
        &self,
        key: &XOnlyPublicKey,
        wallet_id: &WalletId,
        signed: &[SignedTransaction],
    ) -> Result<&VaultState, ReceiptFault> {
        let message =
            Message::from_digest(self.vault.receipt_hash(wallet_id, signed, self.answers()));
        VERIFIER
            .verify_schnorr(&self.signature, &message, key)
            .map(|()| &self.vault)
            .map_err(|_| ReceiptFault::False)
    }
}

fn write_answers(
    answers: &[JournalAnswer],
    encoder: &mut Encoder<Vec<u8>>,
) -> Result<(), EncodeError<Infallible>> {
    encoder.array(answers.len() as u64)?;
    answers.iter().try_for_each(|answer| answer.write(encoder))
}

fn read_answers(reader: &mut Reader<'_>) -> Result<Vec<JournalAnswer>, EnvelopeError> {
    let count = reader.array("answers", MAX_SEEN)?;
    (0..count).map(|_| JournalAnswer::read(reader)).collect()
}
