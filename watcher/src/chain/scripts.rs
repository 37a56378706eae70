//! Script checks, by Bitcoin Core's consensus code.

use bitcoin::consensus::encode;
use bitcoin::{Transaction, TxOut};
use bitcoinconsensus::{
    Utxo, VERIFY_ALL_PRE_TAPROOT, VERIFY_DERSIG, VERIFY_NULLDUMMY, VERIFY_TAPROOT,
    verify_with_flags,
};
use cofferdam_core::Network;

/// The first block of mainnet whose signatures are strict DER (BIP66). Older blocks have some that
/// are not.
const STRICT_DER_MAINNET: u32 = 363_725;

/// The rules that scripts are checked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// Every rule there is today.
    pub const ALL: Flags = Flags(VERIFY_ALL_PRE_TAPROOT);

    /// The rules of a block. Of the later ones, only those matter that a wallet's scripts could
    /// have broken before.
    pub fn at(network: Network, height: u32) -> Self {
        match network {
            Network::Mainnet if height < STRICT_DER_MAINNET => {
                Flags(VERIFY_ALL_PRE_TAPROOT & !VERIFY_DERSIG & !VERIFY_NULLDUMMY)
            }
            _ => Flags::ALL,
        }
    }
}

/// What was found wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("input {input}: {reason}")]
pub struct BrokenScript {
    /// Which input, from 0.
    pub input: usize,
    /// The consensus code's name for it.
    pub reason: String,
}

/// How far the inputs were proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// All that were to be checked.
    Fully,
    /// All but taproot ones: their signatures cover every spent output (BIP341), and not all are
    /// known.
    ButTaproot,
}

/// Checks the scripts of some inputs of a transaction against the outputs that it spends, in the
/// order of its inputs; `None` for those that are not known, which can only be those that are not
/// to be checked.
///
/// Ends at the first input that is wrong: who lies gets little work done for one lie.
pub fn check(
    transaction: &Transaction,
    spent: &[Option<&TxOut>],
    checked: impl IntoIterator<Item = usize>,
    flags: Flags,
) -> Result<Proven, BrokenScript> {
    let raw = encode::serialize(transaction);
    let utxo = |output: &&TxOut| Utxo {
        script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
        script_pubkey_len: output.script_pubkey.len() as u32,
        value: output.value.to_sat() as i64,
    };
    let all: Option<Vec<Utxo>> = match spent.len() == transaction.input.len() {
        true => spent
            .iter()
            .map(|output| output.as_ref().map(utxo))
            .collect(),
        false => None,
    };
    let mut proven = Proven::Fully;
    for input in checked {
        let broken = |reason: String| BrokenScript { input, reason };
        let Some(output) = spent.get(input).copied().flatten() else {
            return Err(broken("spends an output that is not known".into()));
        };
        if all.is_none() && output.script_pubkey.is_p2tr() {
            proven = Proven::ButTaproot;
            continue;
        }
        let flags = match all.is_some() {
            true => flags.0 | VERIFY_TAPROOT,
            false => flags.0,
        };
        let script = output.script_pubkey.as_bytes();
        verify_with_flags(
            script,
            output.value.to_sat(),
            &raw,
            all.as_deref(),
            input,
            flags,
        )
        .map_err(|error| broken(format!("{error:?}")))?;
    }
    Ok(proven)
}
