//! The word lists.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The language of a BIP39 word list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// The list that every wallet reads.
    #[default]
    English,
    /// 简体中文
    ChineseSimplified,
    /// 繁體中文
    ChineseTraditional,
    /// Čeština
    Czech,
    /// Français
    French,
    /// Italiano
    Italian,
    /// 日本語
    Japanese,
    /// 한국어
    Korean,
    /// Português
    Portuguese,
    /// Español
    Spanish,
}

impl Language {
    /// Every language, English first.
    pub const ALL: [Language; 10] = [
        Language::English,
        Language::ChineseSimplified,
        Language::ChineseTraditional,
        Language::Czech,
        Language::French,
        Language::Italian,
        Language::Japanese,
        Language::Korean,
        Language::Portuguese,
        Language::Spanish,
    ];

    /// Returns the name, as command lines and files write it.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "english",
            Language::ChineseSimplified => "chinese-simplified",
            Language::ChineseTraditional => "chinese-traditional",
            Language::Czech => "czech",
            Language::French => "french",
            Language::Italian => "italian",
            Language::Japanese => "japanese",
            Language::Korean => "korean",
            Language::Portuguese => "portuguese",
            Language::Spanish => "spanish",
        }
    }

    pub(super) fn to_bip39(self) -> bip39::Language {
        match self {
            Language::English => bip39::Language::English,
            Language::ChineseSimplified => bip39::Language::SimplifiedChinese,
            Language::ChineseTraditional => bip39::Language::TraditionalChinese,
            Language::Czech => bip39::Language::Czech,
            Language::French => bip39::Language::French,
            Language::Italian => bip39::Language::Italian,
            Language::Japanese => bip39::Language::Japanese,
            Language::Korean => bip39::Language::Korean,
            Language::Portuguese => bip39::Language::Portuguese,
            Language::Spanish => bip39::Language::Spanish,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is none of the languages'.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word list; use {}", names())]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Language::ALL
            .into_iter()
            .find(|language| language.name() == name)
            .ok_or(UnknownLanguage)
    }
}

fn names() -> String {
    Language::ALL.map(Language::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_as_text_and_in_files() {
        for language in Language::ALL {
            assert_eq!(language.name().parse(), Ok(language));
            assert_eq!(serde_json::to_value(language).unwrap(), language.name());
        }
        assert_eq!("klingon".parse::<Language>(), Err(UnknownLanguage));
    }
}
