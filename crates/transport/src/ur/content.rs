//! Between what crosses and the CBOR of a UR.

use bitcoin::Transaction;
use bitcoin::consensus::deserialize;
use cofferdam_core::psbt::MAGIC;
use minicbor::{Decoder, Encoder};

use super::{UrError, UrType};
use crate::{Kind, Payload};

/// Returns the CBOR that a UR of this type carries.
pub(super) fn wrap(ur_type: UrType, bytes: &[u8]) -> Vec<u8> {
    if !is_byte_string(ur_type) {
        return bytes.to_vec();
    }
    let mut encoder = Encoder::new(Vec::with_capacity(bytes.len() + 9));
    // Writing to a vector has no error.
    let _ = encoder.bytes(bytes);
    encoder.into_writer()
}

/// Reads the CBOR of a UR of this type.
pub(super) fn unwrap(ur_type: UrType, message: Vec<u8>) -> Result<Payload, UrError> {
    let payload = |kind, bytes| Ok(Payload { kind, bytes });
    match ur_type {
        UrType::CryptoPsbt | UrType::Psbt => {
            let bytes = byte_string(&message)?;
            if !bytes.starts_with(&MAGIC) {
                return Err(UrError::Content);
            }
            payload(Kind::Psbt, bytes.to_vec())
        }
        UrType::Bytes => {
            let bytes = byte_string(&message)?;
            payload(recognise(bytes), bytes.to_vec())
        }
        UrType::CryptoHdKey | UrType::HdKey => payload(Kind::HdKey, message),
        UrType::CryptoOutput | UrType::OutputDescriptor => payload(Kind::Output, message),
        UrType::CryptoAccount | UrType::AccountDescriptor => payload(Kind::Account, message),
        UrType::Bundle => payload(Kind::Bundle, message),
        UrType::Return => payload(Kind::Return, message),
    }
}

fn is_byte_string(ur_type: UrType) -> bool {
    matches!(ur_type, UrType::CryptoPsbt | UrType::Psbt | UrType::Bytes)
}

/// Reads one byte string of definite length, to the end.
fn byte_string(message: &[u8]) -> Result<&[u8], UrError> {
    let mut decoder = Decoder::new(message);
    let bytes = decoder.bytes().map_err(|_| UrError::Content)?;
    if decoder.position() != message.len() {
        return Err(UrError::Content);
    }
    Ok(bytes)
}

/// Tells what untyped bytes are by their content. JSON is told by its first and last character
/// only.
fn recognise(bytes: &[u8]) -> Kind {
    if bytes.starts_with(&MAGIC) {
        return Kind::Psbt;
    }
    if deserialize::<Transaction>(bytes).is_ok() {
        return Kind::Transaction;
    }
    match std::str::from_utf8(bytes).map(str::trim) {
        Ok("") | Err(_) => Kind::Bytes,
        Ok(text) if text.starts_with('{') && text.ends_with('}') => Kind::Json,
        Ok(text) if text.starts_with('[') && text.ends_with(']') => Kind::Json,
        Ok(_) => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_by_their_content() {
        for (bytes, kind) in [
            (&b"psbt\xff\x01\x00"[..], Kind::Psbt),
            (b" {\"a\": 1}\n", Kind::Json),
            (b"[1]", Kind::Json),
            // A descriptor begins with no brace; a key origin alone does not end with one.
            (b"[73c5da0a/84h]xpub", Kind::Text),
            (b"wpkh(...)", Kind::Text),
            (b"\xff\xfe\x00", Kind::Bytes),
            (b"", Kind::Bytes),
        ] {
            let message = wrap(UrType::Bytes, bytes);
            let payload = unwrap(UrType::Bytes, message).unwrap();
            assert_eq!((payload.kind, payload.bytes.as_slice()), (kind, bytes));
        }
    }

    #[test]
    fn a_psbt_is_one_byte_string_that_begins_as_one() {
        let good = wrap(UrType::CryptoPsbt, b"psbt\xff\x00");
        assert_eq!(unwrap(UrType::Psbt, good.clone()).unwrap().kind, Kind::Psbt);
        let mut trailing = good.clone();
        trailing.push(0);
        let mut short = good;
        short.pop();
        let indefinite = b"\x5f\x46psbt\xff\x00\xff".to_vec();
        let lying_length = b"\x5b\xff\xff\xff\xff\xff\xff\xff\xffpsbt\xff".to_vec();
        let other = wrap(UrType::Psbt, b"xpsbt\xff");
        for bad in [trailing, short, indefinite, lying_length, other, Vec::new()] {
            assert_eq!(unwrap(UrType::CryptoPsbt, bad), Err(UrError::Content));
        }
    }
}
