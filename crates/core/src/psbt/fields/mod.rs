//! The fields that are known, with the form that each must have: BIP174, BIP370 (version 2), BIP371
//! (taproot), BIP373 (MuSig2), BIP375 (silent payments). What is not listed is unknown, and kept.

mod form;
mod table;
mod types;

use self::form::{key_has_form, value_has_form};
pub(super) use self::form::{tap_key_source, xpub};
use self::table::{Field, GLOBAL, INPUT, In, OUTPUT};
pub use self::types::{global, input, output};
use super::Version;
use super::error::{MapName, PsbtError};
use super::raw::{RawMap, RawPair};

fn table(map: MapName) -> &'static [Field] {
    match map {
        MapName::Global => GLOBAL,
        MapName::Input(_) => INPUT,
        MapName::Output(_) => OUTPUT,
    }
}

/// Checks that every known field of a map has its form, that none belongs to the other version, and
/// that none is missing.
pub(super) fn check(map: &RawMap, name: MapName, version: Version) -> Result<(), PsbtError> {
    let table = table(name);
    for pair in &map.pairs {
        let Some(field) = table.iter().find(|field| field.0 == pair.key.key_type) else {
            continue;
        };
        let forbidden = match version {
            Version::V0 => matches!(field.4, In::V2Only | In::V2Needs),
            Version::V2 => field.4 == In::V0Only,
        };
        if forbidden {
            let version = version.number();
            return Err(PsbtError::ForbiddenField {
                map: name,
                field: field.1,
                version,
            });
        }
        field.check(pair, name)?;
    }
    let missing = |field: &&Field| field.4 == In::V2Needs && map.plain(field.0).is_none();
    match table.iter().find(missing) {
        Some(field) if version == Version::V2 => Err(PsbtError::MissingField {
            map: name,
            field: field.1,
            version: version.number(),
        }),
        _ => Ok(()),
    }
}

/// What reading a map's fields takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Public keys, and leaves of taproot trees.
    pub(super) keys: usize,
    /// Bytes of keys, and of values that are not previous transactions.
    pub(super) bytes: usize,
}

/// Measures a map, before any of its fields is read.
pub(super) fn measure(map: &RawMap, name: MapName) -> Measure {
    let table = table(name);
    let mut measure = Measure::default();
    for pair in &map.pairs {
        measure.bytes += pair.key.data.len();
        if let Some(field) = table.iter().find(|field| field.0 == pair.key.key_type) {
            measure.keys += field.2.points() + field.3.points(&pair.value);
            measure.bytes += field.3.copied(&pair.value);
        }
    }
    measure
}

/// Returns the name of a known field.
pub(super) fn name(map: MapName, key_type: u64) -> Option<&'static str> {
    let field = table(map).iter().find(|field| field.0 == key_type);
    field.map(|field| field.1)
}

/// Returns whether a pair's type has no meaning here, or is proprietary: it is kept, and shown by
/// number.
pub(super) fn is_unknown(pair: &RawPair, map: MapName) -> bool {
    pair.key.key_type == global::PROPRIETARY
        || !table(map).iter().any(|field| field.0 == pair.key.key_type)
}

impl Field {
    fn check(&self, pair: &RawPair, map: MapName) -> Result<(), PsbtError> {
        if !key_has_form(self.2, &pair.key.data) {
            return Err(PsbtError::InvalidKey { map, field: self.1 });
        }
        value_has_form(self.3, &pair.value).map_err(|reason| PsbtError::InvalidValue {
            map,
            field: self.1,
            reason,
        })
    }
}
