//! `unknown-script`: outputs pay scripts that have an address and rules: p2pkh, p2sh, and witness
//! versions 0 (BIP141) and 1 (BIP341).

use bitcoin::Script;

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, output) in facts.outputs.iter().enumerate() {
        if output.class == OutputClass::Unknown {
            let what = name(&facts.parsed.unsigned_tx().output[index].script_pubkey);
            findings.push(Finding::new(
                Place::Output(index),
                FindingKind::UnknownScript { what },
            ));
        }
    }
}

/// Names a script without rules or address.
fn name(script: &Script) -> String {
    let pushed = script.as_bytes().len().saturating_sub(2);
    match script.witness_version() {
        _ if script.as_bytes() == PAY_TO_ANCHOR => "pay to anchor".into(),
        Some(version) => format!("witness version {} with {pushed} bytes", version.to_num()),
        None if script.is_empty() => "empty".into(),
        None if script.is_p2pk() => "pay to public key".into(),
        None if script.is_multisig() => "bare multisig".into(),
        None => "non-standard".into(),
    }
}

/// Bitcoin Core's standard output that anybody can spend, to raise a fee by.
const PAY_TO_ANCHOR: [u8; 4] = [0x51, 0x02, 0x4e, 0x73];

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};
    use bitcoin::ScriptBuf;

    #[test]
    fn hostile_cases() {
        let key = "02192d74d0cb94344c9569c2e77901573d8d7903c3ebec3a957724895dca52c6b4";
        for (what, script) in [
            ("pay to public key", format!("21{key}ac")),
            ("bare multisig", format!("5121{key}21{key}52ae")),
            ("pay to anchor", "51024e73".into()),
            ("non-standard", "51".into()),
            ("non-standard", "76a914".into()),
            (
                "witness version 2 with 32 bytes",
                "5220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".into(),
            ),
            ("witness version 16 with 2 bytes", "60020001".into()),
            (
                "witness version 1 with 8 bytes",
                "51080001020304050607".into(),
            ),
            (
                "witness version 0 with 8 bytes",
                "00080001020304050607".into(),
            ),
            ("empty", String::new()),
        ] {
            let script = ScriptBuf::from_hex(&script).unwrap();
            let scenario = Scenario::new(ScriptType::Segwit).with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay(script, 9_990_000);
            });
            scenario.expect(what, "unknown_script", &["output 2 unknown-script"]);
            let report = scenario.review().report().clone();
            assert_eq!(report.findings[0].found.as_deref(), Some(what));
        }
    }
}
