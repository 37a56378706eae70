//! Script checks, by Bitcoin Core's consensus code.

use bitcoin::Transaction;
use bitcoin::consensus::encode;
use bitcoinconsensus::{Utxo, VERIFY_ALL_PRE_TAPROOT, VERIFY_TAPROOT, verify_with_flags};

use super::rules::{Broken, Coin};

/// Checks every input's script against the coins that the transaction spends, in the order of its inputs.
pub fn check(transaction: &Transaction, coins: &[Coin]) -> Result<(), Broken> {
    let raw = encode::serialize(transaction);
    // Taproot's signature hash covers all spent outputs (BIP341).
    let spent: Vec<Utxo> = coins
        .iter()
        .map(|coin| Utxo {
            script_pubkey: coin.script.as_bytes().as_ptr(),
            script_pubkey_len: coin.script.len() as u32,
            value: coin.amount.to_sat() as i64,
        })
        .collect();
    for (index, coin) in coins.iter().enumerate() {
        let flags = VERIFY_ALL_PRE_TAPROOT | VERIFY_TAPROOT;
        let script = coin.script.as_bytes();
        verify_with_flags(script, coin.amount.to_sat(), &raw, Some(&spent), index, flags).map_err(
            |error| {
                Broken(format!(
                    "mandatory-script-verify-flag-failed (input {index}: {error:?})"
                ))
            },
        )?;
    }
    Ok(())
}
