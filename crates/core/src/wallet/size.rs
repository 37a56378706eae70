//! How much a wallet's coins weigh and when they are not worth keeping.

use bitcoin::{Amount, Weight};

use crate::ScriptType;

/// Outpoint (32 + 4 bytes) and sequence (4): in every input.
const OUTPOINT_AND_SEQUENCE: u64 = 40;
/// Push of a signature: a DER signature with low R and low S is at most 70 bytes, the sighash byte
/// makes 71, the length 72.
const ECDSA_PUSH: u64 = 1 + 71;
/// Push of a compressed public key.
const KEY_PUSH: u64 = 1 + 33;
/// Count of witness elements.
const WITNESS_COUNT: u64 = 1;
/// A BIP340 signature with SIGHASH_DEFAULT, and its length.
const SCHNORR_PUSH: u64 = 1 + 64;

impl ScriptType {
    /// Returns an upper bound of the weight that one input adds to a transaction, as Cofferdam
    /// signs it.
    ///
    /// Counted are outpoint, script with its length, sequence and the input's own witness. Not
    /// counted: the two weight units of a segwit transaction's marker and flag, the length of the
    /// list of inputs, and the one unit that a legacy input's empty witness takes in a transaction
    /// that has witnesses. ECDSA signatures have low R (grinding, at most 71 bytes with the sighash
    /// byte); a signer that does not grind can exceed the bound by one byte an input.
    ///
    /// Legacy 588, nested 363, segwit 271, taproot 230 weight units.
    pub fn input_weight(self) -> Weight {
        let (base, witness) = match self {
            ScriptType::Legacy => (1 + ECDSA_PUSH + KEY_PUSH, 0),
            // The script is one push of the 22 bytes of the redeem script.
            ScriptType::Nested => (1 + 1 + 22, WITNESS_COUNT + ECDSA_PUSH + KEY_PUSH),
            ScriptType::Segwit => (1, WITNESS_COUNT + ECDSA_PUSH + KEY_PUSH),
            ScriptType::Taproot => (1, WITNESS_COUNT + SCHNORR_PUSH),
        };
        Weight::from_wu((OUTPOINT_AND_SEQUENCE + base) * 4 + witness)
    }

    /// Returns whether inputs have a witness, and so the transaction a marker and flag.
    pub fn has_witness(self) -> bool {
        self != ScriptType::Legacy
    }

    /// Returns the length in bytes of an output's script.
    pub fn script_pubkey_length(self) -> u64 {
        match self {
            ScriptType::Legacy => 25,
            ScriptType::Nested => 23,
            ScriptType::Segwit => 22,
            ScriptType::Taproot => 34,
        }
    }

    /// Returns the weight of an output: amount, length and script.
    pub fn output_weight(self) -> Weight {
        Weight::from_wu((8 + 1 + self.script_pubkey_length()) * 4)
    }

    /// Returns the smallest amount of an output that nodes relay at their default dust rate of 3
    /// sat/vB.
    pub fn dust_limit(self) -> Amount {
        Amount::from_sat(match self {
            ScriptType::Legacy => 546,
            ScriptType::Nested => 540,
            ScriptType::Segwit => 294,
            ScriptType::Taproot => 330,
        })
    }
}
