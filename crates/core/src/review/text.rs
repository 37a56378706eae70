//! Text that somebody else wrote, made harmless for screens.

/// Returns the text with every character escaped that a terminal could obey or that hides what stands there: control
/// characters, bidirectional marks (Unicode TR9), zero-width and other invisible characters. The escape is `\u{...}`, and a
/// backslash becomes `\\`, so that no text can pose as an escape.
pub fn neutralised(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut safe, character| {
            match character {
                '\\' => safe.push_str("\\\\"),
                _ if is_harmful(character) => safe.extend(character.escape_unicode()),
                _ => safe.push(character),
            }
            safe
        })
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
            ("posing as an escape", r"\u{202e}", r"\\u{202e}"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(neutralised(text), expected, "{name}");
        }
    }
}
