//! A batch as an exchange pays it: 20 coins of the treasury, 200 payments and change.

use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, PublicKey, ScriptBuf, Sequence, TapSighashType,
    Transaction, TxIn, TxOut, Txid, Witness,
};
use cofferdam_core::keys::{AccountKey, Bip39Passphrase, MasterKey, Mnemonic};
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::psbt::{InputSignature, Limits, Parsed, SignatureKind, Version};
use cofferdam_core::seal::VaultId;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_core::{Network, ScriptType};
use cofferdam_testkit::frames::Random;
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::returned::{Return, VaultState};
use cofferdam_transport::{Kind, Payload};

const INPUTS: usize = 20;
const OUTPUTS: usize = 200;
/// Synthetic, and known to all.
const WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

/// What may cross the gap for one payout.
pub(crate) struct Batch {
    pub(crate) name: &'static str,
    /// PSBTs in binary, version 0.
    pub(crate) unsigned: Vec<u8>,
    pub(crate) signed: Vec<u8>,
    pub(crate) bundle: Payload,
    /// With a receipt.
    pub(crate) returned: Payload,
}

/// Makes the batch of a wallet of this type. Each coin comes from another payment of an exchange,
/// of 2 to 20 outputs.
pub(crate) fn batch(script_type: ScriptType) -> Batch {
    let mut random = Random::new(3);
    let master = Mnemonic::parse(WORDS, None)
        .map(|mnemonic| mnemonic.seed(&Bip39Passphrase::none()))
        .map(|seed| MasterKey::from_seed(&seed, Network::Regtest))
        .expect("words")
        .expect("a master key");
    let account = master.account(script_type, 0).expect("an account");
    let wallet = account
        .wallet(script_type, "main".parse().expect("a name"), None)
        .expect("a wallet");

    let template = template(&wallet, &mut random);
    let unsigned = parsed(&create(&template, &wallet, Version::V0).expect("a PSBT"));
    let signatures: Vec<_> = (0..INPUTS)
        .map(|input| signature(&account, &template, &unsigned, input, script_type))
        .collect();
    let signed = parsed(&unsigned.with_signatures(&signatures).expect("inputs"));

    let bundle = Bundle::of(wallet.id(), "po-1", &[unsigned.to_binary()]).expect("a bundle");
    assert!(bundle.psbts().expect("PSBTs") == [unsigned.to_binary()]);
    let state = VaultState {
        vault_id: VaultId([1; 16]),
        generation: 12,
        journal_count: 345,
        journal_head: noise(&mut random),
    };
    let receipt_key = master.receipt_key().expect("a receipt key");
    let returned = Return::of(wallet.id(), [(&unsigned, &signed)])
        .expect("a return")
        .with_receipt(state, None, |hash| receipt_key.sign(hash))
        .expect("a receipt");
    let [transaction] = returned.transactions() else {
        panic!("one transaction")
    };
    assert!(transaction.apply(&unsigned).expect("signatures") == signed.to_binary());
    Batch {
        name: match script_type {
            ScriptType::Taproot => "P2TR",
            _ => "P2WPKH",
        },
        unsigned: unsigned.to_binary(),
        signed: signed.to_binary(),
        bundle: Payload {
            kind: Kind::Bundle,
            bytes: bundle.to_bytes(),
        },
        returned: Payload {
            kind: Kind::Return,
            bytes: returned.to_bytes(),
        },
    }
}

fn parsed(psbt: &[u8]) -> Parsed {
    Parsed::parse(psbt, &Limits::DEFAULT).expect("a PSBT")
}

fn template(wallet: &Wallet, random: &mut Random) -> Template {
    let inputs = (0..INPUTS as u32).map(|index| {
        let own = wallet
            .script_pubkey(Branch::Receive, index)
            .expect("a script");
        let funding = Arc::new(exchange_payment(&own, random));
        let vout = funding
            .output
            .iter()
            .position(|output| output.script_pubkey == own)
            .expect("our output");
        TemplateInput {
            outpoint: OutPoint::new(funding.compute_txid(), vout as u32),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            utxo: funding.output[vout].clone(),
            previous_transaction: Some(funding),
            own: (Branch::Receive, index),
        }
    });
    let inputs = inputs.collect();
    let mut outputs: Vec<_> = (0..OUTPUTS)
        .map(|_| TemplateOutput {
            txout: payment(random),
            own: None,
        })
        .collect();
    outputs.push(TemplateOutput {
        txout: TxOut {
            value: Amount::from_sat(1_234_567),
            script_pubkey: wallet.script_pubkey(Branch::Change, 7).expect("a script"),
        },
        own: Some((Branch::Change, 7)),
    });
    Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs,
        outputs,
    }
}

/// One or two inputs with the witness of P2WPKH, 2 to 20 outputs, one of them ours.
fn exchange_payment(own: &ScriptBuf, random: &mut Random) -> Transaction {
    let mut output: Vec<_> = (0..1 + random.bits() % 19)
        .map(|_| payment(random))
        .collect();
    let place = random.bits() as usize % (output.len() + 1);
    let ours = TxOut {
        value: Amount::from_sat(10_000_000 + random.bits() % 100_000_000),
        script_pubkey: own.clone(),
    };
    output.insert(place, ours);
    let input = (0..1 + random.bits() % 2).map(|_| {
        let signature = noise::<64>(random);
        TxIn {
            previous_output: OutPoint::new(Txid::from_byte_array(noise(random)), 1),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::from_slice(&[
                [&[0x30; 7][..], &signature].concat(),
                [&[2][..], &noise::<32>(random)].concat(),
            ]),
        }
    });
    Transaction {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        input: input.collect(),
        output,
    }
}

/// To somebody: 6 of 10 to P2WPKH, 2 to P2TR, the others to P2SH and P2PKH.
fn payment(random: &mut Random) -> TxOut {
    let hash = noise::<20>(random);
    let script_pubkey = match random.bits() % 10 {
        0..6 => ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::from_byte_array(hash)),
        6 | 7 => ScriptBuf::from_bytes([&[0x51, 32][..], &noise::<32>(random)].concat()),
        8 => ScriptBuf::new_p2sh(&bitcoin::ScriptHash::from_byte_array(hash)),
        _ => ScriptBuf::new_p2pkh(&bitcoin::PubkeyHash::from_byte_array(hash)),
    };
    TxOut {
        value: Amount::from_sat(20_000 + random.bits() % 3_000_000),
        script_pubkey,
    }
}

fn noise<const N: usize>(random: &mut Random) -> [u8; N] {
    std::array::from_fn(|_| (random.bits() >> 32) as u8)
}

fn signature(
    account: &AccountKey,
    template: &Template,
    unsigned: &Parsed,
    input: usize,
    script_type: ScriptType,
) -> InputSignature {
    let coins: Vec<_> = template
        .inputs
        .iter()
        .map(|input| input.utxo.clone())
        .collect();
    let TemplateInput {
        utxo,
        own: (branch, index),
        ..
    } = &template.inputs[input];
    let mut cache = SighashCache::new(unsigned.unsigned_tx());
    let kind = match script_type {
        ScriptType::Taproot => {
            let hash = cache
                .taproot_key_spend_signature_hash(
                    input,
                    &Prevouts::All(&coins),
                    TapSighashType::Default,
                )
                .expect("a hash");
            let message = Message::from_digest(hash.to_byte_array());
            let signature = account
                .sign_taproot_key_spend(*branch, *index, &message, None)
                .expect("a signature");
            SignatureKind::TaprootKeySpend {
                signature: bitcoin::taproot::Signature {
                    signature,
                    sighash_type: TapSighashType::Default,
                },
            }
        }
        _ => {
            let hash = cache
                .p2wpkh_signature_hash(
                    input,
                    &utxo.script_pubkey,
                    utxo.value,
                    EcdsaSighashType::All,
                )
                .expect("a hash");
            let message = Message::from_digest(hash.to_byte_array());
            let (key, signature) = account
                .sign_ecdsa(*branch, *index, &message)
                .expect("a signature");
            SignatureKind::Ecdsa {
                public_key: PublicKey::new(key),
                signature: bitcoin::ecdsa::Signature {
                    signature,
                    sighash_type: EcdsaSighashType::All,
                },
            }
        }
    };
    InputSignature { input, kind }
}
