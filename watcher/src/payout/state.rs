//! The state of a transaction, from what this ledger did and what the chain did.

use bitcoin::Txid;
use serde::Serialize;

use crate::chain::Tip;
use crate::store::payouts::{self, PayoutTxNo, Progress, Seen, TransactionRecord};
use crate::store::{Connection, StoreError, blocks, pool, previous};

/// How many blocks, its own counted, make a transaction final.
pub const FINAL_CONFIRMATIONS: u32 = 6;

pub(super) use crate::store::blocks::SETTLED_CONFIRMATIONS;

/// The state of a transaction. Of several transactions the least advanced one is the list's; what
/// needs attention comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TransactionState {
    /// Another transaction, none of ours, spent one of its coins in a block: its payments were not
    /// made.
    Conflicted,
    /// Asked to be cancelled after it was handed over, or seen after it was cancelled; it can still
    /// confirm. The transaction that makes it impossible may be in a block already, less than six
    /// deep.
    Cancelling,
    /// Stored, its coins reserved.
    Planned,
    /// Handed over: somebody may sign it.
    Exported,
    /// Its signatures are here and verified.
    Signed,
    /// A node took it.
    Broadcast,
    /// In the best chain. [`ChainFacts::is_final`] says whether for good.
    Confirmed,
    /// Another transaction of ours with the same anchor confirmed.
    Replaced,
    /// It was never handed over, or the transaction that makes it impossible is six blocks deep.
    Cancelled,
}

impl TransactionState {
    /// Returns the name in documents.
    pub fn name(self) -> &'static str {
        match self {
            TransactionState::Conflicted => "conflicted",
            TransactionState::Cancelling => "cancelling",
            TransactionState::Planned => "planned",
            TransactionState::Exported => "exported",
            TransactionState::Signed => "signed",
            TransactionState::Broadcast => "broadcast",
            TransactionState::Confirmed => "confirmed",
            TransactionState::Replaced => "replaced",
            TransactionState::Cancelled => "cancelled",
        }
    }

    /// Returns whether it may still pay, or did.
    pub fn is_live(self) -> bool {
        !matches!(
            self,
            TransactionState::Replaced | TransactionState::Cancelled
        )
    }

    /// Returns the state of a list: the least advanced of its live transactions, or of all when
    /// none lives.
    pub fn of_list(states: impl Iterator<Item = TransactionState> + Clone) -> TransactionState {
        let live = states.clone().filter(|state| state.is_live()).min();
        live.or_else(|| states.min())
            .unwrap_or(TransactionState::Planned)
    }
}

/// What the chain did with a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainFacts {
    /// Its txid, as far as it is known.
    pub txid: Option<Txid>,
    /// The height of its block.
    pub height: Option<u32>,
    /// Whether the memory pool holds it.
    pub in_pool: bool,
    /// What spent one of its coins in its stead, in the best chain.
    pub conflict: Option<Conflict>,
    /// The height of the best block.
    pub tip: Option<u32>,
}

/// A transaction of the best chain that makes another one impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which.
    pub txid: Txid,
    /// The height of its block.
    pub height: u32,
    /// Whether it is one of ours, and which one it was made to cancel.
    pub ours: Option<Option<PayoutTxNo>>,
}

impl ChainFacts {
    /// Looks up what the best chain and the memory pool, as of the last sync, did with a
    /// transaction.
    pub async fn look_up(
        db: &mut Connection,
        record: &TransactionRecord,
    ) -> Result<Self, StoreError> {
        let tip = blocks::tip(db).await?.map(|Tip { height, .. }| height);
        let mut seen = Seen {
            sightings: payouts::sightings(db, record.no).await?,
            ..Seen::default()
        };
        if !seen.sightings.iter().any(|seen| seen.height.is_some()) {
            seen.conflict = payouts::block_conflict(db, record.no, record.txid).await?;
            if let (None, Some(txid)) = (seen.conflict, record.txid) {
                seen.height = blocks::height_of(db, txid).await?;
                seen.in_pool = pool::contains(db, txid).await?;
            }
        }
        ChainFacts::of(db, record, tip, &seen).await
    }

    /// Returns what follows from what is recorded of a transaction. More is looked up only where
    /// another transaction spends one of its coins.
    pub async fn of(
        db: &mut Connection,
        record: &TransactionRecord,
        tip: Option<u32>,
        seen: &Seen,
    ) -> Result<Self, StoreError> {
        let mut facts = ChainFacts {
            txid: record.txid,
            tip,
            ..ChainFacts::default()
        };
        let mut sightings = seen.sightings.iter();
        if let Some(mined) = sightings.clone().find(|seen| seen.height.is_some()) {
            facts.txid = Some(mined.txid);
            facts.height = mined.height;
            return Ok(facts);
        }
        if let Some(pooled) = sightings.find(|seen| seen.in_pool) {
            facts.txid = Some(pooled.txid);
            facts.in_pool = true;
        }
        let Some((txid, height)) = seen.conflict else {
            facts.height = seen.height;
            facts.in_pool |= seen.in_pool;
            return Ok(facts);
        };
        if is_signed_form(db, record, txid).await? {
            facts.txid = Some(txid);
            facts.height = Some(height);
            return Ok(facts);
        }
        let ours = match payouts::by_txid(db, txid).await? {
            Some(ours) => Some(ours),
            None => payouts::seen_as(db, txid).await?,
        };
        let ours = ours.map(|(_, cancels)| cancels);
        facts.conflict = Some(Conflict { txid, height, ours });
        Ok(facts)
    }

    /// Returns the number of blocks that confirm it.
    pub fn confirmations(&self) -> u32 {
        self.height.map_or(0, |height| depth(self.tip, height))
    }

    /// Returns whether the transaction is confirmed for good, as far as payouts are concerned: by
    /// six blocks.
    pub fn is_final(&self) -> bool {
        self.confirmations() >= FINAL_CONFIRMATIONS
    }

    /// Returns the number of blocks that confirm what makes it impossible.
    pub fn conflict_confirmations(&self) -> u32 {
        self.conflict
            .map_or(0, |conflict| depth(self.tip, conflict.height))
    }

    /// Returns whether nobody else can have the transaction: it was cancelled before an export, and
    /// never seen.
    pub fn is_void(&self, record: &TransactionRecord) -> bool {
        let dropped = record.cancelling && record.progress == Progress::Planned;
        dropped && self.height.is_none() && !self.in_pool
    }

    /// Returns the transaction's state.
    pub fn state(&self, record: &TransactionRecord) -> TransactionState {
        if self.height.is_some() {
            return TransactionState::Confirmed;
        }
        if self.is_void(record) {
            return TransactionState::Cancelled;
        }
        match self.conflict {
            Some(Conflict {
                ours: Some(cancels),
                ..
            }) if cancels == Some(record.no) => match self.conflict_confirmations() {
                FINAL_CONFIRMATIONS.. => TransactionState::Cancelled,
                _ => TransactionState::Cancelling,
            },
            Some(Conflict { ours: Some(_), .. }) => TransactionState::Replaced,
            Some(_) => TransactionState::Conflicted,
            None if record.cancelling => TransactionState::Cancelling,
            None if self.in_pool => TransactionState::Broadcast,
            None => match record.progress {
                Progress::Planned => TransactionState::Planned,
                Progress::Exported => TransactionState::Exported,
                Progress::Signed => TransactionState::Signed,
                Progress::Broadcast => TransactionState::Broadcast,
            },
        }
    }

    /// Returns whether the transaction no longer reserves coins: final, cancelled, or impossible
    /// for as long as it takes to be final.
    pub fn frees_coins(&self, record: &TransactionRecord) -> bool {
        match self.state(record) {
            TransactionState::Confirmed => self.is_final(),
            TransactionState::Cancelled => true,
            TransactionState::Replaced | TransactionState::Conflicted => {
                self.conflict_confirmations() >= FINAL_CONFIRMATIONS
            }
            _ => false,
        }
    }

    /// Returns whether no reorganisation that is reckoned with can change the state.
    ///
    /// A conflicted transaction is never settled: what it owes was not paid, and people have to see
    /// to it.
    pub fn is_settled(&self, record: &TransactionRecord) -> bool {
        let deepest = self.confirmations().max(self.conflict_confirmations());
        let conflicted = self.state(record) == TransactionState::Conflicted;
        self.is_void(record) || deepest >= SETTLED_CONFIRMATIONS && !conflicted
    }

    /// Returns the height of the block that settles it, when one does.
    pub fn settled_by(&self) -> Option<u32> {
        self.height
            .or(self.conflict.map(|conflict| conflict.height))
    }

    /// Returns whether its payments may still be made, or were and may be undone: paying the same
    /// payees again may pay them twice.
    pub fn is_open(&self, record: &TransactionRecord) -> bool {
        match self.state(record) {
            TransactionState::Cancelled => false,
            TransactionState::Replaced => self.conflict_confirmations() < FINAL_CONFIRMATIONS,
            _ => !self.is_settled(record),
        }
    }
}

pub(super) fn depth(tip: Option<u32>, height: u32) -> u32 {
    tip.map_or(0, |tip| (tip + 1).saturating_sub(height))
}

/// Tells whether a transaction of the chain is this one with signatures: as when another program
/// sent it, or a miner turned a legacy signature into its other form, which changes the txid.
///
/// Where signatures are part of the txid, transactions that spend the wallet's coins are kept whole
/// for that, long enough for a sync to note the txid.
async fn is_signed_form(
    db: &mut Connection,
    record: &TransactionRecord,
    txid: Txid,
) -> Result<bool, StoreError> {
    let Some(mut found) = previous::get(db, txid).await? else {
        return Ok(false);
    };
    for input in &mut found.input {
        input.script_sig = Default::default();
        input.witness = Default::default();
    }
    Ok(found == record.unsigned)
}

#[cfg(test)]
mod tests {
    use bitcoin::hashes::Hash;
    use bitcoin::{Amount, OutPoint, Transaction, Weight};

    use super::*;

    const PROGRESS: [Progress; 4] = [
        Progress::Planned,
        Progress::Exported,
        Progress::Signed,
        Progress::Broadcast,
    ];

    fn record(progress: Progress, cancelling: bool) -> TransactionRecord {
        TransactionRecord {
            no: PayoutTxNo(7),
            number: 1,
            unsigned: Transaction {
                version: bitcoin::transaction::Version::TWO,
                lock_time: bitcoin::absolute::LockTime::ZERO,
                input: vec![],
                output: vec![],
            },
            txid: None,
            signed: None,
            fee: Amount::ZERO,
            weight: Weight::ZERO,
            change: None,
            anchor: OutPoint::null(),
            progress,
            cancelling,
            cancels: None,
            settled: false,
            receipt: None,
            inputs: vec![],
        }
    }

    fn confirmed(confirmations: u32) -> ChainFacts {
        ChainFacts {
            tip: Some(500),
            height: Some(501 - confirmations),
            ..ChainFacts::default()
        }
    }

    fn conflict(depth: u32, ours: Option<Option<PayoutTxNo>>) -> ChainFacts {
        let conflict = Conflict {
            txid: Txid::all_zeros(),
            height: 501 - depth,
            ours,
        };
        ChainFacts {
            tip: Some(500),
            conflict: Some(conflict),
            ..ChainFacts::default()
        }
    }

    #[test]
    fn the_chain_overrules_what_was_done_here() {
        use TransactionState::{Cancelled, Cancelling, Confirmed, Conflicted, Replaced};
        for progress in PROGRESS {
            for cancelling in [false, true] {
                let record = record(progress, cancelling);
                let dropped = cancelling && progress == Progress::Planned;
                let or_dropped = |state| if dropped { Cancelled } else { state };
                assert_eq!(confirmed(1).state(&record), Confirmed);
                assert_eq!(confirmed(6).state(&record), Confirmed);
                assert_eq!(conflict(1, None).state(&record), or_dropped(Conflicted));
                assert_eq!(conflict(1, Some(None)).state(&record), or_dropped(Replaced));
                assert_eq!(
                    conflict(1, Some(Some(PayoutTxNo(8)))).state(&record),
                    or_dropped(Replaced)
                );
                let cancelling = |depth| conflict(depth, Some(Some(PayoutTxNo(7)))).state(&record);
                assert_eq!(cancelling(1), or_dropped(Cancelling));
                assert_eq!(cancelling(5), or_dropped(Cancelling));
                assert_eq!(cancelling(6), Cancelled);
            }
        }
    }

    #[test]
    fn without_the_chain_the_progress_counts() {
        use TransactionState::{Broadcast, Cancelled, Cancelling, Exported, Planned, Signed};
        let facts = ChainFacts {
            tip: Some(500),
            ..ChainFacts::default()
        };
        let states =
            |cancelling| PROGRESS.map(|progress| facts.state(&record(progress, cancelling)));
        assert_eq!(states(false), [Planned, Exported, Signed, Broadcast]);
        assert_eq!(
            states(true),
            [Cancelled, Cancelling, Cancelling, Cancelling]
        );
        let in_pool = ChainFacts {
            in_pool: true,
            ..facts
        };
        assert_eq!(in_pool.state(&record(Progress::Exported, false)), Broadcast);
        assert_eq!(in_pool.state(&record(Progress::Exported, true)), Cancelling);
        // Cancelled before an export, and seen all the same.
        assert_eq!(in_pool.state(&record(Progress::Planned, true)), Cancelling);
        assert!(!in_pool.frees_coins(&record(Progress::Planned, true)));
        assert!(!in_pool.is_settled(&record(Progress::Planned, true)));
    }

    #[test]
    fn what_may_still_be_paid_is_open() {
        let live = record(Progress::Broadcast, false);
        for (facts, open) in [
            (ChainFacts::default(), true),
            (confirmed(1), true),
            (confirmed(99), true),
            (confirmed(100), false),
            (conflict(5, Some(None)), true),
            (conflict(6, Some(None)), false),
            (conflict(5, Some(Some(PayoutTxNo(7)))), true),
            (conflict(6, Some(Some(PayoutTxNo(7)))), false),
            (conflict(500, None), true),
        ] {
            assert_eq!(facts.is_open(&live), open, "{facts:?}");
        }
        assert!(!ChainFacts::default().is_open(&record(Progress::Planned, true)));
    }

    #[test]
    fn six_blocks_are_final() {
        assert!(!ChainFacts::default().is_final());
        assert!(!confirmed(5).is_final());
        assert!(confirmed(6).is_final());
    }

    #[test]
    fn coins_are_freed_when_nothing_can_want_them_back() {
        let live = record(Progress::Broadcast, false);
        assert!(!confirmed(5).frees_coins(&live));
        assert!(confirmed(6).frees_coins(&live));
        assert!(!conflict(5, None).frees_coins(&live));
        assert!(conflict(6, None).frees_coins(&live));
        let cancelling = |depth| conflict(depth, Some(Some(PayoutTxNo(7))));
        assert!(!cancelling(5).frees_coins(&live));
        assert!(cancelling(6).frees_coins(&live));
        assert!(!conflict(5, Some(None)).frees_coins(&live));
        assert!(conflict(6, Some(None)).frees_coins(&live));
        for progress in PROGRESS {
            let frees = ChainFacts::default().frees_coins(&record(progress, true));
            assert_eq!(frees, progress == Progress::Planned, "{progress:?}");
        }
        assert!(!confirmed(99).is_settled(&live));
        assert!(confirmed(100).is_settled(&live));
        assert!(conflict(100, Some(None)).is_settled(&live));
        assert!(!conflict(100, None).is_settled(&live), "nobody paid it");
    }

    #[test]
    fn a_list_is_as_far_as_its_least_advanced_live_transaction() {
        use TransactionState::{Broadcast, Cancelled, Confirmed, Conflicted, Planned, Replaced};
        for (states, expected) in [
            (&[Confirmed, Broadcast, Confirmed][..], Broadcast),
            (&[Cancelled, Confirmed], Confirmed),
            (&[Cancelled, Replaced], Replaced),
            (&[Cancelled, Cancelled], Cancelled),
            (&[Confirmed, Conflicted], Conflicted),
            (&[], Planned),
        ] {
            assert_eq!(
                TransactionState::of_list(states.iter().copied()),
                expected,
                "{states:?}"
            );
        }
    }
}
