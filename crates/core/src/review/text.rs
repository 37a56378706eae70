//! Text that somebody else wrote, made harmless for screens.

/// Returns the text with every character escaped that a terminal could obey or that hides what stands there: control
/// characters, bidirectional marks (Unicode TR9), zero-width and other invisible characters, and combining marks that begin
/// the text or pile up, which would draw over what is beside it. The escape is `\u{...}`, and a backslash becomes `\\`, so that
/// no text can pose as an escape.
pub fn neutralised(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    // Nothing is there yet that a mark could belong to.
    let mut marks = MARKS;
    for character in text.chars() {
        let is_mark = is_mark(character);
        match character {
            '\\' => safe.push_str("\\\\"),
            _ if is_harmful(character) || is_mark && marks == MARKS => {
                safe.extend(character.escape_unicode())
            }
            _ => safe.push(character),
        }
        marks = if is_mark { (marks + 1).min(MARKS) } else { 0 };
    }
    safe
}

/// Marks on one character that languages need; more are a flood.
const MARKS: usize = 2;

/// Marks that any character takes: the blocks of combining diacritics. Those of single scripts stay within their lines.
fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::neutralised;

    #[test]
    fn what_a_screen_could_obey_is_escaped() {
        let cases = [
            ("harmless", "Grüße, 東京 ₿", "Grüße, 東京 ₿"),
            ("terminal escape", "\x1b[2Jpaid", r"\u{1b}[2Jpaid"),
            ("line break", "a\r\nb", r"a\u{d}\u{a}b"),
            ("right-to-left override", "a\u{202e}b", r"a\u{202e}b"),
            ("isolate", "\u{2066}x\u{2069}", r"\u{2066}x\u{2069}"),
            ("zero width", "bc1\u{200b}q\u{feff}", r"bc1\u{200b}q\u{feff}"),
            ("C1 control", "\u{9b}31m", r"\u{9b}31m"),
            ("tag characters", "a\u{e0041}", r"a\u{e0041}"),
            ("accents", "e\u{301}u\u{308}\u{304}", "e\u{301}u\u{308}\u{304}"),
            (
                "a flood of marks",
                "a\u{301}\u{301}\u{301}\u{301}",
                "a\u{301}\u{301}\\u{301}\\u{301}",
            ),
            ("a mark on nothing", "\u{338}0.5", "\\u{338}0.5"),
            ("posing as an escape", r"\u{202e}", r"\\u{202e}"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(neutralised(text), expected, "{name}");
        }
    }
    #[test]
    fn no_character_of_these_passes() {
        let ranges = [
            0x00..=0x1f,
            0x7f..=0x9f,
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x206f,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xfff0..=0xfffb,
            0xe0000..=0xe0fff,
        ];
        for number in ranges.into_iter().flatten() {
            let character = char::from_u32(number).unwrap();
            let expected = format!("a\\u{{{number:x}}}b");
            assert_eq!(neutralised(&format!("a{character}b")), expected);
        }
    }
}
