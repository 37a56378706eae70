//! What a transaction will weigh once it is signed, and what that costs.

use bitcoin::{Amount, Script, VarInt, Weight};
use cofferdam_core::wallet::WalletKind;

use super::LONG_TERM_FEE_RATE;
use super::fee_rate::FeeRate;

/// Version and lock time.
const FIXED: Weight = Weight::from_wu(4 * (4 + 4));
/// Marker and flag of a segwit transaction (BIP144).
const SEGWIT: Weight = Weight::from_wu(2);

/// Returns the weight of an output: amount, script length, script.
pub(crate) fn output(script: &Script) -> Weight {
    let length = VarInt::from(script.len()).size() + script.len();
    Weight::from_non_witness_data_size(8 + length as u64)
}

/// The sizes and fees of a wallet's transactions at one fee rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    kind: WalletKind,
    rate: FeeRate,
    /// What one more input adds to the fee, rounded up.
    pub(crate) input_fee: Amount,
    /// The smallest change that is made: neither dust, nor more costly to spend later than it is
    /// worth.
    pub(crate) least_change: Amount,
    /// The most that is left to the fee rather than made into change.
    pub(crate) tolerance: Amount,
}

impl Shape {
    pub(crate) fn new(kind: WalletKind, rate: FeeRate) -> Self {
        let later = LONG_TERM_FEE_RATE.share(kind.input_weight());
        let least_change = kind.dust_limit().max(later);
        Shape {
            kind,
            rate,
            input_fee: rate.share(kind.input_weight()),
            least_change,
            // One satoshi each for rounding the size and the fee, and the length of the output list
            // may grow.
            tolerance: least_change
                + rate.share(kind.output_weight() + Weight::from_wu(8))
                + Amount::from_sat(2),
        }
    }

    /// Returns the most that a signed transaction weighs: `outputs` counts all outputs, `payments`
    /// is the weight of those that are not change.
    pub(crate) fn weight(
        &self,
        inputs: usize,
        outputs: usize,
        payments: Weight,
        change: bool,
    ) -> Weight {
        let counts = VarInt::from(inputs).size() + VarInt::from(outputs).size();
        let mut weight = FIXED + Weight::from_non_witness_data_size(counts as u64) + payments;
        if self.kind.has_witness() {
            weight += SEGWIT;
        }
        if change {
            weight += self.kind.output_weight();
        }
        weight + Weight::from_wu(self.kind.input_weight().to_wu() * inputs as u64)
    }

    /// Returns the fee that a transaction has to pay.
    pub(crate) fn fee(
        &self,
        inputs: usize,
        payments: usize,
        payments_weight: Weight,
        change: bool,
    ) -> Amount {
        self.rate.fee(self.weight(
            inputs,
            payments + usize::from(change),
            payments_weight,
            change,
        ))
    }

    /// Returns the cost of a choice of coins, in satoshi, against making it later (Bitcoin Core's
    /// waste metric): what the inputs cost more now than in the long term, and change now and
    /// later, or what is left to the fee.
    pub(crate) fn waste(&self, inputs: usize, change: bool, excess: Amount) -> i128 {
        let input = self.kind.input_weight();
        let now = i128::from(self.rate.share(input).to_sat());
        let later = i128::from(LONG_TERM_FEE_RATE.share(input).to_sat());
        let rest = match change {
            true => i128::from(self.rate.share(self.kind.output_weight()).to_sat()) + later,
            false => i128::from(excess.to_sat()),
        };
        inputs as i128 * (now - later) + rest
    }
}
