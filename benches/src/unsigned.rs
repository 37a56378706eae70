//! PSBTs that spend the coins of a treasury, or new ones.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, WPubkeyHash};
use cofferdam_core::psbt::Version;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::wallet::{Branch, Wallet};

use crate::treasury::Treasury;
use crate::treasury::chance::Chance;
use crate::treasury::recount::Count;

/// Spends `inputs` of the coins that are left in one transaction, with their previous transactions,
/// in `outputs` equal payments and no change.
///
/// # Errors
/// Fails where there are not so many coins.
pub fn psbt(treasury: &Treasury, inputs: usize, outputs: u64) -> Result<Vec<u8>> {
    let mut places = HashMap::new();
    for (branch, scripts) in Branch::ALL.into_iter().zip(&treasury.scripts) {
        places.extend(
            scripts
                .iter()
                .zip(0..)
                .map(|(script, index)| (script, (branch, index))),
        );
    }
    let history: HashMap<_, _> = treasury
        .history
        .iter()
        .map(|(_, transaction)| (transaction.compute_txid(), transaction))
        .collect();
    let counted = Count::of(treasury);
    let coins = counted.coins.keys().take(inputs).map(|outpoint| {
        let previous = *history.get(&outpoint.txid).context("a transaction")?;
        let utxo = previous.tx_out(outpoint.vout as usize)?.clone();
        let own = *places.get(&utxo.script_pubkey).context("a script")?;
        Ok(TemplateInput {
            outpoint: *outpoint,
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            previous_transaction: Some(Arc::new(previous.clone())),
            utxo,
            own,
        })
    });
    let coins: Vec<TemplateInput> = coins.collect::<Result<_>>()?;
    anyhow::ensure!(coins.len() == inputs, "there are {} coins", coins.len());
    let held: u64 = coins.iter().map(|coin| coin.utxo.value.to_sat()).sum();
    let mut chance = Chance::new(9);
    let payments = (0..outputs).map(|_| {
        let mut hash = [0; 20];
        hash.copy_from_slice(&chance.bytes()[..20]);
        TemplateOutput {
            txout: TxOut {
                value: Amount::from_sat((held - 50_000) / outputs),
                script_pubkey: ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash)),
            },
            own: None,
        }
    });
    let template = Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs: coins,
        outputs: payments.collect(),
    };
    Ok(create(&template, &treasury.wallet, Version::V0)?)
}

/// How many of new coins one previous transaction made.
const COINS_EACH: usize = 50;

/// Spends `inputs` coins of 100,000 satoshis on the first receive addresses in one payment, fifty
/// of each previous transaction. Another `number` makes other coins and another payee.
///
/// # Errors
/// Fails where the wallet cannot derive.
pub fn of_new_coins(wallet: &Wallet, number: u32, inputs: u32) -> Result<Vec<u8>> {
    let scripts = wallet.scripts(Branch::Receive, 0..inputs)?;
    let mut coins = Vec::new();
    for (scripts, batch) in scripts.chunks(COINS_EACH).zip(0..) {
        let output = scripts.iter().map(|script_pubkey| TxOut {
            value: Amount::from_sat(100_000),
            script_pubkey: script_pubkey.clone(),
        });
        let funding = Arc::new(Transaction {
            version: TxVersion::TWO,
            lock_time: LockTime::from_consensus(batch),
            input: vec![TxIn {
                previous_output: OutPoint::new(Txid::from_byte_array([7; 32]), number),
                ..TxIn::default()
            }],
            output: output.collect(),
        });
        let txid = funding.compute_txid();
        for (utxo, vout) in funding.output.iter().zip(0..) {
            coins.push(TemplateInput {
                outpoint: OutPoint::new(txid, vout),
                sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
                previous_transaction: Some(Arc::clone(&funding)),
                utxo: utxo.clone(),
                own: (Branch::Receive, coins.len() as u32),
            });
        }
    }
    let payee = WPubkeyHash::hash(&number.to_be_bytes());
    let payment = TemplateOutput {
        txout: TxOut {
            value: Amount::from_sat(u64::from(inputs) * 99_600),
            script_pubkey: ScriptBuf::new_p2wpkh(&payee),
        },
        own: None,
    };
    let template = Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs: coins,
        outputs: vec![payment],
    };
    Ok(create(&template, wallet, Version::V0)?)
}
