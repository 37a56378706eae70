//! Sums that cannot wrap around.

use bitcoin::Amount;

/// Adds amounts; none if one of them or the sum is more than 21 million bitcoin.
pub(in crate::review) fn sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    let within = |amount: Amount| (amount <= Amount::MAX_MONEY).then_some(amount);
    amounts.try_fold(Amount::ZERO, |sum, amount| {
        within(sum.checked_add(within(amount)?)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_within_21_million() {
        let max = Amount::MAX_MONEY.to_sat();
        let cases: [(&str, &[u64], Option<u64>); 6] = [
            ("nothing", &[], Some(0)),
            ("exactly all", &[max - 1, 1], Some(max)),
            ("one satoshi more", &[max, 1], None),
            ("one amount beyond", &[max + 1], None),
            ("wrapping to a small sum", &[u64::MAX, 2], None),
            (
                "negative in two's complement",
                &[1_000, (-500i64) as u64],
                None,
            ),
        ];
        for (name, amounts, expected) in cases {
            let found = sum(amounts.iter().map(|sat| Amount::from_sat(*sat)));
            assert_eq!(found.map(Amount::to_sat), expected, "{name}");
        }
    }
}
