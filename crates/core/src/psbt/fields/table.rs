//! The known fields, one a row.

use super::form::{Key, Value};
use super::types::{global, input, output};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum In {
    Both,
    V0Only,
    V2Only,
    V2Needs,
}

pub(super) struct Field(
    pub(super) u64,
    pub(super) &'static str,
    pub(super) Key,
    pub(super) Value,
    pub(super) In,
);

#[rustfmt::skip]
pub(super) const GLOBAL: &[Field] = &[
    // The transaction itself is read where it is used: it must not have the form with witnesses.
    Field(global::UNSIGNED_TX, "PSBT_GLOBAL_UNSIGNED_TX", Key::Empty, Value::Any, In::V0Only),
    Field(global::XPUB, "PSBT_GLOBAL_XPUB", Key::Xpub, Value::KeySource, In::Both),
    Field(global::TX_VERSION, "PSBT_GLOBAL_TX_VERSION", Key::Empty, Value::Bytes(4), In::V2Needs),
    Field(global::FALLBACK_LOCKTIME, "PSBT_GLOBAL_FALLBACK_LOCKTIME", Key::Empty, Value::Bytes(4), In::V2Only),
    Field(global::INPUT_COUNT, "PSBT_GLOBAL_INPUT_COUNT", Key::Empty, Value::Any, In::V2Needs),
    Field(global::OUTPUT_COUNT, "PSBT_GLOBAL_OUTPUT_COUNT", Key::Empty, Value::Any, In::V2Needs),
    Field(global::TX_MODIFIABLE, "PSBT_GLOBAL_TX_MODIFIABLE", Key::Empty, Value::Bytes(1), In::V2Only),
    Field(global::SP_ECDH_SHARE, "PSBT_GLOBAL_SP_ECDH_SHARE", Key::Compressed, Value::Bytes(33), In::V2Only),
    Field(global::SP_DLEQ, "PSBT_GLOBAL_SP_DLEQ", Key::Compressed, Value::Bytes(64), In::V2Only),
    Field(global::VERSION, "PSBT_GLOBAL_VERSION", Key::Empty, Value::Bytes(4), In::Both),
    Field(global::PROPRIETARY, "PSBT_GLOBAL_PROPRIETARY", Key::Proprietary, Value::Any, In::Both),
];

#[rustfmt::skip]
pub(super) const INPUT: &[Field] = &[
    Field(input::NON_WITNESS_UTXO, "PSBT_IN_NON_WITNESS_UTXO", Key::Empty, Value::Transaction, In::Both),
    Field(input::WITNESS_UTXO, "PSBT_IN_WITNESS_UTXO", Key::Empty, Value::TxOut, In::Both),
    Field(input::PARTIAL_SIG, "PSBT_IN_PARTIAL_SIG", Key::FullOrCompressed, Value::Length(1, 73), In::Both),
    Field(input::SIGHASH_TYPE, "PSBT_IN_SIGHASH_TYPE", Key::Empty, Value::Bytes(4), In::Both),
    Field(input::REDEEM_SCRIPT, "PSBT_IN_REDEEM_SCRIPT", Key::Empty, Value::Any, In::Both),
    Field(input::WITNESS_SCRIPT, "PSBT_IN_WITNESS_SCRIPT", Key::Empty, Value::Any, In::Both),
    Field(input::BIP32_DERIVATION, "PSBT_IN_BIP32_DERIVATION", Key::FullOrCompressed, Value::KeySource, In::Both),
    Field(input::FINAL_SCRIPT_SIG, "PSBT_IN_FINAL_SCRIPTSIG", Key::Empty, Value::Any, In::Both),
    Field(input::FINAL_SCRIPT_WITNESS, "PSBT_IN_FINAL_SCRIPTWITNESS", Key::Empty, Value::Witness, In::Both),
    Field(input::POR_COMMITMENT, "PSBT_IN_POR_COMMITMENT", Key::Empty, Value::Any, In::Both),
    Field(input::RIPEMD160, "PSBT_IN_RIPEMD160", Key::Bytes(20), Value::Any, In::Both),
    Field(input::SHA256, "PSBT_IN_SHA256", Key::Bytes(32), Value::Any, In::Both),
    Field(input::HASH160, "PSBT_IN_HASH160", Key::Bytes(20), Value::Any, In::Both),
    Field(input::HASH256, "PSBT_IN_HASH256", Key::Bytes(32), Value::Any, In::Both),
    Field(input::PREVIOUS_TXID, "PSBT_IN_PREVIOUS_TXID", Key::Empty, Value::Bytes(32), In::V2Needs),
    Field(input::OUTPUT_INDEX, "PSBT_IN_OUTPUT_INDEX", Key::Empty, Value::Bytes(4), In::V2Needs),
    Field(input::SEQUENCE, "PSBT_IN_SEQUENCE", Key::Empty, Value::Bytes(4), In::V2Only),
    Field(input::REQUIRED_TIME_LOCKTIME, "PSBT_IN_REQUIRED_TIME_LOCKTIME", Key::Empty, Value::TimeLock, In::V2Only),
    Field(input::REQUIRED_HEIGHT_LOCKTIME, "PSBT_IN_REQUIRED_HEIGHT_LOCKTIME", Key::Empty, Value::HeightLock, In::V2Only),
    Field(input::TAP_KEY_SIG, "PSBT_IN_TAP_KEY_SIG", Key::Empty, Value::Length(64, 65), In::Both),
    Field(input::TAP_SCRIPT_SIG, "PSBT_IN_TAP_SCRIPT_SIG", Key::XOnlyAndLeaf, Value::Length(64, 65), In::Both),
    Field(input::TAP_LEAF_SCRIPT, "PSBT_IN_TAP_LEAF_SCRIPT", Key::ControlBlock, Value::Leaf, In::Both),
    Field(input::TAP_BIP32_DERIVATION, "PSBT_IN_TAP_BIP32_DERIVATION", Key::XOnly, Value::TapKeySource, In::Both),
    Field(input::TAP_INTERNAL_KEY, "PSBT_IN_TAP_INTERNAL_KEY", Key::Empty, Value::XOnly, In::Both),
    Field(input::TAP_MERKLE_ROOT, "PSBT_IN_TAP_MERKLE_ROOT", Key::Empty, Value::Bytes(32), In::Both),
    Field(input::MUSIG2_PARTICIPANTS, "PSBT_IN_MUSIG2_PARTICIPANT_PUBKEYS", Key::Compressed, Value::CompressedKeys, In::Both),
    Field(input::MUSIG2_PUB_NONCE, "PSBT_IN_MUSIG2_PUB_NONCE", Key::MuSig2, Value::Bytes(66), In::Both),
    Field(input::MUSIG2_PARTIAL_SIG, "PSBT_IN_MUSIG2_PARTIAL_SIG", Key::MuSig2, Value::Bytes(32), In::Both),
    Field(input::SP_ECDH_SHARE, "PSBT_IN_SP_ECDH_SHARE", Key::Compressed, Value::Bytes(33), In::V2Only),
    Field(input::SP_DLEQ, "PSBT_IN_SP_DLEQ", Key::Compressed, Value::Bytes(64), In::V2Only),
    Field(input::PROPRIETARY, "PSBT_IN_PROPRIETARY", Key::Proprietary, Value::Any, In::Both),
];

#[rustfmt::skip]
pub(super) const OUTPUT: &[Field] = &[
    Field(output::REDEEM_SCRIPT, "PSBT_OUT_REDEEM_SCRIPT", Key::Empty, Value::Any, In::Both),
    Field(output::WITNESS_SCRIPT, "PSBT_OUT_WITNESS_SCRIPT", Key::Empty, Value::Any, In::Both),
    Field(output::BIP32_DERIVATION, "PSBT_OUT_BIP32_DERIVATION", Key::FullOrCompressed, Value::KeySource, In::Both),
    Field(output::AMOUNT, "PSBT_OUT_AMOUNT", Key::Empty, Value::Bytes(8), In::V2Needs),
    Field(output::SCRIPT, "PSBT_OUT_SCRIPT", Key::Empty, Value::Any, In::V2Needs),
    Field(output::TAP_INTERNAL_KEY, "PSBT_OUT_TAP_INTERNAL_KEY", Key::Empty, Value::XOnly, In::Both),
    Field(output::TAP_TREE, "PSBT_OUT_TAP_TREE", Key::Empty, Value::TapTree, In::Both),
    Field(output::TAP_BIP32_DERIVATION, "PSBT_OUT_TAP_BIP32_DERIVATION", Key::XOnly, Value::TapKeySource, In::Both),
    Field(output::MUSIG2_PARTICIPANTS, "PSBT_OUT_MUSIG2_PARTICIPANT_PUBKEYS", Key::Compressed, Value::CompressedKeys, In::Both),
    Field(output::SP_V0_INFO, "PSBT_OUT_SP_V0_INFO", Key::Empty, Value::Bytes(66), In::V2Only),
    Field(output::SP_V0_LABEL, "PSBT_OUT_SP_V0_LABEL", Key::Empty, Value::Bytes(4), In::V2Only),
    Field(output::DNSSEC_PROOF, "PSBT_OUT_DNSSEC_PROOF", Key::Empty, Value::Any, In::Both),
    Field(output::PROPRIETARY, "PSBT_OUT_PROPRIETARY", Key::Proprietary, Value::Any, In::Both),
];
