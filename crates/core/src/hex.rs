//! Bytes of vectors.

/// Returns the bytes of a vector; a vector that is no hexadecimal holds for nothing.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    bitcoin::hex::FromHex::from_hex(hex).unwrap_or_default()
}
