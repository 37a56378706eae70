//! Lines that we break, so that no terminal does: what a terminal breaks goes on in its first
//! column, where lines of ours begin.

use super::{Rules, escaped};

/// The columns that every screen is written for.
pub const COLUMNS: usize = 80;

/// What stands before everything that goes on from the line above, and before foreign text with
/// lines of its own. Foreign text cannot print its first character.
pub const MARK: &str = "│ ";

/// The lines that one line may become; what is beyond them is counted.
const MOST_LINES: usize = 24;

/// The lines that a [`block`] may have.
const BLOCK_LINES: usize = 8;

/// Returns text of ours, in which foreign text is [neutralised](super::neutralised), as it is
/// printed: each line that is wider than [`COLUMNS`] goes on below, behind [`MARK`] and further in
/// than it began.
pub fn folded(text: &str) -> String {
    let text = escaped(
        text,
        Rules {
            newline: false,
            backslash: false,
            ours: false,
            right_to_left: false,
        },
    );
    let mut folded = String::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        fold(&mut folded, line);
        folded.push_str(end);
    }
    folded
}

/// Returns a message that is one line, such as an error's, as it is printed, foreign text in it
/// neutralised or not: as by [`neutralised`](super::neutralised), but that backslashes stay single,
/// and [`folded`].
pub fn line(text: &str) -> String {
    folded(&escaped(
        text,
        Rules {
            newline: true,
            backslash: false,
            ours: true,
            right_to_left: true,
        },
    ))
}

/// Returns a further line of a message, behind [`MARK`] and ended: as [`line`].
pub fn further(text: &str) -> String {
    let text = escaped(
        text,
        Rules {
            newline: true,
            backslash: false,
            ours: true,
            right_to_left: true,
        },
    );
    folded(&format!("  {MARK}{text}")) + "\n"
}

/// Returns foreign text as lines of its own, each behind `indent` spaces and [`MARK`], the last one
/// ended too.
///
/// No more than eight lines are shown; a line of ours, without the mark, tells how much more there
/// is.
pub fn block(indent: usize, text: &str) -> String {
    let safe = escaped(
        text,
        Rules {
            newline: true,
            backslash: true,
            ours: true,
            right_to_left: false,
        },
    );
    let prefix = format!("{}{MARK}", " ".repeat(indent));
    let mut block = String::new();
    let mut rest = safe.as_str();
    for _ in 0..BLOCK_LINES {
        let (now, later) = split(rest, COLUMNS.saturating_sub(columns(&prefix)));
        block.push_str(&format!("{prefix}{now}\n"));
        rest = later;
        if rest.is_empty() {
            return block;
        }
    }
    block.push_str(&format!("{}{}\n", " ".repeat(indent), more(rest)));
    block
}

/// Takes the breaks of [`folded`] and [`line`] out again.
pub fn unfolded(text: &str) -> String {
    let mut unfolded = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.trim_start_matches(' ').strip_prefix(MARK) {
            Some(rest) if unfolded.ends_with('\n') => {
                unfolded.pop();
                unfolded.push_str(rest);
            }
            _ => unfolded.push_str(line),
        }
    }
    unfolded
}

fn fold(folded: &mut String, line: &str) {
    if columns(line) <= COLUMNS {
        folded.push_str(line);
        return;
    }
    let indent = line
        .bytes()
        .take_while(|byte| *byte == b' ')
        .count()
        .min(16);
    let prefix = format!("\n{}{MARK}", " ".repeat(indent + 2));
    let room = COLUMNS - (indent + 2) - columns(MARK);
    let (first, mut rest) = split(line, COLUMNS);
    folded.push_str(first);
    for _ in 1..MOST_LINES {
        if rest.is_empty() {
            return;
        }
        let (now, later) = split(rest, room);
        folded.push_str(&prefix);
        folded.push_str(now);
        rest = later;
    }
    if !rest.is_empty() {
        folded.push_str(&format!("\n{}{}", " ".repeat(indent), more(rest)));
    }
}

fn more(rest: &str) -> String {
    format!("({} more characters are not shown)", rest.chars().count())
}

/// Splits off what fits, behind a space where there is one in its second half. Always takes
/// something.
fn split(text: &str, room: usize) -> (&str, &str) {
    let (mut width, mut fits, mut space) = (0, 0, None);
    for (at, character) in text.char_indices() {
        width += column(character);
        if width > room && at > 0 {
            return text.split_at(space.unwrap_or(fits));
        }
        fits = at + character.len_utf8();
        if character == ' ' && width > room / 2 {
            space = Some(fits);
        }
    }
    (text, "")
}

/// The columns that a text takes at most.
fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// The columns that a character takes at most. Outside ASCII terminals differ, by version and by
/// settings ("ambiguous width"), but none gives a character more than two. A line that is broken
/// early hides nothing; one that is broken late is broken by the terminal.
fn column(character: char) -> usize {
    if character.is_ascii() { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_screen_and_nothing_is_lost() {
        let texts = [
            "short\n".to_owned(),
            format!("error: {}\n", "REFUSED: nothing fee 10 sat ".repeat(12)),
            format!("    path {}\nnext\n", "x".repeat(300)),
            format!("    {}", "東京 ".repeat(60)),
            format!("{}a", " ".repeat(200)),
        ];
        for text in texts {
            let folded = folded(&text);
            assert_eq!(unfolded(&folded), text);
            assert_eq!(
                super::folded(&folded),
                folded,
                "a second time changes nothing"
            );
            for (number, line) in folded.lines().enumerate() {
                assert!(columns(line) <= COLUMNS, "{line}");
                assert!(
                    number == 0 || line == "next" || line.trim_start().starts_with(MARK.trim_end()),
                    "{folded}"
                );
            }
        }
    }

    #[test]
    fn foreign_text_has_a_mark_on_every_line_and_an_end() {
        let name = format!("{}\nREFUSED │ x", "━━ fee 10 sat ".repeat(80));
        let block = block(9, &name);
        let lines: Vec<&str> = block.lines().collect();
        assert_eq!(lines.len(), 9);
        assert!(
            lines[..8]
                .iter()
                .all(|line| line.starts_with("         │ "))
        );
        assert!(
            lines
                .iter()
                .all(|line| line.matches('│').count() <= 1 && !line.contains('━'))
        );
        assert!(lines[8].starts_with("         ("), "{}", lines[8]);
        assert_eq!(super::block(2, "Grüße"), "  │ Grüße\n");
        assert_eq!(super::block(2, ""), "  │ \n");
    }

    #[test]
    fn a_message_of_one_line_stays_one() {
        assert_eq!(
            line("a\nb\x1b[2J│ \\u{a}"),
            "a\\u{a}b\\u{1b}[2J\\u{2502} \\u{a}"
        );
        assert_eq!(folded("a\nb\x1b[2J"), "a\nb\\u{1b}[2J");
    }

    #[test]
    fn one_line_becomes_a_bounded_number() {
        let folded = folded(&"x ".repeat(100_000));
        assert_eq!(folded.lines().count(), MOST_LINES + 1);
        assert!(folded.ends_with("more characters are not shown)"));
    }
}
