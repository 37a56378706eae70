//! The random bytes behind a mnemonic.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The number of words of a mnemonic (BIP39).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordCount {
    /// 12 words, 128 bits.
    Words12,
    /// 15 words, 160 bits.
    Words15,
    /// 18 words, 192 bits.
    Words18,
    /// 21 words, 224 bits.
    Words21,
    /// 24 words, 256 bits.
    Words24,
}

impl WordCount {
    /// Every word count, smallest first.
    pub const ALL: [WordCount; 5] = [
        WordCount::Words12,
        WordCount::Words15,
        WordCount::Words18,
        WordCount::Words21,
        WordCount::Words24,
    ];

    /// Returns the number of words.
    pub fn words(self) -> usize {
        match self {
            WordCount::Words12 => 12,
            WordCount::Words15 => 15,
            WordCount::Words18 => 18,
            WordCount::Words21 => 21,
            WordCount::Words24 => 24,
        }
    }

    /// Returns the number of bytes of entropy: 4 for every 3 words.
    pub fn entropy_bytes(self) -> usize {
        self.words() / 3 * 4
    }
}

/// No mnemonic has this many words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mnemonic has 12, 15, 18, 21 or 24 words, not {0}")]
pub struct InvalidWordCount(pub usize);

impl TryFrom<usize> for WordCount {
    type Error = InvalidWordCount;

    fn try_from(words: usize) -> Result<Self, Self::Error> {
        WordCount::ALL
            .into_iter()
            .find(|count| count.words() == words)
            .ok_or(InvalidWordCount(words))
    }
}

/// 16, 20, 24, 28 or 32 secret random bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Entropy {
    bytes: [u8; 32],
    #[zeroize(skip)]
    word_count: WordCount,
}

impl Entropy {
    /// Takes the first bytes of a digest, as many as a word count needs.
    pub(super) fn cut(digest: &[u8; 32], word_count: WordCount) -> Entropy {
        let mut bytes = [0; 32];
        let used = word_count.entropy_bytes();
        bytes[..used].copy_from_slice(&digest[..used]);
        Entropy { bytes, word_count }
    }

    /// Takes entropy as a vault stored it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Entropy, InvalidEntropy> {
        let word_count = WordCount::ALL
            .into_iter()
            .find(|count| count.entropy_bytes() == bytes.len())
            .ok_or(InvalidEntropy(bytes.len()))?;
        let mut entropy = Entropy {
            bytes: [0; 32],
            word_count,
        };
        entropy.bytes[..bytes.len()].copy_from_slice(bytes);
        Ok(entropy)
    }

    /// Returns the secret bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.word_count.entropy_bytes()]
    }

    /// Returns how many words the entropy makes.
    pub fn word_count(&self) -> WordCount {
        self.word_count
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}

/// No mnemonic has this many bytes of entropy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entropy has 16, 20, 24, 28 or 32 bytes, not {0}")]
pub struct InvalidEntropy(pub usize);
