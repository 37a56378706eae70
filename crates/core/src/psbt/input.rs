//! The typed view of an input's map.

use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, KeySource};
use bitcoin::consensus::deserialize;
use bitcoin::{PublicKey, ScriptBuf, TxOut, Witness, XOnlyPublicKey};

use super::error::{MapName, PsbtError};
use super::fields::{self, input};
use super::previous::PreviousTransaction;
use super::raw::{RawKey, RawMap};

/// An ECDSA signature as it stands in the PSBT: DER and the sighash byte, neither of them checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialSignature {
    /// The key that is said to have signed.
    pub public_key: PublicKey,
    /// The bytes, at least one.
    pub bytes: Vec<u8>,
}

impl PartialSignature {
    /// Returns the sighash byte, the last one.
    pub fn sighash_byte(&self) -> Option<u8> {
        self.bytes.last().copied()
    }
}

/// What a PSBT says about an input. Claims, until the review has proven them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// What the whole previous transaction says of the coin.
    pub previous_transaction: Option<PreviousTransaction>,
    /// The output that is said to be spent.
    pub witness_utxo: Option<TxOut>,
    /// ECDSA signatures.
    pub partial_signatures: Vec<PartialSignature>,
    /// The sighash type asked for.
    pub sighash_type: Option<u32>,
    /// The script of pay to script hash.
    pub redeem_script: Option<ScriptBuf>,
    /// The script of pay to witness script hash.
    pub witness_script: Option<ScriptBuf>,
    /// Keys and their origins.
    pub bip32_derivations: Vec<(PublicKey, KeySource)>,
    /// The finished signature script.
    pub final_script_sig: Option<ScriptBuf>,
    /// The finished witness.
    pub final_script_witness: Option<Witness>,
    /// The taproot key path's signature, 64 or 65 bytes.
    pub tap_key_signature: Option<Vec<u8>>,
    /// The sighash byte of each taproot script path signature, 0 where it has none.
    pub tap_script_sighash_bytes: Vec<u8>,
    /// Taproot keys and their origins.
    pub tap_key_origins: Vec<(XOnlyPublicKey, KeySource)>,
    /// The taproot key before its tweak.
    pub tap_internal_key: Option<XOnlyPublicKey>,
    /// The root of the taproot tree.
    pub tap_merkle_root: Option<[u8; 32]>,
    /// The keys of unknown and proprietary fields.
    pub unknown: Vec<RawKey>,
}

impl Input {
    /// Returns whether another program already finished this input.
    pub fn is_final(&self) -> bool {
        self.final_script_sig.is_some() || self.final_script_witness.is_some()
    }

    /// Returns every origin that is claimed for a key of this input.
    pub fn key_sources(&self) -> impl Iterator<Item = &KeySource> {
        let ecdsa = self.bip32_derivations.iter().map(|(_, source)| source);
        ecdsa.chain(self.tap_key_origins.iter().map(|(_, source)| source))
    }

    /// Reads a map that [`fields::check`] has passed. The previous transaction was read before.
    pub(super) fn read(
        map: &RawMap,
        name: MapName,
        previous_transaction: Option<PreviousTransaction>,
    ) -> Result<Self, PsbtError> {
        let mut read = Input {
            previous_transaction,
            ..Input::default()
        };
        for pair in &map.pairs {
            let invalid = |field| PsbtError::unreadable(name, field);
            let (data, value) = (pair.key.data.as_slice(), pair.value.as_slice());
            let script = || ScriptBuf::from_bytes(value.to_vec());
            match pair.key.key_type {
                input::WITNESS_UTXO => {
                    let utxo = deserialize(value).map_err(|_| invalid("PSBT_IN_WITNESS_UTXO"))?;
                    read.witness_utxo = Some(utxo);
                }
                input::PARTIAL_SIG => read.partial_signatures.push(PartialSignature {
                    public_key: PublicKey::from_slice(data)
                        .map_err(|_| invalid("PSBT_IN_PARTIAL_SIG"))?,
                    bytes: value.to_vec(),
                }),
                input::SIGHASH_TYPE => {
                    let bytes = value
                        .try_into()
                        .map_err(|_| invalid("PSBT_IN_SIGHASH_TYPE"))?;
                    read.sighash_type = Some(u32::from_le_bytes(bytes));
                }
                input::REDEEM_SCRIPT => read.redeem_script = Some(script()),
                input::WITNESS_SCRIPT => read.witness_script = Some(script()),
                input::BIP32_DERIVATION => {
                    let origin = ecdsa_origin(data, value)
                        .ok_or_else(|| invalid("PSBT_IN_BIP32_DERIVATION"))?;
                    read.bip32_derivations.push(origin);
                }
                input::FINAL_SCRIPT_SIG => read.final_script_sig = Some(script()),
                input::FINAL_SCRIPT_WITNESS => {
                    let witness =
                        deserialize(value).map_err(|_| invalid("PSBT_IN_FINAL_SCRIPTWITNESS"))?;
                    read.final_script_witness = Some(witness);
                }
                input::TAP_KEY_SIG => read.tap_key_signature = Some(value.to_vec()),
                input::TAP_SCRIPT_SIG => {
                    read.tap_script_sighash_bytes
                        .push(value.get(64).copied().unwrap_or(0));
                }
                input::TAP_BIP32_DERIVATION => {
                    let origin = taproot_origin(data, value)
                        .ok_or_else(|| invalid("PSBT_IN_TAP_BIP32_DERIVATION"))?;
                    read.tap_key_origins.push(origin);
                }
                input::TAP_INTERNAL_KEY => {
                    let key = XOnlyPublicKey::from_slice(value)
                        .map_err(|_| invalid("PSBT_IN_TAP_INTERNAL_KEY"))?;
                    read.tap_internal_key = Some(key);
                }
                input::TAP_MERKLE_ROOT => {
                    let root = value
                        .try_into()
                        .map_err(|_| invalid("PSBT_IN_TAP_MERKLE_ROOT"))?;
                    read.tap_merkle_root = Some(root);
                }
                _ if fields::is_unknown(pair, name) => read.unknown.push(pair.key.clone()),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// Reads a public key and its origin.
pub(super) fn ecdsa_origin(key: &[u8], value: &[u8]) -> Option<(PublicKey, KeySource)> {
    Some((PublicKey::from_slice(key).ok()?, key_source(value)?))
}

/// Reads an x-only public key and its origin.
pub(super) fn taproot_origin(key: &[u8], value: &[u8]) -> Option<(XOnlyPublicKey, KeySource)> {
    let (_, source) = fields::tap_key_source(value).ok()?;
    Some((XOnlyPublicKey::from_slice(key).ok()?, key_source(source)?))
}

pub(super) fn key_source(bytes: &[u8]) -> Option<KeySource> {
    let (fingerprint, path) = bytes.split_at_checked(4)?;
    let fingerprint = Fingerprint::from(<[u8; 4]>::try_from(fingerprint).ok()?);
    let steps = path
        .chunks(4)
        .map(|step| Some(ChildNumber::from(u32::from_le_bytes(step.try_into().ok()?))));
    let path: DerivationPath = steps.collect::<Option<Vec<_>>>()?.into();
    Some((fingerprint, path))
}

/// Writes an origin: fingerprint, then each step little-endian (BIP174).
pub(super) fn key_source_bytes(source: &KeySource) -> Vec<u8> {
    let mut bytes = source.0.to_bytes().to_vec();
    for step in &source.1 {
        bytes.extend_from_slice(&u32::from(*step).to_le_bytes());
    }
    bytes
}
