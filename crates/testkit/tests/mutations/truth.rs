//! What is true of a transaction, known without asking the review: which coins there are, and which
//! scripts are the vault's.

use std::collections::HashMap;

use bitcoin::absolute::LockTime;
use bitcoin::consensus::{Decodable, deserialize};
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut};
use cofferdam_core::psbt::fields::{global, input, output};
use cofferdam_core::psbt::{RawPsbt, Version};
use cofferdam_core::review::{AmountProof, OutputClass, Reviewed};
use cofferdam_core::wallet::{Branch, WalletName};
use cofferdam_testkit::hostile::fixture::vault_wallets;
use cofferdam_testkit::hostile::{Case, Payout};

/// Indices of each branch that are derived beforehand.
const INDICES: u32 = 64;
/// Those beyond that cases claim coins and outputs at: ours all the same.
const FAR: [u32; 7] = [
    100,
    9_500,
    10_004,
    500_000_000,
    500_000_007,
    1_000_000_000,
    0x7fff_ffff,
];

/// The coins of all previous transactions of the corpus, and the vault's scripts.
pub(crate) struct Truth {
    coins: HashMap<OutPoint, TxOut>,
    own: HashMap<ScriptBuf, (WalletName, Branch, u32)>,
}

/// What a PSBT that would be signed without a refusal or a warning is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// Everything that is shown is true.
    True,
    /// As above, but an own output that is not declared is shown as a payment.
    Understated,
    /// A taproot coin is claimed to be another than it is, or is not known at all: the signature
    /// covers the claim, and is good for nothing else (BIP341).
    CoversAFalseClaim,
}

impl Truth {
    pub(crate) fn new(cases: &[(Case, Vec<RawPsbt>)], clean: &[Payout]) -> Self {
        let mut coins = HashMap::new();
        for (_, psbts) in cases {
            for map in psbts.iter().flat_map(|raw| &raw.inputs) {
                let previous = map.plain(input::NON_WITNESS_UTXO);
                let Some(Ok(transaction)) = previous.map(deserialize::<Transaction>) else {
                    continue;
                };
                add(&mut coins, &transaction);
            }
        }
        for coin in clean.iter().flat_map(|payout| &payout.coins) {
            add(&mut coins, &coin.previous());
        }
        let mut own = HashMap::new();
        for wallet in vault_wallets() {
            for branch in [Branch::Receive, Branch::Change] {
                for index in (0..INDICES).chain(FAR) {
                    let place = (wallet.name().clone(), branch, index);
                    own.insert(wallet.script_pubkey(branch, index).unwrap(), place);
                }
            }
        }
        Truth { coins, own }
    }

    /// Holds a review against the truth.
    pub(crate) fn judge(&self, reviewed: &Reviewed) -> Result<Worth, String> {
        let report = reviewed.report();
        let transaction = transaction(reviewed.parsed().version(), reviewed.parsed().raw());
        if report.unsigned_txid != transaction.compute_txid() {
            return Err("another txid".into());
        }
        let shown = (
            report.transaction_version,
            report.lock_time.value,
            report.replaceable,
        );
        let true_of_it = (
            transaction.version.0,
            transaction.lock_time.to_consensus_u32(),
            transaction
                .input
                .iter()
                .any(|input| input.sequence.is_rbf()),
        );
        if shown != true_of_it {
            return Err(format!(
                "version, lock time and replaceability are {true_of_it:?}, not {shown:?}"
            ));
        }
        let mut worth = Worth::True;
        let mut inputs = Amount::ZERO;
        let mut wallet = None;
        if reviewed.spends().len() != transaction.input.len() {
            return Err("not every input is proven to be ours".into());
        }
        for (spend, tx_in) in reviewed.spends().iter().zip(&transaction.input) {
            let claimed = TxOut {
                value: spend.amount,
                script_pubkey: spend.script_pubkey.clone(),
            };
            let known = self.coins.get(&tx_in.previous_output);
            if spend.outpoint != tx_in.previous_output {
                return Err(format!("input {} is another coin", spend.input));
            }
            if known != Some(&claimed) {
                if spend.proof != AmountProof::TaprootSighash {
                    return Err(format!(
                        "input {} is {known:?}, not {claimed:?}",
                        spend.input
                    ));
                }
                worth = worth.max(Worth::CoversAFalseClaim);
            }
            let (name, branch, index) = self
                .own
                .get(&claimed.script_pubkey)
                .ok_or("a foreign coin")?;
            if (*branch, *index) != (spend.branch, spend.index) {
                return Err(format!("input {} stands elsewhere", spend.input));
            }
            if *wallet.get_or_insert(name) != name {
                return Err("coins of two wallets".into());
            }
            inputs = inputs
                .checked_add(claimed.value)
                .ok_or("the sum of the inputs")?;
        }
        let mut outputs = Amount::ZERO;
        for (output, shown) in transaction.output.iter().zip(&report.outputs) {
            if shown.amount != output.value || shown.script != output.script_pubkey.to_hex_string()
            {
                return Err("an output is shown with another amount or script".into());
            }
            let own = self.own.get(&output.script_pubkey);
            let class = match own {
                Some((name, Branch::Change, _)) if Some(name) == wallet => OutputClass::Change,
                Some((name, Branch::Receive, _)) if Some(name) == wallet => {
                    OutputClass::SelfTransfer
                }
                _ => shown.class,
            };
            if matches!(shown.class, OutputClass::Change | OutputClass::SelfTransfer)
                && own.is_none()
            {
                return Err("a stranger's output is shown as ours".into());
            }
            if class != shown.class {
                if shown.class != OutputClass::Payment {
                    return Err(format!("{class:?} is shown as {:?}", shown.class));
                }
                worth = worth.max(Worth::Understated);
            }
            outputs = outputs
                .checked_add(output.value)
                .ok_or("the sum of the outputs")?;
        }
        let fee = inputs.checked_sub(outputs).ok_or("a negative fee")?;
        match report.fee {
            Some(shown)
                if shown.amount == fee && report.outputs.len() == transaction.output.len() =>
            {
                Ok(worth)
            }
            shown => Err(format!("the fee is {fee}, not {shown:?}")),
        }
    }
}

fn add(coins: &mut HashMap<OutPoint, TxOut>, transaction: &Transaction) {
    let txid = transaction.compute_txid();
    for (vout, output) in (0..).zip(&transaction.output) {
        coins.insert(OutPoint::new(txid, vout), output.clone());
    }
}

/// The transaction as rust-bitcoin reads it from version 0; of version 2 put together here. No case
/// asks for a lock time in an input's map.
fn transaction(version: Version, raw: &RawPsbt) -> Transaction {
    if version == Version::V0 {
        return deserialize(raw.global.plain(global::UNSIGNED_TX).unwrap()).unwrap();
    }
    fn read<T: Decodable>(value: Option<&[u8]>) -> Option<T> {
        value.map(|bytes| deserialize(bytes).unwrap())
    }
    let inputs = raw.inputs.iter().map(|map| TxIn {
        previous_output: OutPoint::new(
            read(map.plain(input::PREVIOUS_TXID)).unwrap(),
            read(map.plain(input::OUTPUT_INDEX)).unwrap(),
        ),
        sequence: read(map.plain(input::SEQUENCE)).unwrap_or(Sequence::MAX),
        ..TxIn::default()
    });
    let outputs = raw.outputs.iter().map(|map| TxOut {
        value: read(map.plain(output::AMOUNT)).unwrap(),
        script_pubkey: ScriptBuf::from_bytes(map.plain(output::SCRIPT).unwrap().to_vec()),
    });
    Transaction {
        version: read(raw.global.plain(global::TX_VERSION)).unwrap(),
        lock_time: read(raw.global.plain(global::FALLBACK_LOCKTIME)).unwrap_or(LockTime::ZERO),
        input: inputs.collect(),
        output: outputs.collect(),
    }
}
