//! How much money there can be: no chain holds more than its subsidies issued.

use bitcoin::{Amount, Transaction};
use cofferdam_core::Network;

/// The subsidy of the first blocks.
const FIRST_SUBSIDY: u64 = 5_000_000_000;

/// Returns the number of blocks between halvings of the subsidy (Bitcoin Core,
/// `nSubsidyHalvingInterval`).
fn halving_interval(network: Network) -> u64 {
    match network {
        Network::Regtest => 150,
        Network::Mainnet | Network::Testnet4 | Network::Signet => 210_000,
    }
}

/// Returns what the blocks from the first to the one at `height` have issued at most: the sum of
/// their subsidies. Fees move money and make none, so no set of unspent coins comes to more.
pub fn issued(network: Network, height: u32) -> Amount {
    let interval = halving_interval(network);
    let (mut blocks, mut subsidy, mut sum) = (u64::from(height) + 1, FIRST_SUBSIDY, 0);
    // 33 halvings at most, and less than 21 million bitcoin in all.
    while blocks > 0 && subsidy > 0 {
        let these = blocks.min(interval);
        sum += these * subsidy;
        blocks -= these;
        subsidy /= 2;
    }
    Amount::from_sat(sum)
}

/// Tells whether the outputs of a transaction come to an amount that can exist. A source that says
/// otherwise lies.
pub fn amounts_are_possible(transaction: &Transaction) -> bool {
    let sum = transaction
        .output
        .iter()
        .try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value));
    sum.is_some_and(|sum| sum <= Amount::MAX_MONEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COIN: u64 = 100_000_000;

    #[test]
    fn the_schedule_is_bitcoin_cores() {
        for (network, height, sat) in [
            (Network::Mainnet, 0, 50 * COIN),
            (Network::Mainnet, 209_999, 10_500_000 * COIN),
            (Network::Mainnet, 210_000, 10_500_025 * COIN),
            // After the last halving: 20999999.9769 BTC (Bitcoin Core, `validation_tests.cpp`).
            (Network::Mainnet, u32::MAX, 2_099_999_997_690_000),
            (Network::Signet, 1, 100 * COIN),
            (Network::Testnet4, 420_000, 15_750_012 * COIN + COIN / 2),
            (Network::Regtest, 149, 7_500 * COIN),
            (Network::Regtest, 150, 7_525 * COIN),
        ] {
            assert_eq!(
                issued(network, height),
                Amount::from_sat(sat),
                "{network} {height}"
            );
        }
        assert!(issued(Network::Regtest, u32::MAX) < Amount::from_btc(15_000.0).unwrap());
    }
}
