//! Words of a mnemonic in a text, however they are written: so that nobody shows them by mistake.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

use super::Language;

/// As many words as the shortest mnemonic has.
const SHORTEST: usize = 12;

/// Letters of a word that tell it from all others of its list (BIP39).
const TELLING: usize = 4;

/// The longest run of letters in which words without spaces are looked for; a longer one is refused
/// as it is.
const LONGEST: usize = 2_000;

/// Tells whether text has as many words of one list in a row as the shortest mnemonic has, whatever
/// their checksum: whole words or their first letters, four or more; with accents or without;
/// numbered, or with nothing between them.
pub(super) fn may_hold_words(text: &str) -> bool {
    let text = bare(text);
    let parts = |letter: char| {
        letter.is_whitespace() || letter.is_numeric() || letter.is_ascii_punctuation()
    };
    let tokens: Vec<&str> = text
        .split(parts)
        .filter(|token| !token.is_empty())
        .collect();
    Language::ALL.into_iter().any(|language| {
        let list = List::of(language);
        let mut row = 0;
        tokens.iter().any(|token| {
            row = match list.words_in(token) {
                0 => 0,
                words => row + words,
            };
            row >= SHORTEST
        })
    })
}

/// Text in small letters without accents and other marks.
fn bare(text: &str) -> String {
    let small = text.chars().flat_map(char::to_lowercase);
    small.nfkd().filter(|letter| !is_mark(*letter)).collect()
}

/// The marks that decomposing leaves, of Latin letters and of kana.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}')
}

/// A word list without marks.
struct List {
    /// Whole words, and what they begin with.
    known: HashSet<String>,
    longest: usize,
}

impl List {
    fn of(language: Language) -> List {
        let mut known = HashSet::new();
        let mut longest = 0;
        for word in language.to_bip39().word_list() {
            let word = bare(word);
            let letters = word.chars().count();
            longest = longest.max(letters);
            for (number, (at, _)) in word.char_indices().enumerate().skip(TELLING) {
                debug_assert!(number >= TELLING);
                known.insert(word[..at].to_owned());
            }
            known.insert(word);
        }
        List { known, longest }
    }

    /// Returns the most words that a run of letters is made of; 0 when it is made of none, or of
    /// something besides.
    fn words_in(&self, token: &str) -> usize {
        if self.known.contains(token) {
            return 1;
        }
        let ends: Vec<usize> = token
            .char_indices()
            .map(|(at, _)| at)
            .chain([token.len()])
            .collect();
        if ends.len() > LONGEST {
            return SHORTEST;
        }
        // The most words up to each letter.
        let mut most: Vec<Option<usize>> = vec![None; ends.len()];
        if let Some(first) = most.first_mut() {
            *first = Some(0);
        }
        for end in 1..ends.len() {
            for begin in end.saturating_sub(self.longest)..end {
                if let Some(before) = most[begin]
                    && most[end].is_none_or(|found| found < before + 1)
                    && self.known.contains(&token[ends[begin]..ends[end]])
                {
                    most[end] = Some(before + 1);
                }
            }
        }
        most.last().copied().flatten().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(language: Language) -> Vec<&'static str> {
        let list = language.to_bip39().word_list();
        (0..12)
            .map(|number| list[(number * 167 + 40) % 2048])
            .collect()
    }

    fn first_letters(word: &str) -> String {
        word.nfc().take(TELLING).collect()
    }

    #[test]
    fn words_of_every_language_are_found_however_they_are_written() {
        for language in Language::ALL {
            let words = words(language);
            let short: Vec<String> = words.iter().map(|word| first_letters(word)).collect();
            let without_marks: Vec<String> = words.iter().map(|word| bare(word)).collect();
            let numbered: Vec<String> = (1..)
                .zip(&short)
                .map(|(number, word)| format!("{number}. {word}"))
                .collect();
            for text in [
                words.join(" "),
                words.concat(),
                short.join(" "),
                short.join("\n").to_uppercase(),
                short.join(", "),
                short.concat(),
                without_marks.join(" "),
                numbered.join("\n"),
                format!("our backup: {} (the last is wrong)", short.join("-")),
            ] {
                assert!(may_hold_words(&text), "{language:?}: {text}");
            }
            assert!(
                !may_hold_words(&words[..11].join(" ")),
                "{language:?}: one too few"
            );
        }
    }

    #[test]
    fn other_texts_hold_none() {
        for text in [
            "",
            "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            "wpkh([00000000/84h/0h/0h]xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8/<0;1>/*)#00000000",
            "the treasury pays on Friday, when the month is over and all the lists were approved by whoever has to",
            "{\"format\": \"cofferdam-wallet\", \"name\": \"main\", \"network\": \"regtest\", \"birthday\": \"2024-01-01\"}",
        ] {
            assert!(!may_hold_words(text), "{text}");
        }
    }
}
