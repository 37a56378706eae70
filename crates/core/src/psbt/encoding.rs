//! The three ways in which files carry a PSBT: binary, base64 and hexadecimal, told apart by their
//! content.

use std::borrow::Cow;

use bitcoin::base64::Engine as _;
use bitcoin::base64::engine::general_purpose::STANDARD;
use bitcoin::hex::{DisplayHex, FromHex};

use super::PsbtError;
use super::limits::Limits;

/// The five bytes that every PSBT begins with (BIP174).
pub const MAGIC: [u8; 5] = *b"psbt\xff";

/// How a PSBT was written in its file, and so how the signed one is written back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The bytes themselves.
    Binary,
    /// Base64 (RFC 4648, with padding), as BIP174 asks of text.
    Base64,
    /// Hexadecimal.
    Hex,
}

impl Encoding {
    /// Writes binary PSBT bytes in this encoding. The text forms end with a newline.
    pub fn encode(self, binary: &[u8]) -> Vec<u8> {
        let mut text = match self {
            Encoding::Binary => return binary.to_vec(),
            Encoding::Base64 => STANDARD.encode(binary),
            Encoding::Hex => binary.to_lower_hex_string(),
        };
        text.push('\n');
        text.into_bytes()
    }
}

/// Recognises the encoding of a file by its first bytes and returns the binary form.
///
/// White space is ignored around and within the text forms. Whether what follows the magic is a
/// PSBT is for the parser to say. Binary is not copied.
pub fn decode<'a>(file: &'a [u8], limits: &Limits) -> Result<(Encoding, Cow<'a, [u8]>), PsbtError> {
    if file.starts_with(&MAGIC) {
        check_size(file.len(), limits.bytes)?;
        return Ok((Encoding::Binary, Cow::Borrowed(file)));
    }
    // Hexadecimal doubles the size; line breaks add little.
    check_size(
        file.len(),
        limits
            .bytes
            .saturating_mul(2)
            .saturating_add(limits.bytes / 16),
    )?;
    let text: Vec<u8> = file
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let (encoding, binary) = if is_hex_magic(&text) {
        (Encoding::Hex, from_hex(&text)?)
    } else if text.starts_with(b"cHNidP") {
        let binary = STANDARD
            .decode(&text)
            .map_err(|error| PsbtError::Base64(error.to_string()))?;
        (Encoding::Base64, binary)
    } else {
        return Err(PsbtError::NotAPsbt);
    };
    if !binary.starts_with(&MAGIC) {
        return Err(PsbtError::NotAPsbt);
    }
    check_size(binary.len(), limits.bytes)?;
    Ok((encoding, Cow::Owned(binary)))
}

fn is_hex_magic(text: &[u8]) -> bool {
    text.get(..10)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"70736274ff"))
}

fn from_hex(text: &[u8]) -> Result<Vec<u8>, PsbtError> {
    let text = std::str::from_utf8(text).map_err(|error| PsbtError::Hex(error.to_string()))?;
    Vec::from_hex(text).map_err(|error| PsbtError::Hex(error.to_string()))
}

fn check_size(found: usize, limit: usize) -> Result<(), PsbtError> {
    if found > limit {
        Err(PsbtError::TooLarge { found, limit })
    } else {
        Ok(())
    }
}
