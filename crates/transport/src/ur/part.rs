//! Reading one code's text as a UR (BCR-2020-005): `ur:type/letters`, or
//! `ur:type/seqNum-seqLen/letters`.

use ur::bytewords::{self, Style};

use super::{
    MAX_FRAGMENT_BYTES, MAX_FRAGMENTS, MAX_MESSAGE_BYTES, MAX_PART_CHARS, UrError, UrType, crc32,
};

/// The most characters of a UR in one piece, which may come from a file: two a byte, and what
/// stands around.
const MAX_SINGLE_CHARS: usize = 2 * MAX_MESSAGE_BYTES + 64;

/// What one text holds. Every number is within its limit, and they fit together.
pub(super) enum Text {
    /// A message in one piece.
    Whole { id: MessageId, message: Vec<u8> },
    /// A part of a message.
    Part(Part),
}

/// What all parts of one message have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageId {
    pub(super) ur_type: UrType,
    pub(super) fragments: u16,
    pub(super) message_bytes: usize,
    pub(super) fragment_bytes: usize,
    pub(super) checksum: u32,
}

/// A part.
pub(super) struct Part {
    pub(super) id: MessageId,
    /// From 1 on; up to the count of fragments it is that fragment alone.
    pub(super) sequence: u32,
    pub(super) data: Vec<u8>,
}

/// Reads a text, in either case.
pub(super) fn read(text: &[u8]) -> Result<Text, UrError> {
    if !text
        .get(..3)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"ur:"))
    {
        return Err(UrError::NotUr);
    }
    too_long(text, MAX_SINGLE_CHARS)?;
    let path = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.is_ascii())
        .and_then(|text| text.get(3..))
        .ok_or(UrError::NotUr)?
        .to_ascii_lowercase();
    let (name, rest) = path.split_once('/').ok_or(UrError::NotUr)?;
    let ur_type = UrType::named(name).ok_or(UrError::UnknownType)?;
    match rest.split_once('/') {
        None => read_whole(ur_type, rest),
        Some((sequence, letters)) => {
            too_long(text, MAX_PART_CHARS)?;
            read_part(ur_type, sequence, letters).map(Text::Part)
        }
    }
}

fn too_long(text: &[u8], limit: usize) -> Result<(), UrError> {
    if text.len() > limit {
        return Err(UrError::TooLong {
            limit,
            found: text.len(),
        });
    }
    Ok(())
}

fn read_whole(ur_type: UrType, letters: &str) -> Result<Text, UrError> {
    let message = bytes_of(letters)?;
    let id = MessageId {
        ur_type,
        fragments: 1,
        message_bytes: message.len(),
        fragment_bytes: message.len(),
        checksum: crc32(&message),
    };
    Ok(Text::Whole { id, message })
}

fn read_part(ur_type: UrType, sequence: &str, letters: &str) -> Result<Part, UrError> {
    let (number, count) = sequence.split_once('-').ok_or(UrError::Sequence)?;
    let (number, count) = (decimal(number)?, decimal(count)?);
    let body = bytes_of(letters)?;
    let raw = RawPart::read(&body).ok_or(UrError::Malformed)?;
    if (raw.sequence, raw.fragments) != (number, count) {
        return Err(UrError::Sequence);
    }
    raw.check(ur_type)
}

fn bytes_of(letters: &str) -> Result<Vec<u8>, UrError> {
    bytewords::decode(letters, Style::Minimal).map_err(|_| UrError::Letters)
}

/// Reads a number from 1 on, without leading zeros.
pub(super) fn decimal(digits: &str) -> Result<u32, UrError> {
    if digits.starts_with('0') || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(UrError::Sequence);
    }
    digits.parse().map_err(|_| UrError::Sequence)
}

/// The CBOR array of a part, unchecked.
struct RawPart<'a> {
    sequence: u32,
    fragments: u32,
    message_bytes: u32,
    checksum: u32,
    data: &'a [u8],
}

impl<'a> RawPart<'a> {
    fn read(body: &'a [u8]) -> Option<RawPart<'a>> {
        let mut decoder = minicbor::Decoder::new(body);
        if decoder.array().ok()? != Some(5) {
            return None;
        }
        let raw = RawPart {
            sequence: decoder.u32().ok()?,
            fragments: decoder.u32().ok()?,
            message_bytes: decoder.u32().ok()?,
            checksum: decoder.u32().ok()?,
            data: decoder.bytes().ok()?,
        };
        (decoder.position() == body.len()).then_some(raw)
    }

    /// Checks every number against its limit, and the lengths against each other.
    fn check(self, ur_type: UrType) -> Result<Part, UrError> {
        let fragments = u16::try_from(self.fragments)
            .ok()
            .filter(|&count| usize::from(count) <= MAX_FRAGMENTS)
            .ok_or(UrError::TooManyFragments {
                limit: MAX_FRAGMENTS,
                found: self.fragments,
            })?;
        let message_bytes = usize::try_from(self.message_bytes)
            .ok()
            .filter(|&bytes| bytes <= MAX_MESSAGE_BYTES)
            .ok_or(UrError::MessageTooLong {
                limit: MAX_MESSAGE_BYTES,
                found: self.message_bytes,
            })?;
        let fragment_bytes = self.data.len();
        // The last fragment holds at least one byte of the message; the rest of it is padding.
        if !(1..=MAX_FRAGMENT_BYTES).contains(&fragment_bytes)
            || message_bytes.div_ceil(fragment_bytes) != usize::from(fragments)
        {
            return Err(UrError::Lengths);
        }
        Ok(Part {
            id: MessageId {
                ur_type,
                fragments,
                message_bytes,
                fragment_bytes,
                checksum: self.checksum,
            },
            sequence: self.sequence,
            data: self.data.to_vec(),
        })
    }
}
