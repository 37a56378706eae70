//! Importing wallets and finding them again.

use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet, WalletError};

use crate::addresses;
use crate::derivation::horizon;
use crate::error::{Coded, Exit};
use crate::remedy::Remedy;
use crate::store::facts::{self, Fact};
use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, Store, StoreError, pool, scripts};

/// How far scripts are derived ahead of the highest index used or handed out, unless told
/// otherwise.
pub const DEFAULT_GAP: u32 = 1_000;

/// The largest gap: more would take minutes of derivation and gigabytes.
pub const MAX_GAP: u32 = 1_000_000;

/// The most scripts that are derived because one index was told: four seconds' work. Beyond, that
/// one is watched alone.
pub const MAX_STEP: u32 = 100_000;

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// The wallet as it stands in the ledger.
    pub record: WalletRecord,
    /// Whether it was there before.
    pub known: bool,
}

/// Imports a wallet. One that is there already under the same name stays as it is, but for a
/// receipt key that was not known, and a larger gap, which makes the next sync search again from
/// its birthday.
pub async fn import(
    store: &Store,
    wallet: Wallet,
    gap: Option<u32>,
) -> Result<Imported, WalletsError> {
    if let Some(gap) = gap
        && !(1..=MAX_GAP).contains(&gap)
    {
        return Err(WalletsError::BadGap(gap));
    }
    let mut write = store.write().await?;
    if let Some(record) = wallets::by_id(&mut write, &wallet.id()).await? {
        if record.wallet.name() != wallet.name() {
            return Err(WalletsError::OtherName {
                recorded: record.wallet.name().to_string(),
            });
        }
        let record = learn_receipt_key(&mut write, record, &wallet).await?;
        let record = widen(&mut write, record, gap).await?;
        write.commit().await?;
        return Ok(Imported {
            record,
            known: true,
        });
    }
    if wallets::by_name(&mut write, wallet.name().as_str())
        .await?
        .is_some()
    {
        return Err(WalletsError::NameTaken {
            name: wallet.name().to_string(),
        });
    }
    settle_network(&mut write, wallet.network()).await?;
    for branch in Branch::ALL {
        refuse_shared_scripts(&mut write, &wallet, branch).await?;
    }
    let record = wallets::insert(&mut write, &wallet, gap.unwrap_or(DEFAULT_GAP)).await?;
    for branch in Branch::ALL {
        scripts::cover(&mut write, &record, branch, horizon(0, record.gap)).await?;
    }
    // Transactions that were unrelated may be this wallet's.
    pool::clear(&mut write).await?;
    write.commit().await?;
    Ok(Imported {
        record,
        known: false,
    })
}

/// What telling an index did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkedUsed {
    /// It was watched already, and counts as used from then on.
    Watched,
    /// All indices up to it, and the wallet's gap beyond, are watched from then on.
    UpToIt,
    /// It alone is watched from then on: too many indices lie between.
    Alone,
}

/// Takes note that an index of a branch is in use, as somebody told: the signer's journal, or
/// whoever holds a backup.
///
/// Near those that are watched, all up to it are watched from then on, and none is handed out
/// below. Farther out it is watched alone, whatever lies between. In both cases the next sync
/// searches again from the wallet's birthday.
pub async fn mark_used(
    store: &Store,
    name: &str,
    branch: Branch,
    index: u32,
) -> Result<(WalletRecord, MarkedUsed), WalletsError> {
    let mut write = store.write().await?;
    let mut record = find(&mut write, name).await?;
    if record.wallet.script_pubkey(branch, index).is_err() {
        return Err(WalletsError::BadIndex(index));
    }
    let covered = wallets::branch(&mut write, record.no, branch)
        .await?
        .covered;
    let known = index < covered || scripts::is_told(&mut write, record.no, branch, index).await?;
    let end = horizon(index + 1, record.gap);
    let marked = match known {
        true => MarkedUsed::Watched,
        false if end.saturating_sub(covered) <= MAX_STEP => MarkedUsed::UpToIt,
        false => MarkedUsed::Alone,
    };
    match marked {
        MarkedUsed::Alone => scripts::tell(&mut write, &record, branch, index).await?,
        _ => drop(addresses::note_used(&mut write, &record, branch, index).await?),
    }
    if !known {
        wallets::search_again(&mut write, record.no).await?;
        record.next_height = None;
        pool::clear(&mut write).await?;
    }
    write.commit().await?;
    Ok((record, marked))
}

/// Returns the wallet of a name.
pub async fn find(db: &mut Connection, name: &str) -> Result<WalletRecord, WalletsError> {
    if let Some(record) = wallets::by_name(db, name).await? {
        return Ok(record);
    }
    let known = wallets::all(db)
        .await?
        .iter()
        .map(|record| record.wallet.name().to_string())
        .collect();
    Err(WalletsError::Unknown {
        name: name.into(),
        known,
    })
}

/// Returns the network of the ledger's wallets; `None` while there are no wallets.
pub async fn network(db: &mut Connection) -> Result<Option<Network>, StoreError> {
    facts::get(db, Fact::Network)
        .await?
        .map(|name| {
            name.parse()
                .map_err(|_| StoreError::damaged("unknown network"))
        })
        .transpose()
}

/// Takes over a receipt key that was not known. A known one never changes: who could change it
/// could hide a rollback.
async fn learn_receipt_key(
    db: &mut Connection,
    mut record: WalletRecord,
    found: &Wallet,
) -> Result<WalletRecord, WalletsError> {
    match (record.wallet.receipt_key(), found.receipt_key()) {
        (Some(recorded), Some(key)) if recorded != key => Err(WalletsError::OtherReceiptKey {
            name: record.wallet.name().to_string(),
        }),
        (None, Some(key)) => {
            wallets::set_receipt_key(db, record.no, &key).await?;
            record.wallet = record.wallet.with_receipt_key(Some(key));
            Ok(record)
        }
        _ => Ok(record),
    }
}

async fn widen(
    db: &mut Connection,
    mut record: WalletRecord,
    gap: Option<u32>,
) -> Result<WalletRecord, StoreError> {
    let Some(gap) = gap.filter(|gap| *gap > record.gap) else {
        return Ok(record);
    };
    wallets::set_gap(db, record.no, gap).await?;
    record.gap = gap;
    for branch in Branch::ALL {
        let next = addresses::next(db, &record, branch).await?;
        scripts::cover(db, &record, branch, horizon(next, gap)).await?;
    }
    wallets::search_again(db, record.no).await?;
    record.next_height = None;
    pool::clear(db).await?;
    Ok(record)
}

/// The first wallet decides the ledger's network.
async fn settle_network(db: &mut Connection, found: Network) -> Result<(), WalletsError> {
    match network(db).await? {
        Some(expected) if expected != found => Err(WalletsError::OtherNetwork { expected, found }),
        Some(_) => Ok(()),
        None => Ok(facts::set(db, Fact::Network, found.name()).await?),
    }
}

/// Two wallets with the same keys, such as under different fingerprints, would both claim each
/// coin.
async fn refuse_shared_scripts(
    db: &mut Connection,
    wallet: &Wallet,
    branch: Branch,
) -> Result<(), WalletsError> {
    let script = wallet
        .script_pubkey(branch, 0)
        .map_err(|error| StoreError::Unexpected(format!("cannot derive scripts: {error}")))?;
    if let Some(owner) = scripts::owner(db, &script).await? {
        let other = wallets::by_no(db, owner.wallet_no).await?;
        return Err(WalletsError::SharedScripts {
            other: other.wallet.name().to_string(),
        });
    }
    Ok(())
}

/// A wallet cannot be imported or found.
#[derive(Debug, thiserror::Error)]
pub enum WalletsError {
    /// No wallet has the name.
    #[error("there is no wallet \"{name}\"")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Another wallet has the name.
    #[error("another wallet is called \"{name}\"")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The wallet is there under another name.
    #[error("this wallet was imported as \"{recorded}\"")]
    OtherName {
        /// The name in the ledger.
        recorded: String,
    },
    /// The ledger holds wallets of another network.
    #[error("the wallet is on {found}, and this data folder on {expected}")]
    OtherNetwork {
        /// The ledger's network.
        expected: Network,
        /// The wallet's network.
        found: Network,
    },
    /// The wallet has the keys of another wallet.
    #[error("the wallet has the same scripts as the wallet \"{other}\"")]
    SharedScripts {
        /// The other wallet's name.
        other: String,
    },
    /// The wallet is there with another receipt key.
    #[error("the wallet \"{name}\" is known with another receipt key")]
    OtherReceiptKey {
        /// Its name.
        name: String,
    },
    /// The gap is out of range.
    #[error("a gap of {0} is out of range")]
    BadGap(u32),
    /// The index is out of range.
    #[error("there is no address at index {0}")]
    BadIndex(u32),
    /// The wallet's file is malformed.
    #[error("the wallet cannot be read: {0}")]
    Malformed(#[from] WalletError),
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for WalletsError {
    fn exit(&self) -> Exit {
        match self {
            WalletsError::Unknown { .. } | WalletsError::BadGap(_) | WalletsError::BadIndex(_) => {
                Exit::Usage
            }
            WalletsError::NameTaken { .. }
            | WalletsError::OtherName { .. }
            | WalletsError::OtherNetwork { .. }
            | WalletsError::SharedScripts { .. }
            | WalletsError::OtherReceiptKey { .. } => Exit::Conflict,
            WalletsError::Malformed(_) => Exit::Malformed,
            WalletsError::Store(error) => error.exit(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            WalletsError::Unknown { .. } => "wallet-unknown",
            WalletsError::NameTaken { .. } => "wallet-name-taken",
            WalletsError::OtherName { .. } => "wallet-known",
            WalletsError::OtherNetwork { .. } => "wallet-network",
            WalletsError::SharedScripts { .. } => "wallet-shared-scripts",
            WalletsError::OtherReceiptKey { .. } => "wallet-receipt-key",
            WalletsError::BadGap(_) => "gap-out-of-range",
            WalletsError::BadIndex(_) => "index-out-of-range",
            WalletsError::Malformed(_) => "wallet-malformed",
            WalletsError::Store(error) => error.code(),
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            WalletsError::Unknown { known, .. } if known.is_empty() => Remedy::ImportWallet,
            WalletsError::Unknown { known, .. } => Remedy::KnownWallets(known.clone()),
            WalletsError::NameTaken { .. } => Remedy::OtherName,
            WalletsError::OtherName { recorded } => Remedy::UseWallet(recorded.clone()),
            WalletsError::OtherNetwork { .. } => Remedy::FolderForNetwork,
            WalletsError::SharedScripts { other } => Remedy::UseWalletOrFolder(other.clone()),
            WalletsError::OtherReceiptKey { .. } => Remedy::CompareReceiptKeys,
            WalletsError::BadGap(_) => Remedy::GapUpTo(MAX_GAP),
            WalletsError::BadIndex(_) => Remedy::IndexInRange,
            WalletsError::Malformed(_) => Remedy::ExportWalletAgain,
            WalletsError::Store(error) => error.remedy(),
        }
    }
}
