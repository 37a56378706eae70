//! Payout lists in every format: one that is read pays at least one payment, and its total is the
//! sum.

#![no_main]

// The watcher's own source; the program around it would bring a database and a network into the
// target.
#[allow(dead_code, unused_imports)]
#[path = "../../watcher/src/csv/mod.rs"]
mod csv;
#[allow(dead_code)]
#[path = "../../watcher/src/identity.rs"]
mod identity;

use bitcoin::Amount;
use cofferdam_core::Network;
use csv::{Format, Ids, Unit, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let formats = [
        Format::Cofferdam,
        Format::Electrum(Unit::Btc, Ids::None),
        Format::Sparrow(Unit::Sat, Ids::Prefix("fuzz-".into())),
        Format::CoreOutputs(Unit::Btc, Ids::None),
    ];
    for format in &formats {
        match import(input, format, Network::Regtest) {
            Ok(list) => {
                let amounts = list.payments().iter().map(|payment| payment.amount);
                assert_eq!(list.totals().sum, amounts.sum::<Amount>());
                assert_eq!(list.totals().count, list.payments().len());
                assert!(
                    list.payments()
                        .iter()
                        .all(|payment| payment.amount > Amount::ZERO)
                );
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
