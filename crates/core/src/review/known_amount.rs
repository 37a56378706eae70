//! Amounts that may be unknown, as integers in satoshi or null.
//!
//! Unlike `bitcoin::amount::serde::as_sat::opt`, this reads a null that serde has buffered, as it
//! does for flattened fields.

use bitcoin::Amount;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(
    amount: &Option<Amount>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    amount.map(Amount::to_sat).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Amount>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Amount::from_sat))
}

#[cfg(test)]
mod tests {
    use bitcoin::Amount;
    use serde::{Deserialize, Serialize};

    use crate::review::Totals;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        totals: Totals,
    }

    #[test]
    fn unknown_amounts_survive_a_flattened_field() {
        let totals = Totals {
            fee: None,
            inputs: Some(Amount::from_sat(7)),
            ..Totals::default()
        };
        let outer = Outer {
            inner: Inner { totals },
        };
        let text = serde_json::to_string(&outer).unwrap();
        assert!(
            text.contains(r#""fee_sat":null"#) && text.contains(r#""inputs_sat":7"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Outer>(&text).unwrap(), outer);
    }
}
