//! `dust-output`: outputs are worth spending, by Bitcoin Core's default dust rate of 3 sat/vB.

use bitcoin::Amount;

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, output) in facts.parsed.unsigned_tx().output.iter().enumerate() {
        let limit = output.script_pubkey.minimal_non_dust();
        // Of outputs of nothing `zero-value-output` tells.
        if output.value < limit
            && output.value > Amount::ZERO
            && !output.script_pubkey.is_op_return()
        {
            let kind = FindingKind::DustOutput {
                limit,
                found: output.value,
            };
            findings.push(Finding::new(Place::Output(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, their_script};
    use bitcoin::hashes::Hash as _;
    use bitcoin::{PubkeyHash, ScriptBuf};

    #[test]
    fn hostile_cases() {
        let paying = |script: ScriptBuf, amount| {
            Scenario::new(ScriptType::Segwit).with(|scenario| scenario.pay(script, amount))
        };
        paying(their_script(5), 294).expect_clean("p2wpkh at its limit");
        for amount in [293, 1] {
            paying(their_script(5), amount).expect(
                "p2wpkh below",
                "dust",
                &["output 2 dust-output"],
            );
        }
        let p2pkh = || ScriptBuf::new_p2pkh(&PubkeyHash::from_byte_array([5; 20]));
        paying(p2pkh(), 546).expect_clean("p2pkh at its limit");
        paying(p2pkh(), 545).expect("p2pkh below", "dust", &["output 2 dust-output"]);
    }
}
