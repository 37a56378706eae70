//! `address-lookalike`: an address that begins and ends like a known one is that one, or the
//! operator compared them whole.
//!
//! Address poisoning: an attacker makes an address whose first and last characters are those of
//! somebody whom the victim pays, and sees to it that it is copied from a history or a list
//! (Tsuchiya and others, "Blockchain Address Poisoning", USENIX Security 2025). Known are those
//! whom the vault paid before, what is ours in this transaction, and its other outputs.
//!
//! A warning, and no refusal: whoever had an address paid by a transaction that can never confirm
//! would else have the honest payee refused for ever, whom it was made to look like. It shows both
//! addresses whole, and is accepted by its code alone.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::payees::PayeeIndex;
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut own = PayeeIndex::default();
    let mut paid = PayeeIndex::default();
    let outputs = || facts.outputs.iter().zip(&facts.parsed.unsigned_tx().output);
    let inputs = facts.inputs.iter().filter(|input| input.owner.is_some());
    let of_inputs = inputs.filter_map(|input| Some(&input.coin.as_ref()?.script_pubkey));
    let of_outputs = outputs().filter(|(output, _)| output.owner.is_some());
    for script in of_inputs.chain(of_outputs.map(|(_, tx_out)| &tx_out.script_pubkey)) {
        if let Some(address) = facts.address(script) {
            own.insert(&address);
        }
    }
    for (index, (output, tx_out)) in outputs().enumerate() {
        let (None, Some(found)) = (output.owner, facts.address(&tx_out.script_pubkey)) else {
            continue;
        };
        let known = facts
            .context
            .earlier_payees
            .lookalike(&found)
            .or_else(|| own.lookalike(&found))
            .or_else(|| paid.lookalike(&found))
            .map(str::to_owned);
        paid.insert(&found);
        if let Some(known) = known {
            let kind = FindingKind::AddressLookalike { known, found };
            findings.push(Finding::new(Place::Output(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, lookalike, sat, their_script};
    use crate::wallet::Branch;
    use bitcoin::ScriptBuf;

    const RULE: &str = "lookalike";

    fn paying(script: ScriptBuf) -> Scenario {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.outputs[0].txout.script_pubkey = script)
    }

    #[test]
    fn hostile_cases() {
        let payee = their_script(1);
        let poisoned = lookalike(&payee);
        let first = ["output 0 address-lookalike"];
        paying(poisoned.clone())
            .with(|scenario| scenario.earlier_payees = vec![their_script(2), payee.clone()])
            .expect("like an earlier payee", RULE, &first);
        paying(payee.clone())
            .with(|scenario| scenario.earlier_payees = vec![payee.clone(), poisoned.clone()])
            .expect_clean("an earlier payee, whose lookalike was paid too");
        paying(payee.clone())
            .with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay(poisoned.clone(), 9_990_000);
            })
            .expect("like another output", RULE, &["output 2 address-lookalike"]);
        let scenario = Scenario::new(ScriptType::Segwit);
        for (name, own) in [
            ("like a coin that is spent", (Branch::Receive, 0)),
            ("like the change", (Branch::Change, 7)),
        ] {
            let own = scenario.wallets[0].script_pubkey(own.0, own.1).unwrap();
            paying(lookalike(&own)).expect(name, RULE, &first);
        }
    }

    /// Refusing would ban whoever an address was made to look like.
    #[test]
    fn the_operator_can_accept_it_after_comparing() {
        let payee = their_script(1);
        let own = Scenario::new(ScriptType::Segwit).wallets[0]
            .script_pubkey(Branch::Change, 7)
            .unwrap();
        for known in [payee, own] {
            let reviewed = paying(lookalike(&known))
                .with(|scenario| scenario.earlier_payees = vec![known])
                .review();
            assert!(!reviewed.has_refusal());
            assert_eq!(reviewed.warning_codes(), ["address-lookalike"]);
        }
    }

    #[test]
    fn both_addresses_are_told() {
        let payee = their_script(1);
        let scenario =
            paying(lookalike(&payee)).with(|scenario| scenario.earlier_payees = vec![payee]);
        let report = scenario.review().report().clone();
        let finding = &report.findings[0];
        let expected = Scenario::new(ScriptType::Segwit).review().report().outputs[0]
            .address
            .clone();
        assert_eq!(
            (&finding.expected, &finding.found),
            (&expected, &report.outputs[0].address)
        );
        let (known, found) = (expected.unwrap(), finding.found.clone().unwrap());
        assert_eq!(
            (&known[..10], known.ends_with("at9t")),
            (&found[..10], found.ends_with("at9t"))
        );
        assert_ne!(known, found);
    }
}
