//! What a choice of coins costs, by one rule for everybody, and how Bitcoin Core's wallet chooses.
//!
//! - [`bitcoin_core`]: Core's rules. `search`: the searches that they rank.

pub mod bitcoin_core;
mod search;

use bitcoin::{Amount, VarInt, Weight};
use cofferdam_core::ScriptType;

/// What one transaction pays, and how.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The type of the coins and of change.
    pub script_type: ScriptType,
    /// Satoshis per virtual byte.
    pub rate: u64,
    /// What the payments add up to, in satoshis.
    pub sum: u64,
    /// How many they are.
    pub payments: usize,
    /// What their outputs weigh.
    pub weight: Weight,
}

/// What a choice of coins comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Satoshis for miners.
    pub fee: u64,
    /// Satoshis that come back, if that is worth it.
    pub change: Option<u64>,
}

impl Need {
    /// Returns the fee in satoshis of the signed transaction with so many inputs: the rate times
    /// its virtual size (BIP 141).
    pub fn fee(&self, inputs: usize, change: bool) -> u64 {
        self.rate * self.whole_weight(inputs, change).to_wu().div_ceil(4)
    }

    fn whole_weight(&self, inputs: usize, change: bool) -> Weight {
        let outputs = self.payments + usize::from(change);
        // Version and lock time, and the lengths of both lists.
        let fixed = 8 + VarInt::from(inputs).size() + VarInt::from(outputs).size();
        let mut weight = Weight::from_vb_unwrap(fixed as u64) + self.weight;
        if self.script_type.has_witness() {
            weight += Weight::from_wu(2);
        }
        if change {
            weight += self.script_type.output_weight();
        }
        weight + Weight::from_wu(self.script_type.input_weight().to_wu() * inputs as u64)
    }

    /// Returns what a part of the transaction costs in satoshis, rounded up.
    fn share(&self, rate: u64, weight: Weight) -> u64 {
        (rate * weight.to_wu()).div_ceil(4)
    }

    /// Settles fee and change of coins that hold `held` satoshis, with change of `least` satoshis
    /// or none; nothing when they do not suffice.
    pub fn settle(&self, inputs: usize, held: u64, least: u64) -> Option<Settled> {
        let left = held.checked_sub(self.sum)?;
        let change = left
            .checked_sub(self.fee(inputs, true))
            .filter(|change| *change >= least);
        match change {
            Some(change) => Some(Settled {
                fee: left - change,
                change: Some(change),
            }),
            None => (left >= self.fee(inputs, false)).then_some(Settled {
                fee: left,
                change: None,
            }),
        }
    }

    /// Returns the smallest change that nodes relay, in satoshis.
    pub fn dust(&self) -> u64 {
        let limit: Amount = self.script_type.dust_limit();
        limit.to_sat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_of_the_sizes_that_transactions_have() {
        let need = Need {
            script_type: ScriptType::Segwit,
            rate: 10,
            sum: 50_000,
            payments: 1,
            weight: Weight::from_wu(124),
        };
        // One P2WPKH input, one output or two.
        assert_eq!((need.fee(1, false), need.fee(1, true)), (1_100, 1_410));
        let settled = |held| {
            need.settle(1, held, 294)
                .map(|settled| (settled.fee, settled.change))
        };
        assert_eq!(settled(51_099), None);
        assert_eq!(settled(51_100), Some((1_100, None)));
        assert_eq!(settled(51_703), Some((1_703, None)));
        assert_eq!(settled(51_704), Some((1_410, Some(294))));
    }
}
