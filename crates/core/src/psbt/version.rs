//! The versions of PSBTs.

use std::fmt;

/// The version of a PSBT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// BIP174: the unsigned transaction stands in the global map.
    V0,
    /// BIP370: the transaction's parts stand in the maps they belong to.
    V2,
}

impl Version {
    /// Returns the number that the format uses.
    pub fn number(self) -> u32 {
        match self {
            Version::V0 => 0,
            Version::V2 => 2,
        }
    }

    /// Returns the version of a number, if it is one.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Version::V0),
            2 => Some(Version::V2),
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}
