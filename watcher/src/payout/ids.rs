//! The rule that a `payout_id` is unique for ever.

use std::collections::{HashMap, HashSet};

use bitcoin::OutPoint;

use crate::csv::{PayoutId, PayoutList};
use crate::store::Connection;
use crate::store::payouts::{
    self, EarlierPayment, ListKind, ListNo, ListRecord, PaymentRecord, PayoutTxNo, Progress,
    TransactionRecord,
};

use super::PayoutError;
use super::draft::Draft;
use super::state::ChainFacts;

/// Refuses identifiers that were planned before.
///
/// One may be planned again only if it was never exported, here or anywhere that is seen, and is
/// cancelled, or in a transaction that spends the anchors of all the earlier ones: then at most one
/// of them can ever confirm.
pub(super) async fn refuse_known(db: &mut Connection, draft: &Draft) -> Result<(), PayoutError> {
    let within: HashMap<&str, u32> = draft
        .payments
        .iter()
        .filter_map(|payment| Some((payment.payout_id.as_deref()?, payment.transaction)))
        .collect();
    let spent: HashSet<(u32, OutPoint)> = draft
        .transactions
        .iter()
        .flat_map(|transaction| {
            transaction
                .inputs
                .iter()
                .map(|input| (transaction.number, input.outpoint))
        })
        .collect();
    let spends_anchor = |earlier: &EarlierPayment| {
        let number = within.get(earlier.payout_id.as_str());
        number.is_some_and(|number| spent.contains(&(*number, earlier.anchor)))
    };
    let ids: Vec<&str> = within.keys().copied().collect();
    let mut known = taken(db, &ids).await?;
    known.retain(|earlier| !spends_anchor(earlier));
    known.sort_by(|a, b| a.payout_id.cmp(&b.payout_id));
    match known.is_empty() {
        true => Ok(()),
        false => Err(PayoutError::KnownIds(known)),
    }
}

/// Returns the earlier payments under some identifiers, but for those that nobody can make:
/// cancelled before an export, and never seen.
async fn taken(db: &mut Connection, ids: &[&str]) -> Result<Vec<EarlierPayment>, PayoutError> {
    let mut taken = Vec::new();
    let mut void: HashMap<PayoutTxNo, bool> = HashMap::new();
    for earlier in payouts::earlier(db, ids).await? {
        let dropped = earlier.cancelling && earlier.progress == Progress::Planned;
        let is_void = match void.get(&earlier.transaction) {
            _ if !dropped => false,
            Some(known) => *known,
            None => {
                let record = payouts::by_tx_no(db, earlier.transaction).await?;
                let is_void = ChainFacts::look_up(db, &record).await?.is_void(&record);
                void.insert(earlier.transaction, is_void);
                is_void
            }
        };
        if !is_void {
            taken.push(earlier);
        }
    }
    Ok(taken)
}

/// Refuses to let a list leave when an earlier one has its identifiers: that one was cancelled when
/// this was planned, and was seen since.
pub(super) async fn refuse_claimed(
    db: &mut Connection,
    list: &ListRecord,
    records: &[TransactionRecord],
    payments: &[PaymentRecord],
) -> Result<(), PayoutError> {
    let within: HashMap<&str, u32> = payments
        .iter()
        .filter_map(|payment| Some((payment.payout_id.as_deref()?, payment.transaction)))
        .collect();
    let spends_anchor = |earlier: &EarlierPayment| {
        let number = within.get(earlier.payout_id.as_str());
        let record = records.iter().find(|record| Some(&record.number) == number);
        record.is_some_and(|record| {
            let mut inputs = record.inputs.iter();
            inputs.any(|input| input.outpoint == earlier.anchor)
        })
    };
    let ids: Vec<&str> = within.keys().copied().collect();
    let mut known = taken(db, &ids).await?;
    known.retain(|earlier| earlier.list_no < list.no && !spends_anchor(earlier));
    known.sort_by(|a, b| a.payout_id.cmp(&b.payout_id));
    match known.is_empty() {
        true => Ok(()),
        false => Err(PayoutError::ClaimedIds {
            list: list.id.clone(),
            known,
        }),
    }
}

/// Refuses a file of which a list was made before, and a list that pays what another one does,
/// however its file is written; unless all of that list was cancelled before it was exported.
/// `--again` overrides it.
pub(super) async fn refuse_same(
    db: &mut Connection,
    list: &PayoutList,
    numbered: bool,
) -> Result<(), PayoutError> {
    let sha256 = list.totals().file_sha256;
    if let Some(earlier) = same_file(db, &sha256).await?.into_iter().next() {
        return Err(PayoutError::SameFile { list: earlier.id });
    }
    match same_pays(db, list, numbered).await?.into_iter().next() {
        Some(earlier) => Err(PayoutError::SameList { list: earlier.id }),
        None => Ok(()),
    }
}

/// Returns the lists that a list repeats, by its file or by what it pays: whoever asks for it again
/// means these.
pub(super) async fn repeated(
    db: &mut Connection,
    list: &PayoutList,
    numbered: bool,
) -> Result<HashSet<String>, PayoutError> {
    let mut lists = same_file(db, &list.totals().file_sha256).await?;
    lists.append(&mut same_pays(db, list, numbered).await?);
    Ok(lists.into_iter().map(|list| list.id).collect())
}

async fn same_file(db: &mut Connection, sha256: &[u8; 32]) -> Result<Vec<ListRecord>, PayoutError> {
    let mut same = Vec::new();
    for list in payouts::by_file(db, sha256).await? {
        if list.kind == ListKind::Payout && !is_void(db, &list).await? {
            same.push(list);
        }
    }
    Ok(same)
}

/// Where both files name each payment, the names decide: paid under another one, a payment is owed
/// anew.
async fn same_pays(
    db: &mut Connection,
    list: &PayoutList,
    numbered: bool,
) -> Result<Vec<ListRecord>, PayoutError> {
    let mut same = Vec::new();
    let mut first: Option<HashSet<ListNo>> = None;
    for earlier in payouts::by_pays(db, &list.pays_sha256()).await? {
        if numbered && earlier.numbered {
            if first.is_none() {
                let id = list
                    .payments()
                    .first()
                    .and_then(|payment| payment.payout_id.as_ref());
                let ids: Vec<&str> = id.map(PayoutId::as_str).into_iter().collect();
                let known = payouts::earlier(db, &ids).await?;
                first = Some(known.into_iter().map(|earlier| earlier.list_no).collect());
            }
            if !first
                .as_ref()
                .is_some_and(|lists| lists.contains(&earlier.no))
            {
                continue;
            }
        }
        if earlier.kind == ListKind::Payout && !is_void(db, &earlier).await? {
            same.push(earlier);
        }
    }
    Ok(same)
}

/// Whether nobody can have a transaction of the list.
async fn is_void(db: &mut Connection, list: &ListRecord) -> Result<bool, PayoutError> {
    for record in payouts::headers(db, list.no).await? {
        if !ChainFacts::look_up(db, &record).await?.is_void(&record) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Refuses a list that could not be planned, and of which something was planned before: that holds
/// the coins.
pub(super) async fn refuse_planned(
    db: &mut Connection,
    list: &PayoutList,
) -> Result<(), PayoutError> {
    let ids: Vec<&str> = list
        .payments()
        .iter()
        .filter_map(|payment| payment.payout_id.as_ref())
        .map(PayoutId::as_str)
        .collect();
    let known = taken(db, &ids).await?;
    match known.is_empty() {
        true => Ok(()),
        false => Err(PayoutError::KnownIds(known)),
    }
}
