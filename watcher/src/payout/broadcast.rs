//! Sending signed transactions to the network.

use bitcoin::Transaction;

use crate::chain::{ChainError, Relay, TestAccept};
use crate::store::payouts::{self, ListRecord, TransactionRecord};
use crate::store::pool::{self, PoolCoin};
use crate::store::{Connection, Lease, LeaseName, Store, StoreError, scripts, wallets};

use super::PayoutError;
use super::document::ListDocument;
use super::state::{ChainFacts, TransactionState};
use super::{ids, show};

/// Sends the signed transactions of a list; a retry sends the same bytes.
///
/// The source is asked about all of them before the first is sent. Those in the best chain are left
/// alone.
///
/// # Errors
///
/// A live transaction is not signed yet; an earlier list has its identifiers; another process is
/// sending; the source refuses a transaction, or fails in the middle, which says how many it took.
pub async fn broadcast(
    store: &Store,
    source: &dyn Relay,
    id: &str,
) -> Result<ListDocument, PayoutError> {
    let lease = Lease::take(store, LeaseName::Broadcast).await?;
    let alive = lease.keep_alive(store);
    let result = send(store, source, id, &lease).await;
    drop(alive);
    let released = lease.release(store).await;
    let document = result?;
    released?;
    Ok(document)
}

async fn send(
    store: &Store,
    source: &dyn Relay,
    id: &str,
    lease: &Lease,
) -> Result<ListDocument, PayoutError> {
    let (list, pending) = pending(store, source, id).await?;
    for (record, transaction) in &pending {
        if let TestAccept::Rejected(reason) = source.test_accept(transaction).await? {
            return Err(PayoutError::WouldBeRejected {
                list: list.id,
                number: record.number,
                reason,
            });
        }
    }
    for (sent, (record, transaction)) in pending.iter().enumerate() {
        if let Err(source) = source.broadcast(transaction).await {
            return Err(match sent {
                0 => source.into(),
                sent => PayoutError::PartlySent {
                    sent,
                    of: pending.len(),
                    source,
                },
            });
        }
        let mut write = store.write_under(lease).await?;
        payouts::note_broadcast(&mut write, record.no).await?;
        note_in_pool(&mut write, transaction).await?;
        write.commit().await?;
    }
    let mut view = store.read().await?;
    ListDocument::load(&mut view, &list).await
}

/// Returns what is to be sent: the signed transactions that are not in the best chain.
async fn pending(
    store: &Store,
    source: &dyn Relay,
    id: &str,
) -> Result<(ListRecord, Vec<(TransactionRecord, Transaction)>), PayoutError> {
    let mut view = store.read().await?;
    let list = show::find(&mut view, id).await?;
    let expected = wallets::by_no(&mut view, list.wallet_no)
        .await?
        .wallet
        .network();
    let (mut pending, mut states) = (Vec::new(), Vec::new());
    let records = payouts::transactions(&mut view, list.no).await?;
    let payments = payouts::payments(&mut view, list.no).await?;
    ids::refuse_claimed(&mut view, &list, &records, &payments).await?;
    for record in records {
        let state = ChainFacts::look_up(&mut view, &record)
            .await?
            .state(&record);
        states.push(state);
        if let (TransactionState::Signed | TransactionState::Broadcast, Some(signed)) =
            (state, &record.signed)
        {
            let signed = signed.clone();
            pending.push((record, signed));
        }
    }
    drop(view);
    let state = TransactionState::of_list(states.iter().copied());
    let is_ready = |state: &TransactionState| {
        matches!(
            state,
            TransactionState::Signed | TransactionState::Broadcast | TransactionState::Confirmed
        )
    };
    let live: Vec<TransactionState> = states.into_iter().filter(|state| state.is_live()).collect();
    if live.is_empty() || !live.iter().all(is_ready) {
        return Err(PayoutError::WrongState {
            list: list.id,
            state,
            action: "sending",
        });
    }
    let found = source.network().await?;
    if found != expected {
        return Err(ChainError::OtherNetwork { expected, found }.into());
    }
    Ok((list, pending))
}

/// Notes what a sent transaction does to our coins, as a sync will find it in the memory pool.
async fn note_in_pool(db: &mut Connection, transaction: &Transaction) -> Result<(), StoreError> {
    let txid = transaction.compute_txid();
    let mut makes = Vec::new();
    for (output, vout) in transaction.output.iter().zip(0..) {
        if let Some(owner) = scripts::owner(db, &output.script_pubkey).await? {
            let outpoint = bitcoin::OutPoint { txid, vout };
            makes.push(PoolCoin {
                outpoint,
                owner,
                amount: output.value,
            });
        }
    }
    let spends: Vec<bitcoin::OutPoint> = transaction
        .input
        .iter()
        .map(|input| input.previous_output)
        .collect();
    pool::insert(db, txid, &makes, &spends).await
}
