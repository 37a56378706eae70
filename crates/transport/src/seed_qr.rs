//! SeedQR and CompactSeedQR: a seed in one code (SeedSigner's specification). Read only, offline,
//! and only when a seed is asked for.
//!
//! - SeedQR: four digits a word, its index in the BIP39 list (0 to 2047), the checksum's word
//!   included.
//! - CompactSeedQR: the entropy itself; the checksum is left out. Nothing tells it from text of
//!   that length, so that text is no seed: of a million CompactSeedQRs of 12 words, about one is
//!   refused.
//!
//! How indices or entropy become a mnemonic is the signer's to say: nothing here knows a list of
//! words.

use std::fmt;

use zeroize::Zeroizing;

use crate::single_frame::is_text;

/// Bytes of entropy of 12, 15, 18, 21 and 24 words (BIP39).
const ENTROPY: [usize; 5] = [16, 20, 24, 28, 32];
/// Digits of as many words.
const DIGITS: [usize; 5] = [48, 60, 72, 84, 96];
/// Words in a BIP39 list.
const WORDS: u16 = 2048;

/// A seed as it was read. Wiped when dropped; its `Debug` shows nothing of it.
pub enum SeedQr {
    /// Indices into the BIP39 list: 12, 15, 18, 21 or 24, each less than 2048. Their checksum is
    /// not verified yet.
    Indices(Zeroizing<Vec<u16>>),
    /// Entropy: 16, 20, 24, 28 or 32 bytes.
    Entropy(Zeroizing<Vec<u8>>),
}

/// Why a code is no seed. It tells nothing of the code's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedQrError {
    /// Neither as many digits nor as many bytes as a seed has.
    #[error(
        "this code is no SeedQR: it holds neither 48, 60, 72, 84 or 96 digits nor 16, 20, 24, 28 or 32 bytes"
    )]
    NotASeed,
    /// A group of four digits above 2047.
    #[error("this code is no SeedQR: word {0} is beyond the 2048 words of the list; scan it again")]
    NoSuchWord(usize),
    /// As many bytes as entropy has, but text: a label or a link before the camera would become a
    /// wallet.
    #[error(
        "this code is text as long as a seed, and not taken for one; if it is your CompactSeedQR all the same, type its words"
    )]
    Text,
}

impl SeedQr {
    /// Reads the content of a code that shall be a seed.
    pub fn read(content: &[u8]) -> Result<Self, SeedQrError> {
        let digits = content.iter().all(u8::is_ascii_digit);
        if digits && DIGITS.contains(&content.len()) {
            return Ok(Self::Indices(indices(content)?));
        }
        if digits || !ENTROPY.contains(&content.len()) {
            return Err(SeedQrError::NotASeed);
        }
        match is_text(content) {
            true => Err(SeedQrError::Text),
            false => Ok(Self::Entropy(Zeroizing::new(content.to_vec()))),
        }
    }
}

impl fmt::Debug for SeedQr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedQr(..)")
    }
}

/// Tells whether content must be taken for a seed where none was asked for: digits that name words,
/// or bytes of the length of entropy that are not text.
pub fn looks_like_seed(content: &[u8]) -> bool {
    SeedQr::read(content).is_ok()
}

fn indices(digits: &[u8]) -> Result<Zeroizing<Vec<u16>>, SeedQrError> {
    let mut indices = Zeroizing::new(Vec::with_capacity(digits.len() / 4));
    for (place, group) in digits.chunks_exact(4).enumerate() {
        let index = group
            .iter()
            .fold(0, |index, digit| index * 10 + u16::from(digit - b'0'));
        if index >= WORDS {
            return Err(SeedQrError::NoSuchWord(place + 1));
        }
        indices.push(index);
    }
    Ok(indices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_seed_is_refused_without_its_content() {
        let refused = |content: &[u8]| SeedQr::read(content).unwrap_err();
        for length in (0..100).filter(|length| !DIGITS.contains(length)) {
            assert_eq!(refused(&vec![b'1'; length]), SeedQrError::NotASeed);
        }
        for length in (0..100).filter(|length| !ENTROPY.contains(length)) {
            assert_eq!(refused(&vec![0xfe; length]), SeedQrError::NotASeed);
        }
        for text in ["sixteen letters.", "https://example.org/0123"] {
            assert_eq!(refused(text.as_bytes()), SeedQrError::Text);
        }
        let mut digits = [b'0'; 48];
        digits[8..12].copy_from_slice(b"2048");
        assert_eq!(refused(&digits), SeedQrError::NoSuchWord(3));
        digits[11] = b'7';
        assert!(SeedQr::read(&digits).is_ok());
    }

    #[test]
    fn seeds_are_noticed_where_none_is_wanted() {
        assert!(looks_like_seed(&[b'0'; 48]));
        assert!(looks_like_seed(&[0xfe; 16]));
        assert!(looks_like_seed(&[0; 32]));
        assert!(!looks_like_seed(b"sixteen letters."));
        assert!(!looks_like_seed(&[b'9'; 48]));
        assert!(!looks_like_seed(&[0xfe; 17]));
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let shown = format!("{:?}", SeedQr::read(&[0xfe; 16]).unwrap());
        assert_eq!(shown, "SeedQr(..)");
    }
}
