//! What RaptorQ carries: a message, compressed where that helps, behind its hash.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

use super::MAX_MESSAGE_BYTES;

/// The bytes of a SHA-256.
pub(super) const HASH_BYTES: usize = 32;

/// Returns the object of a message, and whether the message in it is compressed (raw deflate, RFC
/// 1951).
pub(super) fn pack(message: &[u8]) -> (Vec<u8>, bool) {
    let mut object = Sha256::digest(message).to_vec();
    match deflate(message).filter(|small| small.len() < message.len()) {
        Some(small) => {
            object.extend_from_slice(&small);
            (object, true)
        }
        None => {
            object.extend_from_slice(message);
            (object, false)
        }
    }
}

/// Returns the message of an object; none when it does not inflate, to at most
/// [`MAX_MESSAGE_BYTES`], or not to its hash.
pub(super) fn unpack(object: &[u8], compressed: bool) -> Option<Vec<u8>> {
    let (hash, body) = object.split_at_checked(HASH_BYTES)?;
    let message = if compressed {
        inflate(body)?
    } else {
        body.to_vec()
    };
    (Sha256::digest(&message)[..] == *hash).then_some(message)
}

fn deflate(message: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(message).ok()?;
    encoder.finish().ok()
}

fn inflate(body: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut decoder = DeflateDecoder::new(body).take(MAX_MESSAGE_BYTES as u64 + 1);
    decoder.read_to_end(&mut message).ok()?;
    // The stream must end with its bytes, so that one message has one meaning.
    let rest = decoder.into_inner();
    (message.len() <= MAX_MESSAGE_BYTES && rest.total_in() == body.len() as u64).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back() {
        for (message, expected) in [
            (vec![], false),
            (b"short".to_vec(), false),
            (vec![7; 100_000], true),
        ] {
            let (object, compressed) = pack(&message);
            assert_eq!(compressed, expected);
            assert_eq!(unpack(&object, compressed), Some(message));
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = vec![0; MAX_MESSAGE_BYTES + 1];
        let (object, compressed) = pack(&bomb);
        assert!(compressed && object.len() < 20_000);
        assert_eq!(unpack(&object, true), None);
    }

    #[test]
    fn an_object_that_is_not_whole_is_refused() {
        let (object, _) = pack(&[7; 1_000]);
        for end in 0..object.len() {
            assert_eq!(unpack(&object[..end], true), None);
        }
        assert_eq!(unpack(&[&object[..], b"\x00"].concat(), true), None);
        assert_eq!(unpack(&object, false), None);
    }
}
