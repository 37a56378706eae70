//! The eight characters that every part begins with.

use super::{Encoding, FileType, JoinError, MAX_PART};

/// Characters of a header.
pub(super) const LENGTH: usize = 8;

/// What a part says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the file is encoded.
    pub encoding: Encoding,
    /// What the file is.
    pub file_type: FileType,
    /// Parts of the file: 1 to 1295.
    pub total: usize,
    /// Which part this is, from 0; less than `total`.
    pub index: usize,
}

impl Header {
    /// Tells whether a code's content claims to be a part.
    pub fn claims(part: &[u8]) -> bool {
        part.starts_with(b"B$")
    }

    /// Reads a part: its header and its piece of the encoded file, which is not empty.
    pub fn read(part: &[u8]) -> Result<(Self, &[u8]), JoinError> {
        let &[
            b'B',
            b'$',
            encoding,
            file_type,
            t1,
            t0,
            i1,
            i0,
            ref piece @ ..,
        ] = part
        else {
            return Err(JoinError::NotAPart);
        };
        if part.len() > MAX_PART {
            return Err(JoinError::PartTooLong(part.len()));
        }
        let header = Self {
            encoding: Encoding::from_letter(encoding)
                .ok_or(JoinError::UnknownEncoding(encoding))?,
            file_type: FileType::from_letter(file_type)
                .ok_or(JoinError::UnknownFileType(file_type))?,
            total: from_base36(t1, t0).ok_or(JoinError::Number)?,
            index: from_base36(i1, i0).ok_or(JoinError::Number)?,
        };
        if header.index >= header.total {
            return Err(JoinError::Index {
                index: header.index,
                total: header.total,
            });
        }
        if piece.is_empty() {
            return Err(JoinError::EmptyPart(header.index));
        }
        Ok((header, piece))
    }

    /// Tells whether two parts can be of one file.
    pub(super) fn same_file(&self, other: &Self) -> bool {
        (self.encoding, self.file_type, self.total)
            == (other.encoding, other.file_type, other.total)
    }

    /// Writes the header. Both numbers are at most 1295.
    pub(super) fn write(&self) -> [u8; LENGTH] {
        let [t1, t0] = to_base36(self.total);
        let [i1, i0] = to_base36(self.index);
        [
            b'B',
            b'$',
            self.encoding.letter(),
            self.file_type.letter(),
            t1,
            t0,
            i1,
            i0,
        ]
    }
}

fn from_base36(high: u8, low: u8) -> Option<usize> {
    let digit = |character: u8| match character {
        b'0'..=b'9' => Some(usize::from(character - b'0')),
        b'A'..=b'Z' => Some(usize::from(character - b'A') + 10),
        _ => None,
    };
    Some(digit(high)? * 36 + digit(low)?)
}

fn to_base36(number: usize) -> [u8; 2] {
    let digit = |value: usize| match u8::try_from(value % 36).unwrap_or_default() {
        value @ 0..=9 => b'0' + value,
        value => b'A' + (value - 10),
    };
    [digit(number / 36), digit(number)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_two_digits_in_base_36() {
        for (number, digits) in [
            (0, b"00"),
            (35, b"0Z"),
            (36, b"10"),
            (556, b"FG"),
            (1295, b"ZZ"),
        ] {
            assert_eq!(&to_base36(number), digits);
            assert_eq!(from_base36(digits[0], digits[1]), Some(number));
        }
        assert_eq!(from_base36(b'a', b'0'), None);
        assert_eq!(from_base36(b'$', b'0'), None);
    }

    #[test]
    fn a_header_that_lies_is_refused() {
        assert_eq!(Header::read(b"B$ZP0100"), Err(JoinError::EmptyPart(0)));
        assert_eq!(Header::read(b"B$ZP010"), Err(JoinError::NotAPart));
        assert_eq!(Header::read(b"B#ZP0100AA"), Err(JoinError::NotAPart));
        assert_eq!(
            Header::read(b"B$QP0100AA"),
            Err(JoinError::UnknownEncoding(b'Q'))
        );
        assert_eq!(
            Header::read(b"B$ZX0100AA"),
            Err(JoinError::UnknownFileType(b'X'))
        );
        assert_eq!(Header::read(b"B$ZP-100AA"), Err(JoinError::Number));
        assert_eq!(
            Header::read(b"B$ZP0000AA"),
            Err(JoinError::Index { index: 0, total: 0 })
        );
        assert_eq!(
            Header::read(b"B$ZP0202AA"),
            Err(JoinError::Index { index: 2, total: 2 })
        );
        let mut long = b"B$ZP0100".to_vec();
        long.resize(MAX_PART + 1, b'A');
        assert_eq!(
            Header::read(&long),
            Err(JoinError::PartTooLong(MAX_PART + 1))
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let header = Header {
            encoding: Encoding::Base32,
            file_type: FileType::Json,
            total: 1295,
            index: 36,
        };
        let mut part = header.write().to_vec();
        assert_eq!(part, b"B$2JZZ10");
        part.extend(b"AA");
        assert_eq!(Header::read(&part), Ok((header, &b"AA"[..])));
    }
}
