//! An account's private key, which signs.

use std::fmt;

use bitcoin::bip32::{KeySource, Xpub};
use bitcoin::key::TapTweak;
use bitcoin::secp256k1::{All, Keypair, Message, PublicKey, Scalar, Secp256k1, ecdsa, schnorr};
use bitcoin::taproot::TapNodeHash;

use super::KeyError;
use super::secret::{WipedKeypair, WipedSecretKey, WipedXpriv};
use crate::wallet::{
    Birthday, Branch, Branches, DeriveError, SingleKey, Wallet, WalletError, WalletName,
};
use crate::{Network, ScriptType};

/// Why there is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There is no such key.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// The signature does not verify: the machine computes wrongly.
    #[error(
        "a signature just made does not verify and was withheld; this machine computes wrongly: use another"
    )]
    Unverified,
}

/// An account's private keys with their origin. Threads may share it.
pub struct AccountKey {
    network: Network,
    origin: KeySource,
    xpub: Xpub,
    branches: Branches,
    branch_keys: [WipedSecretKey; 2],
    secp: Secp256k1<All>,
}

impl AccountKey {
    pub(super) fn new(
        network: Network,
        origin: KeySource,
        account: &WipedXpriv,
        secp: Secp256k1<All>,
    ) -> Result<AccountKey, KeyError> {
        let branch_key = |branch: Branch| -> Result<_, KeyError> {
            let key = account
                .expose()
                .derive_priv(&secp, &[branch.child_number()]);
            let key = WipedXpriv::new(key.map_err(|_| KeyError::NoKey)?);
            Ok(WipedSecretKey::new(key.expose().private_key))
        };
        let branch_keys = [branch_key(Branch::Receive)?, branch_key(Branch::Change)?];
        let xpub = Xpub::from_priv(&secp, account.expose());
        let branches = Branches::new(&xpub).map_err(|_| KeyError::NoKey)?;
        Ok(AccountKey {
            network,
            origin,
            xpub,
            branches,
            branch_keys,
            secp,
        })
    }

    /// Returns the account's extended public key.
    pub fn xpub(&self) -> &Xpub {
        &self.xpub
    }

    /// Returns the master fingerprint and the path to the account.
    pub fn origin(&self) -> &KeySource {
        &self.origin
    }

    /// Returns the account's key with its origin, as a cosigner's descriptor takes it:
    /// `[fingerprint/48h/...]xpub...`.
    pub fn key_text(&self) -> String {
        let (fingerprint, path) = &self.origin;
        let path: String = path.into_iter().map(|step| format!("/{step:#}")).collect();
        format!("[{fingerprint}{path}]{}", self.xpub)
    }

    /// Returns the public wallet of this account.
    pub fn wallet(
        &self,
        script_type: ScriptType,
        name: WalletName,
        birthday: Option<Birthday>,
    ) -> Result<Wallet, WalletError> {
        Wallet::of_account(
            script_type,
            self.origin.clone(),
            self.xpub,
            name,
            self.network,
            birthday,
        )
    }

    /// Returns whether a wallet's keys are this account's.
    pub fn is_account_of(&self, wallet: &Wallet) -> bool {
        let (fingerprint, path) = &self.origin;
        let is_own = |single: SingleKey<'_>| {
            single.account_xpub() == &self.xpub
                && single.fingerprint() == *fingerprint
                && single.account_path() == path
        };
        wallet.single().is_some_and(is_own) && wallet.network() == self.network
    }

    /// Returns the public key at an index, by public derivation, as [`Wallet::public_key`] does.
    pub fn public_key(&self, branch: Branch, index: u32) -> Result<PublicKey, DeriveError> {
        self.branches.public_key(branch, index)
    }

    /// Signs with ECDSA: deterministic (RFC 6979), low R (ground as Bitcoin Core does), low S.
    ///
    /// Returned with the publicly derived key, and not verified: that is for
    /// [`Verifier`](crate::psbt::Verifier), which hashes anew and asks whether the coin pays to
    /// that key.
    pub fn sign_ecdsa(
        &self,
        branch: Branch,
        index: u32,
        message: &Message,
    ) -> Result<(PublicKey, ecdsa::Signature), SignError> {
        let (public_key, key) = self.keys(branch, index)?;
        Ok((
            public_key,
            self.secp.sign_ecdsa_low_r(message, key.expose()),
        ))
    }

    /// Signs a taproot key spend: BIP340 with zero auxiliary randomness, by the key tweaked with
    /// the script tree's root (BIP341; none for BIP86).
    ///
    /// It is not verified: that is for [`Verifier`](crate::psbt::Verifier), as BIP340 recommends.
    pub fn sign_taproot_key_spend(
        &self,
        branch: Branch,
        index: u32,
        message: &Message,
        merkle_root: Option<TapNodeHash>,
    ) -> Result<schnorr::Signature, SignError> {
        let tweak = self.branches.tweak(branch, index)?;
        let key = self.secret_key(branch, index, &tweak)?;
        let pair = WipedKeypair::new(Keypair::from_secret_key(&self.secp, key.expose()));
        let tweaked = WipedKeypair::new(
            pair.expose()
                .tap_tweak(&self.secp, merkle_root)
                .to_keypair(),
        );
        Ok(self
            .secp
            .sign_schnorr_no_aux_rand(message, tweaked.expose()))
    }

    /// Returns the keys at an index: the public one by public derivation, the private one as the
    /// branch's plus the same public tweak (BIP32, unhardened).
    fn keys(&self, branch: Branch, index: u32) -> Result<(PublicKey, WipedSecretKey), DeriveError> {
        let tweak = self.branches.tweak(branch, index)?;
        let public_key = self
            .branches
            .tweaked(branch, &tweak)
            .ok_or(DeriveError::NoKey(index))?;
        Ok((public_key, self.secret_key(branch, index, &tweak)?))
    }

    fn secret_key(
        &self,
        branch: Branch,
        index: u32,
        tweak: &Scalar,
    ) -> Result<WipedSecretKey, DeriveError> {
        let [receive, change] = &self.branch_keys;
        let parent = match branch {
            Branch::Receive => receive,
            Branch::Change => change,
        };
        let key = parent
            .expose()
            .add_tweak(tweak)
            .map_err(|_| DeriveError::NoKey(index))?;
        Ok(WipedSecretKey::new(key))
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey([{}/{}], ..)", self.origin.0, self.origin.1)
    }
}
