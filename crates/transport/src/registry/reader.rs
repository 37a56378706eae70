//! Reading CBOR strictly: definite lengths only, limits before anything is taken, every byte used.

use minicbor::Decoder;
use minicbor::data::Type;

use super::RegistryError;

/// The most bytes of a wallet's data: an account of a dozen descriptors has 1,500.
pub(super) const MAX_BYTES: usize = 64 << 10;
/// The most fields of a map; none has more than eleven.
const MAX_FIELDS: u64 = 16;

/// A position in CBOR.
pub(super) struct Reader<'a> {
    decoder: Decoder<'a>,
}

impl<'a> Reader<'a> {
    /// Reads a whole input by `read`.
    pub(super) fn whole<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        if bytes.len() > MAX_BYTES {
            return Err(RegistryError::TooLarge {
                limit: MAX_BYTES,
                found: bytes.len(),
            });
        }
        let mut reader = Reader {
            decoder: Decoder::new(bytes),
        };
        let value = read(&mut reader)?;
        if reader.decoder.position() != bytes.len() {
            return Err(reader.malformed());
        }
        Ok(value)
    }

    /// Reads a map with small numbers as keys. `field` reads the value of a key, or returns false
    /// for one that it does not know, which is skipped.
    pub(super) fn map(
        &mut self,
        mut field: impl FnMut(&mut Reader<'a>, u64) -> Result<bool, RegistryError>,
    ) -> Result<(), RegistryError> {
        let at = self.decoder.position();
        let count = self.taken(|decoder| decoder.map())?;
        let count = count
            .filter(|&count| count <= MAX_FIELDS)
            .ok_or(RegistryError::Malformed { at })?;
        let mut seen = Vec::new();
        for _ in 0..count {
            let key = self.uint()?;
            if seen.contains(&key) {
                return Err(RegistryError::Twice { field: key });
            }
            seen.push(key);
            if !field(self, key)? {
                self.skip()?;
            }
        }
        Ok(())
    }

    /// Reads the head of an array of at most `limit` items.
    pub(super) fn array(&mut self, limit: u64) -> Result<u64, RegistryError> {
        let at = self.decoder.position();
        let count = self.taken(|decoder| decoder.array())?;
        count
            .filter(|&count| count <= limit)
            .ok_or(RegistryError::Malformed { at })
    }

    /// Returns whether an array comes next.
    pub(super) fn is_array(&self) -> bool {
        matches!(self.decoder.datatype(), Ok(Type::Array))
    }

    /// Returns whether a tag comes next.
    pub(super) fn is_tag(&self) -> bool {
        matches!(self.decoder.datatype(), Ok(Type::Tag))
    }

    pub(super) fn tag(&mut self) -> Result<u64, RegistryError> {
        self.taken(|decoder| decoder.tag()).map(|tag| tag.as_u64())
    }

    /// Reads one of these tags.
    pub(super) fn one_of(&mut self, tags: [u64; 2]) -> Result<(), RegistryError> {
        let at = self.decoder.position();
        if tags.contains(&self.tag()?) {
            Ok(())
        } else {
            Err(RegistryError::Malformed { at })
        }
    }

    /// Reads one of these tags, if a tag comes next.
    pub(super) fn perhaps_one_of(&mut self, tags: [u64; 2]) -> Result<(), RegistryError> {
        if self.is_tag() {
            self.one_of(tags)
        } else {
            Ok(())
        }
    }

    pub(super) fn uint(&mut self) -> Result<u64, RegistryError> {
        self.taken(|decoder| decoder.u64())
    }

    pub(super) fn u32(&mut self) -> Result<u32, RegistryError> {
        self.taken(|decoder| decoder.u32())
    }

    pub(super) fn bool(&mut self) -> Result<bool, RegistryError> {
        self.taken(|decoder| decoder.bool())
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], RegistryError> {
        self.taken(|decoder| decoder.bytes())
    }

    pub(super) fn text(&mut self) -> Result<&'a str, RegistryError> {
        self.taken(|decoder| decoder.str())
    }

    /// Passes over one item.
    pub(super) fn skip(&mut self) -> Result<(), RegistryError> {
        self.taken(|decoder| decoder.skip())
    }

    /// Reads an item by `read`; when it is not supported, passes over it and returns none.
    pub(super) fn supported<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, RegistryError>,
    ) -> Result<Option<T>, RegistryError> {
        let start = self.decoder.position();
        match read(self) {
            Err(RegistryError::NotSupported { .. }) => {
                self.decoder.set_position(start);
                self.skip()?;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    pub(super) fn malformed(&self) -> RegistryError {
        RegistryError::Malformed {
            at: self.decoder.position(),
        }
    }

    fn taken<T>(
        &mut self,
        take: impl FnOnce(&mut Decoder<'a>) -> Result<T, minicbor::decode::Error>,
    ) -> Result<T, RegistryError> {
        let at = self.decoder.position();
        take(&mut self.decoder).map_err(|_| RegistryError::Malformed { at })
    }
}
