//! Why a list cannot be planned.

use bitcoin::{Amount, Weight};

use cofferdam_core::count::counted;

/// A payment below what nodes relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DustPayment {
    /// Its index in the list.
    pub(crate) payment: usize,
    /// Its amount.
    pub(crate) amount: Amount,
    /// The least amount to such an address.
    pub(crate) limit: Amount,
}

/// Why a list cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlanError {
    #[error(
        "{} of the payments {} dust: nodes do not relay amounts this small",
        .0.len(), if .0.len() == 1 { "is" } else { "are" }
    )]
    Dust(Vec<DustPayment>),
    #[error("the payments come to more than 21 million bitcoin")]
    ImpossiblePayments,
    #[error("the ledger is damaged: {} come to more than 21 million bitcoin", counted(*count, "spendable coin"))]
    ImpossibleCoins {
        /// How many they are.
        count: usize,
    },
    #[error(
        "payments and fees take {} sat, the spendable coins hold {} sat: {} sat are missing",
        needed.to_sat(), spendable.to_sat(), shortfall.to_sat()
    )]
    Shortfall {
        /// Payments and fees.
        needed: Amount,
        /// What the coins hold, without those that cost more than they are worth and after their
        /// own fees.
        spendable: Amount,
        /// What is missing.
        shortfall: Amount,
    },
    #[error(
        "the list takes at least {needed} transactions, each with coins of its own; {} cannot be divided so",
        counted(*available, "spendable coin")
    )]
    TooFewCoins {
        /// How many coins are needed at least.
        needed: usize,
        /// How many there are.
        available: usize,
        /// An amount for each that suffices.
        each: Amount,
    },
    #[error(
        "payment {} of {} sat takes more coins than fit into {max_weight} weight units",
        payment + 1, amount.to_sat()
    )]
    CoinsTooSmall {
        /// The payment's index in the list.
        payment: usize,
        /// Its amount.
        amount: Amount,
        /// The bound.
        max_weight: Weight,
    },
}
