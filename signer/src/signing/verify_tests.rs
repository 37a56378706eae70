//! Signatures of all types by several threads, and what this machine may do wrong on the way.

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid,
    WPubkeyHash, Witness,
};
use cofferdam_core::ScriptType;
use cofferdam_core::keys::SignError;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::psbt::{InputSignature, Limits, Parsed, SignatureKind, Version, finalize};
use cofferdam_core::wallet::{Branch, Wallet};

use super::sign::{Signed, SigningError, SigningWallet};
use super::tests::{body_of, consent, examined_by, master, wallet_of};
use super::verify::verify;
use super::{consented, permit, sign};
use crate::protocol::{Blob, PsbtFile};

/// Several shares for each of several threads.
const INPUTS: u32 = 40;
const COIN: Amount = Amount::from_sat(1_000_000);

fn previous(wallet: &Wallet, index: u32) -> Transaction {
    let output = TxOut {
        value: COIN,
        script_pubkey: wallet.script_pubkey(Branch::Receive, index).unwrap(),
    };
    Transaction {
        version: TxVersion::TWO,
        lock_time: LockTime::from_consensus(index),
        input: vec![TxIn {
            previous_output: OutPoint::new(Txid::from_byte_array([1; 32]), 0),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ZERO,
            witness: Witness::new(),
        }],
        output: vec![output],
    }
}

fn unsigned(wallet: &Wallet) -> Vec<u8> {
    let input = |index| {
        let previous = previous(wallet, index);
        TemplateInput {
            outpoint: OutPoint::new(previous.compute_txid(), 0),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            utxo: previous.output[0].clone(),
            previous_transaction: Some(Arc::new(previous)),
            own: (Branch::Receive, index),
        }
    };
    let payment = TxOut {
        value: COIN * 30,
        script_pubkey: ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([7; 20])),
    };
    let change = TxOut {
        value: COIN * 10 - Amount::from_sat(40_000),
        script_pubkey: wallet.script_pubkey(Branch::Change, 0).unwrap(),
    };
    let template = Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs: (0..INPUTS).map(input).collect(),
        outputs: vec![
            TemplateOutput {
                txout: payment,
                own: None,
            },
            TemplateOutput {
                txout: change,
                own: Some((Branch::Change, 0)),
            },
        ],
    };
    create(&template, wallet, Version::V0).unwrap()
}

fn coins(wallet: &Wallet) -> Vec<TxOut> {
    (0..INPUTS)
        .map(|index| previous(wallet, index).output.remove(0))
        .collect()
}

/// Signs with the key of an account, which ought to be the wallet's.
fn sign_by(account: u32, wallet: &Wallet, psbt: &[u8]) -> Result<Vec<Signed>, SigningError> {
    let script_type = wallet.single().unwrap().script_type();
    let files = [PsbtFile {
        path: "a.psbt".into(),
        bytes: Blob(psbt.to_vec()),
    }];
    let examined = examined_by(&files, &body_of(&[(script_type, 0)]), &[], &[], None);
    let review = examined.review().review;
    let approved = consented(permit(examined).ok().unwrap(), &consent(review, &[]), &[])
        .ok()
        .unwrap();
    let key = master().account(script_type, account).unwrap();
    sign(
        approved,
        &HashMap::from([(wallet.id(), SigningWallet { wallet, key })]),
    )
}

fn signed(wallet: &Wallet, psbt: &[u8]) -> Parsed {
    let signed = sign_by(0, wallet, psbt).unwrap();
    assert_eq!(signed[0].signatures, INPUTS as usize);
    Parsed::parse(&signed[0].psbt, &Limits::DEFAULT).unwrap()
}

fn signatures(parsed: &Parsed) -> Vec<InputSignature> {
    let inputs = parsed.inputs().iter().enumerate();
    inputs
        .map(|(input, fields)| InputSignature {
            input,
            kind: match &fields.tap_key_signature {
                Some(bytes) => SignatureKind::TaprootKeySpend {
                    signature: bitcoin::taproot::Signature::from_slice(bytes).unwrap(),
                },
                None => SignatureKind::Ecdsa {
                    public_key: fields.partial_signatures[0].public_key,
                    signature: bitcoin::ecdsa::Signature::from_slice(
                        &fields.partial_signatures[0].bytes,
                    )
                    .unwrap(),
                },
            },
        })
        .collect()
}

fn all_types() -> impl Iterator<Item = Wallet> {
    ScriptType::ALL
        .into_iter()
        .map(|script_type| wallet_of(script_type, 0))
}

#[test]
fn many_inputs_of_every_type_are_signed_by_several_threads() {
    for wallet in all_types() {
        let psbt = unsigned(&wallet);
        let parsed = signed(&wallet, &psbt);
        finalize(&parsed, &coins(&wallet)).unwrap();
        // Whichever thread was quicker.
        assert_eq!(signatures(&signed(&wallet, &psbt)), signatures(&parsed));
    }
}

/// As when this machine computes a key wrongly: its signatures are valid, and spend nothing.
#[test]
fn signatures_by_another_key_than_the_coins_do_not_leave() {
    for wallet in all_types() {
        let signed = sign_by(1, &wallet, &unsigned(&wallet));
        assert!(matches!(
            signed,
            Err(SigningError::Sign(SignError::Unverified))
        ));
    }
}

/// Whatever was computed wrongly while signing, its signature is none of what was reviewed.
#[test]
fn signatures_of_anything_else_are_found() {
    for wallet in all_types() {
        let parsed = signed(&wallet, &unsigned(&wallet));
        let coins = coins(&wallet);
        let transaction = parsed.unsigned_tx();
        let right = signatures(&parsed);
        verify(transaction, &coins, &right).unwrap();

        // A bit of the transaction flipped while it was hashed.
        let mut other = transaction.clone();
        other.output[0].value += Amount::ONE_SAT;
        verify(&other, &coins, &right).unwrap_err();
        let mut other = transaction.clone();
        other.input[31].sequence = Sequence::MAX;
        verify(&other, &coins, &right).unwrap_err();
        // Or of a coin; legacy hashes cover its script alone.
        if wallet.single().unwrap().script_type() != ScriptType::Legacy {
            let mut other = coins.clone();
            other[39].value += Amount::ONE_SAT;
            verify(transaction, &other, &right).unwrap_err();
        }
        // A key of another index: valid, and of no use.
        let mut wrong = right.clone();
        wrong[8].kind = right[9].kind.clone();
        verify(transaction, &coins, &wrong).unwrap_err();
        let mut foreign = coins.clone();
        foreign[17].script_pubkey = wallet.script_pubkey(Branch::Receive, 1_000).unwrap();
        verify(transaction, &foreign, &right).unwrap_err();
        // Another sighash type.
        let mut wrong = right.clone();
        match &mut wrong[0].kind {
            SignatureKind::Ecdsa { signature, .. } => {
                signature.sighash_type = EcdsaSighashType::None
            }
            SignatureKind::TaprootKeySpend { signature } => {
                signature.sighash_type = bitcoin::TapSighashType::None;
            }
        }
        verify(transaction, &coins, &wrong).unwrap_err();
    }
}
