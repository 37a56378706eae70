//! The form that a field's key data or value has.

use bitcoin::bip32::Xpub;
use bitcoin::consensus::deserialize;
use bitcoin::taproot::{LeafVersion, TaprootBuilder};
use bitcoin::{PublicKey, ScriptBuf, TxOut, Witness, XOnlyPublicKey};

use crate::psbt::error::MapName;
use crate::psbt::reader::Reader;

/// The form of a field's key data.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Empty,
    /// A public key of 33 or 65 bytes, on the curve.
    FullOrCompressed,
    /// A public key of 33 bytes, on the curve.
    Compressed,
    /// A public key of 32 bytes, on the curve.
    XOnly,
    /// So many bytes.
    Bytes(usize),
    /// An x-only key and a leaf hash.
    XOnlyAndLeaf,
    /// 33 bytes and a multiple of 32 up to 128 of them (BIP341).
    ControlBlock,
    /// Two public keys of 33 bytes, and a leaf hash or none (BIP373).
    MuSig2,
    /// An extended public key (BIP32).
    Xpub,
    /// An identifier with its length, a subtype, anything.
    Proprietary,
}

/// The form of a field's value.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Any,
    Bytes(usize),
    /// Between so many bytes and so many.
    Length(usize, usize),
    XOnly,
    /// A fingerprint and a path.
    KeySource,
    /// Leaf hashes, a fingerprint and a path (BIP371).
    TapKeySource,
    Transaction,
    TxOut,
    Witness,
    TapTree,
    /// A multiple of 33 bytes, at least one.
    CompressedKeys,
    /// A script and its leaf version.
    Leaf,
    /// At least 500,000,000 (BIP370).
    TimeLock,
    /// Below 500,000,000 and not zero (BIP370).
    HeightLock,
}

impl Key {
    /// Returns how many public keys it has.
    pub(super) fn points(self) -> usize {
        match self {
            Key::FullOrCompressed
            | Key::Compressed
            | Key::XOnly
            | Key::XOnlyAndLeaf
            | Key::Xpub => 1,
            Key::MuSig2 => 2,
            Key::Empty | Key::Bytes(_) | Key::ControlBlock | Key::Proprietary => 0,
        }
    }
}

impl Value {
    /// Returns how many public keys, or leaves of a tree, a value has at most.
    pub(super) fn points(self, value: &[u8]) -> usize {
        match self {
            Value::XOnly => 1,
            Value::CompressedKeys => value.len() / 33,
            Value::TapTree => value.len() / LEAF,
            _ => 0,
        }
    }

    /// Returns how many bytes of a value are read into values of their own.
    pub(super) fn copied(self, value: &[u8]) -> usize {
        match self {
            Value::Transaction => 0,
            _ => value.len(),
        }
    }
}

/// Bytes of the smallest leaf of a tree: its depth, its version, and the length of an empty script.
const LEAF: usize = 3;

/// The longest path: the depth of a key is one byte (BIP32).
const STEPS: usize = 255;

/// Checks a fingerprint and a path.
fn key_source(source: &[u8]) -> Result<(), String> {
    match source.len() {
        length if length < 4 || !length.is_multiple_of(4) => {
            Err(format!("{length} bytes, which is no fingerprint and path"))
        }
        length if length / 4 - 1 > STEPS => Err(format!(
            "a path of {} steps, and no key is more than {STEPS} deep",
            length / 4 - 1
        )),
        _ => Ok(()),
    }
}

pub(super) fn key_has_form(form: Key, data: &[u8]) -> bool {
    match form {
        Key::Empty => data.is_empty(),
        Key::FullOrCompressed => PublicKey::from_slice(data).is_ok(),
        Key::Compressed => data.len() == 33 && PublicKey::from_slice(data).is_ok(),
        Key::XOnly => XOnlyPublicKey::from_slice(data).is_ok(),
        Key::Bytes(count) => data.len() == count,
        Key::XOnlyAndLeaf => data
            .split_at_checked(32)
            .is_some_and(|(key, leaf)| key_has_form(Key::XOnly, key) && leaf.len() == 32),
        Key::ControlBlock => {
            data.len() >= 33 && (data.len() - 33).is_multiple_of(32) && data.len() <= 33 + 32 * 128
        }
        Key::MuSig2 => {
            matches!(data.len(), 66 | 98)
                && data.get(..66).is_some_and(|keys| {
                    keys.chunks(33)
                        .all(|key| key_has_form(Key::Compressed, key))
                })
        }
        Key::Xpub => xpub(data).is_some(),
        Key::Proprietary => {
            let mut reader = Reader::new(data);
            let identifier = reader
                .compact_size(MapName::Global)
                .and_then(|length| reader.bytes(length, MapName::Global));
            identifier.is_ok() && reader.compact_size(MapName::Global).is_ok()
        }
    }
}

pub(super) fn value_has_form(form: Value, value: &[u8]) -> Result<(), String> {
    let length = value.len();
    match form {
        Value::Any => Ok(()),
        Value::Bytes(count) if length == count => Ok(()),
        Value::Bytes(count) => Err(format!("{length} bytes instead of {count}")),
        Value::Length(least, most) if (least..=most).contains(&length) => Ok(()),
        Value::Length(least, most) => Err(format!("{length} bytes instead of {least} to {most}")),
        Value::XOnly => XOnlyPublicKey::from_slice(value)
            .map(drop)
            .map_err(|error| error.to_string()),
        Value::KeySource => key_source(value),
        Value::TapKeySource => tap_key_source(value).and_then(|(_, source)| key_source(source)),
        // Read, and told apart from damage, where previous transactions are shared between inputs.
        Value::Transaction => Ok(()),
        Value::TxOut => deserialize::<TxOut>(value)
            .map(drop)
            .map_err(|error| error.to_string()),
        Value::Witness => deserialize::<Witness>(value)
            .map(drop)
            .map_err(|error| error.to_string()),
        Value::TapTree => tap_tree(value),
        Value::CompressedKeys if length > 0 && length.is_multiple_of(33) => {
            let on_curve = value
                .chunks(33)
                .all(|key| PublicKey::from_slice(key).is_ok());
            if on_curve {
                Ok(())
            } else {
                Err("a public key is not on the curve".into())
            }
        }
        Value::CompressedKeys => Err(format!("{length} bytes, which are no public keys")),
        Value::Leaf => match value.last() {
            Some(version) => LeafVersion::from_consensus(*version)
                .map(drop)
                .map_err(|error| error.to_string()),
            None => Err("no leaf version".into()),
        },
        Value::TimeLock => match value.try_into().map(u32::from_le_bytes) {
            Ok(500_000_000..) => Ok(()),
            Ok(found) => Err(format!("{found} is no time, which begins at 500000000")),
            Err(_) => Err(format!("{length} bytes instead of 4")),
        },
        Value::HeightLock => match value.try_into().map(u32::from_le_bytes) {
            Ok(1..500_000_000) => Ok(()),
            Ok(found) => Err(format!(
                "{found} is no block height, which is from 1 to 499999999"
            )),
            Err(_) => Err(format!("{length} bytes instead of 4")),
        },
    }
}

/// Splits a taproot key source into its leaf hashes and the bytes of fingerprint and path (BIP371).
pub(in crate::psbt) fn tap_key_source(value: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let mut reader = Reader::new(value);
    let leaves = reader
        .compact_size(MapName::Global)
        .ok()
        .and_then(|count| count.checked_mul(32))
        .and_then(|bytes| reader.bytes(bytes, MapName::Global).ok())
        .ok_or("its leaf hashes are cut off")?;
    let source = reader.rest();
    if source.len() < 4 || !source.len().is_multiple_of(4) {
        return Err(format!(
            "{} bytes after the leaf hashes, which is no fingerprint and path",
            source.len()
        ));
    }
    Ok((leaves, source))
}

/// Checks that the leaves, in the order of a depth first walk, make one whole tree (BIP371).
fn tap_tree(value: &[u8]) -> Result<(), String> {
    let mut reader = Reader::new(value);
    let mut tree = TaprootBuilder::new();
    while !reader.rest().is_empty() {
        let cut = |_| "a leaf is cut off".to_owned();
        let [depth, version] = reader.bytes(2, MapName::Global).map_err(cut)? else {
            return Err("a leaf is cut off".into());
        };
        let length = reader.compact_size(MapName::Global).map_err(cut)?;
        let script =
            ScriptBuf::from_bytes(reader.bytes(length, MapName::Global).map_err(cut)?.to_vec());
        let version = LeafVersion::from_consensus(*version).map_err(|error| error.to_string())?;
        tree = tree
            .add_leaf_with_ver(*depth, script, version)
            .map_err(|error| error.to_string())?;
    }
    if tree.is_finalizable() {
        Ok(())
    } else {
        Err("the leaves make no whole tree".into())
    }
}

/// Version bytes of extended public keys: those of BIP32, and the ones that SLIP132 has for script
/// types, which some programs write here; each with the BIP32 version of its network.
const XPUB_VERSIONS: [([u8; 4], [u8; 4]); 10] = [
    (XPUB, XPUB),
    (TPUB, TPUB),
    ([0x04, 0x9d, 0x7c, 0xb2], XPUB),
    ([0x04, 0xb2, 0x47, 0x46], XPUB),
    ([0x02, 0x95, 0xb4, 0x3f], XPUB),
    ([0x02, 0xaa, 0x7e, 0xd3], XPUB),
    ([0x04, 0x4a, 0x52, 0x62], TPUB),
    ([0x04, 0x5f, 0x1c, 0xf6], TPUB),
    ([0x02, 0x42, 0x89, 0xef], TPUB),
    ([0x02, 0x57, 0x54, 0x83], TPUB),
];
const XPUB: [u8; 4] = [0x04, 0x88, 0xb2, 0x1e];
const TPUB: [u8; 4] = [0x04, 0x35, 0x87, 0xcf];

/// Reads an extended public key of 78 bytes.
pub(in crate::psbt) fn xpub(bytes: &[u8]) -> Option<Xpub> {
    let (version, rest) = bytes.split_first_chunk()?;
    let (_, plain) = XPUB_VERSIONS.iter().find(|(known, _)| known == version)?;
    Xpub::decode(&[plain.as_slice(), rest].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::{Key, Value, key_has_form, tap_tree, value_has_form};

    #[test]
    fn a_path_is_no_longer_than_bip32_counts() {
        for (steps, fits) in [
            (0, true),
            (5, true),
            (255, true),
            (256, false),
            (8_000_000, false),
        ] {
            let source = vec![0; 4 + 4 * steps];
            assert_eq!(
                value_has_form(Value::KeySource, &source).is_ok(),
                fits,
                "{steps}"
            );
            let source = [&[0], source.as_slice()].concat();
            assert_eq!(
                value_has_form(Value::TapKeySource, &source).is_ok(),
                fits,
                "{steps}"
            );
        }
    }

    #[test]
    fn a_control_block_has_up_to_128_steps() {
        for (length, fits) in [
            (32, false),
            (33, true),
            (34, false),
            (65, true),
            (33 + 32 * 128, true),
            (33 + 32 * 129, false),
        ] {
            assert_eq!(
                key_has_form(Key::ControlBlock, &vec![2; length]),
                fits,
                "{length}"
            );
        }
    }

    #[test]
    fn leaves_make_a_whole_tree_or_are_refused() {
        let leaf = |depth: u8, script: u8| [depth, 0xc0, 1, script];
        assert_eq!(tap_tree(&leaf(0, 0x51)), Ok(()));
        let two = [leaf(1, 0x51), leaf(1, 0x52)].concat();
        assert_eq!(tap_tree(&two), Ok(()));
        assert_eq!(
            tap_tree(&leaf(1, 0x51)),
            Err("the leaves make no whole tree".into())
        );
        assert_eq!(tap_tree(&[]), Err("the leaves make no whole tree".into()));
        for cut in 1..4 {
            assert_eq!(
                tap_tree(&two[..4 + cut]),
                Err("a leaf is cut off".into()),
                "{cut}"
            );
        }
        assert!(
            tap_tree(&[leaf(0, 0x51), leaf(0, 0x52)].concat()).is_err(),
            "one too many"
        );
    }
}
