//! Key-value maps as they stand in the bytes (BIP174): nothing is interpreted here but what is
//! needed to find the maps' ends.
//!
//! What was read is written back byte for byte, unknown and proprietary fields included.

use std::collections::HashSet;

use bitcoin::hex::DisplayHex;

use super::encoding::MAGIC;
use super::error::{MapName, PsbtError};
use super::limits::Limits;
use super::reader::{Reader, push_compact_size};

/// The key of a pair: a type, and the data that tells several fields of one type apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RawKey {
    /// The type, one of [`fields`](super::fields) or unknown.
    pub key_type: u64,
    /// The key data, often empty.
    pub data: Vec<u8>,
}

impl RawKey {
    /// Returns the key of a type with no key data.
    pub fn plain(key_type: u64) -> Self {
        Self {
            key_type,
            data: Vec::new(),
        }
    }

    /// Returns the key of a type with key data.
    pub fn with_data(key_type: u64, data: impl Into<Vec<u8>>) -> Self {
        Self {
            key_type,
            data: data.into(),
        }
    }

    /// Returns the bytes of type and data, without the length before them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.data.len());
        push_compact_size(&mut bytes, self.key_type);
        bytes.extend_from_slice(&self.data);
        bytes
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPair {
    /// The key.
    pub key: RawKey,
    /// The value's bytes.
    pub value: Vec<u8>,
}

/// A map in the order of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawMap {
    /// The pairs. A map that was read has no key twice.
    pub pairs: Vec<RawPair>,
}

impl RawMap {
    /// Returns the value of a key.
    pub fn get(&self, key: &RawKey) -> Option<&[u8]> {
        self.pairs
            .iter()
            .find(|pair| pair.key == *key)
            .map(|pair| pair.value.as_slice())
    }

    /// Returns the value of the key of this type with no key data.
    pub fn plain(&self, key_type: u64) -> Option<&[u8]> {
        self.of_type(key_type)
            .find(|pair| pair.key.data.is_empty())
            .map(|pair| pair.value.as_slice())
    }

    /// Returns the pairs of a type.
    pub fn of_type(&self, key_type: u64) -> impl Iterator<Item = &RawPair> {
        self.pairs
            .iter()
            .filter(move |pair| pair.key.key_type == key_type)
    }

    /// Replaces a key's value, or adds the pair before the first greater key.
    pub fn set(&mut self, key: RawKey, value: Vec<u8>) {
        if let Some(pair) = self.pairs.iter_mut().find(|pair| pair.key == key) {
            pair.value = value;
            return;
        }
        let at = self
            .pairs
            .iter()
            .position(|pair| pair.key > key)
            .unwrap_or(self.pairs.len());
        self.pairs.insert(at, RawPair { key, value });
    }

    /// Removes every pair of a type; returns how many there were.
    pub fn remove_type(&mut self, key_type: u64) -> usize {
        let before = self.pairs.len();
        self.pairs.retain(|pair| pair.key.key_type != key_type);
        before - self.pairs.len()
    }

    fn read(
        reader: &mut Reader<'_>,
        map: MapName,
        budget: &mut PairBudget,
    ) -> Result<Self, PsbtError> {
        let mut pairs = Vec::new();
        let mut seen: HashSet<&[u8]> = HashSet::new();
        loop {
            let key_len = reader.compact_size(map)?;
            if key_len == 0 {
                return Ok(Self { pairs });
            }
            budget.take()?;
            let key = reader.bytes(key_len, map)?;
            let mut key_reader = Reader::new(key);
            let key_type = key_reader.compact_size(map)?;
            let value_len = reader.compact_size(map)?;
            let value = reader.bytes(value_len, map)?;
            if !seen.insert(key) {
                return Err(PsbtError::DuplicateKey {
                    map,
                    key: shown(key),
                });
            }
            let key = RawKey {
                key_type,
                data: key_reader.rest().to_vec(),
            };
            pairs.push(RawPair {
                key,
                value: value.to_vec(),
            });
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        for pair in &self.pairs {
            let key = pair.key.to_bytes();
            push_compact_size(bytes, key.len() as u64);
            bytes.extend_from_slice(&key);
            push_compact_size(bytes, pair.value.len() as u64);
            bytes.extend_from_slice(&pair.value);
        }
        bytes.push(0);
    }
}

/// The maps of a PSBT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawPsbt {
    /// The global map.
    pub global: RawMap,
    /// One map for each input, in order.
    pub inputs: Vec<RawMap>,
    /// One map for each output, in order.
    pub outputs: Vec<RawMap>,
}

/// How many input and output maps follow a global map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MapCounts {
    pub(super) inputs: u64,
    pub(super) outputs: u64,
}

impl RawPsbt {
    /// Reads the maps of a binary PSBT. `counts` says from the global map how many follow; they are
    /// held against the limits.
    pub(super) fn read(
        binary: &[u8],
        limits: &Limits,
        counts: impl FnOnce(&RawMap) -> Result<MapCounts, PsbtError>,
    ) -> Result<Self, PsbtError> {
        if binary.len() > limits.bytes {
            return Err(PsbtError::TooLarge {
                found: binary.len(),
                limit: limits.bytes,
            });
        }
        let body = binary.strip_prefix(&MAGIC).ok_or(PsbtError::NotAPsbt)?;
        let mut reader = Reader::new(body);
        let mut budget = PairBudget {
            used: 0,
            limit: limits.pairs,
        };
        let global = RawMap::read(&mut reader, MapName::Global, &mut budget)?;
        let counts = counts(&global)?;
        let inputs = check_count("inputs", counts.inputs, limits.inputs)?;
        let outputs = check_count("outputs", counts.outputs, limits.outputs)?;
        let inputs = (0..inputs)
            .map(|index| RawMap::read(&mut reader, MapName::Input(index), &mut budget))
            .collect::<Result<_, _>>()?;
        let outputs = (0..outputs)
            .map(|index| RawMap::read(&mut reader, MapName::Output(index), &mut budget))
            .collect::<Result<_, _>>()?;
        match reader.rest().len() {
            0 => Ok(Self {
                global,
                inputs,
                outputs,
            }),
            trailing => Err(PsbtError::Trailing(trailing)),
        }
    }

    /// Writes the binary form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        self.global.write(&mut bytes);
        for map in self.inputs.iter().chain(&self.outputs) {
            map.write(&mut bytes);
        }
        bytes
    }
}

/// How many bytes of a key are shown.
const SHOWN: usize = 64;

fn shown(key: &[u8]) -> String {
    match key.get(..SHOWN) {
        Some(start) if key.len() > SHOWN => {
            format!("{}... ({} bytes)", start.to_lower_hex_string(), key.len())
        }
        _ => key.to_lower_hex_string(),
    }
}

struct PairBudget {
    used: usize,
    limit: usize,
}

impl PairBudget {
    fn take(&mut self) -> Result<(), PsbtError> {
        self.used += 1;
        if self.used > self.limit {
            return Err(PsbtError::TooMany {
                what: "key-value pairs",
                found: self.used as u64,
                limit: self.limit,
            });
        }
        Ok(())
    }
}

fn check_count(what: &'static str, found: u64, limit: usize) -> Result<usize, PsbtError> {
    usize::try_from(found)
        .ok()
        .filter(|count| *count <= limit)
        .ok_or(PsbtError::TooMany { what, found, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stands_before_the_first_greater_key_and_once() {
        let mut map = RawMap::default();
        for (key_type, value) in [(2, 20), (7, 70), (1, 10), (2, 21), (5, 50)] {
            map.set(RawKey::plain(key_type), vec![value]);
        }
        map.set(RawKey::with_data(2, [9]), vec![29]);
        let found: Vec<_> = map
            .pairs
            .iter()
            .map(|pair| (pair.key.key_type, pair.key.data.clone(), pair.value[0]))
            .collect();
        let expected = [
            (1, vec![], 10),
            (2, vec![], 21),
            (2, vec![9], 29),
            (5, vec![], 50),
            (7, vec![], 70),
        ];
        assert_eq!(found, expected);
    }
}
