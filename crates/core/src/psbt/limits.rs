//! How large a PSBT may be.

/// Bounds on what the parser accepts. Every one is checked before memory is allocated for what it bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the binary form. The text forms may be as much longer as their encoding makes them.
    pub bytes: usize,
    /// Inputs of the transaction.
    pub inputs: usize,
    /// Outputs of the transaction.
    pub outputs: usize,
    /// Key-value pairs in all maps together. A pair takes three bytes in a file and about a hundred in memory, so that
    /// the limit on bytes alone would not bound memory. A million leaves a hundred pairs to each of 10,000 inputs.
    pub pairs: usize,
}

impl Limits {
    /// The limits that both programs work with: 128 MiB, 10,000 inputs, 10,000 outputs, a million pairs.
    pub const DEFAULT: Limits = Limits {
        bytes: 128 * 1024 * 1024,
        inputs: 10_000,
        outputs: 10_000,
        pairs: 1_000_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
