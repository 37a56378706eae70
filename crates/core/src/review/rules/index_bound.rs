//! `index-out-of-bounds`: own outputs are within [`INDEX_BOUND`] of the highest index that the
//! operator told of their branch. `index-near-bound`: they are near it, and the operator's mark
//! should move.
//!
//! Beyond, the coin would be ours but the wallet would not find it: money held to ransom. Nothing
//! that was signed or that is spent moves the bound, also where a previous transaction proves it: a
//! coin that never existed costs nothing to make up.

use std::collections::BTreeMap;

use crate::review::context::{INDEX_BOUND, INDEX_NEAR};
use crate::review::facts::{Facts, Owner};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::wallet::WalletName;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut near: BTreeMap<(usize, u32), (usize, Owner)> = BTreeMap::new();
    for (index, output) in facts.outputs.iter().enumerate() {
        let Some(owner) = output.owner else { continue };
        let marked = facts.marked(&owner);
        if owner.index > marked.saturating_add(INDEX_BOUND) {
            let Some(wallet) = name(facts, &owner) else {
                continue;
            };
            let kind = FindingKind::IndexOutOfBounds {
                wallet,
                branch: owner.branch,
                limit: marked.saturating_add(INDEX_BOUND),
                found: owner.index,
            };
            findings.push(Finding::new(Place::Output(index), kind));
        } else if owner.index >= marked.saturating_add(INDEX_NEAR) {
            let of_branch = near.entry((owner.wallet, owner.branch.step()));
            let farthest = of_branch.or_insert((index, owner));
            if owner.index > farthest.1.index {
                *farthest = (index, owner);
            }
        }
    }
    // One for each branch: a payout that spreads over thousands of indices has one thing to say.
    for (index, owner) in near.into_values() {
        let Some(wallet) = name(facts, &owner) else {
            continue;
        };
        let kind = FindingKind::IndexNearBound {
            wallet,
            branch: owner.branch,
            limit: facts.marked(&owner).saturating_add(INDEX_BOUND),
            found: owner.index,
        };
        findings.push(Finding::new(Place::Output(index), kind));
    }
}

fn name(facts: &Facts<'_>, owner: &Owner) -> Option<WalletName> {
    facts
        .wallet_of(owner)
        .map(|known| known.wallet.name().clone())
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::Severity;
    use crate::review::testing::{OUR_WORDS, Scenario, origin, wallet};
    use crate::wallet::Branch;

    const RULE: &str = "index_bound";
    const REFUSED: [&str; 1] = ["output 1 index-out-of-bounds"];
    const NEAR: [&str; 1] = ["output 1 index-near-bound"];

    fn own_at(branch: Branch, index: u32) -> Scenario {
        Scenario::new(ScriptType::Segwit).with(|scenario| {
            let change = scenario.outputs.pop().unwrap();
            scenario.pay_own(branch, index, change.txout.value.to_sat());
        })
    }

    #[test]
    fn hostile_cases() {
        let change_at = |index: u32, marked: Option<u32>| {
            own_at(Branch::Change, index).with(|scenario| scenario.highest_change_seen = marked)
        };
        change_at(8_999, None).expect_clean("far from the bound");
        change_at(9_000, None).expect("near the bound", RULE, &NEAR);
        change_at(10_000, None).expect("at the bound", RULE, &NEAR);
        change_at(10_001, None).expect("beyond it", RULE, &REFUSED);
        change_at(18_999, Some(10_000)).expect_clean("told by `wallet mark-used`");
        change_at(20_000, Some(10_000)).expect("at the bound of what was told", RULE, &NEAR);
        change_at(20_001, Some(10_000)).expect("beyond what was told", RULE, &REFUSED);
        change_at((1 << 31) - 1, None).expect("the last there is", RULE, &REFUSED);
        change_at(u32::MAX >> 1, Some(u32::MAX)).expect_clean("a bound that would wrap around");
        own_at(Branch::Receive, 10_001).expect("on the receive branch", RULE, &REFUSED);
        for (marked, other) in [
            (Branch::Receive, Branch::Change),
            (Branch::Change, Branch::Receive),
        ] {
            let told = |branch: Branch, index: u32| {
                own_at(branch, index).with(|scenario| match marked {
                    Branch::Receive => scenario.highest_receive_seen = Some(15_000),
                    Branch::Change => scenario.highest_change_seen = Some(15_000),
                })
            };
            told(marked, 20_000).expect_clean("told of this branch");
            told(other, 20_000).expect("told of the other branch", RULE, &REFUSED);
        }
    }

    /// The made-up coin of a transaction hashes correctly, so that it is "proven", and never
    /// existed.
    #[test]
    fn no_input_moves_the_bound() {
        let spending = |script_type: ScriptType, own: (Branch, u32), change: (Branch, u32)| {
            Scenario::new(script_type).with(|scenario| {
                scenario.coins[1].own = own;
                scenario.outputs.pop();
                scenario.pay_own(change.0, change.1, 49_990_000);
            })
        };
        let last = (1 << 31) - 1;
        for script_type in ScriptType::ALL {
            for branch in Branch::ALL {
                for change in Branch::ALL {
                    spending(script_type, (branch, last), (change, last - 600)).expect(
                        "an input at the last index",
                        RULE,
                        &REFUSED,
                    );
                    spending(script_type, (branch, 20_000), (change, 10_001)).expect(
                        "an input at 20,000",
                        RULE,
                        &REFUSED,
                    );
                }
            }
        }
    }

    #[test]
    fn the_command_is_named_with_its_values() {
        let message = |scenario: Scenario| {
            let reviewed = scenario.review();
            let findings = &reviewed.report().findings;
            let found = findings
                .iter()
                .find(|found| found.code.starts_with("index-"));
            let found = found.unwrap();
            (found.severity, found.message.clone())
        };
        let (severity, refused) = message(own_at(Branch::Change, 10_001));
        assert_eq!(severity, Severity::Refusal);
        assert!(
            refused.contains("`wallet mark-used aba-segwit-0 change 10001`"),
            "{refused}"
        );
        let (severity, near) = message(own_at(Branch::Receive, 9_500));
        assert_eq!(
            severity,
            Severity::Note,
            "a run that is not attended goes on"
        );
        assert!(
            near.contains("`wallet mark-used aba-segwit-0 receive 9500`"),
            "{near}"
        );
    }

    #[test]
    fn one_note_says_how_far_a_branch_has_come() {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs.pop();
                for index in 9_000..9_040 {
                    scenario.pay_own(Branch::Receive, index, 1_000_000);
                }
                scenario.pay_own(Branch::Receive, 9_030, 9_990_000);
            })
            .expect(
                "forty outputs near the bound",
                RULE,
                &["output 40 index-near-bound", "output 41 address-repeated"],
            );
    }

    #[test]
    fn another_wallet_of_the_vault_would_not_find_it_either() {
        let savings = |index: u32| {
            let other = wallet(OUR_WORDS, ScriptType::Segwit, 1);
            let (key, source) = other.key_origin(Branch::Receive, index).unwrap();
            let script = other.script_pubkey(Branch::Receive, index).unwrap();
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| {
                    scenario.wallets.push(other);
                    scenario.outputs[0].txout.script_pubkey = script;
                })
                .edit(move |raw| {
                    let key = RawKey::with_data(fields::output::BIP32_DERIVATION, key.serialize());
                    raw.outputs[0].set(key, origin(source.0, &format!("84h/1h/1h/0/{index}")));
                })
        };
        savings(10_000).expect("at the bound", RULE, &["output 0 index-near-bound"]);
        savings(10_001).expect("beyond it", RULE, &["output 0 index-out-of-bounds"]);
    }
}
