//! `unknown-script`: outputs pay scripts that have an address and rules: p2pkh, p2sh, and witness versions 0 (BIP141) and 1
//! (BIP341).

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, output) in facts.outputs.iter().enumerate() {
        if output.class == OutputClass::Unknown {
            findings.push(Finding::new(Place::Output(index), FindingKind::UnknownScript));
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
            (
                "pay to public key",
                "2102192d74d0cb94344c9569c2e77901573d8d7903c3ebec3a957724895dca52c6b4ac",
            ),
            ("anyone can spend", "51"),
            (
                "a later witness version",
                "5220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            ),
            ("witness version 1 of another length", "51080001020304050607"),
            ("witness version 0 of another length", "00080001020304050607"),
            ("nothing", ""),
        ] {
            let script = ScriptBuf::from_hex(script).unwrap();
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| {
                    scenario.outputs[1].txout.value = sat(40_000_000);
                    scenario.pay(script, 9_990_000);
                })
                .expect(name, "unknown_script", &["output 2 unknown-script"]);
        }
    }
}
