//! `zero-value-output`: outputs other than data pay something. Nodes do not relay one that pays
//! nothing (Bitcoin Core's dust rule), but for those that only a package may carry (BIP431).

use bitcoin::Amount;

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let outputs = facts.outputs.iter().zip(&facts.parsed.unsigned_tx().output);
    for (index, (output, tx_out)) in outputs.enumerate() {
        if output.class != OutputClass::Data && tx_out.value == Amount::ZERO {
            findings.push(Finding::new(
                Place::Output(index),
                FindingKind::ZeroValueOutput,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat, their_script};
    use crate::wallet::Branch;
    use bitcoin::ScriptBuf;

    #[test]
    fn hostile_cases() {
        let zero = ["output 2 zero-value-output"];
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.pay(their_script(5), 0))
            .expect("a payment of nothing", "zero_value", &zero);
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.pay_own(Branch::Receive, 5, 0))
            .expect("nothing for ourselves", "zero_value", &zero);
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.pay(ScriptBuf::from_bytes(vec![0x51]), 0))
            .expect(
                "nothing for anyone",
                "zero_value",
                &["output 2 unknown-script", zero[0]],
            );
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[0].txout.value = sat(0);
                scenario.outputs[1].txout.value = sat(99_990_000);
            })
            .expect(
                "the only payment",
                "zero_value",
                &["output 0 zero-value-output"],
            );
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.pay(ScriptBuf::from_bytes(vec![0x6a, 1, 2]), 0))
            .expect("data", "data_output", &["output 2 data-output"]);
    }
}
