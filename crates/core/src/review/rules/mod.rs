//! The rules, one a file. A rule reads facts and adds findings; it changes nothing and depends on
//! no other rule.

mod address_repeated;
mod amount_remembered;
mod amounts;
mod change_count;
mod data_output;
mod data_output_amount;
mod data_outputs_large;
mod derivation;
mod duplicate_outpoint;
mod dust;
mod fee_amount;
mod fee_rate;
mod fee_relay;
mod fee_share;
mod fee_unknown;
mod foreign_input;
mod foreign_wallet;
mod index_bound;
mod lock_times;
mod lookalike;
mod network;
mod output_index;
mod outputs_exceed_inputs;
mod previous_transaction;
mod previous_txid;
mod script_fields;
mod several_wallets;
mod sighash;
mod signatures;
mod transaction_version;
mod unknown_fields;
mod unknown_script;
mod utxo_fields;
mod utxo_missing;
mod zero_value;

use super::facts::Facts;
use super::finding::Finding;

/// A rule, by the name of its file.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    #[cfg(test)]
    pub(super) name: &'static str,
    pub(super) check: fn(&Facts<'_>, &mut Vec<Finding>),
}

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        &[$(Rule {
            #[cfg(test)]
            name: stringify!($name),
            check: $name::check,
        }),*]
    };
}

/// Every rule of a single transaction.
pub(super) const RULES: &[Rule] = rules![
    utxo_missing,
    previous_transaction,
    amount_remembered,
    previous_txid,
    output_index,
    utxo_fields,
    derivation,
    script_fields,
    foreign_wallet,
    foreign_input,
    several_wallets,
    network,
    duplicate_outpoint,
    amounts,
    outputs_exceed_inputs,
    transaction_version,
    sighash,
    signatures,
    fee_unknown,
    fee_amount,
    fee_rate,
    index_bound,
    lookalike,
    data_output_amount,
    fee_share,
    data_outputs_large,
    fee_relay,
    dust,
    zero_value,
    address_repeated,
    lock_times,
    change_count,
    unknown_script,
    data_output,
    unknown_fields,
];
