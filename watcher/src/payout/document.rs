//! What is shown of a list: the document of `--json`, from which the text for people is made too.

use std::collections::HashMap;

use bitcoin::{Address, Amount};
use cofferdam_core::wallet::Branch;
use serde::Serialize;

use crate::store::payouts::{self, ListRecord, PaymentRecord, TransactionRecord};
use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, StoreError};

use super::PayoutError;
use super::draft::{self, Draft, unexpected};
use super::receipt::{self, ImportFinding};
use super::state::{ChainFacts, Conflict, TransactionState};

/// A list with its transactions and payments. Amounts are in satoshi.
#[derive(Clone, Debug, Serialize)]
pub struct ListDocument {
    /// What the list is called; null in a dry run.
    pub id: Option<String>,
    /// "payout", "split" or "cancel".
    pub kind: &'static str,
    /// The wallet that pays.
    pub wallet: String,
    /// The least advanced of its live transactions.
    pub state: TransactionState,
    /// Whether six blocks confirm each of its live transactions.
    pub r#final: bool,
    /// When it was stored, in RFC 3339; null in a dry run.
    pub created: Option<String>,
    /// The format of its file.
    pub format: Option<String>,
    /// SHA-256 of its file.
    pub file_sha256: Option<String>,
    /// The fee rate asked for.
    pub sat_per_kvb: u64,
    /// The weight that no transaction exceeds.
    pub max_weight: u64,
    /// The seed of the plan.
    pub seed: String,
    /// Sums over the list.
    pub totals: Totals,
    /// The list of the transactions that make this one's impossible.
    pub cancelled_by: Option<String>,
    /// Its transactions, in order.
    pub transactions: Vec<TransactionDocument>,
    /// Its payments, in the order of its file.
    pub payments: Vec<PaymentDocument>,
    /// What speaks against the receipts of its signatures, or that there is none.
    pub findings: Vec<ImportFinding>,
}

/// Sums over a list, in satoshi.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// The number of payments.
    pub count: u64,
    /// What they add up to.
    pub total_sat: u64,
    /// What the transactions pay to miners.
    pub fee_sat: u64,
    /// What comes back.
    pub change_sat: u64,
    /// What the coins hold.
    pub inputs_sat: u64,
}

/// A transaction.
#[derive(Clone, Debug, Serialize)]
pub struct TransactionDocument {
    /// Its place in the list, from 1.
    pub number: u32,
    /// Its state.
    pub state: TransactionState,
    /// Whether six blocks confirm it.
    pub r#final: bool,
    /// Its txid once signed; null as long as signatures can change it.
    pub txid: Option<String>,
    /// What it pays to miners.
    pub fee_sat: u64,
    /// The most it weighs once signed.
    pub weight: u64,
    /// The coin that it and all its replacements spend.
    pub anchor: String,
    /// What comes back.
    pub change_sat: Option<u64>,
    /// Where to.
    pub change_address: Option<String>,
    /// Its lock time.
    pub lock_time: u32,
    /// How many payments it makes.
    pub payments: u32,
    /// The coins it spends.
    pub inputs: Vec<InputDocument>,
    /// The height of its block.
    pub height: Option<u32>,
    /// How many blocks confirm it.
    pub confirmations: u32,
    /// The transaction in the best chain that makes it impossible.
    pub conflict: Option<String>,
    /// How many blocks confirm that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict_confirmations: Option<u32>,
    /// The coins that no block of the best chain has made any more, after a reorganisation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_inputs: Vec<MissingDocument>,
    /// The txid, without signatures, of the transaction that this one was made to cancel.
    pub cancels: Option<String>,
    /// What the receipt of its signatures was worth: "verified", "unverified" where the wallet has
    /// no receipt key, "earlier" before receipts were noted, or the code of a warning; null where
    /// none came.
    pub receipt: Option<String>,
}

/// A coin that a reorganisation took away.
#[derive(Clone, Debug, Serialize)]
pub struct MissingDocument {
    /// Which coin.
    pub outpoint: String,
    /// "pending" while the memory pool makes it, else "gone".
    pub state: &'static str,
}

/// A coin that is spent.
#[derive(Clone, Debug, Serialize)]
pub struct InputDocument {
    /// Which coin.
    pub outpoint: String,
    /// Its amount.
    pub amount_sat: u64,
}

/// A payment.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentDocument {
    /// What it is known by.
    pub payout_id: Option<String>,
    /// Where to.
    pub address: String,
    /// How much.
    pub amount_sat: u64,
    /// Whom.
    pub name: Option<String>,
    /// What for.
    pub reference: Option<String>,
    /// The place in the list of the transaction that makes it.
    pub transaction: u32,
    /// Its output there.
    pub output: u32,
    /// Its share of the fee.
    pub fee_share_sat: u64,
    /// The transaction's state.
    pub state: TransactionState,
    /// The transaction's txid.
    pub txid: Option<String>,
}

impl ListDocument {
    /// Makes the document of a plan that is not stored.
    pub(super) fn of_draft(draft: &Draft) -> Result<Self, PayoutError> {
        let facts = |record: &TransactionRecord| ChainFacts {
            txid: record.txid,
            ..ChainFacts::default()
        };
        let facts: Vec<ChainFacts> = draft.transactions.iter().map(facts).collect();
        let document = assemble(
            &draft.list,
            &draft.wallet,
            &draft.transactions,
            &facts,
            &draft.payments,
        )?;
        Ok(ListDocument {
            id: None,
            created: None,
            ..document
        })
    }

    /// Makes the document of a stored list, as of the last sync.
    pub(super) async fn load(db: &mut Connection, list: &ListRecord) -> Result<Self, PayoutError> {
        let wallet = wallets::by_no(db, list.wallet_no).await?;
        let transactions = payouts::transactions(db, list.no).await?;
        let mut facts = Vec::with_capacity(transactions.len());
        for record in &transactions {
            facts.push(ChainFacts::look_up(db, record).await?);
        }
        let payments = payouts::payments(db, list.no).await?;
        let mut document = assemble(list, &wallet, &transactions, &facts, &payments)?;
        for (shown, record) in document.transactions.iter_mut().zip(&transactions) {
            if let Some(no) = record.cancels {
                let cancelled = payouts::unsigned(db, no).await?;
                shown.cancels = Some(cancelled.compute_txid().to_string());
            }
        }
        // In the middle of a search, a coin is missing because its block was not searched again
        // yet.
        if draft::is_synced(db, &wallet).await? {
            for (shown, record) in document.transactions.iter_mut().zip(&transactions) {
                shown.missing_inputs = missing(db, record, shown.state).await?;
            }
        }
        let cancelled_by = payouts::cancel_list(db, list.no).await?.map(|list| list.id);
        Ok(ListDocument {
            cancelled_by,
            ..document
        })
    }
}

async fn missing(
    db: &mut Connection,
    record: &TransactionRecord,
    state: TransactionState,
) -> Result<Vec<MissingDocument>, PayoutError> {
    let waits = match state {
        TransactionState::Confirmed | TransactionState::Replaced | TransactionState::Cancelled => {
            false
        }
        TransactionState::Conflicted => false,
        TransactionState::Cancelling
        | TransactionState::Planned
        | TransactionState::Exported
        | TransactionState::Signed
        | TransactionState::Broadcast => true,
    };
    if !waits {
        return Ok(Vec::new());
    }
    let missing = payouts::missing_inputs(db, record.no).await?.into_iter();
    let shown = missing.map(|(outpoint, in_pool)| MissingDocument {
        outpoint: outpoint.to_string(),
        state: if in_pool { "pending" } else { "gone" },
    });
    Ok(shown.collect())
}

fn assemble(
    list: &ListRecord,
    wallet: &WalletRecord,
    records: &[TransactionRecord],
    facts: &[ChainFacts],
    payments: &[PaymentRecord],
) -> Result<ListDocument, PayoutError> {
    let mut transactions = Vec::with_capacity(records.len());
    for (record, facts) in records.iter().zip(facts) {
        let count = payments
            .iter()
            .filter(|payment| payment.transaction == record.number)
            .count();
        transactions.push(transaction(wallet, record, facts, count as u32)?);
    }
    let by_number: HashMap<u32, &TransactionDocument> = transactions
        .iter()
        .map(|transaction| (transaction.number, transaction))
        .collect();
    let payments = payments
        .iter()
        .map(|record| {
            let within = by_number.get(&record.transaction);
            let within = within.ok_or_else(|| unexpected("a payment without a transaction"))?;
            payment(wallet, record, within)
        })
        .collect::<Result<Vec<_>, PayoutError>>()?;
    let totals = Totals {
        count: payments.len() as u64,
        total_sat: total(
            payments
                .iter()
                .map(|payment| Amount::from_sat(payment.amount_sat)),
        )?,
        fee_sat: total(records.iter().map(|record| record.fee))?,
        change_sat: total(
            records
                .iter()
                .filter_map(|record| record.change)
                .map(|(amount, _)| amount),
        )?,
        inputs_sat: total(
            records
                .iter()
                .flat_map(|record| &record.inputs)
                .map(|input| input.amount),
        )?,
    };
    let mut live = transactions
        .iter()
        .filter(|transaction| transaction.state.is_live())
        .peekable();
    let is_final = live.peek().is_some() && live.all(|transaction| transaction.r#final);
    Ok(ListDocument {
        r#final: is_final,
        id: Some(list.id.clone()),
        kind: list.kind.name(),
        wallet: wallet.wallet.name().to_string(),
        state: TransactionState::of_list(transactions.iter().map(|transaction| transaction.state)),
        created: Some(rfc3339(list.created_at)),
        format: list.format.clone(),
        file_sha256: list
            .file_sha256
            .map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect()),
        sat_per_kvb: list.sat_per_kvb,
        max_weight: list.max_weight.to_wu(),
        seed: list.seed.clone(),
        totals,
        cancelled_by: None,
        transactions,
        payments,
        findings: records
            .iter()
            .zip(facts)
            .filter_map(|(record, facts)| receipt::standing(wallet, record, facts))
            .collect(),
    })
}

/// Adds amounts up, in satoshi; more than there is makes the ledger a damaged one.
pub(super) fn total(amounts: impl IntoIterator<Item = Amount>) -> Result<u64, StoreError> {
    amounts
        .into_iter()
        .try_fold(Amount::ZERO, |sum, amount| sum.checked_add(amount))
        .filter(|sum| *sum <= Amount::MAX_MONEY)
        .map(Amount::to_sat)
        .ok_or_else(|| StoreError::damaged("the amounts of a list come to more than there is"))
}

fn transaction(
    wallet: &WalletRecord,
    record: &TransactionRecord,
    facts: &ChainFacts,
    payments: u32,
) -> Result<TransactionDocument, PayoutError> {
    let change_address = record
        .change
        .map(|(_, index)| wallet.wallet.address(Branch::Change, index))
        .transpose()
        .map_err(|error| unexpected(&error.to_string()))?;
    Ok(TransactionDocument {
        number: record.number,
        state: facts.state(record),
        r#final: facts.is_final(),
        txid: facts.txid.map(|txid| txid.to_string()),
        fee_sat: record.fee.to_sat(),
        weight: record.weight.to_wu(),
        anchor: record.anchor.to_string(),
        change_sat: record.change.map(|(amount, _)| amount.to_sat()),
        change_address: change_address.map(|address| address.to_string()),
        lock_time: record.unsigned.lock_time.to_consensus_u32(),
        payments,
        inputs: record
            .inputs
            .iter()
            .map(|input| InputDocument {
                outpoint: input.outpoint.to_string(),
                amount_sat: input.amount.to_sat(),
            })
            .collect(),
        height: facts.height,
        confirmations: facts.confirmations(),
        cancels: None,
        conflict: facts.conflict.map(|Conflict { txid, .. }| txid.to_string()),
        receipt: record.receipt.clone(),
        conflict_confirmations: facts.conflict.map(|_| facts.conflict_confirmations()),
        missing_inputs: Vec::new(),
    })
}

fn payment(
    wallet: &WalletRecord,
    record: &PaymentRecord,
    within: &TransactionDocument,
) -> Result<PaymentDocument, PayoutError> {
    let network = wallet.wallet.network().to_bitcoin();
    let address = Address::from_script(&record.txout.script_pubkey, network)
        .map_err(|error| unexpected(&format!("a payment without an address: {error}")))?;
    Ok(PaymentDocument {
        payout_id: record.payout_id.clone(),
        address: address.to_string(),
        amount_sat: record.txout.value.to_sat(),
        name: record.name.clone(),
        reference: record.reference.clone(),
        transaction: record.transaction,
        output: record.output,
        fee_share_sat: record.fee_share.to_sat(),
        state: within.state,
        txid: within.txid.clone(),
    })
}

/// Formats seconds since 1970 as RFC 3339 in UTC.
pub(super) fn rfc3339(seconds: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| {
            time.format(&time::format_description::well_known::Rfc3339)
                .ok()
        })
        .unwrap_or_default()
}
