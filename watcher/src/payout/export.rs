//! Handing a list's transactions over to the signer.

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::{Transaction, TxOut, Txid};
use cofferdam_core::psbt::Version;
use cofferdam_core::psbt::build::{self, Template, TemplateInput, TemplateOutput};
use cofferdam_core::wallet::Branch;
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::journals::{MAX_SEEN, SeenJournal};
use cofferdam_transport::psbt_file;

use crate::plan;
use crate::store::payouts::{self, ListNo, PaymentRecord, TransactionRecord};
use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, Store, previous, receipts};

use super::PayoutError;
use super::draft::unexpected;
use super::state::{ChainFacts, TransactionState};
use super::{ids, show};

/// How transactions are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A PSBT each, for any signer.
    Psbt,
    /// One bundle, for ours.
    Bundle,
}

/// What is to be handed over, with the names of the files.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The list.
    pub id: String,
    /// Its state once this is handed over.
    pub state: TransactionState,
    /// Name and bytes of each file: the PSBTs in the order of the transactions, or the one bundle.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Hands a list over: an unsigned PSBT for each live transaction, in binary, or one bundle of them;
/// the same ones each time. Returns what `prepare` made of them.
///
/// The ledger notes the export once they are prepared and before anything of it can leave: a file
/// that exists is never taken for one that was not handed over.
///
/// # Errors
///
/// The list is confirmed, or cancelled, or being cancelled; an earlier list has its identifiers; or
/// those of `prepare`.
pub async fn export<T, E: From<PayoutError>>(
    store: &Store,
    id: &str,
    version: Version,
    format: Format,
    prepare: impl FnOnce(Contents) -> Result<T, E>,
) -> Result<T, E> {
    let mut write = store.write().await.map_err(PayoutError::from)?;
    let (list, contents) = gather(&mut write, id, version, format).await?;
    let prepared = prepare(contents)?;
    payouts::note_exported(&mut write, list)
        .await
        .map_err(PayoutError::from)?;
    write.commit().await.map_err(PayoutError::from)?;
    Ok(prepared)
}

async fn gather(
    db: &mut Connection,
    id: &str,
    version: Version,
    format: Format,
) -> Result<(ListNo, Contents), PayoutError> {
    let list = show::find(db, id).await?;
    let wallet = wallets::by_no(db, list.wallet_no).await?;
    let payments = payouts::payments(db, list.no).await?;
    let records = payouts::transactions(db, list.no).await?;
    ids::refuse_claimed(db, &list, &records, &payments).await?;
    let mut kept = HashMap::new();
    let mut files = Vec::new();
    let mut states = Vec::new();
    for record in &records {
        let state = ChainFacts::look_up(db, record).await?.state(record);
        states.push(state);
        if !is_exportable(state) {
            continue;
        }
        let psbt = psbt(db, &wallet, record, &payments, &mut kept, version).await?;
        let name = psbt_file::numbered_name(id, record.number as usize, records.len());
        files.push((name, psbt));
    }
    if files.is_empty() {
        let state = TransactionState::of_list(states.into_iter());
        return Err(PayoutError::WrongState {
            list: list.id,
            state,
            action: "an export",
        });
    }
    if format == Format::Bundle {
        let psbts: Vec<Vec<u8>> = files.into_iter().map(|(_, psbt)| psbt).collect();
        let asked = asked(db, list.no, &wallet).await?;
        let bundle = Bundle::of(wallet.wallet.id(), id, &psbts)?.asking(asked);
        files = vec![(format!("{id}.bundle"), bundle.to_bytes())];
    }
    let exported = states.into_iter().map(|state| match state {
        TransactionState::Planned => TransactionState::Exported,
        state => state,
    });
    let contents = Contents {
        id: list.id,
        state: TransactionState::of_list(exported.collect::<Vec<_>>().into_iter()),
        files,
    };
    Ok((list.no, contents))
}

/// Returns what the bundles of a list ask the signer of its journal: what was known at the first
/// one, so that each is the same.
async fn asked(
    db: &mut Connection,
    list: ListNo,
    wallet: &WalletRecord,
) -> Result<Vec<SeenJournal>, PayoutError> {
    if let Some(asked) = receipts::asked(db, list).await? {
        return Ok(asked);
    }
    let mut asked = receipts::heads(db, wallet.no).await?;
    asked.sort_by_key(|head| std::cmp::Reverse(head.count));
    asked.truncate(MAX_SEEN);
    receipts::note_asked(db, list, &asked).await?;
    Ok(asked)
}

fn is_exportable(state: TransactionState) -> bool {
    matches!(
        state,
        TransactionState::Planned
            | TransactionState::Exported
            | TransactionState::Signed
            | TransactionState::Broadcast
    )
}

/// Makes the PSBT of a transaction, with whatever the signer needs to prove amounts and change.
pub(super) async fn psbt(
    db: &mut Connection,
    wallet: &WalletRecord,
    record: &TransactionRecord,
    payments: &[PaymentRecord],
    kept: &mut HashMap<Txid, Arc<Transaction>>,
    version: Version,
) -> Result<Vec<u8>, PayoutError> {
    let mut inputs = Vec::with_capacity(record.inputs.len());
    for (input, utxo) in record.inputs.iter().zip(spent_coins(wallet, record)?) {
        let txid = input.outpoint.txid;
        let previous_transaction = match kept.get(&txid) {
            _ if wallet.wallet.kind().commits_to_amounts() => None,
            Some(transaction) => Some(transaction.clone()),
            None => {
                let found = previous::get(db, txid)
                    .await?
                    .ok_or(PayoutError::PreviousMissing(txid))?;
                let found = Arc::new(found);
                kept.insert(txid, found.clone());
                Some(found)
            }
        };
        inputs.push(TemplateInput {
            outpoint: input.outpoint,
            sequence: plan::SEQUENCE,
            previous_transaction,
            utxo,
            own: (input.branch, input.index),
        });
    }
    let own = own_outputs(record, payments);
    let outputs = record.unsigned.output.iter().zip(own);
    let template = Template {
        version: record.unsigned.version,
        lock_time: record.unsigned.lock_time,
        inputs,
        outputs: outputs
            .map(|(txout, own)| TemplateOutput {
                txout: txout.clone(),
                own,
            })
            .collect(),
    };
    if template.unsigned_tx() != record.unsigned {
        return Err(unexpected(
            "the PSBT would hold another transaction than the ledger",
        ));
    }
    build::create(&template, &wallet.wallet, version)
        .map_err(|error| unexpected(&error.to_string()))
}

/// Returns the coins that a transaction spends, in order, as the ledger knows them.
pub(super) fn spent_coins(
    wallet: &WalletRecord,
    record: &TransactionRecord,
) -> Result<Vec<TxOut>, PayoutError> {
    let coin = |input: &payouts::InputRecord| {
        let script = wallet.wallet.script_pubkey(input.branch, input.index);
        let script_pubkey = script.map_err(|error| unexpected(&error.to_string()))?;
        Ok(TxOut {
            value: input.amount,
            script_pubkey,
        })
    };
    record.inputs.iter().map(coin).collect()
}

/// Returns where each output stands in the wallet, if it is the wallet's. What is no payment is
/// change.
fn own_outputs(
    record: &TransactionRecord,
    payments: &[PaymentRecord],
) -> Vec<Option<(Branch, u32)>> {
    let change = record.change.map(|(_, index)| (Branch::Change, index));
    let mut own = vec![change; record.unsigned.output.len()];
    for payment in payments
        .iter()
        .filter(|payment| payment.transaction == record.number)
    {
        if let Some(slot) = own.get_mut(payment.output as usize) {
            *slot = payment.own_index.map(|index| (Branch::Receive, index));
        }
    }
    own
}
