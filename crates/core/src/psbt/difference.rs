//! Where two PSBTs differ, byte for byte.

use std::fmt;

use super::error::MapName;
use super::fields;
use super::parsed::Parsed;
use super::raw::{RawKey, RawMap};

/// The first place where two PSBTs of one transaction differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The map.
    pub map: MapName,
    /// The field's name (BIP174), or its type in hexadecimal where it has none.
    pub field: String,
    /// In which of the two the field is.
    pub present: Presence,
}

/// Which of two PSBTs has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Both, with other values, or at another place.
    Both,
    /// The first one only.
    FirstOnly,
    /// The second one only.
    SecondOnly,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, field {}", self.map, self.field)
    }
}

impl Parsed {
    /// Returns the first place where the binary forms of two PSBTs of the same transaction differ;
    /// none when they are equal byte for byte, whatever text encodings they came in.
    pub fn first_difference(&self, other: &Parsed) -> Option<Difference> {
        let (first, second) = (self.raw(), other.raw());
        let inputs = (0..).zip(first.inputs.iter().zip(&second.inputs));
        let outputs = (0..).zip(first.outputs.iter().zip(&second.outputs));
        let maps = [(MapName::Global, (&first.global, &second.global))]
            .into_iter()
            .chain(inputs.map(|(index, pair)| (MapName::Input(index), pair)))
            .chain(outputs.map(|(index, pair)| (MapName::Output(index), pair)));
        let found = { maps }.find_map(|(map, (first, second))| in_map(map, first, second));
        // Two transactions have different maps, or different numbers of them.
        found.or_else(|| {
            let whole = Difference {
                map: MapName::Global,
                field: "the number of inputs or outputs".into(),
                present: Presence::Both,
            };
            (first.to_bytes() != second.to_bytes()).then_some(whole)
        })
    }
}

fn in_map(map: MapName, first: &RawMap, second: &RawMap) -> Option<Difference> {
    let length = first.pairs.len().max(second.pairs.len());
    let at = (0..length).find(|at| first.pairs.get(*at) != second.pairs.get(*at))?;
    let (one, two) = (first.pairs.get(at), second.pairs.get(at));
    let missing = |key: &RawKey, side: &RawMap| side.get(key).is_none();
    let (key, present) = match (one, two) {
        (Some(one), _) if missing(&one.key, second) => (&one.key, Presence::FirstOnly),
        (_, Some(two)) if missing(&two.key, first) => (&two.key, Presence::SecondOnly),
        (Some(one), _) => (&one.key, Presence::Both),
        (None, two) => (&two?.key, Presence::SecondOnly),
    };
    let field = fields::name(map, key.key_type)
        .map_or_else(|| format!("{:#04x}", key.key_type), str::to_owned);
    Some(Difference {
        map,
        field,
        present,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psbt::{Limits, RawPsbt};

    fn parsed(edit: impl FnOnce(&mut RawPsbt)) -> Parsed {
        let text = include_str!("../../../../fixtures/core-signing/regtest.json");
        let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
        let psbt = fixture["cases"][0]["unsigned"]["psbt_v0"].as_str().unwrap();
        let plain = Parsed::parse(psbt.as_bytes(), &Limits::DEFAULT).unwrap();
        let mut raw = plain.raw().clone();
        edit(&mut raw);
        Parsed::parse(&raw.to_bytes(), &Limits::DEFAULT).unwrap()
    }

    #[test]
    fn the_first_differing_field_is_named() {
        let plain = parsed(|_| {});
        assert_eq!(plain.first_difference(&parsed(|_| {})), None);
        let with_sighash = parsed(|raw| raw.inputs[1].set(RawKey::plain(3), vec![1, 0, 0, 0]));
        let expected = |present| Difference {
            map: MapName::Input(1),
            field: "PSBT_IN_SIGHASH_TYPE".into(),
            present,
        };
        assert_eq!(
            plain.first_difference(&with_sighash),
            Some(expected(Presence::SecondOnly))
        );
        assert_eq!(
            with_sighash.first_difference(&plain),
            Some(expected(Presence::FirstOnly))
        );
        let other_sighash = parsed(|raw| raw.inputs[1].set(RawKey::plain(3), vec![2, 0, 0, 0]));
        assert_eq!(
            with_sighash.first_difference(&other_sighash),
            Some(expected(Presence::Both))
        );
        let unknown = parsed(|raw| raw.outputs[0].set(RawKey::plain(0x77), vec![1]));
        assert_eq!(
            plain.first_difference(&unknown).unwrap().to_string(),
            "output 0, field 0x77"
        );
    }

    #[test]
    fn the_order_of_fields_counts() {
        let turned = parsed(|raw| raw.inputs[0].pairs.reverse());
        let difference = parsed(|_| {}).first_difference(&turned).unwrap();
        assert_eq!(
            (difference.map, difference.present),
            (MapName::Input(0), Presence::Both)
        );
    }
}
