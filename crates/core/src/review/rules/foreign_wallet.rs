//! `foreign-wallet`: at least one input is ours, else there is nothing to sign.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.wallet.is_none() {
        findings.push(Finding::new(Place::Transaction, FindingKind::ForeignWallet));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::Version;
    use crate::review::testing::{OUR_WORDS, Scenario, THEIR_WORDS, wallet};

    #[test]
    fn hostile_cases() {
        for script_type in ScriptType::ALL {
            let ours = wallet(OUR_WORDS, script_type, 0);
            let theirs = Scenario::new(script_type);
            let mut stranger = Scenario::new(script_type);
            stranger.wallets = vec![wallet(THEIR_WORDS, script_type, 0)];
            stranger.outputs.pop();
            let raw = [Version::V0, Version::V2].map(|version| stranger.raw(version));
            let mut findings = vec!["transaction foreign-wallet"];
            // Taproot coins are only claimed when they are not ours.
            if script_type == ScriptType::Taproot {
                findings.push("input 0 previous-transaction-missing");
                findings.push("input 1 previous-transaction-missing");
                findings.push("transaction fee-unknown");
            } else {
                // Without the change output, the change is all fee.
                findings.push("transaction fee-too-high");
                findings.push("transaction fee-rate-too-high");
                findings.push("transaction fee-share-high");
            }
            assert_eq!(theirs.wallets, [ours]);
            theirs
                .edit(move |built| {
                    let v2 = usize::from(
                        built
                            .global
                            .plain(crate::psbt::fields::global::VERSION)
                            .is_some(),
                    );
                    *built = raw[v2].clone();
                })
                .expect("another wallet's PSBT", "foreign_wallet", &findings);
        }
    }
}
