//! Verifying signatures against coins that the caller vouches for.

use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::{Message, XOnlyPublicKey, schnorr};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{PublicKey, Script, ScriptBuf, Transaction, TxOut};

use crate::wallet::verifier;

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// The bytes are no signature in strict DER, or none of 64 or 65 bytes.
    #[error("its bytes are no signature")]
    Encoding,
    /// It does not cover the whole transaction.
    #[error(
        "its sighash type is {0:#04x}, only ALL (0x01, or the default of taproot) covers the whole transaction"
    )]
    Sighash(u8),
    /// The key is not the one that the coin's script asks for.
    #[error("its key is not the one that the coin pays to")]
    WrongKey,
    /// It does not verify for this transaction and this coin.
    #[error("it does not verify for this transaction and this coin")]
    Invalid,
    /// The coin's script is not one of the single-signature types.
    #[error("the coin's script is none of p2pkh, p2sh-p2wpkh, p2wpkh and p2tr")]
    UnsupportedScript,
}

/// Verifies the signatures of one transaction, given all the coins it spends.
///
/// The part of the signature hash that inputs share is hashed once.
pub struct Verifier<'a> {
    cache: SighashCache<&'a Transaction>,
    coins: &'a [TxOut],
    size: usize,
    work: VerifyWork,
}

/// What verifying took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyWork {
    /// Signatures that were held against a hash.
    pub checks: u64,
    /// Bytes that were hashed for these, one by one: what inputs share is not counted.
    pub hashed: u64,
}

impl<'a> Verifier<'a> {
    /// Prepares to verify `transaction`, whose inputs spend `coins` in order.
    pub fn new(transaction: &'a Transaction, coins: &'a [TxOut]) -> Self {
        Self {
            cache: SighashCache::new(transaction),
            coins,
            size: transaction.base_size(),
            work: VerifyWork::default(),
        }
    }

    /// Returns what verifying took until now.
    pub fn work(&self) -> VerifyWork {
        self.work
    }

    /// Verifies an ECDSA signature, DER and sighash byte, of a legacy or segwit v0 input.
    pub fn ecdsa(
        &mut self,
        input: usize,
        public_key: &PublicKey,
        bytes: &[u8],
    ) -> Result<(), SignatureFault> {
        let coin = self
            .coins
            .get(input)
            .ok_or(SignatureFault::UnsupportedScript)?;
        let (sighash, der) = bytes.split_last().ok_or(SignatureFault::Encoding)?;
        if *sighash != EcdsaSighashType::All as u8 {
            return Err(SignatureFault::Sighash(*sighash));
        }
        // Strict DER, to the last byte.
        let signature = bitcoin::secp256k1::ecdsa::Signature::from_der(der)
            .map_err(|_| SignatureFault::Encoding)?;
        let message = self.ecdsa_message(input, coin, public_key)?;
        self.work.checks += 1;
        verifier()
            .verify_ecdsa(&message, &signature, &public_key.inner)
            .map_err(|_| SignatureFault::Invalid)
    }

    fn ecdsa_message(
        &mut self,
        input: usize,
        coin: &TxOut,
        public_key: &PublicKey,
    ) -> Result<Message, SignatureFault> {
        let script = &coin.script_pubkey;
        let all = EcdsaSighashType::All;
        if script.is_p2pkh() {
            if *script != ScriptBuf::new_p2pkh(&public_key.pubkey_hash()) {
                return Err(SignatureFault::WrongKey);
            }
            self.work.hashed += self.size as u64;
            let hash = self
                .cache
                .legacy_signature_hash(input, script, all.to_u32());
            return Ok(Message::from_digest(
                hash.map_err(|_| SignatureFault::UnsupportedScript)?
                    .to_byte_array(),
            ));
        }
        let program = witness_program(script, public_key)?;
        let hash = self
            .cache
            .p2wpkh_signature_hash(input, &program, coin.value, all);
        Ok(Message::from_digest(
            hash.map_err(|_| SignatureFault::UnsupportedScript)?
                .to_byte_array(),
        ))
    }

    /// Verifies the key path signature, of 64 or 65 bytes, of a taproot input (BIP341).
    pub fn taproot_key_spend(&mut self, input: usize, bytes: &[u8]) -> Result<(), SignatureFault> {
        let script = self
            .coins
            .get(input)
            .map(|coin| &coin.script_pubkey)
            .ok_or(SignatureFault::UnsupportedScript)?;
        let key = script
            .as_bytes()
            .get(2..)
            .filter(|_| script.is_p2tr())
            .and_then(|key| XOnlyPublicKey::from_slice(key).ok())
            .ok_or(SignatureFault::UnsupportedScript)?;
        let (signature, sighash) = match bytes {
            [signature @ .., sighash] if bytes.len() == 65 => match sighash {
                0x01 => (signature, TapSighashType::All),
                other => return Err(SignatureFault::Sighash(*other)),
            },
            signature => (signature, TapSighashType::Default),
        };
        let signature =
            schnorr::Signature::from_slice(signature).map_err(|_| SignatureFault::Encoding)?;
        let hash = self
            .cache
            .taproot_key_spend_signature_hash(input, &Prevouts::All(self.coins), sighash)
            .map_err(|_| SignatureFault::UnsupportedScript)?;
        let message = Message::from_digest(hash.to_byte_array());
        self.work.checks += 1;
        verifier()
            .verify_schnorr(&signature, &message, &key)
            .map_err(|_| SignatureFault::Invalid)
    }
}

/// Returns the version 0 witness program that a key stands for in a native or nested script.
fn witness_program(script: &Script, public_key: &PublicKey) -> Result<ScriptBuf, SignatureFault> {
    let hash = public_key
        .wpubkey_hash()
        .map_err(|_| SignatureFault::WrongKey)?;
    let program = ScriptBuf::new_p2wpkh(&hash);
    let expected = if script.is_p2wpkh() {
        program.clone()
    } else if script.is_p2sh() {
        program.to_p2sh()
    } else {
        return Err(SignatureFault::UnsupportedScript);
    };
    if *script == expected {
        Ok(program)
    } else {
        Err(SignatureFault::WrongKey)
    }
}
