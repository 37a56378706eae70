//! Taking signed transactions back: as signed PSBTs, or as returns.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use bitcoin::consensus::encode;
use bitcoin::{ScriptBuf, Transaction, Witness};
use cofferdam_core::psbt::fields::input as fields;
use cofferdam_core::psbt::{Limits, Parsed, PsbtError, RawKey, Version};
use cofferdam_core::sanitize::neutralised;
use cofferdam_transport::returned::{Return, ReturnError, looks_like_return};
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::payouts::{self, ListNo, PayoutTxNo, TransactionRecord};
use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, Store, receipts};

use super::PayoutError;
use super::document::ListDocument;
use super::draft::unexpected;
pub use super::receipt::Journals;
use super::receipt::{self, ReceiptDocument};
use super::state::{ChainFacts, TransactionState};
pub use super::verify::Reason;
use super::{export, show, verify};

/// The largest file that can hold anything: a PSBT of 128 MiB in hexadecimal, and a newline.
pub const MAX_FILE_BYTES: u64 = (128 << 21) + 2;

/// The longest transaction: no block holds more, in hexadecimal and with a newline.
const MAX_TRANSACTION_BYTES: usize = 8_000_002;

/// What came back from a signer.
#[derive(Clone, Debug)]
pub struct SignedFile {
    /// What it is called in errors and findings.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A file that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", neutralised(file))]
pub struct Refusal {
    /// The file's name.
    pub file: String,
    /// Why.
    pub reason: Reason,
}

impl Refusal {
    pub(super) fn finding(&self) -> Value {
        json!({
            "code": self.reason.code(), "severity": "refusal", "where": self.file,
            "expected": null, "found": null, "message": self.reason.to_string(),
        })
    }
}

/// A list after an import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportDocument {
    /// The list.
    #[serde(flatten)]
    pub list: ListDocument,
    /// The receipts that came with returns; none when there was no return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<Vec<ReceiptDocument>>,
}

/// What a file holds.
enum Incoming {
    Psbt(Parsed),
    Return(Return),
    /// A transaction that another signer finished.
    Transaction(Box<Transaction>),
}

/// Verifies signed PSBTs, finished transactions and returns of a list and stores their signatures:
/// all of them, or none.
///
/// The same file twice is no error: what is stored is kept.
///
/// # Errors
///
/// A file is no PSBT, or is refused: another transaction, a signature that is missing or does not
/// verify against the coins the ledger knows, signatures that differ from those stored before.
///
/// `journals` says what to make of a receipt whose journal is another one than before.
pub async fn import(
    store: &Store,
    id: &str,
    files: Vec<SignedFile>,
    journals: Journals,
) -> Result<ImportDocument, PayoutError> {
    let mut incoming = Vec::with_capacity(files.len());
    for SignedFile { name, bytes } in files {
        let parsed = parse(&name, &bytes)?;
        incoming.push((name, parsed));
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
    for (file, incoming) in &incoming {
        let signed = match incoming {
            Incoming::Psbt(psbt) => Ok(vec![Cow::Borrowed(psbt)]),
            Incoming::Return(returned) => {
                unfold(&mut write, list.no, &wallet, &records, returned).await?
            }
            Incoming::Transaction(finished) => {
                take_apart(&mut write, list.no, &wallet, &records, finished).await?
            }
        };
        let coins = |record: &TransactionRecord| export::spent_coins(&wallet, record);
        let result = match signed {
            Ok(signed) => take_all(&signed, &records, &states, coins, &mut taken)?,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = result {
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
    if wallet.wallet.receipt_key().is_none() {
        for no in taken.keys() {
            payouts::note_receipt(&mut write, *no, payouts::UNVERIFIED).await?;
        }
    }
    let (mut receipts, mut findings) = (None, Vec::new());
    let asked = receipts::asked(&mut write, list.no)
        .await?
        .unwrap_or_default();
    for (file, incoming) in &incoming {
        if let Incoming::Return(returned) = incoming {
            let file = neutralised(file);
            let told =
                receipt::remember(&mut write, &wallet, returned, &asked, journals, file).await?;
            for record in &records {
                let txid = record.unsigned.compute_txid();
                if returned
                    .transactions()
                    .iter()
                    .any(|part| part.txid() == txid)
                {
                    payouts::note_receipt(&mut write, record.no, told.worth).await?;
                }
            }
            receipts.get_or_insert_with(Vec::new).extend(told.receipt);
            findings.extend(told.findings);
        }
    }
    let mut list = ListDocument::load(&mut write, &list).await?;
    write.commit().await?;
    // What was told just now says more than what stands of it from now on.
    list.findings
        .retain(|standing| findings.iter().all(|told| told.code != standing.code));
    findings.append(&mut list.findings);
    list.findings = findings;
    Ok(ImportDocument { list, receipts })
}

fn parse(file: &str, bytes: &[u8]) -> Result<Incoming, PayoutError> {
    if looks_like_return(bytes) {
        return match Return::parse(bytes) {
            Ok(returned) => Ok(Incoming::Return(returned)),
            Err(reason) => Err(PayoutError::NotAReturn {
                file: file.into(),
                reason,
            }),
        };
    }
    match Parsed::parse(bytes, &Limits::default()) {
        Ok(psbt) => Ok(Incoming::Psbt(psbt)),
        Err(PsbtError::NotAPsbt) if let Some(finished) = transaction(bytes) => {
            Ok(Incoming::Transaction(Box::new(finished)))
        }
        Err(error) => Err(PayoutError::NotAPsbt {
            file: file.into(),
            reason: error.to_string(),
        }),
    }
}

/// Reads a whole transaction in consensus encoding, in binary or in hexadecimal.
pub fn transaction(bytes: &[u8]) -> Option<Transaction> {
    if bytes.len() > MAX_TRANSACTION_BYTES {
        return None;
    }
    if let Ok(transaction) = encode::deserialize(bytes) {
        return Some(transaction);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    encode::deserialize_hex(text.trim()).ok()
}

/// Makes the signed PSBT of a transaction that another signer finished: what an export gives, with
/// its scripts. Whether they are right is verified like those of any PSBT.
async fn take_apart(
    db: &mut Connection,
    list: ListNo,
    wallet: &WalletRecord,
    records: &[TransactionRecord],
    finished: &Transaction,
) -> Result<Result<Vec<Cow<'static, Parsed>>, Reason>, PayoutError> {
    let record = match verify::matching(records, &without_signatures(finished)) {
        Ok(record) => record,
        Err(reason) => return Ok(Err(reason)),
    };
    let payments = payouts::payments(db, list).await?;
    let unsigned = export::psbt(
        db,
        wallet,
        record,
        &payments,
        &mut HashMap::new(),
        Version::V0,
    )
    .await?;
    let mut raw = own(&unsigned)?.raw().clone();
    for (map, input) in raw.inputs.iter_mut().zip(&finished.input) {
        if !input.script_sig.is_empty() {
            map.set(
                RawKey::plain(fields::FINAL_SCRIPT_SIG),
                input.script_sig.to_bytes(),
            );
        }
        if !input.witness.is_empty() {
            map.set(
                RawKey::plain(fields::FINAL_SCRIPT_WITNESS),
                encode::serialize(&input.witness),
            );
        }
    }
    Ok(Ok(vec![Cow::Owned(own(&raw.to_bytes())?)]))
}

/// Returns the transaction as it was before it was signed.
pub fn without_signatures(finished: &Transaction) -> Transaction {
    let mut unsigned = finished.clone();
    for input in &mut unsigned.input {
        input.script_sig = ScriptBuf::new();
        input.witness = Witness::new();
    }
    unsigned
}

/// Makes the signed PSBTs of a return, of the unsigned ones that an export of the list gives. The
/// PSBT version is not told: the signed PSBT's hash is that of one of the two.
async fn unfold(
    db: &mut Connection,
    list: ListNo,
    wallet: &WalletRecord,
    records: &[TransactionRecord],
    returned: &Return,
) -> Result<Result<Vec<Cow<'static, Parsed>>, Reason>, PayoutError> {
    let (expected, found) = (wallet.wallet.id(), returned.wallet_id());
    if expected != found {
        return Ok(Err(Reason::OtherWallet { expected, found }));
    }
    if let Err(reason) = receipt::check(wallet, returned) {
        return Ok(Err(reason));
    }
    let payments = payouts::payments(db, list).await?;
    let (mut kept, mut signed) = (HashMap::new(), Vec::new());
    for part in returned.transactions() {
        let txid = part.txid();
        let Some(record) = records
            .iter()
            .find(|record| record.unsigned.compute_txid() == txid)
        else {
            return Ok(Err(Reason::Foreign { txid }));
        };
        let mut applied = Err(ReturnError::NotAsSigned(txid));
        for version in [Version::V0, Version::V2] {
            if !matches!(applied, Err(ReturnError::NotAsSigned(_))) {
                break;
            }
            let unsigned = export::psbt(db, wallet, record, &payments, &mut kept, version).await?;
            applied = part.apply(&own(&unsigned)?);
        }
        match applied {
            Ok(psbt) => signed.push(Cow::Owned(own(&psbt)?)),
            Err(error) => return Ok(Err(error.into())),
        }
    }
    Ok(Ok(signed))
}

/// Parses a PSBT that was made here.
fn own(psbt: &[u8]) -> Result<Parsed, PayoutError> {
    Parsed::parse(psbt, &Limits::default()).map_err(|error| unexpected(&error.to_string()))
}

/// Verifies the PSBTs of one file, and adds their transactions to those that are to be stored.
fn take_all(
    psbts: &[Cow<'_, Parsed>],
    records: &[TransactionRecord],
    states: &BTreeMap<PayoutTxNo, TransactionState>,
    coins: impl Fn(&TransactionRecord) -> Result<Vec<bitcoin::TxOut>, PayoutError>,
    taken: &mut BTreeMap<PayoutTxNo, Transaction>,
) -> Result<Result<(), Reason>, PayoutError> {
    for psbt in psbts {
        if let Err(reason) = take(psbt, records, states, &coins, taken)? {
            return Ok(Err(reason));
        }
    }
    Ok(Ok(()))
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
