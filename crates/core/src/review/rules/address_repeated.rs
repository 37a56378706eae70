//! `address-repeated`: every output pays another address, our own included. The same one twice is
//! often one payment planned twice, and ties payments together for everybody to see.

use std::collections::HashMap;

use bitcoin::Script;

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut paid: HashMap<&Script, usize> = HashMap::new();
    let outputs = facts.outputs.iter().zip(&facts.parsed.unsigned_tx().output);
    for (index, (output, tx_out)) in outputs.enumerate() {
        if output.class == OutputClass::Data {
            continue;
        }
        let script = tx_out.script_pubkey.as_script();
        let first = *paid.entry(script).or_insert(index);
        if first != index {
            let kind = FindingKind::AddressRepeated {
                address: facts
                    .address(script)
                    .unwrap_or_else(|| script.to_hex_string()),
                first: Place::Output(first),
            };
            findings.push(Finding::new(Place::Output(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat, their_script};
    use crate::wallet::Branch;
    use bitcoin::ScriptBuf;

    const RULE: &str = "address_repeated";

    #[test]
    fn hostile_cases() {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay(their_script(1), 4_000_000);
                scenario.pay(their_script(2), 4_000_000);
                scenario.pay(their_script(1), 1_990_000);
            })
            .expect(
                "a payee three times",
                RULE,
                &["output 2 address-repeated", "output 4 address-repeated"],
            );
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay_own(Branch::Change, 7, 9_990_000);
            })
            .expect(
                "change twice",
                RULE,
                &[
                    "output 2 address-repeated",
                    "transaction several-change-outputs",
                ],
            );
        let data = || ScriptBuf::from_bytes(vec![0x6a, 1, 2]);
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.pay(data(), 0);
                scenario.pay(data(), 0);
            })
            .expect(
                "data has no address",
                "data_output",
                &["output 2 data-output", "output 3 data-output"],
            );
    }

    #[test]
    fn the_finding_names_address_and_place() {
        let scenario = Scenario::new(ScriptType::Segwit).with(|scenario| {
            scenario.outputs[1].txout.value = sat(40_000_000);
            scenario.pay(their_script(1), 9_990_000);
        });
        let report = scenario.review().report().clone();
        let finding = &report.findings[0];
        assert_eq!(finding.found, report.outputs[0].address);
        assert!(
            finding
                .message
                .starts_with("output 0 pays the same address")
        );
    }
}
