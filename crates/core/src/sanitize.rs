//! Text that others wrote, made harmless: one table of characters for screens, CSV and JSON, in
//! both programs.
//!
//! - [`neutralised`]: foreign text within a line of ours, on a screen.
//! - [`folded`], [`line`]: text of ours that has foreign text in it, at the edge where it is
//!   printed.
//! - [`block`]: foreign text that gets lines of its own.
//! - [`cell`]: foreign text in a table that a spreadsheet opens.
//! - [`json`]: a document, whose text stays exact.
//! - [`first_deceptive`]: what a list, which is written by hand, must not have.
//!
//! The escape is `\u{...}`, and a backslash becomes `\\`, so that no text can pose as an escape.
//! The mark before what was wrapped, [`MARK`], is a character that foreign text cannot print.

mod cell;
mod fold;
mod json;

use unicode_normalization::char::{is_combining_mark, is_public_assigned};

pub use cell::cell;
pub use fold::{COLUMNS, MARK, block, folded, further, line, unfolded};
pub use json::{json, json_line};

/// Returns foreign text as a line of a screen may hold it: what a terminal could obey, what hides
/// or moves what stands there, and what draws our lines and marks is escaped.
///
/// Letters that are written from right to left are escaped too: on a terminal that reorders
/// (Unicode TR9), they would take the digits of ours that follow with them. A [`block`] shows them
/// as they are.
pub fn neutralised(text: &str) -> String {
    escaped(
        text,
        Rules {
            newline: true,
            backslash: true,
            ours: true,
            right_to_left: true,
        },
    )
}

/// Returns the first character that [the table](self) escapes in any text: control characters,
/// invisible ones, unassigned ones, marks that pile up.
pub fn first_deceptive(text: &str) -> Option<char> {
    Judged::new(text).find_map(|(character, harmful)| harmful.then_some(character))
}

/// What is escaped beyond [the table](is_harmful).
#[derive(Clone, Copy)]
struct Rules {
    /// A line feed too, which text of ours may have.
    newline: bool,
    /// A backslash is doubled: where the text is foreign from end to end.
    backslash: bool,
    /// Box drawing too, of which our marks and rules are made.
    ours: bool,
    /// Letters that are written from right to left too.
    right_to_left: bool,
}

fn escaped(text: &str, rules: Rules) -> String {
    let mut safe = String::with_capacity(text.len());
    for (character, harmful) in Judged::new(text) {
        match character {
            '\n' if !rules.newline => safe.push('\n'),
            '\\' if rules.backslash => safe.push_str("\\\\"),
            _ if harmful
                || rules.ours && is_ours(character)
                || rules.right_to_left && is_right_to_left(character) =>
            {
                safe.extend(character.escape_unicode())
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// The characters of a text, each with whether it is harmful where it stands.
struct Judged<'a> {
    characters: std::str::Chars<'a>,
    /// Marks since the last character that is none; as many as may be where nothing is that one
    /// could belong to.
    marks: usize,
}

impl<'a> Judged<'a> {
    fn new(text: &'a str) -> Self {
        Judged {
            characters: text.chars(),
            marks: usize::MAX,
        }
    }
}

impl Iterator for Judged<'_> {
    type Item = (char, bool);

    fn next(&mut self) -> Option<(char, bool)> {
        let character = self.characters.next()?;
        if character.is_ascii() {
            self.marks = if character.is_control() {
                usize::MAX
            } else {
                0
            };
            return Some((character, character.is_control()));
        }
        let most = if is_diacritic(character) {
            DIACRITICS
        } else {
            MARKS
        };
        let is_mark = is_combining_mark(character) || is_diacritic(character);
        let harmful = is_harmful(character) || is_mark && self.marks >= most;
        self.marks = match (is_mark, harmful) {
            (true, _) => self.marks.saturating_add(1),
            // An escape is no letter that a mark could belong to.
            (false, true) => usize::MAX,
            (false, false) => 0,
        };
        Some((character, harmful))
    }
}

/// Diacritics on one letter that languages need; more are a flood that draws over the lines above
/// and below.
const DIACRITICS: usize = 2;

/// Marks on one letter in scripts that have their own: Hebrew, Thai, Tibetan, ...
const MARKS: usize = 4;

/// Marks that any character takes: the blocks of combining diacritics.
fn is_diacritic(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The table: controls (C0, C1), separators of lines and paragraphs, direction marks, overrides and
/// isolates, what is default-ignorable (zero width, fillers of Hangul, variation selectors, tags),
/// what draws nothing or draws elsewhere, and what is unassigned, private or no character.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || !is_public_assigned(character)
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // A pattern of Braille without a dot; the filler of Hangul in three widths and forms.
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            // Controls that place hieroglyphs, shorthand and notes; a note without a head.
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Box drawing and blocks: our marks, our rules, and the codes that a terminal shows.
fn is_ours(character: char) -> bool {
    matches!(character, '\u{2500}'..='\u{259f}')
}

/// The blocks whose letters are written from right to left (Unicode, DerivedBidiClass: default R
/// and AL).
fn is_right_to_left(character: char) -> bool {
    matches!(character,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::{first_deceptive, neutralised};

    #[test]
    fn what_a_screen_could_obey_is_escaped() {
        let cases = [
            ("harmless", "Grüße, 東京 ₿", "Grüße, 東京 ₿"),
            ("terminal escape", "\x1b[2Jpaid", r"\u{1b}[2Jpaid"),
            ("line break", "a\r\nb", r"a\u{d}\u{a}b"),
            ("right-to-left override", "a\u{202e}b", r"a\u{202e}b"),
            ("isolate", "\u{2066}x\u{2069}", r"\u{2066}x\u{2069}"),
            (
                "zero width",
                "bc1\u{200b}q\u{feff}",
                r"bc1\u{200b}q\u{feff}",
            ),
            ("C1 control", "\u{9b}31m", r"\u{9b}31m"),
            ("tag characters", "a\u{e0041}", r"a\u{e0041}"),
            (
                "accents",
                "e\u{301}u\u{308}\u{304}",
                "e\u{301}u\u{308}\u{304}",
            ),
            (
                "a flood of marks",
                "a\u{301}\u{301}\u{301}\u{301}",
                "a\u{301}\u{301}\\u{301}\\u{301}",
            ),
            (
                "a flood of marks of one script",
                "\u{e01}\u{e34}\u{e48}\u{e48}\u{e48}\u{e48}",
                "\u{e01}\u{e34}\u{e48}\u{e48}\u{e48}\\u{e48}",
            ),
            ("a mark on nothing", "\u{338}0.5", "\\u{338}0.5"),
            (
                "a mark on an escape",
                "\u{200b}\u{338}",
                "\\u{200b}\\u{338}",
            ),
            ("posing as an escape", r"\u{202e}", r"\\u{202e}"),
            (
                "fillers of Hangul",
                "a\u{3164}\u{ffa0}",
                r"a\u{3164}\u{ffa0}",
            ),
            (
                "our own lines",
                "━━ paid │ 10",
                r"\u{2501}\u{2501} paid \u{2502} 10",
            ),
            ("letters that reorder", "10 א 20", r"10 \u{5d0} 20"),
            (
                "private, unassigned, none",
                "\u{e000}\u{378}\u{ffff}",
                r"\u{e000}\u{378}\u{ffff}",
            ),
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
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x206f,
            0x2800..=0x2800,
            0x3164..=0x3164,
            0xe000..=0xf8ff,
            0xfdd0..=0xfdef,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffb,
            0xfffe..=0xffff,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
            0xf0000..=0xf00ff,
            0x10fffe..=0x10ffff,
        ];
        for number in ranges.into_iter().flatten() {
            let character = char::from_u32(number).unwrap();
            let text = format!("a{character}b");
            assert_eq!(neutralised(&text), format!("a\\u{{{number:x}}}b"));
            assert_eq!(first_deceptive(&text), Some(character), "{number:x}");
        }
    }

    #[test]
    fn lists_may_have_every_script_and_our_marks() {
        for text in [
            "Grüße, 東京 ₿",
            "C:\\pay",
            "שלום",
            "Nguyễn",
            "a│b",
            "ก\u{e34}\u{e48}",
        ] {
            assert_eq!(first_deceptive(text), None, "{text}");
        }
    }
}
