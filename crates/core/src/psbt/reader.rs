//! Reading bytes that somebody else wrote: every length is checked before it is used.

use super::error::{MapName, PsbtError};

/// A position in a slice of bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns what has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes `count` bytes.
    pub(super) fn bytes(&mut self, count: u64, map: MapName) -> Result<&'a [u8], PsbtError> {
        let count = usize::try_from(count).map_err(|_| PsbtError::Truncated(map))?;
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(PsbtError::Truncated(map))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes a compact size unsigned integer, which must be in its shortest form.
    pub(super) fn compact_size(&mut self, map: MapName) -> Result<u64, PsbtError> {
        let (width, least) = match self.bytes(1, map)? {
            [0xfd] => (2, 0xfd),
            [0xfe] => (4, 0x1_0000),
            [0xff] => (8, 0x1_0000_0000),
            [byte] => return Ok(u64::from(*byte)),
            _ => return Err(PsbtError::Truncated(map)),
        };
        let value = self
            .bytes(width, map)?
            .iter()
            .rev()
            .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        if value < least {
            Err(PsbtError::NonMinimalLength(map))
        } else {
            Ok(value)
        }
    }
}

/// Appends a compact size unsigned integer.
pub(super) fn push_compact_size(bytes: &mut Vec<u8>, value: u64) {
    match value {
        0..=0xfc => bytes.push(value as u8),
        0xfd..=0xffff => {
            bytes.push(0xfd);
            bytes.extend_from_slice(&(value as u16).to_le_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            bytes.push(0xfe);
            bytes.extend_from_slice(&(value as u32).to_le_bytes());
        }
        _ => {
            bytes.push(0xff);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_sizes_round_trip_and_longer_forms_are_refused() {
        for value in [
            0,
            1,
            0xfc,
            0xfd,
            0xffff,
            0x1_0000,
            0xffff_ffff,
            0x1_0000_0000,
            u64::MAX,
        ] {
            let mut bytes = Vec::new();
            push_compact_size(&mut bytes, value);
            assert_eq!(Reader::new(&bytes).compact_size(MapName::Global), Ok(value));
            for cut in 0..bytes.len() {
                let cut = Reader::new(&bytes[..cut]).compact_size(MapName::Global);
                assert_eq!(cut, Err(PsbtError::Truncated(MapName::Global)));
            }
        }
        for longer in [
            &[0xfd, 0xfc, 0][..],
            &[0xfe, 0xff, 0xff, 0, 0],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ] {
            let read = Reader::new(longer).compact_size(MapName::Global);
            assert_eq!(read, Err(PsbtError::NonMinimalLength(MapName::Global)));
        }
    }
}
