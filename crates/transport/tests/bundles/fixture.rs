//! PSBTs that Bitcoin Core made and signed (`fixtures/core-signing`), and a forge for bytes that no
//! program of ours writes.

use bitcoin::Transaction;
use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::script::Instruction;
use cofferdam_core::psbt::{InputSignature, Limits, Parsed, SignatureKind};
use cofferdam_core::wallet::WalletId;
use minicbor::Encoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const FIXTURE: &str = include_str!("../../../../fixtures/core-signing/regtest.json");

/// The script types that we sign.
pub(crate) const SINGLE: [&str; 4] = ["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"];

pub(crate) fn wallet() -> WalletId {
    WalletId::from_bytes([1; 32])
}

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) psbts: [String; 2],
    pub(crate) signed: Transaction,
}

pub(crate) fn cases() -> Vec<Case> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let case = |case: &Value| Case {
        name: text(&case["name"]),
        psbts: ["psbt_v0", "psbt_v2"].map(|version| text(&case["unsigned"][version])),
        signed: deserialize_hex(case["signed_transaction"].as_str().unwrap()).unwrap(),
    };
    fixture["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(case)
        .collect()
}

pub(crate) fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

pub(crate) fn parse(psbt: impl AsRef<[u8]>) -> Parsed {
    Parsed::parse(psbt.as_ref(), &Limits::DEFAULT).unwrap()
}

/// Returns the PSBT in binary.
pub(crate) fn binary(psbt: impl AsRef<[u8]>) -> Vec<u8> {
    parse(psbt).to_binary()
}

/// Adds the signatures of a signed transaction of one key an input.
pub(crate) fn signed(unsigned: &Parsed, transaction: &Transaction) -> Parsed {
    let signatures: Vec<_> = transaction
        .input
        .iter()
        .enumerate()
        .map(|(input, tx_in)| {
            let pushed: Vec<Vec<u8>> = match tx_in.witness.is_empty() {
                false => tx_in.witness.iter().map(<[u8]>::to_vec).collect(),
                true => tx_in
                    .script_sig
                    .instructions()
                    .map(|instruction| match instruction.unwrap() {
                        Instruction::PushBytes(bytes) => bytes.as_bytes().to_vec(),
                        Instruction::Op(_) => panic!("only pushes"),
                    })
                    .collect(),
            };
            let kind = match &pushed[..] {
                [signature] => SignatureKind::TaprootKeySpend {
                    signature: bitcoin::taproot::Signature::from_slice(signature).unwrap(),
                },
                [signature, key] => SignatureKind::Ecdsa {
                    public_key: bitcoin::PublicKey::from_slice(key).unwrap(),
                    signature: bitcoin::ecdsa::Signature::from_slice(signature).unwrap(),
                },
                _ => panic!("one signature"),
            };
            InputSignature { input, kind }
        })
        .collect();
    parse(unsigned.with_signatures(&signatures).unwrap())
}

/// Writes the checksum anew, as somebody would who knows the format.
pub(crate) fn resealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes[..bytes.len() - 32].to_vec();
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// Writes a bundle of anything: previous transactions, and pairs of a hash and a lean PSBT.
pub(crate) fn forged_bundle(previous: &[&[u8]], psbts: &[([u8; 32], &[u8])]) -> Vec<u8> {
    sealed(7, "cofferdam/bundle", |encoder| {
        encoder.u8(2).unwrap().bytes(wallet().as_bytes()).unwrap();
        encoder.u8(3).unwrap().str("po-1").unwrap();
        encoder.u8(4).unwrap().array(previous.len() as u64).unwrap();
        for transaction in previous {
            encoder.bytes(transaction).unwrap();
        }
        encoder.u8(5).unwrap().array(psbts.len() as u64).unwrap();
        for (sha256, psbt) in psbts {
            encoder
                .array(2)
                .unwrap()
                .bytes(sha256)
                .unwrap()
                .bytes(psbt)
                .unwrap();
        }
    })
}

pub(crate) fn sealed(
    entries: u64,
    format: &str,
    write: impl FnOnce(&mut Encoder<Vec<u8>>),
) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder
        .map(entries)
        .unwrap()
        .u8(0)
        .unwrap()
        .str(format)
        .unwrap();
    encoder.u8(1).unwrap().u8(1).unwrap();
    write(&mut encoder);
    let mut bytes = encoder.into_writer();
    bytes.extend_from_slice(&[23, 0x58, 32]);
    bytes.extend_from_slice(&[0; 32]);
    resealed(&bytes)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
