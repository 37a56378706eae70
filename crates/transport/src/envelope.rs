//! What the bundle and the return have in common: one CBOR map that names its format, its version,
//! and its own checksum.
//!
//! ```text
//! {0: format, 1: version, 2...22: the content, 23: SHA-256 of all bytes before these 32}
//! ```
//!
//! Deterministic CBOR (RFC 8949, section 4.2.1) of definite lengths; nothing else is read.

use std::convert::Infallible;

use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError};
use sha2::{Digest as _, Sha256};

/// The key of the checksum, the last one.
const CHECKSUM: u8 = 23;
/// The checksum's key and the head of its value.
const CHECKSUM_HEAD: [u8; 3] = [CHECKSUM, 0x58, 32];
/// The longest head of a CBOR item, and the format's name.
const LONGEST_HEAD: usize = 9;

/// The bytes are not of the format, or damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Another format.
    #[error("this is no {0}; choose the file or the codes that the other side made")]
    OtherFormat(&'static str),
    /// Written by a newer program.
    #[error(
        "it has version {found}, and this program reads version {known}; use a newer Cofferdam"
    )]
    NewerVersion {
        /// The version read.
        found: u64,
        /// The version known.
        known: u64,
    },
    /// It has content that only newer programs understand.
    #[error("it has {0}, which this program does not know; use a newer Cofferdam")]
    NewerContent(&'static str),
    /// More bytes than any has.
    #[error("it has {found} bytes, the limit is {limit}; split it over several runs")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes are not those that were written.
    #[error("its checksum does not match: it was damaged or cut off; carry it again")]
    Checksum,
    /// It ends within an item.
    #[error("it ends in the middle; it was cut off: carry it again")]
    Truncated,
    /// Bytes after the end.
    #[error("it goes on after its end, for {0} B; make it again")]
    Trailing(usize),
    /// Another item than the format has there.
    #[error("byte {at} does not begin {expected}; make it again with Cofferdam")]
    Unexpected {
        /// The position.
        at: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// A number, a length or an order that deterministic encoding forbids.
    #[error("byte {0} is not in the one deterministic form; make it again with Cofferdam")]
    NotDeterministic(usize),
    /// A key that the version does not have, or not there.
    #[error("key {found} stands where key {expected} belongs; make it again with Cofferdam")]
    Key {
        /// The key that belongs there.
        expected: u64,
        /// The key found.
        found: u64,
    },
    /// More elements than the limit allows.
    #[error("it has {found} {what}, the limit is {limit}; split it over several runs")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// Number found.
        found: u64,
        /// Number allowed.
        limit: usize,
    },
}

/// A format's name and bounds.
pub(crate) struct Format {
    /// What stands under key 0, at most 23 bytes.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) noun: &'static str,
    /// The newest version that is read; older ones are too.
    pub(crate) version: u64,
    /// The most bytes.
    pub(crate) max_bytes: usize,
}

impl Format {
    /// How many bytes [`Format::begins`] wants to see.
    pub(crate) const LOOK: usize = LONGEST_HEAD + 2 + 23;

    /// Tells the format by the first bytes.
    pub(crate) fn begins(&self, start: &[u8]) -> bool {
        let Some(([map, rest @ ..], name)) = start
            .split_at_checked(3)
            .map(|(head, rest)| (head, rest.get(..self.name.len())))
        else {
            return false;
        };
        (0xa0..=0xb7).contains(map)
            && *rest == [0, 0x60 | self.name.len() as u8]
            && name == Some(self.name.as_bytes())
    }

    /// Writes an envelope of a version around `entries` entries that `content` writes, keys and
    /// values.
    pub(crate) fn seal(
        &self,
        version: u64,
        entries: u64,
        content: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), EncodeError<Infallible>>,
    ) -> Vec<u8> {
        let mut bytes = encoded(|encoder| {
            encoder.map(entries + 3)?.u8(0)?.str(self.name)?;
            encoder.u8(1)?.u64(version)?;
            content(encoder)
        });
        bytes.extend_from_slice(&CHECKSUM_HEAD);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Opens an envelope; returns its version, a reader of its content, and the number of entries
    /// in it.
    pub(crate) fn open<'a>(
        &self,
        bytes: &'a [u8],
    ) -> Result<(u64, Reader<'a>, u64), EnvelopeError> {
        if !self.begins(bytes) {
            return Err(EnvelopeError::OtherFormat(self.noun));
        }
        if bytes.len() > self.max_bytes {
            return Err(EnvelopeError::TooLarge {
                found: bytes.len(),
                limit: self.max_bytes,
            });
        }
        let mut head = Reader::new(bytes);
        let entries = head.map()?;
        head.key(0)?;
        head.text()?;
        head.key(1)?;
        let found = head.number()?;
        if !(1..=self.version).contains(&found) {
            return Err(EnvelopeError::NewerVersion {
                found,
                known: self.version,
            });
        }
        let (body, checksum) = bytes
            .split_last_chunk::<32>()
            .ok_or(EnvelopeError::Truncated)?;
        if <[u8; 32]>::from(Sha256::digest(body)) != *checksum {
            return Err(EnvelopeError::Checksum);
        }
        let content = body
            .strip_suffix(&CHECKSUM_HEAD)
            .ok_or(EnvelopeError::Truncated)?;
        let mut reader = Reader::new(content);
        reader.decoder.set_position(head.decoder.position());
        let entries = entries.checked_sub(3).ok_or(EnvelopeError::Truncated)?;
        Ok((found, reader, entries))
    }
}

/// Encodes into memory, which does not fail.
pub(crate) fn encoded(
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), EncodeError<Infallible>>,
) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder).expect("encoding into memory does not fail");
    encoder.into_writer()
}

/// Reads deterministic CBOR. Nothing is allocated for what a length claims.
pub(crate) struct Reader<'a> {
    decoder: Decoder<'a>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Reader {
            decoder: Decoder::new(bytes),
        }
    }

    /// Reads an unsigned integer.
    pub(crate) fn number(&mut self) -> Result<u64, EnvelopeError> {
        let at = self.decoder.position();
        let number = self.decoder.u64().map_err(wrong(at, "a number"))?;
        self.shortest(at, number, 0)?;
        Ok(number)
    }

    /// Reads a byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], EnvelopeError> {
        let at = self.decoder.position();
        let bytes = self.decoder.bytes().map_err(wrong(at, "a byte string"))?;
        self.shortest(at, bytes.len() as u64, bytes.len())?;
        Ok(bytes)
    }

    /// Reads a byte string of a length.
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], EnvelopeError> {
        let at = self.decoder.position();
        self.bytes()?
            .try_into()
            .map_err(|_| EnvelopeError::Unexpected {
                at,
                expected: "a byte string of its length",
            })
    }

    /// Reads a text.
    pub(crate) fn text(&mut self) -> Result<&'a str, EnvelopeError> {
        let at = self.decoder.position();
        let text = self.decoder.str().map_err(wrong(at, "a text"))?;
        self.shortest(at, text.len() as u64, text.len())?;
        Ok(text)
    }

    /// Reads an array's head, and holds its length against a limit.
    pub(crate) fn array(&mut self, what: &'static str, limit: usize) -> Result<u64, EnvelopeError> {
        let at = self.decoder.position();
        let found = self.decoder.array().map_err(wrong(at, "an array"))?;
        let found = found.ok_or(EnvelopeError::NotDeterministic(at))?;
        self.shortest(at, found, 0)?;
        if found > limit as u64 {
            return Err(EnvelopeError::TooMany { what, found, limit });
        }
        Ok(found)
    }

    /// Reads the head of an array of a length.
    pub(crate) fn tuple(&mut self, length: u64) -> Result<(), EnvelopeError> {
        let at = self.decoder.position();
        match self.array("elements", usize::MAX)? {
            found if found == length => Ok(()),
            _ => Err(EnvelopeError::Unexpected {
                at,
                expected: "an array of its length",
            }),
        }
    }

    fn map(&mut self) -> Result<u64, EnvelopeError> {
        let at = self.decoder.position();
        let found = self.decoder.map().map_err(wrong(at, "a map"))?;
        let found = found.ok_or(EnvelopeError::NotDeterministic(at))?;
        self.shortest(at, found, 0)?;
        Ok(found)
    }

    /// Reads the key of the next entry.
    pub(crate) fn key(&mut self, expected: u64) -> Result<(), EnvelopeError> {
        match self.number()? {
            found if found == expected => Ok(()),
            found => Err(EnvelopeError::Key { expected, found }),
        }
    }

    /// Ends the reading: nothing may be left.
    pub(crate) fn end(self) -> Result<(), EnvelopeError> {
        match self
            .decoder
            .input()
            .len()
            .saturating_sub(self.decoder.position())
        {
            0 => Ok(()),
            left => Err(EnvelopeError::Trailing(left)),
        }
    }

    /// Returns the position, for errors.
    pub(crate) fn position(&self) -> usize {
        self.decoder.position()
    }

    /// Checks that the head before `content` bytes was the shortest one of its argument.
    fn shortest(&self, at: usize, argument: u64, content: usize) -> Result<(), EnvelopeError> {
        let head = self
            .decoder
            .position()
            .saturating_sub(at)
            .saturating_sub(content);
        let shortest = match argument {
            0..=23 => 1,
            24..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0xffff_ffff => 5,
            _ => 9,
        };
        if head == shortest {
            Ok(())
        } else {
            Err(EnvelopeError::NotDeterministic(at))
        }
    }
}

fn wrong(at: usize, expected: &'static str) -> impl FnOnce(DecodeError) -> EnvelopeError {
    move |error| match error.is_end_of_input() {
        true => EnvelopeError::Truncated,
        false => EnvelopeError::Unexpected { at, expected },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format {
        name: "cofferdam/test",
        noun: "test",
        version: 1,
        max_bytes: 100,
    };

    fn read(content: &[u8]) -> Result<u64, EnvelopeError> {
        let bytes = FORMAT.seal(1, 1, |encoder| {
            encoder.u8(2)?.writer_mut().extend_from_slice(content);
            Ok(())
        });
        let (_, mut reader, entries) = FORMAT.open(&bytes)?;
        assert_eq!(entries, 1);
        reader.key(2)?;
        let number = reader.number()?;
        reader.end()?;
        Ok(number)
    }

    #[test]
    fn only_the_deterministic_form_is_read() {
        assert_eq!(read(&[23]), Ok(23));
        assert_eq!(read(&[0x18, 24]), Ok(24));
        for longer in [
            &[0x18, 23][..],
            &[0x19, 0, 24],
            &[0x1a, 0, 0, 0, 24],
            &[0x1b, 0, 0, 0, 0, 0, 0, 0, 24],
        ] {
            assert!(matches!(
                read(longer),
                Err(EnvelopeError::NotDeterministic(_))
            ));
        }
        assert_eq!(read(&[0x18]), Err(EnvelopeError::Truncated));
        assert_eq!(read(&[1, 1]), Err(EnvelopeError::Trailing(1)));
        for other in [0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xf6] {
            assert!(matches!(
                read(&[other]),
                Err(EnvelopeError::Unexpected { .. })
            ));
        }
    }

    #[test]
    fn lengths_that_claim_too_much_allocate_nothing() {
        let bytes = FORMAT.seal(1, 1, |encoder| {
            let huge = [2, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
            encoder.writer_mut().extend_from_slice(&huge);
            Ok(())
        });
        let (_, mut reader, _) = FORMAT.open(&bytes).unwrap();
        reader.key(2).unwrap();
        assert!(matches!(
            reader.array("things", 1000),
            Err(EnvelopeError::TooMany { .. })
        ));
    }

    #[test]
    fn versions_sizes_and_other_formats_are_told_apart() {
        let newer = Format {
            version: 2,
            ..FORMAT
        };
        let bytes = newer.seal(2, 0, |_| Ok(()));
        let error = EnvelopeError::NewerVersion { found: 2, known: 1 };
        assert_eq!(FORMAT.open(&bytes).err(), Some(error));
        let long = FORMAT.seal(1, 1, |encoder| encoder.u8(2)?.bytes(&[0; 99])?.ok());
        assert!(matches!(
            FORMAT.open(&long),
            Err(EnvelopeError::TooLarge { .. })
        ));
        let other = Format {
            name: "cofferdam/tost",
            ..FORMAT
        };
        let bytes = other.seal(1, 0, |_| Ok(()));
        assert_eq!(
            FORMAT.open(&bytes).err(),
            Some(EnvelopeError::OtherFormat("test"))
        );
        for cut in 0..bytes.len() {
            assert!(FORMAT.open(&bytes[..cut]).is_err());
        }
    }
}
