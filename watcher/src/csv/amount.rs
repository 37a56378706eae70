//! One amount: decimal text and a unit to satoshi, exactly.

use std::fmt;
use std::str::FromStr;

use bitcoin::Amount;

use super::problem::shown;

/// The unit of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The satoshi: whole numbers.
    Sat,
    /// The bitcoin, 100,000,000 satoshi: up to eight decimals.
    Btc,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Sat => "sat",
            Unit::Btc => "btc",
        })
    }
}

/// The unit is none of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown unit \"{0}\"; use sat or btc")]
pub struct UnknownUnit(pub(crate) String);

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "sat" => Ok(Unit::Sat),
            "btc" => Ok(Unit::Btc),
            other => Err(UnknownUnit(other.into())),
        }
    }
}

/// Why an amount was refused. Each holds the text as messages show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AmountError {
    #[error("amount is empty")]
    Empty,
    #[error("amount {0} is not a number")]
    NotANumber(String),
    #[error("amount {0} is negative")]
    Negative(String),
    #[error("amount {0} has a plus sign")]
    PlusSign(String),
    #[error("amount {0} has an exponent")]
    Exponent(String),
    #[error("amount {0} has thousands separators")]
    ThousandsSeparator(String),
    #[error("amount {0} has a decimal comma")]
    DecimalComma(String),
    #[error("amount {0} is a fraction of a satoshi")]
    FractionalSatoshi(String),
    #[error("amount {0} is above 21 million bitcoin")]
    TooLarge(String),
    #[error("amount is zero")]
    Zero,
    #[error("amount {0} asks for all that is left")]
    SpendMax(String),
    #[error("amount {0} carries a unit or a currency sign")]
    CarriesUnit(String),
    #[error("amount {0} is not written as digits, or digits.digits")]
    Malformed(String),
}

impl AmountError {
    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            AmountError::Empty => "amount-empty",
            AmountError::NotANumber(_) => "amount-not-a-number",
            AmountError::Negative(_) => "amount-negative",
            AmountError::PlusSign(_) => "amount-plus-sign",
            AmountError::Exponent(_) => "amount-exponent",
            AmountError::ThousandsSeparator(_) => "amount-thousands-separator",
            AmountError::DecimalComma(_) => "amount-decimal-comma",
            AmountError::FractionalSatoshi(_) => "amount-fractional-satoshi",
            AmountError::TooLarge(_) => "amount-too-large",
            AmountError::Zero => "amount-zero",
            AmountError::SpendMax(_) => "amount-spend-max",
            AmountError::CarriesUnit(_) => "amount-carries-unit",
            AmountError::Malformed(_) => "amount-malformed",
        }
    }

    /// Returns the remedy.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            AmountError::Empty => "fill in the amount",
            AmountError::NotANumber(_) => "repair the formula that gave it, or type the number",
            AmountError::Negative(_) => "a payout is above zero; remove the row if it is a refund",
            AmountError::PlusSign(_) => "remove the sign",
            AmountError::Exponent(_) => {
                "write all digits; in a spreadsheet, format the column as text or as a number with decimals"
            }
            AmountError::ThousandsSeparator(_) => "write the digits without separators",
            AmountError::DecimalComma(_) => "write the decimals after a point",
            AmountError::FractionalSatoshi(_) => {
                "sat amounts are whole numbers, and btc amounts have at most eight decimals"
            }
            AmountError::TooLarge(_) => "check the unit: is a satoshi amount marked as btc?",
            AmountError::Zero => "remove the row, or fill in the amount",
            AmountError::SpendMax(_) => "write the amount itself; Cofferdam pays exact amounts",
            AmountError::CarriesUnit(_) => "write the number alone; the unit has its own place",
            AmountError::Malformed(_) => "write it like 150000 (sat) or 0.0015 (btc)",
        }
    }
}

/// Reads an amount above zero and of at most 21 million bitcoin.
///
/// Accepts `digits` for satoshi, `digits` or `digits.digits` with up to eight decimals for bitcoin;
/// ASCII digits, no leading zero but the one before a point.
///
/// # Errors
///
/// Each habit of spreadsheets and wallets that is refused has an error of its own.
pub(crate) fn parse(text: &str, unit: Unit) -> Result<Amount, AmountError> {
    let (whole, decimals) = text
        .split_once('.')
        .map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !decimals.is_none_or(digits) || (whole.len() > 1 && whole.starts_with('0'))
    {
        return Err(explain(text));
    }
    let decimals = decimals.unwrap_or("");
    let places = match unit {
        Unit::Sat => 0,
        Unit::Btc => 8,
    };
    if decimals.len() > places {
        return Err(AmountError::FractionalSatoshi(shown(text)));
    }
    let mut satoshi = 0u64;
    for digit in whole
        .bytes()
        .chain(decimals.bytes())
        .chain(std::iter::repeat_n(b'0', places - decimals.len()))
    {
        satoshi = satoshi
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .filter(|value| *value <= Amount::MAX_MONEY.to_sat())
            .ok_or_else(|| AmountError::TooLarge(shown(text)))?;
    }
    match satoshi {
        0 => Err(AmountError::Zero),
        satoshi => Ok(Amount::from_sat(satoshi)),
    }
}

/// Names what is wrong with text that is not a plain number.
fn explain(text: &str) -> AmountError {
    let found = shown(text);
    let lower = text.trim().to_lowercase();
    let bare = lower.trim_start_matches(['-', '+', '\u{2212}']);
    if lower.is_empty() {
        return AmountError::Empty;
    }
    if ["nan", "inf", "infinity", "null", "none", "n/a"].contains(&bare) || lower.starts_with('#') {
        return AmountError::NotANumber(found);
    }
    if lower.starts_with(['-', '\u{2212}', '\u{2013}'])
        || (lower.starts_with('(') && lower.ends_with(')'))
    {
        return AmountError::Negative(found);
    }
    if lower.starts_with('+') {
        return AmountError::PlusSign(found);
    }
    if lower.ends_with('!') || lower == "max" {
        return AmountError::SpendMax(found);
    }
    if let Some((mantissa, exponent)) = lower.split_once('e')
        && mantissa
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
        && exponent
            .trim_start_matches(['-', '+'])
            .bytes()
            .all(|byte| byte.is_ascii_digit())
        && !mantissa.is_empty()
    {
        return AmountError::Exponent(found);
    }
    let numeric = |character: char| character.is_ascii_digit() || is_separator(character);
    if !lower.chars().all(numeric) {
        let unit = lower.trim_matches(numeric);
        let known = [
            "btc", "xbt", "mbtc", "sat", "sats", "satoshi", "satoshis", "\u{20bf}", "$",
            "\u{20ac}", "usd", "eur",
        ];
        return match known.contains(&unit) {
            true => AmountError::CarriesUnit(found),
            false => AmountError::Malformed(found),
        };
    }
    match lower.split_once(',') {
        Some((whole, decimals)) if is_decimal_comma(whole, decimals) => {
            AmountError::DecimalComma(found)
        }
        _ if has_groups(&lower) => AmountError::ThousandsSeparator(found),
        _ => AmountError::Malformed(found),
    }
}

fn is_separator(character: char) -> bool {
    matches!(
        character,
        ',' | '.' | '\'' | '\u{2019}' | '_' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'
    )
}

/// One comma, and what follows cannot be a group of thousands; or groups of points before it, as in
/// `1.000,50`.
fn is_decimal_comma(whole: &str, decimals: &str) -> bool {
    let plain = !decimals.is_empty() && decimals.bytes().all(|byte| byte.is_ascii_digit());
    plain && (decimals.len() != 3 || whole.starts_with('0') || whole.len() > 3 || whole.is_empty())
}

fn has_groups(text: &str) -> bool {
    let mut groups = text.split(is_separator).peekable();
    let first = groups.next().unwrap_or("");
    !first.is_empty() && groups.peek().is_some_and(|group| group.len() == 3)
}
