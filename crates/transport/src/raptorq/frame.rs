//! One frame: prefix, header, symbol and checksum.

use raptorq::ObjectTransmissionInformation;
use sha2::{Digest, Sha256};

use super::object::HASH_BYTES;
use super::{MAX_FRAME_CHARS, MAX_OBJECT_BYTES, MAX_SYMBOLS, PREFIX, RaptorqError, base45};
use crate::Kind;

/// What all frames of one message have in common. The lengths are within their limits and fit
/// RaptorQ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageId {
    pub(super) kind: Kind,
    pub(super) compressed: bool,
    /// The first bytes of the object's SHA-256.
    pub(super) hash: [u8; 4],
    pub(super) object_bytes: usize,
    pub(super) symbol_bytes: u16,
}

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) id: MessageId,
    /// The encoding symbol id (RFC 6330), of 24 bits.
    pub(super) symbol_id: u32,
    pub(super) symbol: Vec<u8>,
}

/// Kind and marks, the start of the hash, the object's length, the symbol id.
const HEADER_BYTES: usize = 1 + 4 + 3 + 3;
const CHECKSUM_BYTES: usize = 4;
/// All but the symbol.
pub(super) const AROUND_BYTES: usize = HEADER_BYTES + CHECKSUM_BYTES;
/// The mark of a compressed message, beside the kind.
const COMPRESSED: u8 = 0x10;
/// The kinds by their numbers; the numbers are the format's.
const KINDS: [(u8, Kind); 10] = [
    (1, Kind::Psbt),
    (2, Kind::Transaction),
    (3, Kind::Bundle),
    (4, Kind::Return),
    (5, Kind::HdKey),
    (6, Kind::Output),
    (7, Kind::Account),
    (8, Kind::Json),
    (9, Kind::Text),
    (10, Kind::Bytes),
];

impl MessageId {
    /// Makes the id of an object; none when the kind is a seed's or the lengths do not fit.
    pub(super) fn of_object(
        object: &[u8],
        kind: Kind,
        compressed: bool,
        symbol_bytes: usize,
    ) -> Option<MessageId> {
        number_of(kind)?;
        let mut hash = [0; 4];
        for (byte, computed) in hash.iter_mut().zip(Sha256::digest(object)) {
            *byte = computed;
        }
        MessageId {
            kind,
            compressed,
            hash,
            object_bytes: object.len(),
            symbol_bytes: u16::try_from(symbol_bytes).ok()?,
        }
        .checked()
    }

    /// Returns K, how many symbols the object has.
    pub(super) fn symbols(&self) -> usize {
        self.object_bytes.div_ceil(usize::from(self.symbol_bytes))
    }

    /// Returns the parameters for RaptorQ: one source block, no sub-blocks.
    pub(super) fn config(&self) -> ObjectTransmissionInformation {
        ObjectTransmissionInformation::new(self.object_bytes as u64, self.symbol_bytes, 1, 1, 1)
    }

    /// What RaptorQ panics at, and what would cost too much, ends here.
    fn checked(self) -> Option<MessageId> {
        let fits = (HASH_BYTES..=MAX_OBJECT_BYTES).contains(&self.object_bytes)
            && self.symbol_bytes > 0
            && base45::chars(AROUND_BYTES + usize::from(self.symbol_bytes)) + PREFIX.len()
                <= MAX_FRAME_CHARS
            && self.symbols() <= MAX_SYMBOLS;
        fits.then_some(self)
    }
}

impl Frame {
    /// Returns the frame's text.
    pub(super) fn write(&self) -> String {
        let mut bytes = Vec::with_capacity(AROUND_BYTES + self.symbol.len());
        let mark = if self.id.compressed { COMPRESSED } else { 0 };
        // An id is never of a seed.
        bytes.push(number_of(self.id.kind).unwrap_or_default() | mark);
        bytes.extend(self.id.hash);
        for number in [self.id.object_bytes as u32, self.symbol_id] {
            let [_, a, b, c] = number.to_be_bytes();
            bytes.extend([a, b, c]);
        }
        bytes.extend_from_slice(&self.symbol);
        bytes.extend(crc32(&bytes).to_be_bytes());
        let mut text = String::with_capacity(PREFIX.len() + base45::chars(bytes.len()));
        text.push_str(PREFIX);
        base45::encode(&bytes, &mut text);
        text
    }

    /// Reads a frame's text.
    pub(super) fn read(text: &[u8]) -> Result<Frame, RaptorqError> {
        let letters = text
            .strip_prefix(PREFIX.as_bytes())
            .ok_or(RaptorqError::NotFast)?;
        if text.len() > MAX_FRAME_CHARS {
            return Err(RaptorqError::Letters);
        }
        let bytes = base45::decode(letters).ok_or(RaptorqError::Letters)?;
        let (bytes, checksum) = bytes
            .split_last_chunk::<CHECKSUM_BYTES>()
            .ok_or(RaptorqError::Letters)?;
        if crc32(bytes).to_be_bytes() != *checksum {
            return Err(RaptorqError::Checksum);
        }
        let (header, symbol) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(RaptorqError::Letters)?;
        let [mark, a, b, c, d, l2, l1, l0, s2, s1, s0] = *header;
        let kind = kind_of(mark & !COMPRESSED).ok_or(RaptorqError::Newer)?;
        let object_bytes = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let lengths = RaptorqError::Lengths {
            bytes: object_bytes,
            symbol: symbol.len(),
        };
        let id = MessageId {
            kind,
            compressed: mark & COMPRESSED != 0,
            hash: [a, b, c, d],
            object_bytes,
            symbol_bytes: u16::try_from(symbol.len()).map_err(|_| lengths)?,
        };
        Ok(Frame {
            id: id.checked().ok_or(lengths)?,
            symbol_id: u32::from_be_bytes([0, s2, s1, s0]),
            symbol: symbol.to_vec(),
        })
    }
}

fn number_of(kind: Kind) -> Option<u8> {
    let found = KINDS.iter().find(|(_, known)| *known == kind);
    found.map(|(number, _)| *number)
}

fn kind_of(number: u8) -> Option<Kind> {
    let found = KINDS.iter().find(|(known, _)| *known == number);
    found.map(|(_, kind)| *kind)
}

/// CRC-32 (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            id: MessageId::of_object(&[1; 100], Kind::Bundle, true, 30).unwrap(),
            symbol_id: 0xabcdef,
            symbol: (0..30).collect(),
        }
    }

    /// A frame of any bytes, its checksum right.
    fn sealed(bytes: &[u8]) -> String {
        let mut text = PREFIX.to_owned();
        base45::encode(&[bytes, &crc32(bytes).to_be_bytes()].concat(), &mut text);
        text
    }

    #[test]
    fn frames_come_back() {
        let text = frame().write();
        assert_eq!(Frame::read(text.as_bytes()), Ok(frame()));
        assert_eq!(text.len(), PREFIX.len() + base45::chars(AROUND_BYTES + 30));
    }

    #[test]
    fn every_wrong_letter_is_seen() {
        let text = frame().write();
        for index in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[index] = if wrong[index] == b'0' { b'1' } else { b'0' };
            assert!(Frame::read(&wrong).is_err());
            assert!(Frame::read(&text.as_bytes()[..index]).is_err());
        }
    }

    #[test]
    fn hostile_headers_are_refused() {
        let header = |mark: u8, length: [u8; 3]| {
            let mut bytes = vec![mark, 1, 2, 3, 4];
            bytes.extend(length);
            bytes.extend([0, 0, 0]);
            bytes
        };
        let read = |header: Vec<u8>, symbol: usize| {
            let bytes = [header, vec![7; symbol]].concat();
            Frame::read(sealed(&bytes).as_bytes()).map(|_| ())
        };
        let lengths = |bytes, symbol| Err(RaptorqError::Lengths { bytes, symbol });
        assert_eq!(read(header(1, [0, 1, 0]), 10), Ok(()));
        for mark in [0, 11, 15, 0x1b, 0x21, 0x81, 0xff] {
            assert_eq!(read(header(mark, [0, 1, 0]), 10), Err(RaptorqError::Newer));
        }
        assert_eq!(read(header(1, [0, 0, 0]), 10), lengths(0, 10));
        assert_eq!(read(header(1, [0, 0, 31]), 10), lengths(31, 10));
        assert_eq!(read(header(1, [0, 1, 0]), 0), lengths(256, 0));
        assert_eq!(
            read(header(1, [255, 255, 255]), 2_800),
            lengths(16_777_215, 2_800)
        );
        assert_eq!(read(header(1, [0, 160, 1]), 10), lengths(40_961, 10));
        assert_eq!(read(header(1, [0, 160, 0]), 10), Ok(()));
        assert_eq!(read(vec![], 0), Err(RaptorqError::Letters));
        assert_eq!(
            read(header(1, [0, 1, 0]), 2_900),
            Err(RaptorqError::Letters)
        );
    }
}
