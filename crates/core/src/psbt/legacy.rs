//! The signature hashes of legacy inputs.

use bitcoin::consensus::Encodable;
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256};
use bitcoin::io::Write;
use bitcoin::sighash::{EcdsaSighashType, LegacySighash};
use bitcoin::{Script, Transaction, VarInt};

/// Bytes of an input with an empty signature script: the outpoint, the script's length, and the
/// sequence.
const INPUT: usize = OUTPOINT + 1 + 4;
const OUTPOINT: usize = 36;

/// Computes the signature hashes of one transaction's legacy inputs, for sighash type ALL.
///
/// They are those of [`SighashCache`](bitcoin::sighash::SighashCache::legacy_signature_hash), which
/// copies the transaction for each input. Each covers the whole transaction, so that signing is
/// quadratic by protocol; but what stands before an input is the same for all inputs after it:
/// asked for in order, that is hashed once.
///
/// [`Verifier`](super::Verifier) hashes by the `bitcoin` crate's own function, so that a fault here
/// makes signatures that it refuses.
pub struct LegacyHasher {
    /// The transaction with empty signature scripts and without witnesses, and the sighash type.
    encoded: Vec<u8>,
    /// Where the first input begins.
    first: usize,
    /// How many inputs there are.
    inputs: usize,
    /// Has hashed the beginning of `encoded`, up to the script of the last input that was asked
    /// for.
    prefix: sha256::HashEngine,
}

impl LegacyHasher {
    /// Prepares to hash a transaction; its signature scripts and witnesses do not matter.
    pub fn new(transaction: &Transaction) -> LegacyHasher {
        let mut encoded = Vec::with_capacity(transaction.base_size() + 4);
        encode(&transaction.version, &mut encoded);
        encode(&VarInt::from(transaction.input.len()), &mut encoded);
        let first = encoded.len();
        for input in &transaction.input {
            encode(&input.previous_output, &mut encoded);
            encode(Script::new(), &mut encoded);
            encode(&input.sequence, &mut encoded);
        }
        encode(&transaction.output, &mut encoded);
        encode(&transaction.lock_time, &mut encoded);
        encode(&EcdsaSighashType::All.to_u32(), &mut encoded);
        LegacyHasher {
            encoded,
            first,
            inputs: transaction.input.len(),
            prefix: sha256::Hash::engine(),
        }
    }

    /// Returns the hash that an input signs, given the script of the coin that it spends (of one
    /// without `OP_CODESEPARATOR`); none when there is no such input.
    pub fn hash(&mut self, input: usize, script: &Script) -> Option<LegacySighash> {
        if input >= self.inputs {
            return None;
        }
        let at = self.first + input * INPUT + OUTPOINT;
        if self.prefix.n_bytes_hashed() > at {
            self.prefix = sha256::Hash::engine();
        }
        let hashed = self.prefix.n_bytes_hashed();
        self.prefix.input(&self.encoded[hashed..at]);
        let mut engine = self.prefix.clone();
        encode(script, &mut engine);
        // Without the length of the empty script.
        engine.input(&self.encoded[at + 1..]);
        let hash = sha256::Hash::from_engine(engine).hash_again();
        Some(LegacySighash::from_raw_hash(hash))
    }
}

fn encode(value: &(impl Encodable + ?Sized), sink: &mut impl Write) {
    value
        .consensus_encode(sink)
        .expect("vectors and hashes take every byte");
}

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::sighash::SighashCache;
    use bitcoin::transaction::Version;
    use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, TxIn, TxOut, Txid, Witness};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn script(longest: usize) -> impl Strategy<Value = ScriptBuf> {
        vec(any::<u8>(), 0..=longest).prop_map(ScriptBuf::from_bytes)
    }

    prop_compose! {
        /// With scripts and witnesses, which the hash leaves out.
        fn input()(
            txid in any::<[u8; 32]>(),
            vout in any::<u32>(),
            script_sig in script(300),
            sequence in any::<u32>(),
            witness in vec(vec(any::<u8>(), 0..80), 0..3),
        ) -> TxIn {
            TxIn {
                previous_output: OutPoint::new(Txid::from_byte_array(txid), vout),
                script_sig,
                sequence: Sequence(sequence),
                witness: Witness::from_slice(&witness),
            }
        }
    }

    prop_compose! {
        fn output()(value in any::<u64>(), script_pubkey in script(300)) -> TxOut {
            TxOut { value: Amount::from_sat(value), script_pubkey }
        }
    }

    prop_compose! {
        /// The counts pass 252, where their encoding becomes longer.
        fn transaction()(
            version in any::<i32>(),
            lock_time in any::<u32>(),
            input in prop_oneof![9 => vec(input(), 1..8), 1 => vec(input(), 250..256)],
            output in prop_oneof![9 => vec(output(), 0..5), 1 => vec(output(), 250..256)],
        ) -> Transaction {
            Transaction {
                version: Version(version),
                lock_time: LockTime::from_consensus(lock_time),
                input,
                output,
            }
        }
    }

    proptest! {
        /// In whatever order, and again and again.
        #[test]
        fn the_hashes_are_those_of_the_bitcoin_crate(
            transaction in transaction(),
            asked in vec((any::<prop::sample::Index>(), script(600)), 1..12),
            script in script(40),
        ) {
            let expected = SighashCache::new(&transaction);
            let expected = |input, script: &ScriptBuf| {
                expected.legacy_signature_hash(input, script, EcdsaSighashType::All.to_u32()).ok()
            };
            let mut hasher = LegacyHasher::new(&transaction);
            let inputs = transaction.input.len();
            for input in 0..=inputs {
                prop_assert_eq!(hasher.hash(input, &script), expected(input, &script));
            }
            for (input, script) in asked {
                let input = input.index(inputs);
                prop_assert_eq!(hasher.hash(input, &script), expected(input, &script));
            }
        }
    }
}
