//! How a file becomes text.

use data_encoding::{BASE32_NOPAD, HEXUPPER};

/// How a file becomes characters of a code's alphanumeric mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `H`: hexadecimal, upper case.
    Hex,
    /// `2`: base32 (RFC 4648) without padding.
    Base32,
    /// `Z`: deflated (RFC 1951, no zlib header, a window of 2^10), and then base32.
    Zlib,
}

impl Encoding {
    pub(super) fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'H' => Some(Encoding::Hex),
            b'2' => Some(Encoding::Base32),
            b'Z' => Some(Encoding::Zlib),
            _ => None,
        }
    }

    pub(super) fn letter(self) -> u8 {
        match self {
            Encoding::Hex => b'H',
            Encoding::Base32 => b'2',
            Encoding::Zlib => b'Z',
        }
    }

    /// Characters that hold whole bytes together: the length of every part but the last is a
    /// multiple of it.
    pub(super) fn unit(self) -> usize {
        match self {
            Encoding::Hex => 2,
            Encoding::Base32 | Encoding::Zlib => 8,
        }
    }

    /// Writes bytes, deflated already where that is meant.
    pub(super) fn to_text(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => HEXUPPER.encode(bytes),
            Encoding::Base32 | Encoding::Zlib => BASE32_NOPAD.encode(bytes),
        }
    }

    /// Reads a part's characters. None when they are of another alphabet, or do not end with a
    /// whole byte.
    pub(super) fn to_bytes(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Encoding::Hex => HEXUPPER.decode(text).ok(),
            Encoding::Base32 | Encoding::Zlib => BASE32_NOPAD.decode(text).ok(),
        }
    }
}
