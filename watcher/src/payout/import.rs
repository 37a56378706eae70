//! Taking signed transactions back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bitcoin::Transaction;
use cofferdam_core::psbt::{Limits, Parsed};
use serde_json::{Value, json};

use crate::error::shown_path;
use crate::store::payouts::{self, PayoutTxNo, TransactionRecord};
use crate::store::{Store, wallets};

use super::PayoutError;
use super::document::ListDocument;
use super::state::{ChainFacts, TransactionState};
pub use super::verify::Reason;
use super::{export, files, show, verify};

/// The largest file that is read: a PSBT of 128 MiB in hexadecimal, and a newline.
const MAX_FILE_BYTES: u64 = (128 << 21) + 2;

/// A file that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", shown_path(file))]
pub struct Refusal {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub reason: Reason,
}

impl Refusal {
    pub(super) fn finding(&self) -> Value {
        json!({
            "code": self.reason.code(), "severity": "refusal", "where": self.file.display().to_string(),
            "expected": null, "found": null, "message": self.reason.to_string(),
        })
    }
}

/// Verifies signed PSBTs of a list and stores their signatures: all of them, or none.
///
/// The same file twice is no error: what is stored is kept.
///
/// # Errors
///
/// A file is no PSBT, or is refused: another transaction, a signature that is missing or does not verify against the coins
/// the ledger knows, signatures that differ from those stored before.
pub async fn import(store: &Store, id: &str, paths: &[PathBuf]) -> Result<ListDocument, PayoutError> {
    let mut parsed = Vec::new();
    for file in files::named(paths)? {
        let bytes = files::read(&file, MAX_FILE_BYTES)?;
        let psbt = Parsed::parse(&bytes, &Limits::default()).map_err(|error| PayoutError::NotAPsbt {
            file: file.clone(),
            reason: error.to_string(),
        })?;
        parsed.push((file, psbt));
    }
    let mut write = store.write().await?;
    let list = show::find(&mut write, id).await?;
    let wallet = wallets::by_no(&mut write, list.wallet_no).await?;
    let records = payouts::transactions(&mut write, list.no).await?;
    let mut states = BTreeMap::new();
    for record in &records {
        states.insert(
            record.no,
            ChainFacts::look_up(&mut write, record).await?.state(record),
        );
    }
    let (mut taken, mut refusals) = (BTreeMap::new(), Vec::new());
    for (file, psbt) in &parsed {
        let coins = |record: &TransactionRecord| export::spent_coins(&wallet, record);
        if let Err(reason) = take(psbt, &records, &states, coins, &mut taken)? {
            refusals.push(Refusal {
                file: file.clone(),
                reason,
            });
        }
    }
    if !refusals.is_empty() {
        return Err(PayoutError::Refused(refusals));
    }
    for (no, transaction) in &taken {
        payouts::note_signed(&mut write, *no, transaction).await?;
    }
    let document = ListDocument::load(&mut write, &list).await?;
    write.commit().await?;
    Ok(document)
}

/// Verifies one PSBT, and adds its transaction to those that are to be stored.
fn take(
    psbt: &Parsed,
    records: &[TransactionRecord],
    states: &BTreeMap<PayoutTxNo, TransactionState>,
    coins: impl Fn(&TransactionRecord) -> Result<Vec<bitcoin::TxOut>, PayoutError>,
    taken: &mut BTreeMap<PayoutTxNo, Transaction>,
) -> Result<Result<(), Reason>, PayoutError> {
    let record = match verify::matching(records, psbt.unsigned_tx()) {
        Ok(record) => record,
        Err(reason) => return Ok(Err(reason)),
    };
    let number = record.number;
    if let Some(state) = states.get(&record.no)
        && !takes_signatures(*state)
    {
        return Ok(Err(Reason::State {
            number,
            state: state.name(),
        }));
    }
    let transaction = match verify::signed(psbt, &coins(record)?) {
        Ok(transaction) => transaction,
        Err(reason) => return Ok(Err(reason)),
    };
    if record
        .signed
        .as_ref()
        .is_some_and(|stored| *stored != transaction)
    {
        return Ok(Err(Reason::OtherSignatures { number }));
    }
    match taken.insert(record.no, transaction.clone()) {
        Some(earlier) if earlier != transaction => Ok(Err(Reason::SignedTwice)),
        _ => Ok(Ok(())),
    }
}

fn takes_signatures(state: TransactionState) -> bool {
    matches!(
        state,
        TransactionState::Exported
            | TransactionState::Signed
            | TransactionState::Broadcast
            | TransactionState::Confirmed
    )
}
