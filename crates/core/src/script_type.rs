//! The single-signature script types and their derivation purposes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The script type of a single-signature account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptType {
    /// `pkh(...)`, pay to public key hash (BIP44).
    Legacy,
    /// `sh(wpkh(...))`, pay to witness public key hash nested in pay to script hash (BIP49).
    Nested,
    /// `wpkh(...)`, pay to witness public key hash (BIP84).
    Segwit,
    /// `tr(...)`, pay to taproot, key path only (BIP86).
    Taproot,
}

impl ScriptType {
    /// Every script type, oldest first.
    pub const ALL: [ScriptType; 4] = [
        ScriptType::Legacy,
        ScriptType::Nested,
        ScriptType::Segwit,
        ScriptType::Taproot,
    ];

    /// Returns the name, as command lines write it.
    pub fn name(self) -> &'static str {
        match self {
            ScriptType::Legacy => "legacy",
            ScriptType::Nested => "nested",
            ScriptType::Segwit => "segwit",
            ScriptType::Taproot => "taproot",
        }
    }

    /// Returns the purpose, the first level of the derivation path (BIP43).
    pub fn purpose(self) -> u32 {
        match self {
            ScriptType::Legacy => 44,
            ScriptType::Nested => 49,
            ScriptType::Segwit => 84,
            ScriptType::Taproot => 86,
        }
    }
}

impl fmt::Display for ScriptType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is none of the script types'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown script type \"{0}\"; use legacy, nested, segwit or taproot")]
pub struct UnknownScriptType(pub String);

impl FromStr for ScriptType {
    type Err = UnknownScriptType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        ScriptType::ALL
            .into_iter()
            .find(|script_type| script_type.name() == name)
            .ok_or_else(|| UnknownScriptType(name.into()))
    }
}
