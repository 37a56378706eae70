//! How much a bundle saves.

use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use cofferdam_core::Network;
use cofferdam_core::psbt::Version;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_transport::bundle::Bundle;

const DESCRIPTOR: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

/// A PSBT that spends `inputs` outputs of one transaction, which has `outputs` of them, of the
/// wallet.
fn consolidation(inputs: u32, outputs: u32) -> Vec<u8> {
    let name = "main".parse().unwrap();
    let wallet = Wallet::from_descriptor(DESCRIPTOR, name, Network::Regtest, None).unwrap();
    let script = |branch, index| wallet.script_pubkey(branch, index).unwrap();
    let batch = Arc::new(Transaction {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[vec![1; 72], vec![2; 33]]),
        }],
        output: (0..outputs)
            .map(|index| TxOut {
                value: Amount::from_sat(10_000 + u64::from(index)),
                script_pubkey: script(Branch::Receive, index),
            })
            .collect(),
    });
    let txid = batch.compute_txid();
    let template = Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs: (0..inputs)
            .map(|vout| TemplateInput {
                outpoint: OutPoint { txid, vout },
                sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
                previous_transaction: Some(Arc::clone(&batch)),
                utxo: batch.output[vout as usize].clone(),
                own: (Branch::Receive, vout),
            })
            .collect(),
        outputs: vec![TemplateOutput {
            txout: TxOut {
                value: Amount::from_sat(1_000_000),
                script_pubkey: script(Branch::Change, 0),
            },
            own: Some((Branch::Change, 0)),
        }],
    };
    create(&template, &wallet, Version::V0).unwrap()
}

#[test]
fn five_hundred_inputs_of_one_batch_shrink_to_tens_of_kilobytes() {
    for (outputs, most) in [(500, 70_000), (2_000, 117_000)] {
        let psbt = consolidation(500, outputs);
        let bundle = Bundle::of(super::fixture::wallet(), "po-1", &[&psbt]).unwrap();
        let bytes = bundle.to_bytes();
        println!(
            "500 inputs of one batch of {outputs} outputs: PSBT {} B, bundle {} B ({:.0} times less)",
            psbt.len(),
            bytes.len(),
            psbt.len() as f64 / bytes.len() as f64
        );
        assert!(bytes.len() <= most);
        assert!(bundle.psbts().unwrap() == [psbt]);
    }
}
