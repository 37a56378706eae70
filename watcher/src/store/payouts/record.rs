//! Lists, their transactions and their payments, as the tables hold them.

use bitcoin::{Amount, OutPoint, Transaction, TxOut, Txid, Weight};
use cofferdam_core::wallet::Branch;

use crate::store::StoreError;
use crate::store::wallets::WalletNo;

/// What a list is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Payments to others.
    Payout,
    /// Coins of the wallet, divided among addresses of its own.
    Split,
    /// Transactions that make exported ones impossible.
    Cancel,
}

impl ListKind {
    /// Returns the name in tables and documents.
    pub fn name(self) -> &'static str {
        match self {
            ListKind::Payout => "payout",
            ListKind::Split => "split",
            ListKind::Cancel => "cancel",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        [ListKind::Payout, ListKind::Split, ListKind::Cancel]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| StoreError::damaged("unknown kind of list"))
    }
}

/// How far this ledger brought a transaction, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Stored, its coins reserved.
    Planned,
    /// Handed over: from here on, somebody may sign it.
    Exported,
    /// Its signatures were verified and stored.
    Signed,
    /// A node took it.
    Broadcast,
}

impl Progress {
    pub(super) fn name(self) -> &'static str {
        match self {
            Progress::Planned => "planned",
            Progress::Exported => "exported",
            Progress::Signed => "signed",
            Progress::Broadcast => "broadcast",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        [
            Progress::Planned,
            Progress::Exported,
            Progress::Signed,
            Progress::Broadcast,
        ]
        .into_iter()
        .find(|progress| progress.name() == name)
        .ok_or_else(|| StoreError::damaged("unknown progress"))
    }
}

/// A receipt that the wallet's receipt key verifies, and against which nothing speaks.
pub const VERIFIED: &str = "verified";

/// Signatures for a wallet without a receipt key.
pub const UNVERIFIED: &str = "unverified";

/// The number by which rows name a list. It never leaves the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListNo(pub i64);

/// The number by which rows name a transaction. It never leaves the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayoutTxNo(pub i64);

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRecord {
    /// Its number in this ledger.
    pub no: ListNo,
    /// What people call it.
    pub id: String,
    /// What it is for.
    pub kind: ListKind,
    /// The wallet that pays.
    pub wallet_no: WalletNo,
    /// Seconds since 1970.
    pub created_at: i64,
    /// The format of its file.
    pub format: Option<String>,
    /// SHA-256 of its file.
    pub file_sha256: Option<[u8; 32]>,
    /// The fee rate asked for, in satoshi per 1,000 virtual bytes.
    pub sat_per_kvb: u64,
    /// The weight that none of its transactions exceeds.
    pub max_weight: Weight,
    /// The seed of the plan.
    pub seed: String,
    /// The hash of what it pays; of payout lists alone.
    pub pays_sha256: Option<[u8; 32]>,
    /// Whether its file names each payment by a `payout_id` of its own.
    pub numbered: bool,
}

/// A transaction of a list, as this ledger brought it along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// Its number in this ledger.
    pub no: PayoutTxNo,
    /// Its place in the list, from 1.
    pub number: u32,
    /// The transaction without signatures.
    pub unsigned: Transaction,
    /// The txid once signed, if it is known yet.
    pub txid: Option<Txid>,
    /// The transaction with signatures.
    pub signed: Option<Transaction>,
    /// What it pays to miners.
    pub fee: Amount,
    /// The most it weighs once signed.
    pub weight: Weight,
    /// The amount of change and its index on the change branch.
    pub change: Option<(Amount, u32)>,
    /// The coin that it and all its replacements spend.
    pub anchor: OutPoint,
    /// The farthest it got.
    pub progress: Progress,
    /// Whether it was asked to be cancelled.
    pub cancelling: bool,
    /// The transaction that this one makes impossible.
    pub cancels: Option<PayoutTxNo>,
    /// Whether nothing can change its state any more.
    pub settled: bool,
    /// What the receipt of its signatures was worth: [`VERIFIED`], [`UNVERIFIED`], the code of a
    /// warning; none where they came without one.
    pub receipt: Option<String>,
    /// The coins it spends, in order.
    pub inputs: Vec<InputRecord>,
}

/// A coin that a transaction spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputRecord {
    /// Which coin.
    pub outpoint: OutPoint,
    /// Its amount.
    pub amount: Amount,
    /// The branch of its script.
    pub branch: Branch,
    /// The index of its script.
    pub index: u32,
}

/// A payment of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRecord {
    /// What it is known by.
    pub payout_id: Option<String>,
    /// Amount and script.
    pub txout: TxOut,
    /// Whom.
    pub name: Option<String>,
    /// What for.
    pub reference: Option<String>,
    /// The index on the receive branch, of a payment to the wallet itself.
    pub own_index: Option<u32>,
    /// The place in the list of the transaction that makes it, from 1.
    pub transaction: u32,
    /// Its output there.
    pub output: u32,
    /// Its share of the fee.
    pub fee_share: Amount,
}

/// An earlier payment under a `payout_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierPayment {
    /// The identifier.
    pub payout_id: String,
    /// The list.
    pub list_id: String,
    /// The list's number.
    pub list_no: ListNo,
    /// The transaction.
    pub transaction: PayoutTxNo,
    /// The anchor of its transaction.
    pub anchor: OutPoint,
    /// How far that got.
    pub progress: Progress,
    /// Whether it was cancelled, or asked to be.
    pub cancelling: bool,
}
