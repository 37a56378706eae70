//! From a file to its parts.

use super::deflate::deflate;
use super::{EncodeError, Encoding, FileType, Header, MAX_FILE, MAX_PARTS, header};
use crate::parts::Parts;
use crate::payload::Payload;

/// The parts of a file, shown in a loop. Characters are those of a code's alphanumeric mode.
#[derive(Clone, Debug)]
pub struct Encoder {
    encoding: Encoding,
    file_type: FileType,
    text: String,
    /// Characters of the encoded file in every part but the last.
    piece: usize,
    total: usize,
    next: usize,
}

impl Encoder {
    /// Divides what is carried into parts of at most `characters` characters, in the encoding that
    /// gives the fewest.
    pub fn new(payload: &Payload, characters: usize) -> Result<Self, EncodeError> {
        let file_type = FileType::of(payload.kind).ok_or(EncodeError::Seed)?;
        check_size(&payload.bytes)?;
        let deflated =
            deflate(&payload.bytes).filter(|deflated| deflated.len() < payload.bytes.len());
        let (encoding, bytes) = match &deflated {
            Some(deflated) => (Encoding::Zlib, deflated.as_slice()),
            None => (Encoding::Base32, payload.bytes.as_slice()),
        };
        Self::divide(encoding, file_type, encoding.to_text(bytes), characters)
    }

    /// Divides a file as [`Encoder::new`] does, in the encoding that is asked for.
    pub fn with_encoding(
        encoding: Encoding,
        file_type: FileType,
        file: &[u8],
        characters: usize,
    ) -> Result<Self, EncodeError> {
        check_size(file)?;
        let text = match encoding {
            Encoding::Zlib => encoding.to_text(&deflate(file).ok_or(EncodeError::Deflate)?),
            Encoding::Hex | Encoding::Base32 => encoding.to_text(file),
        };
        Self::divide(encoding, file_type, text, characters)
    }

    /// Gives all parts about the same length, so that no code is sparser than need be.
    fn divide(
        encoding: Encoding,
        file_type: FileType,
        text: String,
        characters: usize,
    ) -> Result<Self, EncodeError> {
        let unit = encoding.unit();
        let room = characters.saturating_sub(header::LENGTH) / unit * unit;
        if room == 0 {
            return Err(EncodeError::Room(characters));
        }
        let parts = text.len().div_ceil(room);
        if parts > MAX_PARTS {
            return Err(EncodeError::TooManyParts(parts));
        }
        let piece = text.len().div_ceil(parts).next_multiple_of(unit);
        Ok(Self {
            encoding,
            file_type,
            total: text.len().div_ceil(piece),
            text,
            piece,
            next: 0,
        })
    }

    /// The encoding that was chosen.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// A part, counted from 0. None beyond the last.
    pub fn part(&self, index: usize) -> Option<String> {
        let start = self.piece.checked_mul(index)?;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let header = Header {
            encoding: self.encoding,
            file_type: self.file_type,
            total: self.total,
            index,
        };
        let mut part = String::from_utf8_lossy(&header.write()).into_owned();
        part.push_str(rest.get(..self.piece).unwrap_or(rest));
        Some(part)
    }
}

impl Parts for Encoder {
    fn next_part(&mut self) -> Vec<u8> {
        let part = self.part(self.next).unwrap_or_default();
        self.next = (self.next + 1) % self.total;
        part.into_bytes()
    }

    fn count(&self) -> usize {
        self.total
    }
}

fn check_size(file: &[u8]) -> Result<(), EncodeError> {
    match file.len() {
        0 => Err(EncodeError::Empty),
        size if size > MAX_FILE => Err(EncodeError::TooLarge(size)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Kind;

    fn noise(length: u32) -> Vec<u8> {
        let mut state = 1u32;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect()
    }

    #[test]
    fn parts_are_even_aligned_and_fit() {
        for encoding in [Encoding::Hex, Encoding::Base32, Encoding::Zlib] {
            for characters in [16, 17, 114, 395, 2132, 4296] {
                for length in [1, 5, 13, 1000, 4001] {
                    let file = noise(length);
                    let encoder =
                        Encoder::with_encoding(encoding, FileType::Binary, &file, characters)
                            .unwrap();
                    let parts: Vec<_> = (0..encoder.count())
                        .map(|i| encoder.part(i).unwrap())
                        .collect();
                    assert_eq!(encoder.part(parts.len()), None);
                    let (last, rest) = parts.split_last().unwrap();
                    assert!(last.len() > header::LENGTH && last.len() <= characters);
                    for part in rest {
                        assert_eq!(part.len(), header::LENGTH + encoder.piece);
                        assert_eq!((part.len() - header::LENGTH) % encoding.unit(), 0);
                        assert!(part.len() <= characters && part.len() >= last.len());
                    }
                }
            }
        }
    }

    #[test]
    fn the_smallest_encoding_is_chosen() {
        let payload = |bytes| Payload {
            kind: Kind::Bytes,
            bytes,
        };
        let zeros = Encoder::new(&payload(vec![0; 1000]), 100).unwrap();
        assert_eq!((zeros.encoding(), zeros.count()), (Encoding::Zlib, 1));
        let random = Encoder::new(&payload(noise(1000)), 100).unwrap();
        assert_eq!(random.encoding(), Encoding::Base32);
    }

    #[test]
    fn what_cannot_be_shown_says_why() {
        let file = |length| Payload {
            kind: Kind::Bytes,
            bytes: noise(length),
        };
        let error = |payload: &Payload, characters| Encoder::new(payload, characters).unwrap_err();
        assert_eq!(error(&file(0), 100), EncodeError::Empty);
        assert_eq!(error(&file(10), 15), EncodeError::Room(15));
        assert_eq!(error(&file(6476), 16), EncodeError::TooManyParts(1296));
        assert_eq!(Encoder::new(&file(6475), 16).unwrap().count(), 1295);
        let seed = Payload {
            kind: Kind::Seed,
            bytes: vec![1; 16],
        };
        assert_eq!(error(&seed, 100), EncodeError::Seed);
        let large = Payload {
            kind: Kind::Bytes,
            bytes: vec![0; MAX_FILE + 1],
        };
        assert_eq!(error(&large, 100), EncodeError::TooLarge(MAX_FILE + 1));
    }

    #[test]
    fn parts_come_in_a_loop() {
        let mut encoder =
            Encoder::with_encoding(Encoding::Hex, FileType::Text, b"abc", 10).unwrap();
        let shown: Vec<_> = (0..4)
            .map(|_| String::from_utf8(encoder.next_part()).unwrap())
            .collect();
        assert_eq!(
            shown,
            ["B$HU030061", "B$HU030162", "B$HU030263", "B$HU030061"]
        );
    }
}
