//! The master key (BIP32).

use std::fmt;

use bitcoin::bip32::{DerivationPath, Fingerprint, Xpriv};
use bitcoin::secp256k1::{All, Secp256k1};

use super::secret::WipedXpriv;
use super::seed::derive_symmetric;
use super::{AccountKey, PathError, Seed, account_path};
use crate::{Network, ScriptType};

/// The deepest account: BIP32 counts 255 levels, two of which are branch and index.
const MAX_ACCOUNT_DEPTH: usize = 253;

/// Why no key can be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// BIP32 defines no key here (one time in 2^127).
    #[error("this seed has no key at this path (BIP32); use another account, or another seed")]
    NoKey,
    /// The path leaves no room for branch and index.
    #[error("the account's path is longer than {MAX_ACCOUNT_DEPTH} steps; use a shorter one")]
    TooDeep,
    /// The account number is out of range.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// The private key at the root of all accounts.
pub struct MasterKey {
    key: WipedXpriv,
    fingerprint: Fingerprint,
    network: Network,
    secp: Secp256k1<All>,
}

impl MasterKey {
    /// Derives the root of a seed.
    pub fn from_seed(seed: &Seed, network: Network) -> Result<MasterKey, KeyError> {
        MasterKey::from_bytes(seed.as_bytes(), network)
    }

    pub(super) fn from_bytes(seed: &[u8], network: Network) -> Result<MasterKey, KeyError> {
        let key = Xpriv::new_master(network.kind(), seed).map_err(|_| KeyError::NoKey)?;
        let key = WipedXpriv::new(key);
        let secp = blinded(seed);
        Ok(MasterKey {
            fingerprint: key.expose().fingerprint(&secp),
            key,
            network,
            secp,
        })
    }

    /// Returns the network that the keys are for.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Returns the fingerprint that key origins name.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Derives the account of a script type (BIP44, BIP49, BIP84, BIP86).
    pub fn account(&self, script_type: ScriptType, index: u32) -> Result<AccountKey, KeyError> {
        self.account_at(&account_path(self.network, script_type, index)?)
    }

    /// Derives the account at a path, such as a registered wallet's origin.
    pub fn account_at(&self, path: &DerivationPath) -> Result<AccountKey, KeyError> {
        let account = self.derive(path)?;
        AccountKey::new(
            self.network,
            (self.fingerprint, path.clone()),
            &account,
            self.secp.clone(),
        )
    }

    pub(super) fn secp(&self) -> &Secp256k1<All> {
        &self.secp
    }

    pub(super) fn derive(&self, path: &DerivationPath) -> Result<WipedXpriv, KeyError> {
        if path.len() > MAX_ACCOUNT_DEPTH {
            return Err(KeyError::TooDeep);
        }
        let key = self
            .key
            .expose()
            .derive_priv(&self.secp, path)
            .map_err(|_| KeyError::NoKey)?;
        Ok(WipedXpriv::new(key))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, {}, ..)", self.network, self.fingerprint)
    }
}

/// Returns a context whose secret computations are blinded against side channels. Results do not
/// depend on the blinding, which therefore may come from the seed.
fn blinded(seed: &[u8]) -> Secp256k1<All> {
    let mut secp = Secp256k1::new();
    secp.seeded_randomize(&derive_symmetric(seed, b"cofferdam/1/blinding"));
    secp
}
