//! Making the transactions of a list impossible.
//!
//! One that was never handed over is simply dropped. Of any other somebody may hold a signed copy
//! for ever; only a confirmed transaction that spends its anchor makes it impossible. Such a
//! transaction, which pays the wallet itself, is planned here and goes the way of every other one:
//! export, sign, import, broadcast.

use bitcoin::{Amount, TxOut};
use cofferdam_core::wallet::Branch;

use crate::plan::FeeRate;
use crate::plan::weight::Shape;
use crate::store::payouts::{
    self, InputRecord, ListKind, ListNo, ListRecord, PayoutTxNo, Progress, TransactionRecord,
};
use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, Store};
use crate::{addresses, clock};

use super::PayoutError;
use super::document::ListDocument;
use super::draft::{self, unexpected};
use super::finding::{Findings, PlannedDocument};
use super::state::{ChainFacts, TransactionState};
use super::{fees, show};

/// What nodes ask of a replacement beyond the fee of what it replaces: 1 sat/vB of its own size
/// (BIP125, rule 4, at the highest default that is in use).
const INCREMENT: FeeRate = FeeRate::from_sat_per_kvb(1_000);

/// What the user decides about a cancelling.
#[derive(Clone, Debug, Default)]
pub(crate) struct CancelTerms {
    /// The least fee rate of the transactions that cancel; without one, a little above the list's.
    pub(crate) fee_rate: Option<FeeRate>,
    /// The highest fee rate that is not asked about; without one, what is usual.
    pub(crate) max_fee_rate: Option<FeeRate>,
    /// The codes of warnings that were accepted.
    pub(crate) accept: Vec<String>,
}

/// Cancels what can be cancelled of a list, and returns the list: those of its transactions that
/// were handed over stay `cancelling` until one of the list `cancelled_by` is six blocks deep.
///
/// Cancelling again changes nothing, unless the fee rate is higher than before, or the cancelling
/// list was itself cancelled: then another one is planned.
///
/// # Errors
///
/// Nothing of the list can be cancelled any more, its coins do not pay for a replacement, or a
/// warning is not accepted.
pub(crate) async fn cancel(
    store: &Store,
    id: &str,
    terms: &CancelTerms,
) -> Result<PlannedDocument, PayoutError> {
    let fee_rate = terms.fee_rate;
    let mut write = store.write().await?;
    let list = show::find(&mut write, id).await?;
    let records = payouts::transactions(&mut write, list.no).await?;
    let renews = renews(&mut write, &list, fee_rate).await?;
    let (mut states, mut handed_over) = (Vec::new(), Vec::new());
    for record in &records {
        let facts = ChainFacts::look_up(&mut write, record).await?;
        let state = facts.state(record);
        states.push(state);
        let in_pools = facts.in_pool || record.progress == Progress::Broadcast;
        match state {
            TransactionState::Planned => {
                payouts::note_cancelling(&mut write, record.no).await?;
                payouts::unlock(&mut write, record.no).await?;
            }
            TransactionState::Exported | TransactionState::Signed | TransactionState::Broadcast => {
                payouts::note_cancelling(&mut write, record.no).await?;
                handed_over.push((record, in_pools));
            }
            TransactionState::Cancelling if renews => handed_over.push((record, in_pools)),
            _ => {}
        }
    }
    let ends = |state: &TransactionState| {
        matches!(
            state,
            TransactionState::Confirmed | TransactionState::Conflicted
        )
    };
    let is_own_cancel = list.kind == ListKind::Cancel && !handed_over.is_empty();
    if states.iter().all(ends) || is_own_cancel {
        let state = TransactionState::of_list(states.into_iter());
        return Err(PayoutError::WrongState {
            list: list.id,
            state,
            action: "cancelling",
        });
    }
    let mut findings = Findings::default();
    if !handed_over.is_empty() {
        let wallet = wallets::by_no(&mut write, list.wallet_no).await?;
        let rate = fee_rate.unwrap_or(FeeRate::from_sat_per_kvb(list.sat_per_kvb));
        let replacements =
            store_replacements(&mut write, &list, &wallet, &handed_over, rate).await?;
        fees::check(&replacements, &[], rate, terms.max_fee_rate, &mut findings);
    }
    let findings = findings.accepted(&terms.accept)?;
    let list = ListDocument::load(&mut write, &list).await?;
    write.commit().await?;
    Ok(PlannedDocument { list, findings })
}

/// Whether transactions that are being cancelled need another cancelling list: the last one was
/// dropped, or is outbid.
async fn renews(
    db: &mut Connection,
    list: &ListRecord,
    fee_rate: Option<FeeRate>,
) -> Result<bool, PayoutError> {
    let Some(last) = payouts::cancel_list(db, list.no).await? else {
        return Ok(true);
    };
    let records = payouts::headers(db, last.no).await?;
    let was_dropped = records
        .iter()
        .all(|record| record.cancelling && record.progress == Progress::Planned);
    Ok(was_dropped || fee_rate.is_some_and(|rate| rate.sat_per_kvb() > last.sat_per_kvb))
}

async fn store_replacements(
    db: &mut Connection,
    list: &ListRecord,
    wallet: &WalletRecord,
    handed_over: &[(&TransactionRecord, bool)],
    rate: FeeRate,
) -> Result<Vec<TransactionRecord>, PayoutError> {
    let mut index = addresses::next(db, wallet, Branch::Change).await?;
    let mut transactions = Vec::with_capacity(handed_over.len());
    for ((record, in_pools), number) in handed_over.iter().zip(1..) {
        transactions.push(replacement(wallet, record, *in_pools, rate, index, number)?);
        addresses::note_used(db, wallet, Branch::Change, index).await?;
        index += 1;
    }
    let cancel = ListRecord {
        no: ListNo(0),
        id: draft::new_id(ListKind::Cancel)?,
        kind: ListKind::Cancel,
        wallet_no: list.wallet_no,
        created_at: clock::now(),
        format: None,
        file_sha256: None,
        sat_per_kvb: rate.sat_per_kvb(),
        max_weight: list.max_weight,
        seed: list.seed.clone(),
        pays_sha256: None,
        numbered: false,
    };
    // The coins stay reserved by the transactions that are cancelled.
    payouts::insert(db, &cancel, &transactions, &[], false).await?;
    Ok(transactions)
}

/// Makes the transaction that spends the anchor of `record` back to the wallet.
///
/// One that nodes may hold already is replaced with all its coins, for it takes more than its whole
/// fee (BIP125, rule 3). Otherwise the anchor is enough, at more than the original's fee rate.
fn replacement(
    wallet: &WalletRecord,
    record: &TransactionRecord,
    in_pools: bool,
    rate: FeeRate,
    index: u32,
    number: u32,
) -> Result<TransactionRecord, PayoutError> {
    let original = record.fee.to_sat() * 4_000 / record.weight.to_wu().max(1);
    let rate = rate.max(FeeRate::from_sat_per_kvb(
        original + INCREMENT.sat_per_kvb(),
    ));
    let kind = wallet.wallet.kind();
    let shape = Shape::new(kind, rate);
    let mut coins: Vec<InputRecord> = record.inputs.clone();
    coins.sort_by_key(|coin| {
        (
            coin.outpoint != record.anchor,
            std::cmp::Reverse(coin.amount),
        )
    });
    let least = if in_pools { coins.len() } else { 1 };
    for count in least..=coins.len() {
        let inputs = coins.get(..count).unwrap_or_default().to_vec();
        let weight = shape.weight(count, 1, bitcoin::Weight::ZERO, true);
        let own_fee = shape.fee(count, 0, bitcoin::Weight::ZERO, true);
        let fee = if in_pools {
            own_fee.max(record.fee + INCREMENT.fee(weight))
        } else {
            own_fee
        };
        let held = Amount::from_sat(super::document::total(
            inputs.iter().map(|input| input.amount),
        )?);
        let Some(amount) = held
            .checked_sub(fee)
            .filter(|amount| *amount >= kind.dust_limit())
        else {
            continue;
        };
        let script_pubkey = wallet.wallet.script_pubkey(Branch::Change, index);
        let script_pubkey = script_pubkey.map_err(|error| unexpected(&error.to_string()))?;
        let outputs = vec![TxOut {
            value: amount,
            script_pubkey,
        }];
        let unsigned = draft::unsigned(&inputs, outputs, record.unsigned.lock_time);
        return Ok(TransactionRecord {
            no: PayoutTxNo(0),
            number,
            txid: draft::final_txid(wallet, &unsigned),
            unsigned,
            signed: None,
            fee,
            weight,
            change: Some((amount, index)),
            anchor: record.anchor,
            progress: Progress::Planned,
            cancelling: false,
            cancels: Some(record.no),
            settled: false,
            receipt: None,
            inputs,
        });
    }
    Err(PayoutError::CancelTooDear {
        number: record.number,
    })
}
