//! Showing lists.

use bitcoin::Txid;
use serde::Serialize;

use crate::store::payouts::{self, ListRecord};
use crate::store::{Connection, Store, wallets};

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

/// Returns all lists, or those of a wallet, oldest first.
pub async fn list(store: &Store, wallet: Option<&str>) -> Result<Vec<Summary>, PayoutError> {
    let mut view = store.read().await?;
    let wanted = match wallet {
        Some(name) => Some(crate::wallets::find(&mut view, name).await?.no),
        None => None,
    };
    let mut summaries = Vec::new();
    for list in payouts::all(&mut view).await? {
        if wanted.is_some_and(|wanted| wanted != list.wallet_no) {
            continue;
        }
        let records = payouts::headers(&mut view, list.no).await?;
        let mut states = Vec::with_capacity(records.len());
        for record in &records {
            states.push(ChainFacts::look_up(&mut view, record).await?.state(record));
        }
        let (count, total) = payouts::totals(&mut view, list.no).await?;
        summaries.push(Summary {
            id: list.id,
            kind: list.kind.name(),
            wallet: wallets::by_no(&mut view, list.wallet_no)
                .await?
                .wallet
                .name()
                .to_string(),
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
