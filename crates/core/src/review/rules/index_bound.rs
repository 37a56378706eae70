//! `index-out-of-bounds`: own outputs are within [`INDEX_BOUND`](crate::review::INDEX_BOUND) of the highest index known.
//!
//! Beyond, the coin would be ours but the wallet would not find it: money held to ransom.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, output) in facts.outputs.iter().enumerate() {
        let Some(owner) = output.owner else { continue };
        let limit = match output.class {
            OutputClass::Change => facts.highest_change,
            OutputClass::SelfTransfer => facts.highest_receive,
            // Another wallet of the vault would not find it either.
            _ => facts.highest_of_another(&owner),
        };
        if owner.index > limit {
            let kind = FindingKind::IndexOutOfBounds {
                branch: owner.branch,
                limit,
                found: owner.index,
            };
            findings.push(Finding::new(Place::Output(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::testing::{OUR_WORDS, Scenario, origin, wallet};
    use crate::wallet::Branch;

    #[test]
    fn hostile_cases() {
        let change_at = |index: u32, seen: Option<u32>| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                scenario.highest_change_seen = seen;
                let change = scenario.outputs.pop().unwrap();
                scenario.pay_own(Branch::Change, index, change.txout.value.to_sat());
            })
        };
        let refused = ["output 1 index-out-of-bounds"];
        // The highest index among the inputs is 3.
        change_at(10_003, None).expect_clean("at the bound");
        change_at(10_004, None).expect("beyond it", "index_bound", &refused);
        change_at(20_000, Some(10_000)).expect_clean("told by `wallet seen`");
        change_at(20_001, Some(10_000)).expect("beyond what was told", "index_bound", &refused);
        change_at((1 << 31) - 1, None).expect("the last there is", "index_bound", &refused);
        change_at(u32::MAX >> 1, Some(u32::MAX)).expect_clean("a bound that would wrap around");
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs.pop();
                scenario.pay_own(Branch::Receive, 10_004, 49_990_000);
            })
            .expect("on the receive branch", "index_bound", &refused);
        let receive_seen = |branch| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                scenario.highest_receive_seen = Some(10_000);
                scenario.outputs.pop();
                scenario.pay_own(branch, 20_000, 49_990_000);
            })
        };
        receive_seen(Branch::Receive).expect_clean("told by `wallet seen --receive`");
        receive_seen(Branch::Change).expect("told of the other branch", "index_bound", &refused);
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
        savings(10_000).expect_clean("at the bound");
        savings(10_001).expect("beyond it", "index_bound", &["output 0 index-out-of-bounds"]);
    }

    #[test]
    fn only_proven_inputs_of_the_same_wallet_raise_the_bound() {
        let change_at = |index: u32| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                scenario.coins[1].own = (Branch::Receive, 20_000);
                scenario.outputs.pop();
                scenario.pay_own(Branch::Change, index, 49_990_000);
            })
        };
        change_at(30_000).expect_clean("a proven input at 20,000");
        change_at(30_001).expect("beyond it", "index_bound", &["output 1 index-out-of-bounds"]);
        change_at(30_000)
            .edit(|raw| {
                raw.inputs[1].remove_type(fields::input::NON_WITNESS_UTXO);
            })
            .expect(
                "an input that is only claimed",
                "index_bound",
                &[
                    "input 1 previous-transaction-missing",
                    "output 1 index-out-of-bounds",
                    "transaction fee-unknown",
                ],
            );
        Scenario::new(ScriptType::Taproot)
            .with(|scenario| {
                scenario.coins[1].own = (Branch::Receive, 20_000);
                scenario.outputs.pop();
                scenario.pay_own(Branch::Change, 30_000, 49_990_000);
            })
            .expect(
                "a taproot input, whose script is claimed",
                "index_bound",
                &["output 1 index-out-of-bounds"],
            );
        change_at(30_000)
            .with(|scenario| {
                scenario.wallets.push(wallet(OUR_WORDS, ScriptType::Segwit, 1));
                scenario.coins[1].wallet = 1;
            })
            .expect(
                "another wallet's input",
                "index_bound",
                &["input 1 several-wallets", "output 1 index-out-of-bounds"],
            );
    }
}
