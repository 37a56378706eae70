//! Identifiers and free text.

use std::fmt;

use cofferdam_core::sanitize::first_deceptive;

use super::problem::{Cause, shown};

/// The longest `payout_id`, in bytes.
const MAX_ID_BYTES: usize = 128;
/// The longest name or reference, in bytes.
const MAX_TEXT_BYTES: usize = 512;

/// What a payment is known by, unique for ever in a ledger: 1 to 128 printable ASCII characters, no
/// space at its ends.
///
/// ASCII alone, so that two identifiers that look the same are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct PayoutId(String);

impl PayoutId {
    /// Reads an identifier.
    ///
    /// # Errors
    ///
    /// Refuses what is empty, too long, padded or not printable ASCII.
    pub(crate) fn parse(text: &str) -> Result<Self, Cause> {
        let column = "payout_id";
        if text.is_empty() {
            return Err(Cause::EmptyCell { column });
        }
        if text.trim() != text {
            return Err(Cause::Spaces { column });
        }
        if text.len() > MAX_ID_BYTES {
            return Err(Cause::CellTooLong {
                column,
                most: MAX_ID_BYTES,
            });
        }
        match text
            .chars()
            .find(|character| !matches!(character, ' '..='~'))
        {
            Some(character) => Err(Cause::IdCharacter(shown(&character.to_string()))),
            None => Ok(PayoutId(text.into())),
        }
    }

    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PayoutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a name or a reference; an empty one is none.
///
/// # Errors
///
/// Refuses what would be shown otherwise than it is written: control characters, invisible ones,
/// marks that pile up ([`first_deceptive`]).
pub(super) fn free_text(text: &str, column: &'static str) -> Result<Option<String>, Cause> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Cause::CellTooLong {
            column,
            most: MAX_TEXT_BYTES,
        });
    }
    if let Some(character) = first_deceptive(text) {
        return Err(Cause::ControlCharacter {
            column,
            character: character.into(),
        });
    }
    Ok(Some(text.trim())
        .filter(|text| !text.is_empty())
        .map(Into::into))
}

/// Refuses spaces around a value that has no use for them.
pub(super) fn unpadded<'a>(text: &'a str, column: &'static str) -> Result<&'a str, Cause> {
    match text.trim() == text {
        true => Ok(text),
        false => Err(Cause::Spaces { column }),
    }
}
