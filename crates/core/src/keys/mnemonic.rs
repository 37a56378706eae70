//! Entropy in words (BIP39).

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::lookout::may_hold_words;
use super::seed::normalize;
use super::{Bip39Passphrase, Entropy, InvalidWordCount, Language, Seed, WordCount};

/// Why words are refused.
///
/// An unknown word is named: it is on no list, and no part of any key. Words that are on the list
/// are never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// No mnemonic has this many words.
    #[error(transparent)]
    WordCount(#[from] InvalidWordCount),
    /// A word is not on the list.
    #[error("word {position}, \"{word}\", is not in the {language} word list{}", did_you_mean(.near))]
    UnknownWord {
        /// The word's number, from 1.
        position: usize,
        /// The word as it was typed, cut and with control characters escaped.
        word: String,
        /// The language told, or the one that knows the most of the words.
        language: Language,
        /// Words of the list that are close.
        near: Vec<&'static str>,
    },
    /// The words are all known, but they do not belong together.
    #[error(
        "the checksum, which the last word (word {position}) carries, does not match: a word is wrong or two are \
         swapped; compare each with the backup ({language} word list)"
    )]
    Checksum {
        /// The last word's number, from 1.
        position: usize,
        /// The language.
        language: Language,
    },
    /// The words are in several languages' lists, with the right checksum.
    #[error("these words are valid in several word lists ({}); tell the language", list(.languages))]
    AmbiguousLanguage {
        /// The languages that have all words.
        languages: Vec<Language>,
    },
}

/// The longest part of an unknown word that is repeated.
const MAX_SHOWN: usize = 24;
/// The most suggestions for an unknown word.
const MAX_NEAR: usize = 3;

/// A mnemonic: 12 to 24 words with a checksum.
pub struct Mnemonic {
    /// Wiped when dropped, by the `bip39` crate.
    words: bip39::Mnemonic,
    language: Language,
    word_count: WordCount,
}

impl Mnemonic {
    /// Reads words, separated by white space, in any case and Unicode form.
    ///
    /// Without a language, the one whose list has all the words and whose checksum is right is
    /// taken; several are an error. (The seed would be the same, as it depends on the words alone;
    /// the entropy would not.)
    pub fn parse(text: &str, language: Option<Language>) -> Result<Mnemonic, MnemonicError> {
        let text = normalize(text.chars().flat_map(char::to_lowercase));
        let word_count = WordCount::try_from(text.split_whitespace().count())?;
        let language = match language {
            Some(language) => language,
            None => detect(&text)?,
        };
        match bip39::Mnemonic::parse_in_normalized(language.to_bip39(), &text) {
            Ok(words) => Ok(Mnemonic {
                words,
                language,
                word_count,
            }),
            Err(bip39::Error::UnknownWord(index)) => {
                let typed = text.split_whitespace().nth(index).unwrap_or_default();
                Err(MnemonicError::UnknownWord {
                    position: index + 1,
                    word: typed
                        .chars()
                        .take(MAX_SHOWN)
                        .flat_map(char::escape_debug)
                        .collect(),
                    language,
                    near: near(typed, language),
                })
            }
            Err(_) => Err(MnemonicError::Checksum {
                position: word_count.words(),
                language,
            }),
        }
    }

    /// Tells whether text has as many words of one list in a row as the shortest mnemonic has,
    /// whatever their checksum: it may be a backup, or most of one. Whole words or their first
    /// letters, with accents or without, numbered or with nothing between them.
    pub fn may_be_in(text: &str) -> bool {
        may_hold_words(text)
    }

    /// Reads words by their places in the language's list, from 0 to 2047, as a SeedQR has them.
    pub fn from_indices(indices: &[u16], language: Language) -> Result<Mnemonic, MnemonicError> {
        let list = language.to_bip39().word_list();
        // Longer than any phrase, so that it never moves in memory.
        let mut text = Zeroizing::new(String::with_capacity(1024));
        for index in indices {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(list.get(usize::from(*index)).copied().unwrap_or("?"));
        }
        Mnemonic::parse(&text, Some(language))
    }

    /// Writes entropy in words.
    pub fn from_entropy(entropy: &Entropy, language: Language) -> Mnemonic {
        let words = bip39::Mnemonic::from_entropy_in(language.to_bip39(), entropy.as_bytes())
            .expect("entropy always has a length that BIP39 allows");
        Mnemonic {
            words,
            language,
            word_count: entropy.word_count(),
        }
    }

    /// Returns the entropy that the words write.
    pub fn entropy(&self) -> Entropy {
        let (mut bytes, _) = self.words.to_entropy_array();
        let mut digest = Zeroizing::new([0; 32]);
        digest.copy_from_slice(&bytes[..32]);
        bytes.zeroize();
        Entropy::cut(&digest, self.word_count)
    }

    /// Returns the language of the word list.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Returns the number of words.
    pub fn word_count(&self) -> WordCount {
        self.word_count
    }

    /// Returns the words in order, in Unicode NFKD.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.words.words()
    }

    /// Returns the words separated by single spaces, in Unicode NFKD: the text that the seed is
    /// derived from.
    pub fn phrase(&self) -> Zeroizing<String> {
        let length: usize = self.words().map(|word| word.len() + 1).sum();
        let mut phrase = Zeroizing::new(String::with_capacity(length));
        for word in self.words() {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        phrase
    }

    /// Derives the seed: PBKDF2-HMAC-SHA512 in 2048 rounds, of the words with the passphrase as
    /// salt.
    pub fn seed(&self, passphrase: &Bip39Passphrase) -> Seed {
        Seed::new(Zeroizing::new(
            self.words.to_seed_normalized(passphrase.as_str()),
        ))
    }
}

/// Returns the language whose list has all words; of several, the one whose checksum is right.
fn detect(text: &str) -> Result<Language, MnemonicError> {
    let known = |language: Language| {
        text.split_whitespace()
            .filter(|word| language.to_bip39().find_word(word).is_some())
            .count()
    };
    let words = text.split_whitespace().count();
    let complete: Vec<_> = Language::ALL
        .into_iter()
        .filter(|language| known(*language) == words)
        .collect();
    let is_right = |language: &Language| {
        bip39::Mnemonic::parse_in_normalized(language.to_bip39(), text).is_ok()
    };
    let right: Vec<_> = complete.iter().copied().filter(is_right).collect();
    match (&right[..], &complete[..]) {
        ([language], _) => Ok(*language),
        // The parser will say that the checksum is wrong.
        ([], [language, ..]) => Ok(*language),
        // The parser will name the word that the best language does not know; English when all are
        // equally bad.
        ([], []) => {
            let best = Language::ALL
                .into_iter()
                .rev()
                .max_by_key(|language| known(*language));
            Ok(best.unwrap_or(Language::English))
        }
        (_, _) => Err(MnemonicError::AmbiguousLanguage { languages: right }),
    }
}

/// Returns the words of a list that are one or two letters away from a typed one, the closest
/// first.
fn near(typed: &str, language: Language) -> Vec<&'static str> {
    let typed: Zeroizing<Vec<char>> = Zeroizing::new(typed.chars().take(MAX_SHOWN).collect());
    let furthest = if typed.len() < 4 { 1 } else { 2 };
    let mut near: Vec<_> = language
        .to_bip39()
        .word_list()
        .iter()
        .map(|word| (distance(&typed, word), *word))
        .filter(|(distance, _)| *distance <= furthest)
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter()
        .take(MAX_NEAR)
        .map(|(_, word)| word)
        .collect()
}

/// Returns the Levenshtein distance.
fn distance(typed: &[char], word: &str) -> usize {
    let mut row: Vec<usize> = (0..=typed.len()).collect();
    for (line, letter) in word.chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, other) in typed.iter().enumerate() {
            let replaced = diagonal + usize::from(*other != letter);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[typed.len()]
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(..)")
    }
}

fn did_you_mean(near: &[&str]) -> String {
    match near {
        [] => String::new(),
        _ => format!("; did you mean {}?", near.join(" or ")),
    }
}

fn list(languages: &[Language]) -> String {
    languages
        .iter()
        .map(|language| language.name())
        .collect::<Vec<_>>()
        .join(", ")
}
