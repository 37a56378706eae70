//! A plan with its addresses and coins, before it is stored.

use std::collections::HashMap;

use bitcoin::{Amount, OutPoint, Transaction, TxIn, TxOut, Weight};
use cofferdam_core::wallet::Branch;

use crate::plan::{self, FeeRate, Output, Payee, PlannedTransaction, Seed};
use crate::store::facts::{self, Fact};
use crate::store::payouts::{
    InputRecord, ListKind, ListNo, ListRecord, PaymentRecord, PayoutTxNo, Progress,
    TransactionRecord,
};
use crate::store::wallets::WalletRecord;
use crate::store::{Connection, blocks, coins};
use crate::{addresses, clock, wallets};

use super::error::PlanFailure;
use super::finding::Findings;
use super::{PayoutError, fees};

/// What the user decides about a plan.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The wallet that pays.
    pub(crate) wallet: String,
    /// The fee rate.
    pub(crate) fee_rate: FeeRate,
    /// The weight that no transaction exceeds.
    pub(crate) max_weight: Weight,
    /// How many blocks must confirm a coin.
    pub(crate) confirmations: u32,
    /// The seed.
    pub(crate) seed: Seed,
    /// The highest fee rate that is not asked about; without one, what is usual.
    pub(crate) max_fee_rate: Option<FeeRate>,
    /// The codes of warnings that were accepted.
    pub(crate) accept: Vec<String>,
}

/// A payment that is to be planned.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) payout_id: Option<String>,
    pub(super) txout: TxOut,
    pub(super) name: Option<String>,
    pub(super) reference: Option<String>,
    /// The index on the receive branch, of a payment to the wallet itself.
    pub(super) own_index: Option<u32>,
}

/// The file that a list was read from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) format: &'static str,
    pub(super) sha256: [u8; 32],
    pub(super) pays_sha256: [u8; 32],
    pub(super) numbered: bool,
}

/// A list that is planned and not stored.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) list: ListRecord,
    pub(super) wallet: WalletRecord,
    pub(super) transactions: Vec<TransactionRecord>,
    pub(super) payments: Vec<PaymentRecord>,
    /// The highest index of the receive branch that it pays to.
    pub(super) highest_receive: Option<u32>,
    /// The highest index of the change branch that it pays to.
    pub(super) highest_change: Option<u32>,
}

/// Returns the wallet of a name, which must have been searched to the end of the last sync.
pub(super) async fn synced_wallet(
    db: &mut Connection,
    name: &str,
) -> Result<WalletRecord, PayoutError> {
    let record = wallets::find(db, name).await?;
    match is_synced(db, &record).await? {
        true => Ok(record),
        false => Err(PayoutError::NotSynced {
            wallet: name.into(),
        }),
    }
}

/// Returns whether a wallet was searched to the end of the last sync.
pub(super) async fn is_synced(
    db: &mut Connection,
    record: &WalletRecord,
) -> Result<bool, PayoutError> {
    let tip = blocks::tip(db).await?.map(|tip| tip.height);
    // A sync that was killed may leave coins that later blocks, not searched yet, have spent.
    let synced = facts::get(db, Fact::SyncedHeight)
        .await?
        .and_then(|height| height.parse::<u32>().ok());
    let places = (record.next_height, synced, tip);
    Ok(matches!(places, (Some(next), Some(synced), Some(tip)) if next > tip && tip >= synced))
}

/// Plans payments with the wallet's spendable coins. Nothing is reserved or stored.
pub(super) async fn draft(
    db: &mut Connection,
    wallet: WalletRecord,
    kind: ListKind,
    wanted: Vec<Wanted>,
    source: Option<Source>,
    terms: &Terms,
) -> Result<Draft, PayoutError> {
    let spendable = coins::spendable(db, wallet.no, terms.confirmations).await?;
    let pool: Vec<plan::Coin> = spendable
        .iter()
        .map(|coin| plan::Coin {
            outpoint: coin.outpoint,
            amount: coin.amount,
        })
        .collect();
    let payees: Vec<Payee> = wanted
        .iter()
        .map(|wanted| Payee {
            script_pubkey: wanted.txout.script_pubkey.clone(),
            amount: wanted.txout.value,
        })
        .collect();
    let plan_terms = plan::Terms {
        kind: wallet.wallet.kind(),
        fee_rate: terms.fee_rate,
        max_weight: terms.max_weight,
        tip: blocks::tip(db).await?.map(|tip| tip.height),
    };
    let planned =
        plan::plan(&pool, &payees, &plan_terms, &terms.seed).map_err(|error| PlanFailure {
            error,
            wallet: terms.wallet.clone(),
            names: wanted
                .iter()
                .zip(1..)
                .map(|(wanted, number)| called(wanted, number))
                .collect(),
        })?;
    let highest_receive = wanted.iter().filter_map(|wanted| wanted.own_index).max();
    let mut change_index = addresses::next(db, &wallet, Branch::Change).await?;
    let mut draft = Draft {
        list: ListRecord {
            no: ListNo(0),
            id: new_id(kind)?,
            kind,
            wallet_no: wallet.no,
            created_at: clock::now(),
            format: source.as_ref().map(|source| source.format.into()),
            file_sha256: source.as_ref().map(|source| source.sha256),
            sat_per_kvb: terms.fee_rate.sat_per_kvb(),
            max_weight: terms.max_weight,
            seed: terms.seed.to_string(),
            numbered: source.as_ref().is_some_and(|source| source.numbered),
            pays_sha256: source.map(|source| source.pays_sha256),
        },
        wallet,
        transactions: Vec::with_capacity(planned.len()),
        payments: wanted.into_iter().map(unplaced).collect(),
        highest_receive,
        highest_change: None,
    };
    let known: HashMap<OutPoint, &coins::Coin> =
        spendable.iter().map(|coin| (coin.outpoint, coin)).collect();
    for (planned, number) in planned.into_iter().zip(1..) {
        draft.add(planned, number, &mut change_index, &known)?;
    }
    Ok(draft)
}

impl Draft {
    /// Adds what is out of the ordinary about its fees.
    pub(super) fn check_fees(&self, terms: &Terms, findings: &mut Findings) {
        fees::check(
            &self.transactions,
            &self.payments,
            terms.fee_rate,
            terms.max_fee_rate,
            findings,
        );
    }

    fn add(
        &mut self,
        planned: PlannedTransaction,
        number: u32,
        next_change: &mut u32,
        known: &HashMap<OutPoint, &coins::Coin>,
    ) -> Result<(), PayoutError> {
        let change = planned.change.map(|amount| (amount, *next_change));
        let mut outputs = Vec::with_capacity(planned.outputs.len());
        let mut paid = Vec::new();
        for output in &planned.outputs {
            match (output, change) {
                (Output::Payment(index), _) => {
                    let payment = self
                        .payments
                        .get_mut(*index)
                        .ok_or_else(|| unexpected("a payment is missing"))?;
                    payment.transaction = number;
                    payment.output = outputs.len() as u32;
                    outputs.push(payment.txout.clone());
                    paid.push((*index, plan::weight::output(&payment.txout.script_pubkey)));
                }
                (Output::Change, Some((amount, index))) => {
                    let script = self.wallet.wallet.script_pubkey(Branch::Change, index);
                    let script_pubkey = script.map_err(|error| unexpected(&error.to_string()))?;
                    outputs.push(TxOut {
                        value: amount,
                        script_pubkey,
                    });
                    self.highest_change = Some(index);
                    *next_change = index + 1;
                }
                (Output::Change, None) => return Err(unexpected("change without an amount")),
            }
        }
        paid.sort_unstable_by_key(|(index, _)| *index);
        let weights: Vec<Weight> = paid.iter().map(|(_, weight)| *weight).collect();
        for ((index, _), share) in paid.iter().zip(plan::share_fee(planned.fee, &weights)) {
            if let Some(payment) = self.payments.get_mut(*index) {
                payment.fee_share = share;
            }
        }
        let inputs = planned
            .coins
            .iter()
            .map(|coin| {
                let coin = known
                    .get(&coin.outpoint)
                    .ok_or_else(|| unexpected("a coin is missing"))?;
                Ok(InputRecord {
                    outpoint: coin.outpoint,
                    amount: coin.amount,
                    branch: coin.branch,
                    index: coin.index,
                })
            })
            .collect::<Result<Vec<_>, PayoutError>>()?;
        let unsigned = unsigned(&inputs, outputs, planned.lock_time);
        self.transactions.push(TransactionRecord {
            no: PayoutTxNo(0),
            number,
            txid: final_txid(&self.wallet, &unsigned),
            unsigned,
            signed: None,
            fee: planned.fee,
            weight: planned.weight,
            change,
            anchor: planned.anchor,
            progress: Progress::Planned,
            cancelling: false,
            cancels: None,
            settled: false,
            receipt: None,
            inputs,
        });
        Ok(())
    }
}

/// Makes the transaction that is to be signed.
pub(super) fn unsigned(
    inputs: &[InputRecord],
    output: Vec<TxOut>,
    lock_time: bitcoin::absolute::LockTime,
) -> Transaction {
    Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time,
        input: inputs
            .iter()
            .map(|input| TxIn {
                previous_output: input.outpoint,
                sequence: plan::SEQUENCE,
                ..TxIn::default()
            })
            .collect(),
        output,
    }
}

/// Returns the txid that the signed transaction will have, where signatures are no part of it.
pub(super) fn final_txid(wallet: &WalletRecord, unsigned: &Transaction) -> Option<bitcoin::Txid> {
    let is_foreseen = wallet.wallet.kind().has_foreseen_txid();
    is_foreseen.then(|| unsigned.compute_txid())
}

fn unplaced(wanted: Wanted) -> PaymentRecord {
    PaymentRecord {
        payout_id: wanted.payout_id,
        txout: wanted.txout,
        name: wanted.name,
        reference: wanted.reference,
        own_index: wanted.own_index,
        transaction: 0,
        output: 0,
        fee_share: Amount::ZERO,
    }
}

/// What messages call a payment: its identifier, else its number in the list.
fn called(wanted: &Wanted, number: u32) -> String {
    wanted
        .payout_id
        .clone()
        .unwrap_or_else(|| format!("payment {number}"))
}

/// Draws an id: the kind's letters and 40 random bits.
pub(super) fn new_id(kind: ListKind) -> Result<String, PayoutError> {
    let mut random = [0u8; 5];
    getrandom::fill(&mut random)
        .map_err(|error| unexpected(&format!("no random numbers: {error}")))?;
    let prefix = match kind {
        ListKind::Payout => "po",
        ListKind::Split => "sp",
        ListKind::Cancel => "ca",
    };
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}-{digits}"))
}

/// Draws a seed from the kernel.
pub(crate) fn new_seed() -> Result<Seed, PayoutError> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random)
        .map_err(|error| unexpected(&format!("no random numbers: {error}")))?;
    Ok(Seed::from_bytes(random))
}

pub(super) fn unexpected(what: &str) -> PayoutError {
    PayoutError::Unexpected(what.into())
}
