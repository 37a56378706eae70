//! What comes back: what `--json` prints, and what texts are made of. Amounts are in satoshi.
//!
//! The documents of payouts stand beside the work that makes them, in [`crate::payout`].

use cofferdam_core::wallet::{Birthday, Branch};
use cofferdam_core::{Network, ScriptType};
use serde::Serialize;

pub use crate::coins::{CoinEntry, CoinState};
pub use crate::payout::TransactionState;
pub use crate::payout::document::{ListDocument, PaymentDocument, Totals, TransactionDocument};
pub use crate::payout::finding::{Finding, PlannedDocument, Severity};
pub use crate::payout::import::ImportDocument;
pub use crate::payout::receipt::{ImportFinding, ReceiptDocument};
pub use crate::payout::show::Summary;
pub use crate::store::balances::Balance;
pub use crate::sync::SyncReport;

/// A wallet.
#[derive(Clone, Debug, Serialize)]
pub struct WalletDocument {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its network.
    pub network: Network,
    /// Its descriptor, with its checksum.
    pub descriptor: String,
    /// A day before which it received nothing.
    pub birthday: Option<Birthday>,
    /// The key that receipts are checked with, in hexadecimal.
    pub receipt_key: Option<String>,
    /// Its script type.
    pub script: ScriptType,
    /// How many addresses are watched beyond the highest one used or handed out.
    pub gap: u32,
    /// The first index of the receive branch that is neither used nor handed out.
    pub next_receive_index: u32,
    /// The same of the change branch.
    pub next_change_index: u32,
    /// The last block that was searched for it.
    pub synced_height: Option<u32>,
}

/// A wallet after an import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportedWallet {
    /// The wallet.
    #[serde(flatten)]
    pub wallet: WalletDocument,
    /// Whether it was there before.
    pub known: bool,
}

/// What telling an index did.
#[derive(Clone, Debug, Serialize)]
pub struct MarkedDocument {
    /// The wallet's name.
    pub name: String,
    /// The branch.
    pub branch: Branch,
    /// The index.
    pub index: u32,
    /// What is watched now.
    pub watched: Watched,
}

/// What is watched once an index was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// It was watched already.
    Already,
    /// All indices up to it, and the wallet's gap beyond.
    UpToIt,
    /// It alone: too many indices lie between.
    Alone,
}

/// An address.
#[derive(Clone, Debug, Serialize)]
pub struct AddressDocument {
    /// The address.
    pub address: String,
    /// Its index.
    pub index: u32,
    /// Its branch.
    pub branch: Branch,
}

/// The rehearsal chain after blocks were mined or replaced.
#[derive(Clone, Debug, Serialize)]
pub struct MinedDocument {
    /// The height of the tip.
    pub height: u32,
    /// The hash of the tip.
    pub hash: String,
    /// How many transactions were confirmed.
    pub transactions: usize,
}

/// A payment from the faucet.
#[derive(Clone, Debug, Serialize)]
pub struct FundedDocument {
    /// The wallet that was paid.
    pub wallet: String,
    /// How much in all.
    pub amount_sat: u64,
    /// In how many coins.
    pub coins: u32,
    /// The transactions.
    pub txids: Vec<String>,
    /// The height of the tip.
    pub height: u32,
    /// Whether a block confirms it.
    pub confirmed: bool,
}

/// What a scan brought.
#[derive(Clone, Debug)]
pub enum ScannedDocument {
    /// A wallet.
    Wallet(ImportedWallet),
    /// Signatures of a list.
    Signatures(Box<ImportDocument>),
}
