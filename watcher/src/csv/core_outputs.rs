//! The `outputs` argument of Bitcoin Core's `send`, `createpsbt` and `walletcreatefundedpsbt`: an
//! array of objects `{"address": amount}`, or one object with all of them. An amount is a number or
//! a string.

use std::fmt;

use cofferdam_core::Network;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::{Cause, Place, Problems, shown};
use super::{Ids, MAX_PAYMENTS, Payment, Unit, address, amount, table};

pub(super) fn read(
    bytes: &[u8],
    unit: Unit,
    ids: &Ids,
    network: Network,
    problems: &mut Problems,
) -> Vec<(Place, Payment)> {
    let Some(text) = table::text(bytes, problems) else {
        return Vec::new();
    };
    let outputs: Outputs<'_> = match serde_json::from_str(text) {
        Ok(outputs) => outputs,
        Err(error) => {
            problems.add(Place::File, Cause::Json(shown(&error.to_string())));
            return Vec::new();
        }
    };
    if outputs.0.len() > MAX_PAYMENTS {
        problems.add(Place::File, Cause::TooManyPayments);
        return Vec::new();
    }
    let mut payments = Vec::with_capacity(outputs.0.len());
    for (index, entries) in outputs.0.iter().enumerate() {
        let place = Place::Item(index as u64 + 1);
        let [(key, value)] = entries.as_slice() else {
            problems.add(place, Cause::NotAnOutput);
            continue;
        };
        if key == "data" {
            problems.add(place, Cause::DataOutput);
            continue;
        }
        let address = problems.take(place, address::parse(key, network));
        let amount = problems.take(place, value_of(value, unit));
        let id = problems.take_id(place, ids.for_number(index + 1));
        if let (Some(payout_id), Some(address), Some(amount)) = (id, address, amount) {
            payments.push((
                place,
                Payment {
                    payout_id,
                    address,
                    amount,
                    name: None,
                    reference: None,
                },
            ));
        }
    }
    payments
}

/// Reads the digits as they are written, never through a floating point number.
fn value_of(value: &RawValue, unit: Unit) -> Result<bitcoin::Amount, Cause> {
    let raw = value.get();
    let text = match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw).map_err(|_| Cause::AmountType)?,
        Some(b'-' | b'0'..=b'9') => raw.to_owned(),
        _ => return Err(Cause::AmountType),
    };
    Ok(amount::parse(&text, unit)?)
}

/// The outputs, each with its entries: exactly one where it is an output. Repeated keys are kept.
struct Outputs<'a>(Vec<Vec<(String, &'a RawValue)>>);

impl<'de: 'a, 'a> Deserialize<'de> for Outputs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutputsVisitor).map(Outputs)
    }
}

struct OutputsVisitor;

impl<'de> Visitor<'de> for OutputsVisitor {
    type Value = Vec<Vec<(String, &'de RawValue)>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object of outputs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut outputs = Vec::new();
        while let Some(Entries(entries)) = items.next_element()? {
            outputs.push(entries);
            if outputs.len() > MAX_PAYMENTS {
                return Err(serde::de::Error::custom("too many outputs"));
            }
        }
        Ok(outputs)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(entries_of(map)?
            .into_iter()
            .map(|entry| vec![entry])
            .collect())
    }
}

struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one address")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                entries_of(map)
            }
        }
        deserializer.deserialize_map(EntriesVisitor).map(Entries)
    }
}

fn entries_of<'de, A: MapAccess<'de>>(
    mut map: A,
) -> Result<Vec<(String, &'de RawValue)>, A::Error> {
    let mut entries = Vec::new();
    while let Some(entry) = map.next_entry()? {
        entries.push(entry);
        if entries.len() > MAX_PAYMENTS {
            return Err(serde::de::Error::custom("too many outputs"));
        }
    }
    Ok(entries)
}
