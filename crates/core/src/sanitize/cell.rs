//! Cells on their way out, for people who open them in a spreadsheet.

use unicode_normalization::UnicodeNormalization as _;

use super::{Rules, escaped};

/// Returns the cell so that it shows what it holds, and that no spreadsheet takes it for a formula:
/// one that begins with `=`, `+`, `-` or `@` gets a leading apostrophe, in whatever width the sign
/// is written, and behind white space and quotation marks too (OWASP, "CSV injection").
pub fn cell(text: &str) -> String {
    let safe = escaped(
        text,
        Rules {
            newline: true,
            backslash: true,
            ours: false,
            right_to_left: false,
        },
    );
    match begins_formula(text) {
        true => format!("'{safe}"),
        false => safe,
    }
}

fn begins_formula(text: &str) -> bool {
    let is_quote = |character: char| {
        matches!(
            character,
            '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '\u{ff02}' | '\u{ff07}'
        )
    };
    let rest =
        text.trim_start_matches(|character: char| character.is_whitespace() || is_quote(character));
    let begins_with_sign = rest.chars().nfkd().next().is_some_and(|first| {
        // The last are the minus sign and the dashes, which some programs take for one.
        matches!(
            first,
            '=' | '+' | '-' | '@' | '\u{2212}' | '\u{2010}'..='\u{2015}'
        )
    });
    begins_with_sign || text.starts_with(['\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_begins_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a=b", "a=b"),
            ("=1+1", "'=1+1"),
            (" +1", "' +1"),
            ("\u{3000}@x", "'\u{3000}@x"),
            ("＝cmd", "'＝cmd"),
            ("﹦cmd", "'﹦cmd"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("﹣1", "'﹣1"),
            ("−1", "'−1"),
            ("＠x", "'＠x"),
            ("﹫x", "'﹫x"),
            ("\"=1", "'\"=1"),
            ("＂ ＝1", "'＂ ＝1"),
            ("'=1", "''=1"),
            ("\t=1", "'\\u{9}=1"),
            ("\u{202e}=1", "\\u{202e}=1"),
            ("a\u{3164}", "a\\u{3164}"),
            ("a\\b", "a\\\\b"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
