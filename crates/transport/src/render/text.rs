//! The terminal: half blocks, two modules a character.

use crate::code::Matrix;

/// How a terminal shows dark and light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Black and white by escape sequences (256 colours): right on any terminal that knows them,
    /// whatever its theme.
    #[default]
    Colours,
    /// No escape sequences, for a terminal with a dark background: what is drawn is light.
    Dark,
    /// No escape sequences, for a terminal with a light background: what is drawn is dark.
    Light,
}

/// Black text on white: 16 and 231 are the fixed black and white of the 256 colours, which themes
/// leave alone.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// The columns and lines that a code takes.
pub fn size_in_terminal(matrix: &Matrix) -> (usize, usize) {
    let side = matrix.size_with_quiet_zone();
    (side, side.div_ceil(2))
}

/// Whether a code of `version` fits a terminal of so many columns and lines.
pub fn fits(version: u8, columns: usize, lines: usize) -> bool {
    let side = 17 + 4 * usize::from(version) + 8;
    (1..=40).contains(&version) && side <= columns && side.div_ceil(2) <= lines
}

/// A code as lines of text, each ended. Cursor movement is the caller's.
pub fn terminal(matrix: &Matrix, theme: Theme) -> String {
    let side = matrix.size_with_quiet_zone();
    let mut text = String::with_capacity(side * side * 2);
    for y in (0..side).step_by(2) {
        if theme == Theme::Colours {
            text.push_str(BLACK_ON_WHITE);
        }
        for x in 0..side {
            let upper = matrix.dark_from_quiet_zone(x, y);
            // Below the last line of an odd number, the quiet zone goes on.
            let lower = matrix.dark_from_quiet_zone(x, y + 1);
            let drawn = match theme {
                Theme::Colours | Theme::Light => (upper, lower),
                Theme::Dark => (!upper, !lower),
            };
            text.push(match drawn {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        if theme == Theme::Colours {
            text.push_str(RESET);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Theme, fits, size_in_terminal, terminal};
    use crate::code::{Drawing, Matrix};

    fn matrix() -> Matrix {
        Drawing::default().draw(b"COFFERDAM").expect("a code")
    }

    /// What is dark, as an eye sees it: two rows a line.
    fn seen(text: &str, ink_is_dark: bool) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in text.lines() {
            let line = line
                .replace("\x1b[38;5;16;48;5;231m", "")
                .replace("\x1b[0m", "");
            rows.push(
                line.chars()
                    .map(|c| matches!(c, '█' | '▀') == ink_is_dark)
                    .collect(),
            );
            rows.push(
                line.chars()
                    .map(|c| matches!(c, '█' | '▄') == ink_is_dark)
                    .collect(),
            );
        }
        rows
    }

    #[test]
    fn every_theme_shows_the_code_with_its_quiet_zone() {
        for (theme, ink_is_dark) in [
            (Theme::Colours, true),
            (Theme::Dark, false),
            (Theme::Light, true),
        ] {
            let rows = seen(&terminal(&matrix(), theme), ink_is_dark);
            for (y, row) in rows.iter().enumerate() {
                for (x, dark) in row.iter().enumerate() {
                    assert_eq!(
                        *dark,
                        matrix().dark_from_quiet_zone(x, y),
                        "{theme:?} at {x}, {y}"
                    );
                }
            }
        }
    }

    #[test]
    fn sizes_are_told() {
        let text = terminal(&matrix(), Theme::Light);
        let (columns, lines) = size_in_terminal(&matrix());
        assert_eq!(text.lines().count(), lines);
        assert!(text.lines().all(|line| line.chars().count() == columns));
        assert!(fits(1, 29, 15) && !fits(1, 28, 15) && !fits(1, 29, 14));
        assert!(!fits(0, 1_000, 1_000) && !fits(41, 1_000, 1_000));
    }
}
