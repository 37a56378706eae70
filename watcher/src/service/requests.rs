//! What can be asked for.

use std::fmt;
use std::path::PathBuf;

use bitcoin::{Amount, Weight};
use cofferdam_core::wallet::{Birthday, Branch, WalletName};
use cofferdam_core::{Network, ScriptType};

use super::{FeeRate, ListFormat, Seed};
use crate::settings;

/// What is told of a wallet beside its file.
#[derive(Clone, Debug, Default)]
pub struct WalletRequest {
    /// Its name; needed when the file holds none.
    pub name: Option<WalletName>,
    /// Its network; needed when the file holds none, checked when it does.
    pub network: Option<Network>,
    /// A day before which it received nothing.
    pub birthday: Option<Birthday>,
    /// The script type to take from a file with several accounts.
    pub script_type: Option<ScriptType>,
    /// How many addresses to watch beyond the highest one used or handed out; without one,
    /// [`DEFAULT_GAP`](crate::wallets::DEFAULT_GAP).
    pub gap: Option<u32>,
}

/// An index that is told to be in use.
#[derive(Clone, Debug)]
pub struct MarkRequest {
    /// The wallet's name.
    pub wallet: String,
    /// The branch.
    pub branch: Branch,
    /// The index.
    pub index: u32,
}

/// An address of a wallet.
#[derive(Clone, Debug)]
pub struct AddressRequest {
    /// The wallet's name.
    pub wallet: String,
    /// The branch.
    pub branch: Branch,
    /// Which of the branch.
    pub place: AddressPlace,
}

/// Which address of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPlace {
    /// The next free one, without reserving it.
    Free,
    /// The next free one, which is never given out again.
    HandOut,
    /// That of an index.
    Index(u32),
}

/// Which chain source to use. Without anything, what the last sync used.
#[derive(Clone, Default)]
pub struct SourceRequest {
    /// Its kind.
    pub kind: Option<SourceKind>,
    /// The address of a node's RPC server.
    pub rpc_url: Option<String>,
    /// The node's cookie file.
    pub rpc_cookie: Option<PathBuf>,
    /// The user of the RPC server.
    pub rpc_user: Option<String>,
    /// The file with that user's password.
    pub rpc_password_file: Option<PathBuf>,
}

impl fmt::Debug for SourceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.rpc_url.as_deref().map(settings::shown_address);
        f.debug_struct("SourceRequest")
            .field("kind", &self.kind)
            .field("rpc_url", &address)
            .field("rpc_cookie", &self.rpc_cookie)
            .field("rpc_user", &self.rpc_user)
            .field("rpc_password_file", &self.rpc_password_file)
            .finish()
    }
}

/// The kinds of chain sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A Bitcoin Core node.
    Core,
    /// The rehearsal chain of the data folder.
    Rehearsal,
}

/// A sync.
#[derive(Clone, Debug, Default)]
pub struct SyncRequest {
    /// The chain source, which later requests use too.
    pub source: SourceRequest,
    /// Forget first what the chain told.
    pub rescan: bool,
    /// Read every block whole.
    pub every_block: bool,
    /// Follow a chain that has no more work than what was seen.
    pub accept_less_work: bool,
}

/// How the fee rate is chosen.
#[derive(Clone, Copy, Debug)]
pub enum FeeRequest {
    /// This one.
    Rate(FeeRate),
    /// What the chain source estimates for a confirmation within so many blocks.
    Target(u16),
}

/// What the user decides about a plan.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The wallet that pays.
    pub wallet: String,
    /// How the fee rate is chosen.
    pub fee: FeeRequest,
    /// The weight that no transaction exceeds.
    pub max_weight: Weight,
    /// How many blocks must confirm a coin.
    pub confirmations: u32,
    /// The seed; without one, it is drawn.
    pub seed: Option<Seed>,
    /// What is meant although it is out of the ordinary.
    pub consent: ConsentRequest,
    /// Where an estimate comes from.
    pub source: SourceRequest,
}

/// What is meant although it is out of the ordinary.
#[derive(Clone, Debug, Default)]
pub struct ConsentRequest {
    /// The highest fee rate that is not asked about; without one, what is usual.
    pub max_fee_rate: Option<FeeRate>,
    /// The codes of warnings that are accepted.
    pub accept: Vec<String>,
}

/// A payout list that is to be planned.
#[derive(Clone, Debug)]
pub struct OrderRequest {
    /// Its format.
    pub format: ListFormat,
    /// Whether the same file, or one that pays the same, may be planned once more.
    pub again: bool,
    /// Wallet, fee rate and bounds.
    pub plan: PlanRequest,
}

/// A division of coins.
#[derive(Clone, Debug)]
pub struct SplitRequest {
    /// Wallet, fee rate and bounds.
    pub plan: PlanRequest,
    /// How many coins to make.
    pub into: u32,
    /// The amount of each; without one, the largest coin is divided evenly.
    pub each: Option<Amount>,
}

/// A cancelling.
#[derive(Clone, Debug)]
pub struct CancelRequest {
    /// The list.
    pub list: String,
    /// The least fee rate of the transactions that cancel it; without one, a little above its own.
    pub fee_rate: Option<FeeRate>,
    /// What is meant although it is out of the ordinary.
    pub consent: ConsentRequest,
}

/// What a scan takes.
#[derive(Clone, Debug, Default)]
pub struct ScanRequest {
    /// The list that signatures are for; without one, the one that has their transactions. With
    /// one, only signatures are taken.
    pub list: Option<String>,
    /// What is told of a wallet. With anything told, only a wallet is taken.
    pub wallet: WalletRequest,
}

/// A payment from the faucet of the rehearsal chain.
#[derive(Clone, Debug)]
pub struct FundRequest {
    /// The wallet's name.
    pub wallet: String,
    /// How much in all.
    pub amount: Amount,
    /// How many coins to split it into, each on an address of its own; at least one.
    pub coins: u32,
    /// Whether it stays in the memory pool.
    pub unconfirmed: bool,
}
