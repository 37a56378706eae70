//! A PSBT that was reviewed.

use bitcoin::{Amount, OutPoint, ScriptBuf, TxOut};

use super::budget::Budget;
use super::context::ReviewContext;
use super::facts::Facts;
use super::finding::{Finding, Severity};
use super::place::Place;
use super::report::{AmountProof, Report};
use super::rules::{RULES, Rule};
use crate::ScriptType;
use crate::psbt::Parsed;
use crate::wallet::{Branch, WalletId};

/// A PSBT with everything that was proven about it. Only [`review`] makes one.
///
/// That it exists says nothing about whether it may be signed: [`has_refusal`](Self::has_refusal)
/// does.
#[derive(Clone, Debug)]
pub struct Reviewed {
    parsed: Parsed,
    report: Report,
    findings: Vec<Finding>,
    spends: Vec<Spend>,
    coins: Option<Vec<TxOut>>,
}

/// An input of ours, with everything that its signature needs; proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The input, from 0.
    pub input: usize,
    /// The coin.
    pub outpoint: OutPoint,
    /// Its amount.
    pub amount: Amount,
    /// How the amount is proven.
    pub proof: AmountProof,
    /// Its script, which the wallet derives at this branch and index.
    pub script_pubkey: ScriptBuf,
    /// The branch.
    pub branch: Branch,
    /// The index.
    pub index: u32,
    /// The script's type.
    pub script_type: ScriptType,
    /// The wallet.
    pub wallet: WalletId,
}

/// Reviews a PSBT against the vault's wallets.
pub fn review(parsed: Parsed, context: &ReviewContext<'_>) -> Reviewed {
    review_with(parsed, context, RULES)
}

/// Reviews by other rules than all of them: how tests show that a rule matters.
pub(super) fn review_with(parsed: Parsed, context: &ReviewContext<'_>, rules: &[Rule]) -> Reviewed {
    let own_budget = Budget::default();
    let budget = context.budget.unwrap_or(&own_budget);
    let facts = match Facts::establish(&parsed, context, budget) {
        Ok(facts) => facts,
        Err(kind) => {
            let findings = vec![Finding::new(Place::Transaction, kind)];
            return Reviewed {
                report: Report::not_looked_at(&parsed, &findings),
                parsed,
                findings,
                spends: Vec::new(),
                coins: None,
            };
        }
    };
    let mut findings = Vec::new();
    for rule in rules {
        (rule.check)(&facts, &mut findings);
    }
    context.severities.raise_findings(&mut findings);
    let report = Report::new(&facts, &findings);
    let spends = spends(&facts);
    let coins = facts.coins;
    Reviewed {
        parsed,
        report,
        findings,
        spends,
        coins,
    }
}

fn spends(facts: &Facts<'_>) -> Vec<Spend> {
    let own = facts
        .inputs
        .iter()
        .enumerate()
        .filter_map(|(input, proven)| {
            let owner = proven.owner?;
            let wallet = facts.wallet_of(&owner)?.wallet;
            let coin = proven.coin.as_ref()?;
            Some(Spend {
                input,
                outpoint: proven.outpoint,
                amount: coin.value,
                proof: proven.proof?,
                script_pubkey: coin.script_pubkey.clone(),
                branch: owner.branch,
                index: owner.index,
                script_type: wallet.single()?.script_type(),
                wallet: wallet.id(),
            })
        });
    own.collect()
}

impl Reviewed {
    /// Returns the PSBT.
    pub fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// Returns what screens and `--json` show.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns what the rules found: refusals first, then warnings, then notes.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns whether a rule refuses the transaction, which must then never be signed.
    pub fn has_refusal(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity() == Severity::Refusal)
    }

    /// Returns the codes of the warnings, each once, in order: what the operator has to accept.
    pub fn warning_codes(&self) -> Vec<&'static str> {
        let mut codes = Vec::new();
        for finding in self
            .findings
            .iter()
            .filter(|finding| finding.severity() == Severity::Warning)
        {
            if !codes.contains(&finding.code()) {
                codes.push(finding.code());
            }
        }
        codes
    }

    /// Returns our inputs whose amount and script are proven. Without a refusal, these are all
    /// inputs.
    pub fn spends(&self) -> &[Spend] {
        &self.spends
    }

    /// Returns the coin of each input, in order, as taproot signature hashes cover them; none when
    /// one is unknown.
    pub fn coins(&self) -> Option<&[TxOut]> {
        self.coins.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;

    use super::*;
    use crate::psbt::Version;
    use crate::review::testing::{OUR_WORDS, Scenario, sat, wallet};
    use crate::review::{OutputClass, OwnerReport};

    #[test]
    fn a_plain_payout_is_clean_in_every_type_and_version() {
        for script_type in ScriptType::ALL {
            Scenario::new(script_type).expect_clean("a plain payout");
        }
    }

    #[test]
    fn everything_a_signature_needs_is_proven() {
        for script_type in ScriptType::ALL {
            let scenario = Scenario::new(script_type);
            let own = &scenario.wallets[0];
            let reviewed = scenario.review();
            let transaction = scenario.unsigned_tx();
            let proof = match script_type {
                ScriptType::Taproot => AmountProof::TaprootSighash,
                _ => AmountProof::PreviousTransaction,
            };
            let expected: Vec<Spend> = [
                (0, 60_000_000, Branch::Receive, 0),
                (1, 40_000_000, Branch::Change, 3),
            ]
            .map(|(input, amount, branch, index)| Spend {
                input,
                outpoint: transaction.input[input].previous_output,
                amount: sat(amount),
                proof,
                script_pubkey: own.script_pubkey(branch, index).unwrap(),
                branch,
                index,
                script_type,
                wallet: own.id(),
            })
            .into();
            assert_eq!(reviewed.spends(), expected);
            let coins = reviewed.coins().unwrap();
            assert!(
                expected
                    .iter()
                    .zip(coins)
                    .all(|(spend, coin)| spend.amount == coin.value)
            );
        }
    }

    #[test]
    fn both_versions_give_one_report() {
        for script_type in ScriptType::ALL {
            let scenario = Scenario::new(script_type).with(|scenario| {
                scenario.lock_time = LockTime::from_consensus(900_000);
            });
            let v0 = scenario.review_by(Version::V0, RULES).report().clone();
            let v2 = scenario.review_by(Version::V2, RULES).report().clone();
            assert_eq!(v0.lock_time.words, "valid after block 900000");
            assert_eq!(
                v0,
                Report {
                    psbt_version: 0,
                    ..v2
                }
            );
        }
    }

    #[test]
    fn outputs_are_told_apart() {
        let scenario = Scenario::new(ScriptType::Segwit).with(|scenario| {
            let other = wallet(OUR_WORDS, ScriptType::Segwit, 1);
            scenario.outputs[1].txout.value = sat(20_000_000);
            scenario.pay_own(Branch::Receive, 4, 20_000_000);
            scenario.pay(other.script_pubkey(Branch::Change, 2).unwrap(), 9_990_000);
            scenario.wallets.push(other);
        });
        let (key, source) = scenario.wallets[1].key_origin(Branch::Change, 2).unwrap();
        let scenario = scenario.edit(move |raw| {
            let key = crate::psbt::RawKey::with_data(
                crate::psbt::fields::output::BIP32_DERIVATION,
                key.serialize(),
            );
            raw.outputs[3].set(
                key,
                crate::review::testing::origin(source.0, "84h/1h/1h/1/2"),
            );
        });
        scenario.expect_clean("several kinds of output");
        let reviewed = scenario.review();
        let owner = |wallet: usize, branch, index| {
            Some(OwnerReport {
                wallet: scenario.wallets[wallet].name().clone(),
                branch,
                index,
            })
        };
        let expected = [
            (OutputClass::Payment, None),
            (OutputClass::Change, owner(0, Branch::Change, 7)),
            (OutputClass::SelfTransfer, owner(0, Branch::Receive, 4)),
            // Another wallet's change branch is a payment all the same: it leaves this wallet.
            (OutputClass::Payment, owner(1, Branch::Change, 2)),
        ];
        let found: Vec<_> = reviewed
            .report()
            .outputs
            .iter()
            .map(|output| (output.class, output.owner.clone()))
            .collect();
        assert_eq!(found, expected);
        let totals = reviewed.report().totals;
        assert_eq!((totals.leaves, totals.payments), (Some(sat(59_990_000)), 2));
        assert_eq!(
            (totals.change, totals.self_transfer),
            (Some(sat(20_000_000)), Some(sat(20_000_000)))
        );
    }

    /// Change that nobody declares is shown as a payment: what is not proven to be ours leaves the
    /// wallet.
    #[test]
    fn undeclared_change_is_a_payment() {
        let scenario =
            Scenario::new(ScriptType::Segwit).with(|scenario| scenario.outputs[1].own = None);
        let report = scenario.review().report().clone();
        assert_eq!(report.outputs[1].class, OutputClass::Payment);
        assert_eq!(report.totals.leaves, Some(sat(99_990_000)));
    }

    #[test]
    fn reports_survive_json() {
        let scenario = Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.pay(bitcoin::ScriptBuf::from_bytes(vec![0x6a, 1, 0x41]), 0))
            .edit(|raw| {
                raw.inputs[0].remove_type(crate::psbt::fields::input::NON_WITNESS_UTXO);
            });
        let report = scenario.review().report().clone();
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }

    #[test]
    fn json_is_as_documented() {
        let scenario = Scenario::new(ScriptType::Segwit).with(|scenario| {
            scenario.pay(bitcoin::ScriptBuf::from_bytes(vec![0x6a, 2, 0x68, 0x69]), 0);
            scenario.outputs[0].txout.value = sat(100);
            scenario.lock_time = LockTime::from_consensus(900_000);
        });
        insta::assert_json_snapshot!(scenario.review().report());
    }
}
