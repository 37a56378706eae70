//! Amounts and long texts, grouped for reading.

use bitcoin::Amount;

/// Writes an amount in bitcoin, always with eight decimals.
pub(crate) fn btc(amount: Amount) -> String {
    format!(
        "{}.{:08} BTC",
        thousands(amount.to_sat() / 100_000_000),
        amount.to_sat() % 100_000_000
    )
}

/// Writes an amount in satoshi.
pub(crate) fn sat(amount: Amount) -> String {
    format!("{} sat", thousands(amount.to_sat()))
}

/// Puts a space after every fourth character, so that eyes keep their place in an address.
pub(crate) fn grouped(text: &str) -> String {
    let mut grouped = String::with_capacity(text.len() * 5 / 4);
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    grouped
}

pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_both_units() {
        for (amount, bitcoin, satoshi) in [
            (0, "0.00000000 BTC", "0 sat"),
            (1, "0.00000001 BTC", "1 sat"),
            (123_456, "0.00123456 BTC", "123,456 sat"),
            (
                2_100_000_000_000_000,
                "21,000,000.00000000 BTC",
                "2,100,000,000,000,000 sat",
            ),
        ] {
            assert_eq!(btc(Amount::from_sat(amount)), bitcoin);
            assert_eq!(sat(Amount::from_sat(amount)), satoshi);
        }
    }

    #[test]
    fn every_character_of_an_address_is_shown() {
        let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
        assert_eq!(
            grouped(address),
            "bcrt 1qw5 08d6 qejx tdg4 y5r3 zarv ary0 c5xw 7kyg t080"
        );
        assert_eq!(grouped(address).replace(' ', ""), address);
    }
}
