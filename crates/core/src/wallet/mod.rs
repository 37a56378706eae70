//! Wallets: the public data that both sides of the air gap know.
//!
//! A [`Wallet`] is a name, a network, an output descriptor and a birthday. No private key is ever
//! in it.
//!
//! - [`Wallet::import`] reads wallet files: our own JSON, and descriptors as other programs write
//!   them.
//! - [`Wallet::script_pubkey`] and its neighbours derive; [`Wallet::scripts`] derives many.
//! - [`Wallet::find`] turns a PSBT's derivation path into an index hint, which [`Wallet::owns`]
//!   proves by the script.

mod account;
mod birthday;
mod branch;
mod derive;
mod descriptor;
mod error;
mod file;
mod id;
mod import;
mod kind;
mod name;
mod secp;
mod single;
mod size;

use std::hash::{Hash, Hasher};

use bitcoin::XOnlyPublicKey;
use bitcoin::bip32::{KeySource, Xpub};
use miniscript::Descriptor;
use miniscript::descriptor::DescriptorPublicKey;

use self::account::Account;
pub(crate) use self::account::Branches;
pub use self::birthday::{Birthday, InvalidBirthday};
pub use self::branch::Branch;
pub use self::error::{DeriveError, WalletError};
pub use self::id::{InvalidWalletId, WalletId};
pub use self::import::ImportOptions;
pub use self::kind::WalletKind;
pub use self::name::{InvalidWalletName, WalletName};
pub(crate) use self::secp::verifier;
pub use self::single::{SingleKey, WalletKey};
use crate::{Network, ScriptType};

/// A wallet's public data.
///
/// Beside the four parts it can name the key that its signer makes receipts with.
///
/// Two wallets are equal when all parts are; [`Wallet::id`] says whether they are the same money.
#[derive(Clone, Debug)]
pub struct Wallet {
    name: WalletName,
    network: Network,
    birthday: Option<Birthday>,
    id: WalletId,
    descriptor: Descriptor<DescriptorPublicKey>,
    shape: Shape,
    receipt_key: Option<XOnlyPublicKey>,
}

/// How many keys a wallet has, and how they pay together.
#[derive(Clone, Debug)]
enum Shape {
    /// One key, in a standard script.
    Single(Account),
}

impl Wallet {
    /// Makes the public wallet of an account key.
    pub(crate) fn of_account(
        script_type: ScriptType,
        (fingerprint, path): KeySource,
        xpub: Xpub,
        name: WalletName,
        network: Network,
        birthday: Option<Birthday>,
    ) -> Result<Wallet, WalletError> {
        let account = Account::new(script_type, fingerprint, path, xpub)
            .map_err(|_| WalletError::Derivation)?;
        Wallet::new(name, network, birthday, account)
    }

    /// Makes a wallet of an account's parts; the key must be for the network's kind.
    fn new(
        name: WalletName,
        network: Network,
        birthday: Option<Birthday>,
        account: Account,
    ) -> Result<Wallet, WalletError> {
        if account.xpub.network != network.kind() {
            return Err(WalletError::KeyNetwork {
                expected: network,
                found: account.xpub.network,
            });
        }
        let canonical = account.descriptor("/<0;1>/*");
        Ok(Wallet {
            id: WalletId::compute(network, &canonical),
            descriptor: canonical.parse().map_err(|_| WalletError::Syntax)?,
            name,
            network,
            birthday,
            shape: Shape::Single(account),
            receipt_key: None,
        })
    }

    /// Returns the name, a label that is no part of the id.
    pub fn name(&self) -> &WalletName {
        &self.name
    }

    /// Returns the same wallet under another name.
    pub fn renamed(self, name: WalletName) -> Wallet {
        Wallet { name, ..self }
    }

    /// Returns the key that the wallet's signer makes receipts with (BIP340), if it is known. It is
    /// no part of the id.
    pub fn receipt_key(&self) -> Option<XOnlyPublicKey> {
        self.receipt_key
    }

    /// Returns the same wallet with this receipt key, or none.
    pub fn with_receipt_key(self, receipt_key: Option<XOnlyPublicKey>) -> Wallet {
        Wallet {
            receipt_key,
            ..self
        }
    }

    /// Returns the network.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Returns the day (UTC) before which the wallet received nothing, if it is known.
    pub fn birthday(&self) -> Option<Birthday> {
        self.birthday
    }

    /// Returns the wallet's identity.
    pub fn id(&self) -> WalletId {
        self.id
    }

    /// Returns how the wallet's coins are spent.
    pub fn kind(&self) -> WalletKind {
        match &self.shape {
            Shape::Single(account) => WalletKind::Single(account.script_type),
        }
    }

    /// Returns the wallet's keys, in the order of the descriptor.
    pub fn keys(&self) -> impl Iterator<Item = WalletKey<'_>> {
        let Shape::Single(account) = &self.shape;
        std::iter::once(WalletKey::of(account))
    }

    /// Returns the wallet as one of a single key, if it is one.
    pub fn single(&self) -> Option<SingleKey<'_>> {
        match &self.shape {
            Shape::Single(account) => Some(SingleKey(account)),
        }
    }

    /// Returns the account that all is derived from. Wallets of several keys derive otherwise: each
    /// use of this is a place where they come in.
    fn account(&self) -> &Account {
        let Shape::Single(account) = &self.shape;
        account
    }

    /// Returns the multipath descriptor (BIP389).
    pub fn descriptor(&self) -> &Descriptor<DescriptorPublicKey> {
        &self.descriptor
    }

    /// Returns the canonical descriptor that the id covers: multipath, hardened steps as `h`, no
    /// checksum.
    pub fn canonical_descriptor(&self) -> String {
        self.account().descriptor("/<0;1>/*")
    }

    /// Returns the canonical descriptor with its checksum (BIP380).
    pub fn descriptor_text(&self) -> String {
        descriptor::with_checksum(&self.canonical_descriptor())
    }

    /// Returns the descriptor of one branch, with its checksum.
    pub fn branch_descriptor_text(&self, branch: Branch) -> String {
        descriptor::with_checksum(&self.account().descriptor(&format!("/{}/*", branch.step())))
    }
}

impl PartialEq for Wallet {
    fn eq(&self, other: &Wallet) -> bool {
        // The id covers network and descriptor.
        (self.id, &self.name, self.birthday, self.receipt_key)
            == (other.id, &other.name, other.birthday, other.receipt_key)
    }
}

impl Eq for Wallet {}

impl Hash for Wallet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}
