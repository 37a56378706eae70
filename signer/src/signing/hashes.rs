//! What an input's signature signs.

use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{EcdsaSighashType, TapSighashType, Transaction, TxOut};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::LegacyHasher;
use cofferdam_core::review::Spend;

use super::sign::{SigningError, SigningWallet};

/// The signature hashes of one transaction; what its inputs share is hashed once, by each thread
/// for itself.
pub(super) struct Hashes<'a> {
    transaction: &'a Transaction,
    coins: &'a [TxOut],
    cache: SighashCache<&'a Transaction>,
    /// None until there is a legacy input.
    legacy: Option<LegacyHasher>,
}

impl<'a> Hashes<'a> {
    /// Prepares to hash a transaction, whose inputs spend `coins` in order.
    pub(super) fn new(transaction: &'a Transaction, coins: &'a [TxOut]) -> Self {
        Hashes {
            transaction,
            coins,
            cache: SighashCache::new(transaction),
            legacy: None,
        }
    }

    /// Returns the hash of an input of this wallet, for sighash type ALL; of taproot's two
    /// spellings, this one.
    pub(super) fn message(
        &mut self,
        spend: &Spend,
        owner: &SigningWallet<'_>,
        taproot: TapSighashType,
    ) -> Result<Message, SigningError> {
        let input = spend.input;
        let failed = SigningError::Sighash(input);
        let digest = match spend.script_type {
            ScriptType::Legacy => self
                .legacy
                .get_or_insert_with(|| LegacyHasher::new(self.transaction))
                .hash(input, &spend.script_pubkey)
                .ok_or(failed)?
                .to_byte_array(),
            ScriptType::Nested | ScriptType::Segwit => {
                // Finding a redeem script takes a derivation.
                let nested = match spend.script_type {
                    ScriptType::Nested => owner.wallet.redeem_script(spend.branch, spend.index)?,
                    _ => None,
                };
                let program = nested.as_ref().unwrap_or(&spend.script_pubkey);
                self.cache
                    .p2wpkh_signature_hash(input, program, spend.amount, EcdsaSighashType::All)
                    .map_err(|_| failed)?
                    .to_byte_array()
            }
            ScriptType::Taproot => self
                .cache
                .taproot_key_spend_signature_hash(input, &Prevouts::All(self.coins), taproot)
                .map_err(|_| failed)?
                .to_byte_array(),
        };
        Ok(Message::from_digest(digest))
    }
}
