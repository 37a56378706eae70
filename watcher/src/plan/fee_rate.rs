//! Fee rates.

use std::fmt;
use std::str::FromStr;

use bitcoin::{Amount, Weight};

/// The lowest rate that is accepted: 0.1 sat/vB, below which no node relays.
const LOWEST: u64 = 100;
/// The highest rate that is accepted: 1,000 sat/vB, above which the signer refuses by default.
const HIGHEST: u64 = 1_000_000;

/// A fee rate in satoshi per 1,000 virtual bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeRate(u64);

/// Why a fee rate was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeRateError {
    #[error("\"{0}\" is not a fee rate; write satoshi per virtual byte, like 12 or 2.5")]
    NotANumber(String),
    #[error("\"{0}\" has more than three decimals; rates go down to 0.001 sat/vB")]
    TooManyDecimals(String),
    #[error("{0} sat/vB is below 0.1 sat/vB, which nodes do not relay")]
    TooLow(FeeRate),
    #[error("{0} sat/vB is above 1000 sat/vB; is this satoshi per virtual byte?")]
    TooHigh(FeeRate),
}

impl FeeRate {
    /// Makes a rate without checking bounds.
    pub(crate) const fn from_sat_per_kvb(rate: u64) -> Self {
        FeeRate(rate)
    }

    /// Makes a rate, which must be from 0.1 to 1,000 sat/vB.
    pub(crate) fn checked(sat_per_kvb: u64) -> Result<Self, FeeRateError> {
        match sat_per_kvb {
            rate if rate < LOWEST => Err(FeeRateError::TooLow(FeeRate(rate))),
            rate if rate > HIGHEST => Err(FeeRateError::TooHigh(FeeRate(rate))),
            rate => Ok(FeeRate(rate)),
        }
    }

    /// Returns satoshi per 1,000 virtual bytes.
    pub(crate) fn sat_per_kvb(self) -> u64 {
        self.0
    }

    /// Returns the fee of a transaction: rate times virtual size (BIP141), rounded up.
    pub(crate) fn fee(self, weight: Weight) -> Amount {
        let vsize = weight.to_wu().div_ceil(4);
        let fee = (u128::from(self.0) * u128::from(vsize)).div_ceil(1000);
        Amount::from_sat(u64::try_from(fee).unwrap_or(u64::MAX))
    }

    /// Returns what a part of a transaction adds to its fee, rounded up; virtual bytes are not.
    pub(crate) fn share(self, weight: Weight) -> Amount {
        let fee = (u128::from(self.0) * u128::from(weight.to_wu())).div_ceil(4000);
        Amount::from_sat(u64::try_from(fee).unwrap_or(u64::MAX))
    }
}

/// Satoshi per virtual byte.
impl fmt::Display for FeeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Reads satoshi per virtual byte with up to three decimals, from 0.1 to 1,000.
impl FromStr for FeeRate {
    type Err = FeeRateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || FeeRateError::NotANumber(text.chars().take(40).collect());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) {
            return Err(refuse());
        }
        if decimals.len() > 3 {
            return Err(FeeRateError::TooManyDecimals(
                text.chars().take(40).collect(),
            ));
        }
        let thousandths: u64 = format!("{decimals:0<3}").parse().map_err(|_| refuse())?;
        let whole: u64 = whole.parse().map_err(|_| refuse())?;
        FeeRate::checked(whole.saturating_mul(1000).saturating_add(thousandths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_to_three_decimals() {
        for (text, rate) in [
            ("1", 1_000),
            ("2.5", 2_500),
            ("0.1", 100),
            ("1.001", 1_001),
            ("1000", 1_000_000),
        ] {
            assert_eq!(text.parse(), Ok(FeeRate(rate)));
        }
        assert_eq!(FeeRate(2_500).to_string(), "2.5");
        assert_eq!(FeeRate(10_000).to_string(), "10");
    }

    #[test]
    fn other_rates_are_refused() {
        for text in [
            "", "-1", "+1", "1e3", "NaN", ".5", "1.", "1,5", "1.5.2", " 1",
        ] {
            assert!(
                matches!(text.parse::<FeeRate>(), Err(FeeRateError::NotANumber(_))),
                "{text}"
            );
        }
        assert!(matches!(
            "0.0001".parse::<FeeRate>(),
            Err(FeeRateError::TooManyDecimals(_))
        ));
        assert!(matches!(
            "0".parse::<FeeRate>(),
            Err(FeeRateError::TooLow(_))
        ));
        assert!(matches!(
            "1000.001".parse::<FeeRate>(),
            Err(FeeRateError::TooHigh(_))
        ));
        assert!(matches!(
            "99999999999999999999".parse::<FeeRate>(),
            Err(FeeRateError::NotANumber(_))
        ));
        assert!(matches!(
            "18446744073709551".parse::<FeeRate>(),
            Err(FeeRateError::TooHigh(_))
        ));
    }

    #[test]
    fn fees_are_rounded_up() {
        assert_eq!(
            FeeRate(1_000).fee(Weight::from_wu(401)),
            Amount::from_sat(101)
        );
        assert_eq!(
            FeeRate(1_001).fee(Weight::from_wu(400)),
            Amount::from_sat(101)
        );
    }
}
