//! A wallet's name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in characters.
const MAX_LENGTH: usize = 64;

/// A wallet's name: 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit.
///
/// Safe in file names, command lines and on a terminal. It is a label only, and no part of the
/// wallet's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WalletName(String);

impl WalletName {
    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a wallet name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a wallet name; use 1 to 64 letters, digits, dots, underscores or hyphens, the first a letter or digit"
)]
pub struct InvalidWalletName;

impl FromStr for WalletName {
    type Err = InvalidWalletName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let begins_well = text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if begins_well && text.len() <= MAX_LENGTH && text.bytes().all(allowed) {
            Ok(WalletName(text.to_owned()))
        } else {
            Err(InvalidWalletName)
        }
    }
}

impl TryFrom<String> for WalletName {
    type Error = InvalidWalletName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WalletName> for String {
    fn from(name: WalletName) -> String {
        name.0
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_plain_names() {
        for name in ["main", "a", "Treasury-2026.v2_x", &"n".repeat(64)] {
            assert_eq!(
                name.parse::<WalletName>().map(String::from).as_deref(),
                Ok(name)
            );
        }
    }

    #[test]
    fn refuses_names_that_could_mean_something_else() {
        for name in [
            "",
            "..",
            ".hidden",
            "-rf",
            "_x",
            "a/b",
            "a b",
            "na\u{ef}ve",
            "a\n",
            "a\u{1b}[2J",
            &"n".repeat(65),
        ] {
            assert_eq!(
                name.parse::<WalletName>(),
                Err(InvalidWalletName),
                "{name:?}"
            );
        }
    }
}
