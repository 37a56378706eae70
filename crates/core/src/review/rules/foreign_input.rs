//! `foreign-input` and `foreign-amount-unproven`: with own inputs there are no others. Their
//! amounts could be false, and so the fee; and a transaction together with others is not a payout.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.wallet.is_none() {
        return;
    }
    for (index, input) in facts.inputs.iter().enumerate() {
        if input.owner.is_none() && input.coin.is_some() {
            findings.push(Finding::new(Place::Input(index), FindingKind::ForeignInput));
            if input.proof.is_none() {
                let kind = FindingKind::ForeignAmountUnproven;
                findings.push(Finding::new(Place::Input(index), kind));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::fields;
    use crate::review::testing::{Scenario, THEIR_WORDS, wallet};

    #[test]
    fn hostile_cases() {
        Scenario::new(ScriptType::Segwit)
            .edit(|raw| {
                raw.inputs[1].remove_type(fields::input::BIP32_DERIVATION);
            })
            .expect(
                "an own coin that is claimed to be foreign",
                "foreign_input",
                &["input 1 foreign-input"],
            );
        // Somebody's coin, with all that proves its amount.
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario
                    .wallets
                    .push(wallet(THEIR_WORDS, ScriptType::Segwit, 0));
                scenario.coins[1].wallet = 1;
            })
            .with_unknown_wallet(1)
            .expect(
                "a stranger's coin",
                "foreign_input",
                &["input 1 foreign-input"],
            );
    }
}
