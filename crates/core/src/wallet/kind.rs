//! What kind of outputs a wallet has: what they weigh, and what their signer has to see.

use bitcoin::{Amount, Weight};

use crate::ScriptType;

/// How a wallet's coins are spent. Whoever plans or watches asks this, and not for a key: wallets
/// of several keys have other kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WalletKind {
    /// By one signature of one key.
    Single(ScriptType),
}

impl WalletKind {
    /// Returns an upper bound of the weight that one input adds to a transaction, as
    /// [`ScriptType::input_weight`] counts it.
    pub fn input_weight(self) -> Weight {
        match self {
            WalletKind::Single(script_type) => script_type.input_weight(),
        }
    }

    /// Returns whether inputs have a witness, and so the transaction a marker and flag.
    pub fn has_witness(self) -> bool {
        match self {
            WalletKind::Single(script_type) => script_type.has_witness(),
        }
    }

    /// Returns the length in bytes of an output's script.
    pub fn script_pubkey_length(self) -> u64 {
        match self {
            WalletKind::Single(script_type) => script_type.script_pubkey_length(),
        }
    }

    /// Returns the weight of an output: amount, length and script.
    pub fn output_weight(self) -> Weight {
        match self {
            WalletKind::Single(script_type) => script_type.output_weight(),
        }
    }

    /// Returns the smallest amount of an output that nodes relay at their default dust rate.
    pub fn dust_limit(self) -> Amount {
        match self {
            WalletKind::Single(script_type) => script_type.dust_limit(),
        }
    }

    /// Returns whether signatures commit to the amounts of all coins that are spent (BIP341), so
    /// that a signer needs no previous transaction to be sure of them.
    pub fn commits_to_amounts(self) -> bool {
        match self {
            WalletKind::Single(script_type) => script_type == ScriptType::Taproot,
        }
    }

    /// Returns whether a transaction that spends only such coins has its txid before it is signed:
    /// no signature stands in a script.
    pub fn has_foreseen_txid(self) -> bool {
        match self {
            WalletKind::Single(script_type) => {
                matches!(script_type, ScriptType::Segwit | ScriptType::Taproot)
            }
        }
    }
}
