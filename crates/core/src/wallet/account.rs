//! The key of a single-signature account, and what it derives.

use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, KeySource, Xpub};
use bitcoin::key::{TapTweak, TweakedPublicKey};
use bitcoin::secp256k1::{PublicKey, Scalar};
use bitcoin::{CompressedPublicKey, ScriptBuf};

use super::secp::verifier;
use super::{Branch, DeriveError};
use crate::ScriptType;

/// The first index that is not one of an unhardened step.
pub(super) const INDEX_END: u32 = 1 << 31;

/// The public keys of an account's two branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branches([Xpub; 2]);

impl Branches {
    /// Derives the two branches; fails only where BIP32 defines no key (one in 2^127).
    pub(crate) fn new(account: &Xpub) -> Result<Branches, DeriveError> {
        let branch = |branch: Branch| {
            account
                .ckd_pub(verifier(), branch.child_number())
                .map_err(|_| DeriveError::NoKey(branch.step()))
        };
        Ok(Branches([
            branch(Branch::Receive)?,
            branch(Branch::Change)?,
        ]))
    }

    /// Returns what is added to a branch's key to make that of an index. It is public.
    pub(crate) fn tweak(&self, branch: Branch, index: u32) -> Result<Scalar, DeriveError> {
        let child =
            ChildNumber::from_normal_idx(index).map_err(|_| DeriveError::IndexOutOfRange(index))?;
        let (tweak, _) = self
            .parent(branch)
            .ckd_pub_tweak(child)
            .map_err(|_| DeriveError::NoKey(index))?;
        Ok(Scalar::from(tweak))
    }

    /// Returns the public key at an index. As `Xpub::ckd_pub`, but the parent's fingerprint is not
    /// computed each time.
    pub(crate) fn public_key(&self, branch: Branch, index: u32) -> Result<PublicKey, DeriveError> {
        let tweak = self.tweak(branch, index)?;
        self.tweaked(branch, &tweak)
            .ok_or(DeriveError::NoKey(index))
    }

    /// Returns the public key of a [`tweak`](Self::tweak), for who has it already; none where BIP32
    /// defines none.
    pub(crate) fn tweaked(&self, branch: Branch, tweak: &Scalar) -> Option<PublicKey> {
        let parent = self.parent(branch).public_key;
        parent.add_exp_tweak(verifier(), tweak).ok()
    }

    fn parent(&self, branch: Branch) -> &Xpub {
        let Branches([receive, change]) = self;
        match branch {
            Branch::Receive => receive,
            Branch::Change => change,
        }
    }
}

/// An account's extended public key with its origin, and the keys of its two branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) script_type: ScriptType,
    pub(super) fingerprint: Fingerprint,
    pub(super) path: DerivationPath,
    pub(super) xpub: Xpub,
    branches: Branches,
}

impl Account {
    /// Fails only where BIP32 defines no key (one in 2^127).
    pub(super) fn new(
        script_type: ScriptType,
        fingerprint: Fingerprint,
        path: DerivationPath,
        xpub: Xpub,
    ) -> Result<Account, DeriveError> {
        Ok(Account {
            script_type,
            fingerprint,
            path,
            xpub,
            branches: Branches::new(&xpub)?,
        })
    }

    /// Returns the descriptor with a suffix such as `/<0;1>/*`; hardened steps as `h`, no checksum.
    pub(super) fn descriptor(&self, suffix: &str) -> String {
        let path: String = self
            .path
            .into_iter()
            .map(|step| format!("/{step:#}"))
            .collect();
        let key = format!("[{}{path}]{}{suffix}", self.fingerprint, self.xpub);
        match self.script_type {
            ScriptType::Legacy => format!("pkh({key})"),
            ScriptType::Nested => format!("sh(wpkh({key}))"),
            ScriptType::Segwit => format!("wpkh({key})"),
            ScriptType::Taproot => format!("tr({key})"),
        }
    }

    /// Returns the public key at an index.
    pub(super) fn public_key(&self, branch: Branch, index: u32) -> Result<PublicKey, DeriveError> {
        self.branches.public_key(branch, index)
    }

    /// Returns the fingerprint and the full path of the key at an index.
    pub(super) fn key_source(&self, branch: Branch, index: u32) -> Result<KeySource, DeriveError> {
        let child =
            ChildNumber::from_normal_idx(index).map_err(|_| DeriveError::IndexOutOfRange(index))?;
        Ok((
            self.fingerprint,
            self.path.extend([branch.child_number(), child]),
        ))
    }

    /// Returns the script of a key.
    pub(super) fn script_pubkey(&self, key: PublicKey) -> ScriptBuf {
        let compressed = CompressedPublicKey(key);
        match self.script_type {
            ScriptType::Legacy => ScriptBuf::new_p2pkh(&compressed.pubkey_hash()),
            ScriptType::Nested => ScriptBuf::new_p2wpkh(&compressed.wpubkey_hash()).to_p2sh(),
            ScriptType::Segwit => ScriptBuf::new_p2wpkh(&compressed.wpubkey_hash()),
            ScriptType::Taproot => ScriptBuf::new_p2tr_tweaked(output_key(key)),
        }
    }
}

/// Returns the taproot output key of an internal key without a script tree (BIP86).
fn output_key(internal: PublicKey) -> TweakedPublicKey {
    internal.x_only_public_key().0.tap_tweak(verifier(), None).0
}
