//! Showing lists.

use std::collections::HashMap;

use bitcoin::Txid;
use serde::Serialize;

use crate::store::payouts::{self, ListRecord};
use crate::store::{Connection, Store, StoreError, blocks, wallets};

use super::PayoutError;
use super::document::{ListDocument, rfc3339};
use super::state::{ChainFacts, TransactionState};

/// One line of `payout list`. Amounts are in satoshi.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// What the list is called.
    pub id: String,
    /// "payout", "split" or "cancel".
    pub kind: &'static str,
    /// The wallet that pays.
    pub wallet: String,
    /// The least advanced of its live transactions.
    pub state: TransactionState,
    /// When it was stored, in RFC 3339.
    pub created: String,
    /// The number of payments.
    pub count: u32,
    /// What they add up to.
    pub total_sat: u64,
    /// What the transactions pay to miners.
    pub fee_sat: u64,
    /// The number of transactions.
    pub transactions: usize,
}

/// Returns the list of an id.
pub(super) async fn find(db: &mut Connection, id: &str) -> Result<ListRecord, PayoutError> {
    payouts::by_id(db, id)
        .await?
        .ok_or_else(|| PayoutError::UnknownList(id.chars().take(80).collect()))
}

/// Returns the id of the list that has one of these transactions, by the txids of what is to be
/// signed.
///
/// # Errors
///
/// None has; or what blocks can no longer change has.
pub async fn list_of(store: &Store, txids: &[Txid]) -> Result<String, PayoutError> {
    let mut view = store.read().await?;
    for record in payouts::open_transactions(&mut view).await? {
        if txids.contains(&record.unsigned.compute_txid()) {
            return Ok(payouts::list_of(&mut view, record.no).await?.id);
        }
    }
    Err(PayoutError::NoListFor {
        txid: txids.first().copied(),
    })
}

/// Returns the document of a list, as of the last sync.
pub async fn show(store: &Store, id: &str) -> Result<ListDocument, PayoutError> {
    let mut view = store.read().await?;
    let list = find(&mut view, id).await?;
    ListDocument::load(&mut view, &list).await
}

/// How many lists are looked at at once.
pub const PAGE: u32 = 500;

/// Returns the lists after the one that is named, oldest first and at most `limit`; those of a
/// wallet, or all. Its cost does not depend on how many lists there are.
pub async fn page(
    store: &Store,
    wallet: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Summary>, PayoutError> {
    let mut view = store.read().await?;
    let wanted = match wallet {
        Some(name) => Some(crate::wallets::find(&mut view, name).await?.no),
        None => None,
    };
    let after = match after {
        Some(id) => Some(find(&mut view, id).await?.no),
        None => None,
    };
    let tip = blocks::tip(&mut view).await?.map(|tip| tip.height);
    let names: HashMap<_, _> = wallets::all(&mut view)
        .await?
        .into_iter()
        .map(|record| (record.no, record.wallet.name().to_string()))
        .collect();
    let mut page = payouts::page(&mut view, wanted, after, limit).await?;
    let mut summaries = Vec::with_capacity(page.lists.len());
    for list in page.lists {
        let records = page.transactions.remove(&list.no).unwrap_or_default();
        let mut states = Vec::with_capacity(records.len());
        for record in &records {
            let seen = page.seen.remove(&record.no).unwrap_or_default();
            let facts = ChainFacts::of(&mut view, record, tip, &seen).await?;
            states.push(facts.state(record));
        }
        let (count, total) = page.totals.get(&list.no).copied().unwrap_or_default();
        let wallet = names
            .get(&list.wallet_no)
            .ok_or_else(|| StoreError::damaged("a list of no wallet"))?;
        summaries.push(Summary {
            id: list.id,
            kind: list.kind.name(),
            wallet: wallet.clone(),
            state: TransactionState::of_list(states.into_iter()),
            created: rfc3339(list.created_at),
            count,
            total_sat: total.to_sat(),
            fee_sat: super::document::total(records.iter().map(|record| record.fee))?,
            transactions: records.len(),
        });
    }
    Ok(summaries)
}
