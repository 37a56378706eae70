//! Cells on their way out, for people who open them in a spreadsheet.

use std::borrow::Cow;

/// Returns the cell so that no spreadsheet takes it for a formula: one that begins with `=`, `+`, `-` or `@`, also behind
/// white space, gets a leading apostrophe.
///
/// A tab or carriage return at the beginning counts as well (OWASP, "CSV injection").
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let begins_formula =
        text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    match begins_formula {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}
