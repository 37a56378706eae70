//! The keys of a wallet, and the wallet that has one.

use bitcoin::bip32::{DerivationPath, Fingerprint, Xpub};

use super::account::Account;
use crate::ScriptType;

/// An extended public key of a wallet, with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletKey<'a> {
    /// The fingerprint of the master key.
    pub fingerprint: Fingerprint,
    /// The path from the master key to the extended key.
    pub path: &'a DerivationPath,
    /// The extended key, of which both branches derive.
    pub xpub: &'a Xpub,
}

impl<'a> WalletKey<'a> {
    pub(super) fn of(account: &'a Account) -> Self {
        WalletKey {
            fingerprint: account.fingerprint,
            path: &account.path,
            xpub: &account.xpub,
        }
    }
}

/// A wallet of one key: what only such a wallet can answer.
#[derive(Clone, Copy, Debug)]
pub struct SingleKey<'a>(pub(super) &'a Account);

impl<'a> SingleKey<'a> {
    /// Returns the script type of all of the wallet's outputs.
    pub fn script_type(self) -> ScriptType {
        self.0.script_type
    }

    /// Returns the fingerprint of the master key.
    pub fn fingerprint(self) -> Fingerprint {
        self.0.fingerprint
    }

    /// Returns the path from the master key to the account.
    pub fn account_path(self) -> &'a DerivationPath {
        &self.0.path
    }

    /// Returns the account's extended public key.
    pub fn account_xpub(self) -> &'a Xpub {
        &self.0.xpub
    }
}
