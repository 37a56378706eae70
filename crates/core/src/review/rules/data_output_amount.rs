//! `data-output-amount`: an output that carries data carries no money: nobody can ever spend it
//! (BIP174's and consensus' OP_RETURN fails every script).

use bitcoin::Amount;

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let outputs = facts.outputs.iter().zip(&facts.parsed.unsigned_tx().output);
    for (index, (output, tx_out)) in outputs.enumerate() {
        if output.class == OutputClass::Data && tx_out.value > Amount::ZERO {
            let kind = FindingKind::DataOutputAmount {
                found: tx_out.value,
            };
            findings.push(Finding::new(Place::Output(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};
    use bitcoin::ScriptBuf;

    #[test]
    fn hostile_cases() {
        for (name, script) in [
            ("data", "6a0568656c6c6f"),
            ("nothing after OP_RETURN", "6a"),
            (
                "a payment's script behind OP_RETURN",
                "6a0014000102030405060708090a0b0c0d0e0f10111213",
            ),
        ] {
            for amount in [1, 9_990_000] {
                let script = ScriptBuf::from_hex(script).unwrap();
                Scenario::new(ScriptType::Segwit)
                    .with(|scenario| {
                        scenario.outputs[1].txout.value = sat(40_000_000);
                        scenario.pay(script, amount);
                        scenario.outputs[0].txout.value = sat(59_990_000 - amount);
                    })
                    .expect(
                        name,
                        "data_output_amount",
                        &["output 2 data-output", "output 2 data-output-amount"],
                    );
            }
        }
    }
}
