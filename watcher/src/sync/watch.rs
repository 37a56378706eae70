//! The scripts and coins to look for, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bitcoin::{Amount, OutPoint, Script, ScriptBuf, TxOut};
use cofferdam_core::wallet::{Birthday, Branch};

use super::script_set::{BranchPlace, ScriptSet};
use super::supply;
use crate::chain::ChainError;
use crate::derivation::{derive_scripts, horizon};
use crate::store::scripts::ScriptOwner;
use crate::store::wallets::{self, WalletNo, WalletRecord};
use crate::store::{Connection, Store, StoreError, coins, scripts};

/// Scripts that the uses in one block may add to those watched of a branch, where the gap is not
/// larger: ten times the usual gap. Whoever knows a wallet's public key can pay each thousandth of
/// its addresses, and each such output would have a thousand more derived; 150 in one block took 29
/// s and 150,000 scripts for ever. An honest block does not need it: somebody would have handed out
/// ten thousand addresses of which none was paid before.
const MOST_ADDED_BY_A_BLOCK: u32 = 10_000;

/// Everything that makes a transaction ours.
#[derive(Debug)]
pub struct Watch {
    scripts: ScriptSet,
    coins: HashMap<OutPoint, OwnCoin>,
    /// What those coins come to at most that are there at the block that is searched. One block's
    /// outputs can be more than 64 bits hold.
    held: i128,
    /// Scripts of single indices that were told, far beyond the others of their branch: few, and
    /// mostly none.
    told: HashMap<Box<[u8]>, ScriptOwner>,
    /// How many indices the ledger was ever told when this was loaded.
    told_in_ledger: i64,
    wallets: BTreeMap<WalletNo, WatchedWallet>,
    has_unforeseen_txids: bool,
    /// Scripts that were added since they were [taken](Watch::take_added).
    added: Vec<Box<[u8]>>,
    /// Branches whose uses in the block that is searched call for more scripts than it may add.
    cut: BTreeSet<(WalletNo, Branch)>,
    /// Counts blocks.
    block: u64,
}

/// What a coin of ours holds, and whose script it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnCoin {
    /// Whose script it pays.
    pub owner: ScriptOwner,
    /// Its amount.
    pub amount: Amount,
}

#[derive(Debug)]
struct WatchedWallet {
    record: WalletRecord,
    /// By branch step.
    branches: [WatchedBranch; 2],
}

impl WatchedWallet {
    fn branch(&self, branch: Branch) -> &WatchedBranch {
        &self.branches[branch.step() as usize]
    }
}

#[derive(Clone, Copy, Debug)]
struct WatchedBranch {
    place: BranchPlace,
    /// The scripts of the indices below this one are in the ledger.
    in_ledger: u32,
    /// The ledger knows of the use of an index below this one, which it never forgets.
    next_index: u32,
    /// The highest used index that the ledger has not been told of.
    unwritten: Option<u32>,
    /// The block that last used it, and how many scripts were watched before it.
    before: (u64, u32),
    /// The first index that need not be watched, by the highest use.
    wanted: u32,
}

impl Watch {
    /// Reads what the ledger watches.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut view = store.read().await?;
        let states = wallets::branches(&mut view).await?;
        let total = states.values().map(|state| state.covered as usize).sum();
        let mut set = ScriptSet::with_capacity(total);
        let mut watched = BTreeMap::new();
        for record in wallets::all(&mut view).await? {
            let length = record.wallet.kind().script_pubkey_length() as usize;
            let branches = Branch::ALL.map(|branch| {
                let state = states.get(&(record.no, branch));
                let in_ledger = state.map_or(0, |state| state.covered);
                WatchedBranch {
                    place: set.add_branch(record.no, branch, length, in_ledger),
                    in_ledger,
                    next_index: state.map_or(0, |state| state.next_index),
                    unwritten: None,
                    before: (0, in_ledger),
                    wanted: 0,
                }
            });
            watched.insert(record.no, WatchedWallet { record, branches });
        }
        let mut missing = total;
        let mut told = HashMap::new();
        scripts::for_each(&mut view, |owner, script| {
            let wallet = watched
                .get(&owner.wallet_no)
                .ok_or_else(|| StoreError::damaged("a script of no wallet"))?;
            let branch = wallet.branch(owner.branch);
            if owner.index >= branch.in_ledger {
                told.insert(script.into(), *owner);
                return Ok(());
            }
            missing = missing.saturating_sub(1);
            set.put(branch.place, owner.index, script)
        })
        .await?;
        let told_in_ledger = wallets::told_in_total(&mut view).await?;
        if missing > 0 {
            return Err(StoreError::damaged(format!(
                "{missing} scripts of wallets are missing"
            )));
        }
        let coins = coins::unspent_of_all(&mut view).await?;
        let coins = coins
            .into_iter()
            .map(|(outpoint, owner, amount)| (outpoint, OwnCoin { owner, amount }))
            .collect();
        let unforeseen = |wallet: &WatchedWallet| !wallet.record.wallet.kind().has_foreseen_txid();
        Ok(Watch {
            scripts: set,
            told,
            told_in_ledger,
            coins,
            held: 0,
            has_unforeseen_txids: watched.values().any(unforeseen),
            added: Vec::new(),
            cut: BTreeSet::new(),
            block: 0,
            wallets: watched,
        })
    }

    /// Returns the wallets whose search has not begun, with their birthdays.
    pub fn new_wallets(&self) -> Vec<(WalletNo, Option<Birthday>)> {
        let records = self.wallets.values().map(|wallet| &wallet.record);
        let new = records.filter(|record| record.next_height.is_none());
        new.map(|record| (record.no, record.wallet.birthday()))
            .collect()
    }

    /// Notes where the search for a new wallet begins.
    pub fn begin_at(&mut self, wallet: WalletNo, height: u32) {
        if let Some(wallet) = self.wallets.get_mut(&wallet) {
            wallet.record.next_height = Some(height);
        }
    }

    /// Returns the lowest block that some wallet needs searched.
    pub fn next_height(&self) -> Option<u32> {
        self.wallets
            .values()
            .filter_map(|wallet| wallet.record.next_height)
            .min()
    }

    /// Returns the scripts of the wallets that need some block below a height searched, when they
    /// are at most `most`.
    pub fn scripts_needed_below(&self, height: u32, most: usize) -> Option<Vec<Box<[u8]>>> {
        let needs =
            |wallet: &&WatchedWallet| wallet.record.next_height.is_some_and(|next| next < height);
        let branches = || {
            self.wallets
                .values()
                .filter(needs)
                .flat_map(|wallet| &wallet.branches)
        };
        let count: usize = branches()
            .map(|branch| self.scripts.count(branch.place) as usize)
            .sum();
        let needed = |owner: &ScriptOwner| {
            self.wallets
                .get(&owner.wallet_no)
                .is_some_and(|wallet| needs(&wallet))
        };
        let told = || self.told.iter().filter(|(_, owner)| needed(owner));
        (count + told().count() <= most).then(|| {
            let scripts = branches().flat_map(|branch| self.scripts.from(branch.place, 0));
            let told = told().map(|(script, _)| script.as_ref());
            scripts.chain(told).map(Into::into).collect()
        })
    }

    /// Takes the scripts that were added since this was last called.
    pub fn take_added(&mut self) -> Vec<Box<[u8]>> {
        std::mem::take(&mut self.added)
    }

    /// Returns whose a script is, if it is one of ours.
    pub fn owner(&self, script: &Script) -> Option<ScriptOwner> {
        let told = || match self.told.is_empty() {
            true => None,
            false => self.told.get(script.as_bytes()).copied(),
        };
        self.scripts.owner(script).or_else(told)
    }

    /// Returns whose a script is, if it is one of a wallet that needs the block at `height`.
    pub fn owner_at(&self, script: &Script, height: u32) -> Option<ScriptOwner> {
        let owner = self.owner(script)?;
        let next = self.wallets.get(&owner.wallet_no)?.record.next_height?;
        (next <= height).then_some(owner)
    }

    /// Returns an unspent confirmed coin of ours.
    pub fn coin(&self, outpoint: &OutPoint) -> Option<OwnCoin> {
        self.coins.get(outpoint).copied()
    }

    /// Returns the output that is a coin of ours: its script as we derived it.
    pub fn output(&self, coin: OwnCoin) -> Result<TxOut, StoreError> {
        let OwnCoin { owner, amount } = coin;
        let wallet = self.wallets.get(&owner.wallet_no);
        let script = wallet.and_then(|wallet| {
            let place = wallet.branch(owner.branch).place;
            self.scripts.from(place, owner.index).next()
        });
        match script {
            Some(script) => Ok(TxOut {
                value: amount,
                script_pubkey: ScriptBuf::from_bytes(script.to_vec()),
            }),
            None => Err(StoreError::damaged(
                "a coin at an index that is not watched",
            )),
        }
    }

    /// Tells whether the coins of a wallet can only be spent by a signer who sees the previous
    /// transaction.
    pub fn needs_previous(&self, wallet: WalletNo) -> bool {
        self.wallets
            .get(&wallet)
            .is_none_or(|wallet| !wallet.record.wallet.kind().commits_to_amounts())
    }

    /// Tells whether there are wallets whose signatures are part of the txid: what they paid may be
    /// mined under another one than was imported.
    pub fn has_unforeseen_txids(&self) -> bool {
        self.has_unforeseen_txids
    }

    /// Adds a coin that the block makes which is searched.
    pub fn add_coin(&mut self, outpoint: OutPoint, coin: OwnCoin) {
        self.held += i128::from(coin.amount.to_sat());
        self.coins.insert(outpoint, coin);
    }

    /// Removes a coin that the block spends which is searched.
    pub fn remove_coin(&mut self, outpoint: &OutPoint) {
        if let Some(coin) = self.coins.remove(outpoint) {
            self.held -= i128::from(coin.amount.to_sat());
        }
    }

    /// Counts the coins that are there where a search begins; those of higher blocks are counted
    /// when it comes to them.
    pub async fn begin_search(
        &mut self,
        db: &mut Connection,
        start: u32,
    ) -> Result<(), StoreError> {
        self.held = coins::unspent_in_total_below(db, start).await?.into();
        Ok(())
    }

    /// Refuses a chain whose blocks, up to the one at `height`, have left more coins to us than all
    /// subsidies together issued.
    pub fn refuse_impossible_sum(&self, height: u32) -> Result<(), ChainError> {
        self.refuse_impossible(self.held, height, "the blocks up to the one")
    }

    /// Refuses a memory pool above the block at `height` that holds more for us than all subsidies
    /// together issued.
    pub fn refuse_impossible_pool(&self, sum: i128, height: u32) -> Result<(), ChainError> {
        self.refuse_impossible(sum, height, "the memory pool")
    }

    fn refuse_impossible(
        &self,
        found: i128,
        height: u32,
        who: &'static str,
    ) -> Result<(), ChainError> {
        let Some(network) = self
            .wallets
            .values()
            .next()
            .map(|wallet| wallet.record.wallet.network())
        else {
            return Ok(());
        };
        let limit = supply::issued(network, height);
        match found > i128::from(limit.to_sat()) {
            true => Err(ChainError::TooMuchMoney {
                who,
                height,
                found,
                limit,
            }),
            false => Ok(()),
        }
    }

    /// Notes that the block which is searched uses a script, and watches further ones when it is
    /// near the end of those watched: up to the gap beyond it, but no more than a block may add.
    ///
    /// Returns whether scripts were added.
    pub fn note_used(&mut self, owner: ScriptOwner) -> Result<bool, StoreError> {
        let Some(wallet) = self.wallets.get(&owner.wallet_no) else {
            return Ok(false);
        };
        // Told, and watched by itself: millions may lie between.
        if owner.index >= self.scripts.count(wallet.branch(owner.branch).place) {
            return Ok(false);
        }
        let mut grew = self.use_index(owner)?;
        while let Some(told) = self.take_told(owner.wallet_no, owner.branch) {
            grew |= self.use_index(told)?;
        }
        Ok(grew)
    }

    fn use_index(&mut self, owner: ScriptOwner) -> Result<bool, StoreError> {
        let Some(wallet) = self.wallets.get_mut(&owner.wallet_no) else {
            return Ok(false);
        };
        let gap = wallet.record.gap;
        let branch = &mut wallet.branches[owner.branch.step() as usize];
        if owner.index >= branch.next_index {
            branch.unwritten = branch.unwritten.max(Some(owner.index));
        }
        let covered = self.scripts.count(branch.place);
        if branch.before.0 != self.block {
            branch.before = (self.block, covered);
        }
        branch.wanted = branch
            .wanted
            .max(horizon(owner.index.saturating_add(1), gap));
        let most = branch
            .before
            .1
            .saturating_add(gap.max(MOST_ADDED_BY_A_BLOCK));
        if branch.wanted > most {
            self.cut.insert((owner.wallet_no, owner.branch));
        }
        let end = branch.wanted.min(most);
        self.watch_up_to(owner.wallet_no, owner.branch, end)
    }

    /// Takes the highest told index that a branch has come to: it is used, and no longer by itself.
    fn take_told(&mut self, wallet_no: WalletNo, branch: Branch) -> Option<ScriptOwner> {
        let end = self
            .scripts
            .count(self.wallets.get(&wallet_no)?.branch(branch).place);
        let reached = |told: &ScriptOwner| {
            (told.wallet_no, told.branch) == (wallet_no, branch) && told.index < end
        };
        let told = self.told.values().filter(|told| reached(told));
        let highest = told.max_by_key(|told| told.index).copied()?;
        self.told.retain(|_, told| !reached(told));
        Some(highest)
    }

    /// Ends a block: what its uses call for is watched from the next one on. Returns whether the
    /// block used so many far indices that what it may pay beyond them was not looked for.
    pub fn end_block(&mut self) -> Result<bool, StoreError> {
        self.block += 1;
        let cut = std::mem::take(&mut self.cut);
        for (wallet_no, branch) in &cut {
            let wanted = self
                .wallets
                .get(wallet_no)
                .map(|wallet| wallet.branch(*branch).wanted);
            self.watch_up_to(*wallet_no, *branch, wanted.unwrap_or(0))?;
            while let Some(told) = self.take_told(*wallet_no, *branch) {
                self.use_index(told)?;
            }
        }
        Ok(!cut.is_empty())
    }

    /// Watches the scripts of a branch below the index `end`; returns whether any were added.
    fn watch_up_to(
        &mut self,
        wallet_no: WalletNo,
        branch: Branch,
        end: u32,
    ) -> Result<bool, StoreError> {
        let Some(wallet) = self.wallets.get(&wallet_no) else {
            return Ok(false);
        };
        let place = wallet.branch(branch).place;
        let covered = self.scripts.count(place);
        if end <= covered {
            return Ok(false);
        }
        for script in derive_scripts(&wallet.record.wallet, branch, covered..end)? {
            self.scripts.push(place, script.as_bytes())?;
            self.added.push(script.into_bytes().into());
        }
        Ok(true)
    }

    /// Returns the number of scripts that the ledger had ever watched when this was loaded or last
    /// written.
    pub fn covered_in_ledger(&self) -> i64 {
        let branches = self.wallets.values().flat_map(|wallet| &wallet.branches);
        let covered: i64 = branches.map(|branch| i64::from(branch.in_ledger)).sum();
        covered + self.told_in_ledger
    }

    /// Tells the ledger which indices are used, and the scripts that are watched for them, inside a
    /// write that has found [`Self::covered_in_ledger`] to be so still.
    pub async fn write_uses(&self, db: &mut Connection) -> Result<(), StoreError> {
        for wallet in self.wallets.values() {
            for (branch, state) in Branch::ALL.into_iter().zip(&wallet.branches) {
                if let Some(index) = state.unwritten {
                    wallets::use_index(db, wallet.record.no, branch, index).await?;
                }
                // Derived once, when they were first watched.
                let new: Vec<&[u8]> = self.scripts.from(state.place, state.in_ledger).collect();
                if !new.is_empty() {
                    scripts::insert(db, wallet.record.no, branch, state.in_ledger, &new).await?;
                }
            }
        }
        Ok(())
    }

    /// To be called when the write of [`Self::write_uses`] is committed.
    pub fn uses_are_written(&mut self) {
        for branch in self
            .wallets
            .values_mut()
            .flat_map(|wallet| &mut wallet.branches)
        {
            if let Some(index) = branch.unwritten.take() {
                branch.next_index = index + 1;
            }
            branch.in_ledger = self.scripts.count(branch.place);
        }
    }
}
