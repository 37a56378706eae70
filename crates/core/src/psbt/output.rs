//! The typed view of an output's map.

use bitcoin::bip32::KeySource;
use bitcoin::{PublicKey, ScriptBuf, XOnlyPublicKey};

use super::error::{MapName, PsbtError};
use super::fields::{self, output};
use super::input::{ecdsa_origin, taproot_origin};
use super::raw::{RawKey, RawMap};

/// What a PSBT says about an output beyond script and amount, which stand in the unsigned
/// transaction. Claims, until the review has proven them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The script of pay to script hash.
    pub redeem_script: Option<ScriptBuf>,
    /// The script of pay to witness script hash.
    pub witness_script: Option<ScriptBuf>,
    /// Keys and their origins.
    pub bip32_derivations: Vec<(PublicKey, KeySource)>,
    /// The taproot key before its tweak.
    pub tap_internal_key: Option<XOnlyPublicKey>,
    /// Taproot keys and their origins.
    pub tap_key_origins: Vec<(XOnlyPublicKey, KeySource)>,
    /// Whether a taproot tree is claimed.
    pub has_tap_tree: bool,
    /// The keys of unknown and proprietary fields.
    pub unknown: Vec<RawKey>,
}

impl Output {
    /// Returns every origin that is claimed for a key of this output.
    pub fn key_sources(&self) -> impl Iterator<Item = &KeySource> {
        let ecdsa = self.bip32_derivations.iter().map(|(_, source)| source);
        ecdsa.chain(self.tap_key_origins.iter().map(|(_, source)| source))
    }

    /// Reads a map that [`fields::check`] has passed.
    pub(super) fn read(map: &RawMap, name: MapName) -> Result<Self, PsbtError> {
        let mut read = Output::default();
        for pair in &map.pairs {
            let invalid = |field| PsbtError::unreadable(name, field);
            let (data, value) = (pair.key.data.as_slice(), pair.value.as_slice());
            let script = || ScriptBuf::from_bytes(value.to_vec());
            match pair.key.key_type {
                output::REDEEM_SCRIPT => read.redeem_script = Some(script()),
                output::WITNESS_SCRIPT => read.witness_script = Some(script()),
                output::BIP32_DERIVATION => {
                    let origin = ecdsa_origin(data, value)
                        .ok_or_else(|| invalid("PSBT_OUT_BIP32_DERIVATION"))?;
                    read.bip32_derivations.push(origin);
                }
                output::TAP_INTERNAL_KEY => {
                    let key = XOnlyPublicKey::from_slice(value)
                        .map_err(|_| invalid("PSBT_OUT_TAP_INTERNAL_KEY"))?;
                    read.tap_internal_key = Some(key);
                }
                output::TAP_TREE => read.has_tap_tree = true,
                output::TAP_BIP32_DERIVATION => {
                    let origin = taproot_origin(data, value)
                        .ok_or_else(|| invalid("PSBT_OUT_TAP_BIP32_DERIVATION"))?;
                    read.tap_key_origins.push(origin);
                }
                _ if fields::is_unknown(pair, name) => read.unknown.push(pair.key.clone()),
                _ => {}
            }
        }
        Ok(read)
    }
}
