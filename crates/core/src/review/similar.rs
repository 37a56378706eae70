//! When two payments to one script are nearly the same.

use bitcoin::Amount;

/// Amounts that differ by at most this are similar, however small they are: a few satoshi are added
/// so that two payments are not the same. With a thousand, two small payments to one payee would be
/// taken for one.
const TOLERANCE: u64 = 100;

/// Amounts that differ by at most one part in this many are similar. More would warn of every
/// salary that follows an exchange rate; whatever is paid to an address again is named in any case.
const SHARE: u64 = 1_000;

/// Returns whether two payments to one script are so near to each other that the second may be the
/// first once more: by at most 100 satoshi, or a thousandth of the greater one.
pub fn are_similar(one: Amount, other: Amount) -> bool {
    one.to_sat().abs_diff(other.to_sat()) <= tolerance(one.max(other))
}

/// Returns by how much a smaller amount may differ from this one and be similar.
fn tolerance(greater: Amount) -> u64 {
    (greater.to_sat() / SHARE).max(TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousandth_or_a_hundred_satoshi() {
        for (one, other, expected) in [
            (0, 0, true),
            (5_000, 5_001, true),
            (5_000, 5_100, true),
            (5_000, 5_101, false),
            (100, 0, true),
            (1_000_000, 1_001_000, true),
            (1_000_000, 1_001_002, false),
            (100_000_000, 100_100_100, true),
            (100_000_000, 100_100_101, false),
            (u64::MAX, 0, false),
            (u64::MAX, u64::MAX, true),
        ] {
            let amounts = (Amount::from_sat(one), Amount::from_sat(other));
            assert_eq!(are_similar(amounts.0, amounts.1), expected, "{one} {other}");
            assert_eq!(are_similar(amounts.1, amounts.0), expected, "{other} {one}");
        }
    }
}
