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

/// The tag of the hash that is signed.
const TAG: &[u8] = b"cofferdam/receipt/1";

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
    pub(super) signature: schnorr::Signature,
}

impl VaultState {
    /// `SHA256(SHA256(tag) ‖ SHA256(tag) ‖ CBOR)`, as BIP340 tags hashes: the tag is `cofferdam/receipt/1`, the CBOR
    /// `[vault id, generation, count, head, wallet id, [[unsigned txid, SHA-256 of the signed PSBT]...]]`.
    pub(super) fn receipt_hash(&self, wallet_id: &WalletId, signed: &[SignedTransaction]) -> [u8; 32] {
        let message = encoded(|encoder| {
            encoder.array(6)?;
            self.write(encoder)?;
            encoder.bytes(wallet_id.as_bytes())?.array(signed.len() as u64)?;
            for transaction in signed {
                let txid: &[u8; 32] = transaction.txid_bytes();
                encoder.array(2)?.bytes(txid)?.bytes(transaction.sha256())?;
            }
            Ok(())
        });
        let tag = Sha256::digest(TAG);
        Sha256::new()
            .chain_update(tag)
            .chain_update(tag)
            .chain_update(message)
            .finalize()
            .into()
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> Result<(), EncodeError<Infallible>> {
        encoder.bytes(&self.vault_id.0)?.u64(self.generation)?;
        encoder.u64(self.journal_count)?.bytes(&self.journal_head)?.ok()
    }
}

impl Receipt {
    /// Returns the state that it claims.
    pub fn vault(&self) -> &VaultState {
        &self.vault
    }

    /// Returns the signature by the receipt key.
    pub fn signature(&self) -> schnorr::Signature {
        self.signature
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Receipt, EnvelopeError> {
        reader.tuple(5)?;
        let vault = VaultState {
            vault_id: VaultId(reader.fixed()?),
            generation: reader.number()?,
            journal_count: reader.number()?,
            journal_head: reader.fixed()?,
        };
        let at = reader.position();
        let signature = reader.fixed::<64>()?;
        let signature =
            schnorr::Signature::from_slice(&signature).map_err(|_| EnvelopeError::Unexpected {
                at,
                expected: "a signature",
            })?;
        Ok(Receipt { vault, signature })
    }

    pub(super) fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> Result<(), EncodeError<Infallible>> {
        encoder.array(5)?;
        self.vault.write(encoder)?;
        encoder.bytes(self.signature.as_ref())?.ok()
    }

    pub(super) fn verify(
        &self,
        key: &XOnlyPublicKey,
        wallet_id: &WalletId,
        signed: &[SignedTransaction],
    ) -> Result<&VaultState, ReceiptFault> {
        let message = Message::from_digest(self.vault.receipt_hash(wallet_id, signed));
        VERIFIER
            .verify_schnorr(&self.signature, &message, key)
            .map(|()| &self.vault)
            .map_err(|_| ReceiptFault::False)
    }
}
