//! Why bytes are not a PSBT that Cofferdam works with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A map of a PSBT. Inputs and outputs count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapName {
    /// The global map.
    Global,
    /// The map of an input.
    Input(usize),
    /// The map of an output.
    Output(usize),
}

impl fmt::Display for MapName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapName::Global => f.write_str("global map"),
            MapName::Input(index) => write!(f, "input {index}"),
            MapName::Output(index) => write!(f, "output {index}"),
        }
    }
}

/// The reason why bytes were refused as a PSBT.
///
/// The remedy is the same for nearly all: export the PSBT again from the program that made it, and
/// carry it whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PsbtError {
    /// Neither the binary magic nor the beginning of its base64 or hexadecimal form.
    #[error(
        "this is no PSBT: it begins neither with the magic bytes nor with their base64 or hex form; export it again as a PSBT"
    )]
    NotAPsbt,
    /// More bytes than [`Limits::bytes`](super::Limits::bytes).
    #[error(
        "the PSBT has {found} bytes, the limit is {limit}; split the payout over several transactions"
    )]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The text is not base64.
    #[error("the PSBT's base64 text is damaged ({0}); copy the file again")]
    Base64(String),
    /// The text is not hexadecimal.
    #[error("the PSBT's hex text is damaged ({0}); copy the file again")]
    Hex(String),
    /// The bytes end within a map, or a separator is missing.
    #[error("the PSBT ends in the middle of its {0}; it was cut off: copy the file again")]
    Truncated(MapName),
    /// Bytes after the last map.
    #[error("the file goes on after the end of the PSBT, for {0} B; export it again")]
    Trailing(usize),
    /// A compact size in a longer form than needed.
    #[error(
        "a length in the {0} is not in its shortest form; export the PSBT again with another program"
    )]
    NonMinimalLength(MapName),
    /// A key twice in one map.
    #[error("the {map} has key {key} twice; what the PSBT means is ambiguous: export it again")]
    DuplicateKey {
        /// Where.
        map: MapName,
        /// The key in hexadecimal.
        key: String,
    },
    /// A known field whose key has the wrong form.
    #[error("the {map} has a field {field} with a key of the wrong form; export the PSBT again")]
    InvalidKey {
        /// Where.
        map: MapName,
        /// The field's name in BIP174 and its successors.
        field: &'static str,
    },
    /// A known field whose value has the wrong form.
    #[error("the {map} has a field {field} that cannot be read ({reason}); export the PSBT again")]
    InvalidValue {
        /// Where.
        map: MapName,
        /// The field's name in BIP174 and its successors.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A PSBT version other than 0 and 2.
    #[error("PSBT version {0} is not known; export it as version 0 or 2")]
    UnknownVersion(u32),
    /// A field that its version needs.
    #[error(
        "the {map} lacks the field {field}, which PSBT version {version} needs; export the PSBT again"
    )]
    MissingField {
        /// Where.
        map: MapName,
        /// The field's name.
        field: &'static str,
        /// The PSBT's version.
        version: u32,
    },
    /// A field of the other version.
    #[error(
        "the {map} has the field {field}, which PSBT version {version} forbids; export the PSBT again"
    )]
    ForbiddenField {
        /// Where.
        map: MapName,
        /// The field's name.
        field: &'static str,
        /// The PSBT's version.
        version: u32,
    },
    /// More inputs, outputs or pairs than the limits allow.
    #[error(
        "the PSBT has {found} {what}, the limit is {limit}; split the payout over several transactions"
    )]
    TooMany {
        /// `inputs`, `outputs` or `key-value pairs`.
        what: &'static str,
        /// Number found.
        found: u64,
        /// Number allowed.
        limit: usize,
    },
    /// The unsigned transaction of version 0 cannot be read.
    #[error("the unsigned transaction cannot be read ({0}); export the PSBT again")]
    UnsignedTransaction(String),
    /// The unsigned transaction of version 0 has a script signature.
    #[error(
        "input {0} of the unsigned transaction already has a signature script; export the PSBT from an unsigned transaction"
    )]
    SignedTransaction(usize),
    /// A transaction that fits into no block.
    #[error(
        "the transaction has {found} bytes without signatures, and no block holds more than {limit}; split the payout over several transactions"
    )]
    TransactionTooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// One input needs a lock time in blocks and another one in time (BIP370).
    #[error(
        "inputs need lock times of both kinds, block height and time; no transaction can satisfy both: plan it again"
    )]
    LockTimeConflict,
}

impl PsbtError {
    /// A value that has its form, and yet cannot be read.
    pub(super) fn unreadable(map: MapName, field: &'static str) -> Self {
        PsbtError::InvalidValue {
            map,
            field,
            reason: "not readable".into(),
        }
    }
}
