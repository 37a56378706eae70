//! The scripts and coins to look for, in memory.

use std::collections::{HashMap, HashSet};

use bitcoin::{OutPoint, Script};
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::Branch;

use crate::addresses;
use crate::store::scripts::ScriptOwner;
use crate::store::wallets::{self, WalletNo, WalletRecord};
use crate::store::{Connection, Store, StoreError, coins, scripts};

/// Everything that makes a transaction ours.
#[derive(Debug)]
pub struct Watch {
    scripts: HashMap<Box<[u8]>, ScriptOwner>,
    coins: HashSet<OutPoint>,
    wallets: HashMap<WalletNo, WatchedWallet>,
    /// The number of scripts in the ledger when this was loaded, or last written.
    covered_in_ledger: i64,
}

#[derive(Debug)]
struct WatchedWallet {
    record: WalletRecord,
    /// By branch step.
    branches: [WatchedBranch; 2],
}

#[derive(Clone, Copy, Debug)]
struct WatchedBranch {
    /// The scripts of the indices below this one are watched.
    covered: u32,
    /// The highest used index that the ledger has not been told of.
    unwritten: Option<u32>,
}

impl Watch {
    /// Reads what the ledger watches.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut view = store.read().await?;
        let mut watched = HashMap::new();
        for record in wallets::all(&mut view).await? {
            let mut branches = [WatchedBranch {
                covered: 0,
                unwritten: None,
            }; 2];
            for (place, branch) in branches.iter_mut().zip(Branch::ALL) {
                place.covered = wallets::branch(&mut view, record.no, branch).await?.covered;
            }
            watched.insert(record.no, WatchedWallet { record, branches });
        }
        let covered_in_ledger = wallets::covered_in_total(&mut view).await?;
        let mut set = HashMap::with_capacity(covered_in_ledger as usize);
        scripts::for_each(&mut view, |script, owner| {
            set.insert(script.into(), owner);
        })
        .await?;
        let coins = coins::unspent_outpoints(&mut view).await?.into_iter().collect();
        Ok(Watch {
            scripts: set,
            coins,
            wallets: watched,
            covered_in_ledger,
        })
    }

    /// Returns the lowest block that some wallet needs searched.
    pub fn next_height(&self) -> Option<u32> {
        self.wallets
            .values()
            .filter_map(|wallet| wallet.record.next_height)
            .min()
    }

    /// Returns whose a script is, if it is one of ours.
    pub fn owner(&self, script: &Script) -> Option<ScriptOwner> {
        self.scripts.get(script.as_bytes()).copied()
    }

    /// Returns whose a script is, if it is one of a wallet that needs the block at `height`.
    pub fn owner_at(&self, script: &Script, height: u32) -> Option<ScriptOwner> {
        let owner = self.owner(script)?;
        let next = self.wallets.get(&owner.wallet_no)?.record.next_height?;
        (next <= height).then_some(owner)
    }

    /// Tells whether an outpoint is an unspent confirmed coin of ours.
    pub fn is_coin(&self, outpoint: &OutPoint) -> bool {
        self.coins.contains(outpoint)
    }

    /// Tells whether the coins of a wallet can only be spent by a signer who sees the previous transaction.
    pub fn needs_previous(&self, wallet: WalletNo) -> bool {
        self.wallets
            .get(&wallet)
            .is_none_or(|wallet| wallet.record.wallet.script_type() != ScriptType::Taproot)
    }

    /// Tells whether there are wallets whose signatures are part of the txid: what they paid may be mined under another one
    /// than was imported.
    pub fn has_unforeseen_txids(&self) -> bool {
        let mut types = self
            .wallets
            .values()
            .map(|wallet| wallet.record.wallet.script_type());
        types.any(|script_type| matches!(script_type, ScriptType::Legacy | ScriptType::Nested))
    }

    /// Adds a coin.
    pub fn add_coin(&mut self, outpoint: OutPoint) {
        self.coins.insert(outpoint);
    }

    /// Removes a coin.
    pub fn remove_coin(&mut self, outpoint: &OutPoint) {
        self.coins.remove(outpoint);
    }

    /// Notes that the chain uses a script, and watches further ones when it is near the end of those watched.
    ///
    /// Returns whether scripts were added.
    pub fn note_used(&mut self, owner: ScriptOwner) -> Result<bool, StoreError> {
        let Some(wallet) = self.wallets.get_mut(&owner.wallet_no) else {
            return Ok(false);
        };
        let branch = match owner.branch {
            Branch::Receive => &mut wallet.branches[0],
            Branch::Change => &mut wallet.branches[1],
        };
        branch.unwritten = branch.unwritten.max(Some(owner.index));
        let end = addresses::horizon(owner.index + 1, wallet.record.gap);
        if end <= branch.covered {
            return Ok(false);
        }
        let added = wallet
            .record
            .wallet
            .scripts(owner.branch, branch.covered..end)
            .map_err(|error| StoreError::Unexpected(format!("cannot derive scripts: {error}")))?;
        for (script, index) in added.into_iter().zip(branch.covered..end) {
            self.scripts
                .insert(script.as_bytes().into(), ScriptOwner { index, ..owner });
        }
        branch.covered = end;
        Ok(true)
    }

    /// Returns the number of scripts that the ledger had when this was loaded or last written.
    pub fn covered_in_ledger(&self) -> i64 {
        self.covered_in_ledger
    }

    /// Tells the ledger which indices are used, inside a write.
    pub async fn write_uses(&self, db: &mut Connection) -> Result<(), StoreError> {
        for wallet in self.wallets.values() {
            for (branch, state) in Branch::ALL.into_iter().zip(&wallet.branches) {
                if let Some(index) = state.unwritten {
                    addresses::note_used(db, &wallet.record, branch, index).await?;
                }
            }
        }
        Ok(())
    }

    /// To be called when the write of [`Self::write_uses`] is committed.
    pub fn uses_are_written(&mut self) {
        self.covered_in_ledger = 0;
        for branch in self.wallets.values_mut().flat_map(|wallet| &mut wallet.branches) {
            branch.unwritten = None;
            self.covered_in_ledger += i64::from(branch.covered);
        }
    }
}
