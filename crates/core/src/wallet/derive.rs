//! Scripts, addresses and keys of a wallet's indices.

use std::ops::Range;

use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, KeySource};
use bitcoin::key::UntweakedPublicKey;
use bitcoin::secp256k1::PublicKey;
use bitcoin::{Address, CompressedPublicKey, Script, ScriptBuf};
use miniscript::Descriptor;
use miniscript::descriptor::DefiniteDescriptorKey;

use super::account::INDEX_END;
use super::{Branch, DeriveError, Wallet};
use crate::ScriptType;

/// Everything here takes an index below 2^31 and fails with [`DeriveError`] otherwise.
impl Wallet {
    /// Returns the script of an index.
    pub fn script_pubkey(&self, branch: Branch, index: u32) -> Result<ScriptBuf, DeriveError> {
        Ok(self
            .account()
            .script_pubkey(self.account().public_key(branch, index)?))
    }

    /// Returns the script of a key that [`public_key`](Self::public_key) gave: for who needs both,
    /// and derives once.
    pub(crate) fn script_of_key(&self, key: PublicKey) -> ScriptBuf {
        self.account().script_pubkey(key)
    }

    /// Returns the address of an index, in the encoding of the wallet's network.
    pub fn address(&self, branch: Branch, index: u32) -> Result<Address, DeriveError> {
        let key = CompressedPublicKey(self.account().public_key(branch, index)?);
        let network = self.network.to_bitcoin();
        Ok(match self.account().script_type {
            ScriptType::Legacy => Address::p2pkh(key, network),
            ScriptType::Nested => Address::p2shwpkh(&key, network),
            ScriptType::Segwit => Address::p2wpkh(&key, network),
            ScriptType::Taproot => Address::p2tr(
                super::verifier(),
                UntweakedPublicKey::from(key.0),
                None,
                network,
            ),
        })
    }

    /// Returns the scripts of a range of indices, in order: one elliptic curve addition each (two
    /// for taproot), and no text is parsed. A range that ends before it starts is empty.
    pub fn scripts(
        &self,
        branch: Branch,
        range: Range<u32>,
    ) -> Result<Vec<ScriptBuf>, DeriveError> {
        if range.end > INDEX_END {
            return Err(DeriveError::IndexOutOfRange(range.end - 1));
        }
        range
            .map(|index| self.script_pubkey(branch, index))
            .collect()
    }

    /// Returns the public key of an index; for taproot the internal key.
    pub fn public_key(&self, branch: Branch, index: u32) -> Result<PublicKey, DeriveError> {
        self.account().public_key(branch, index)
    }

    /// Returns the public key of an index with the master fingerprint and full path, as BIP174's
    /// and BIP371's derivation fields hold them. Taproot fields take the key's x coordinate.
    pub fn key_origin(
        &self,
        branch: Branch,
        index: u32,
    ) -> Result<(PublicKey, KeySource), DeriveError> {
        Ok((
            self.account().public_key(branch, index)?,
            self.account().key_source(branch, index)?,
        ))
    }

    /// Returns the redeem script of an index; none unless the script type is
    /// [`ScriptType::Nested`].
    pub fn redeem_script(
        &self,
        branch: Branch,
        index: u32,
    ) -> Result<Option<ScriptBuf>, DeriveError> {
        let key = CompressedPublicKey(self.account().public_key(branch, index)?);
        let nested = self.account().script_type == ScriptType::Nested;
        Ok(nested.then(|| ScriptBuf::new_p2wpkh(&key.wpubkey_hash())))
    }

    /// Returns the taproot internal key of an index; none unless the script type is
    /// [`ScriptType::Taproot`].
    pub fn internal_key(
        &self,
        branch: Branch,
        index: u32,
    ) -> Result<Option<UntweakedPublicKey>, DeriveError> {
        let key = self.account().public_key(branch, index)?;
        let taproot = self.account().script_type == ScriptType::Taproot;
        Ok(taproot.then(|| UntweakedPublicKey::from(key)))
    }

    /// Returns the descriptor of one script.
    pub fn definite_descriptor(
        &self,
        branch: Branch,
        index: u32,
    ) -> Result<Descriptor<DefiniteDescriptorKey>, DeriveError> {
        let singles = self
            .descriptor
            .clone()
            .into_single_descriptors()
            .unwrap_or_default();
        singles
            .get(branch.step() as usize)
            .and_then(|single| single.at_derivation_index(index).ok())
            .ok_or(DeriveError::IndexOutOfRange(index))
    }

    /// Returns where a derivation field points, if it points into this wallet.
    ///
    /// A hint only: whoever wrote the field chose it. [`Wallet::owns`] proves it.
    pub fn find(&self, fingerprint: Fingerprint, path: &DerivationPath) -> Option<(Branch, u32)> {
        self.keys()
            .filter(|key| key.fingerprint == fingerprint)
            .find_map(|key| match path.as_ref().strip_prefix(key.path.as_ref())? {
                [
                    ChildNumber::Normal { index: step },
                    ChildNumber::Normal { index },
                ] => Some((Branch::from_step(*step)?, *index)),
                _ => None,
            })
    }

    /// Returns whether the wallet's own derivation at an index gives exactly this script.
    pub fn owns(&self, branch: Branch, index: u32, script: &Script) -> bool {
        self.script_pubkey(branch, index)
            .is_ok_and(|own| own.as_script() == script)
    }
}
