//! A PSBT that spends a treasury's coins.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{Amount, ScriptBuf, Sequence, TxOut, WPubkeyHash};
use cofferdam_core::psbt::Version;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::wallet::Branch;

use crate::treasury::Treasury;
use crate::treasury::chance::Chance;
use crate::treasury::recount::Count;

/// Spends `inputs` of the coins that are left in one transaction, with their previous transactions, in `outputs` equal payments and no
/// change.
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
