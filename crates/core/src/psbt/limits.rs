//! How large a PSBT may be.

/// Bounds on what the parser accepts. Every one is checked before memory is allocated for what it
/// bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the binary form. The text forms may be as much longer as their encoding makes them.
    pub bytes: usize,
    /// Inputs of the transaction.
    pub inputs: usize,
    /// Outputs of the transaction.
    pub outputs: usize,
    /// Key-value pairs in all maps together. A pair takes three bytes in a file and about a hundred
    /// in memory, so that the limit on bytes alone would not bound memory. A million leaves a
    /// hundred pairs to each of 10,000 inputs.
    pub pairs: usize,
    /// Public keys and leaves of taproot trees in all maps together: each costs a computation on
    /// the curve, or two hashes. The largest transaction that nodes relay has some 2,400 inputs and
    /// 11,000 outputs.
    pub keys: usize,
    /// Bytes of all keys, and of the values of all known fields but previous transactions: those
    /// are read into values of their own, several times.
    pub fields: usize,
}

impl Limits {
    /// The limits that both programs work with: 128 MiB, 10,000 inputs, 10,000 outputs, a million
    /// pairs, 50,000 public keys, 16 MiB of fields that are not previous transactions.
    pub const DEFAULT: Limits = Limits {
        bytes: 128 * 1024 * 1024,
        inputs: 10_000,
        outputs: 10_000,
        pairs: 1_000_000,
        keys: 50_000,
        fields: 16 * 1024 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
