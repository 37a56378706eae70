//! The two branches of an account.

use std::fmt;

use bitcoin::bip32::ChildNumber;
use serde::{Deserialize, Serialize};

/// A branch of an account (BIP44's change level): whom its addresses are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Branch {
    /// Addresses that are handed out: `/0/*`.
    Receive,
    /// Addresses that a wallet pays itself: `/1/*`.
    Change,
}

impl Branch {
    /// Both branches, in derivation order.
    pub const ALL: [Branch; 2] = [Branch::Receive, Branch::Change];

    /// Returns the step of the derivation path: 0 or 1.
    pub fn step(self) -> u32 {
        match self {
            Branch::Receive => 0,
            Branch::Change => 1,
        }
    }

    /// Returns the branch of a step of a derivation path, if there is one.
    pub fn from_step(step: u32) -> Option<Branch> {
        match step {
            0 => Some(Branch::Receive),
            1 => Some(Branch::Change),
            _ => None,
        }
    }

    /// Returns the step as an unhardened child number.
    pub fn child_number(self) -> ChildNumber {
        ChildNumber::Normal { index: self.step() }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Branch::Receive => "receive",
            Branch::Change => "change",
        })
    }
}
