//! Script checks of the rehearsal chain: every input of every transaction.

use bitcoin::{Transaction, TxOut};

use super::rules::{Broken, Coin};
use crate::chain::scripts::{self, BrokenScript, Flags, Proven};

/// Checks every input's script against the coins that the transaction spends, in the order of its
/// inputs.
pub fn check(transaction: &Transaction, coins: &[Coin]) -> Result<(), Broken> {
    let spent: Vec<TxOut> = coins
        .iter()
        .map(|coin| TxOut {
            value: coin.amount,
            script_pubkey: coin.script.clone(),
        })
        .collect();
    let known: Vec<Option<&TxOut>> = spent.iter().map(Some).collect();
    match scripts::check(transaction, &known, 0..coins.len(), Flags::ALL) {
        Ok(Proven::Fully) => Ok(()),
        Ok(Proven::ButTaproot) => Err(Broken("bad-txns-inputs-missingorspent".into())),
        Err(BrokenScript { input, reason }) => Err(Broken(format!(
            "mandatory-script-verify-flag-failed (input {input}: {reason})"
        ))),
    }
}
