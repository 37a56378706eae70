//! Identifiers and free text.

use std::fmt;

use super::problem::{Cause, shown};

/// The longest `payout_id`, in bytes.
const MAX_ID_BYTES: usize = 128;
/// The longest name or reference, in bytes.
const MAX_TEXT_BYTES: usize = 512;

/// What a payment is known by, unique for ever in a ledger: 1 to 128 printable ASCII characters, no space at its ends.
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
        match text.chars().find(|character| !matches!(character, ' '..='~')) {
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
/// Refuses control characters, and the invisible ones by which text can be shown in another order than it is written.
pub(super) fn free_text(text: &str, column: &'static str) -> Result<Option<String>, Cause> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Cause::CellTooLong {
            column,
            most: MAX_TEXT_BYTES,
        });
    }
    if let Some(character) = text.chars().find(|character| is_deceptive(*character)) {
        return Err(Cause::ControlCharacter {
            column,
            character: character.into(),
        });
    }
    Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(Into::into))
}

/// Control characters, line separators, direction marks and zero-width characters (Unicode general categories Cc, Zl,
/// Zp, and those of Cf that change what is seen).
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Refuses spaces around a value that has no use for them.
pub(super) fn unpadded<'a>(text: &'a str, column: &'static str) -> Result<&'a str, Cause> {
    match text.trim() == text {
        true => Ok(text),
        false => Err(Cause::Spaces { column }),
    }
}
