//! `several-wallets`: all own inputs are of one wallet.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(expected) = facts.wallet.map(|known| known.wallet) else {
        return;
    };
    for (index, input) in facts.inputs.iter().enumerate() {
        let owner = input
            .owner
            .as_ref()
            .and_then(|owner| facts.wallet_of(owner));
        if let Some(found) = owner.map(|known| known.wallet)
            && found.id() != expected.id()
        {
            let kind = FindingKind::SeveralWallets {
                expected: expected.name().clone(),
                found: found.name().clone(),
            };
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{OUR_WORDS, Scenario, THEIR_WORDS, wallet};

    #[test]
    fn hostile_cases() {
        for (name, other) in [
            ("another account", wallet(OUR_WORDS, ScriptType::Segwit, 1)),
            ("another type", wallet(OUR_WORDS, ScriptType::Taproot, 0)),
            ("another seed", wallet(THEIR_WORDS, ScriptType::Segwit, 0)),
        ] {
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| {
                    scenario.wallets.push(other);
                    scenario.coins[1].wallet = 1;
                })
                .expect(name, "several_wallets", &["input 1 several-wallets"]);
        }
    }
}
