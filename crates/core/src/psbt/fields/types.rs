//! The numbers of the known fields' types.

/// Types of the global map.
pub mod global {
    /// The unsigned transaction of version 0.
    pub const UNSIGNED_TX: u64 = 0x00;
    /// An extended public key and its origin.
    pub const XPUB: u64 = 0x01;
    /// The transaction's version.
    pub const TX_VERSION: u64 = 0x02;
    /// The lock time where no input asks for one.
    pub const FALLBACK_LOCKTIME: u64 = 0x03;
    /// The number of inputs.
    pub const INPUT_COUNT: u64 = 0x04;
    /// The number of outputs.
    pub const OUTPUT_COUNT: u64 = 0x05;
    /// Whether inputs and outputs may still be added.
    pub const TX_MODIFIABLE: u64 = 0x06;
    /// A silent payment share.
    pub const SP_ECDH_SHARE: u64 = 0x07;
    /// A proof for a silent payment share.
    pub const SP_DLEQ: u64 = 0x08;
    /// The PSBT's version.
    pub const VERSION: u64 = 0xfb;
    /// Anything of a program's own.
    pub const PROPRIETARY: u64 = 0xfc;
}

/// Types of an input's map.
pub mod input {
    /// The whole previous transaction.
    pub const NON_WITNESS_UTXO: u64 = 0x00;
    /// The output that is spent.
    pub const WITNESS_UTXO: u64 = 0x01;
    /// An ECDSA signature of a public key.
    pub const PARTIAL_SIG: u64 = 0x02;
    /// What a signature has to cover.
    pub const SIGHASH_TYPE: u64 = 0x03;
    /// The script of pay to script hash.
    pub const REDEEM_SCRIPT: u64 = 0x04;
    /// The script of pay to witness script hash.
    pub const WITNESS_SCRIPT: u64 = 0x05;
    /// The origin of a public key.
    pub const BIP32_DERIVATION: u64 = 0x06;
    /// The finished signature script.
    pub const FINAL_SCRIPT_SIG: u64 = 0x07;
    /// The finished witness.
    pub const FINAL_SCRIPT_WITNESS: u64 = 0x08;
    /// A proof of reserves' commitment.
    pub const POR_COMMITMENT: u64 = 0x09;
    /// A preimage.
    pub const RIPEMD160: u64 = 0x0a;
    /// A preimage.
    pub const SHA256: u64 = 0x0b;
    /// A preimage.
    pub const HASH160: u64 = 0x0c;
    /// A preimage.
    pub const HASH256: u64 = 0x0d;
    /// The transaction whose output is spent.
    pub const PREVIOUS_TXID: u64 = 0x0e;
    /// Which of its outputs.
    pub const OUTPUT_INDEX: u64 = 0x0f;
    /// The sequence number.
    pub const SEQUENCE: u64 = 0x10;
    /// The least lock time as a time.
    pub const REQUIRED_TIME_LOCKTIME: u64 = 0x11;
    /// The least lock time as a block height.
    pub const REQUIRED_HEIGHT_LOCKTIME: u64 = 0x12;
    /// The signature of a taproot key path.
    pub const TAP_KEY_SIG: u64 = 0x13;
    /// The signature of a taproot script path.
    pub const TAP_SCRIPT_SIG: u64 = 0x14;
    /// A script of a taproot tree.
    pub const TAP_LEAF_SCRIPT: u64 = 0x15;
    /// The origin of an x-only public key.
    pub const TAP_BIP32_DERIVATION: u64 = 0x16;
    /// The taproot key before its tweak.
    pub const TAP_INTERNAL_KEY: u64 = 0x17;
    /// The root of a taproot tree.
    pub const TAP_MERKLE_ROOT: u64 = 0x18;
    /// The keys of a MuSig2 aggregate.
    pub const MUSIG2_PARTICIPANTS: u64 = 0x1a;
    /// A MuSig2 nonce.
    pub const MUSIG2_PUB_NONCE: u64 = 0x1b;
    /// A MuSig2 partial signature.
    pub const MUSIG2_PARTIAL_SIG: u64 = 0x1c;
    /// A silent payment share.
    pub const SP_ECDH_SHARE: u64 = 0x1d;
    /// A proof for a silent payment share.
    pub const SP_DLEQ: u64 = 0x1e;
    /// Anything of a program's own.
    pub const PROPRIETARY: u64 = 0xfc;
}

/// Types of an output's map.
pub mod output {
    /// The script of pay to script hash.
    pub const REDEEM_SCRIPT: u64 = 0x00;
    /// The script of pay to witness script hash.
    pub const WITNESS_SCRIPT: u64 = 0x01;
    /// The origin of a public key.
    pub const BIP32_DERIVATION: u64 = 0x02;
    /// The amount.
    pub const AMOUNT: u64 = 0x03;
    /// The script that is paid.
    pub const SCRIPT: u64 = 0x04;
    /// The taproot key before its tweak.
    pub const TAP_INTERNAL_KEY: u64 = 0x05;
    /// The taproot tree.
    pub const TAP_TREE: u64 = 0x06;
    /// The origin of an x-only public key.
    pub const TAP_BIP32_DERIVATION: u64 = 0x07;
    /// The keys of a MuSig2 aggregate.
    pub const MUSIG2_PARTICIPANTS: u64 = 0x08;
    /// A silent payment address.
    pub const SP_V0_INFO: u64 = 0x09;
    /// A silent payment label.
    pub const SP_V0_LABEL: u64 = 0x0a;
    /// A proof of a human readable name (BIP353).
    pub const DNSSEC_PROOF: u64 = 0x35;
    /// Anything of a program's own.
    pub const PROPRIETARY: u64 = 0xfc;
}
