//! `previous-transaction-missing`: legacy and segwit v0 inputs carry the transaction that made the
//! coin.
//!
//! A legacy signature covers no amount, and a segwit v0 signature only its own input's: with a
//! false amount in one of two rounds of signing, money is burnt as fee (CVE-2020-14199). What an
//! input is, is decided by the script that our wallet derives, not by the fields that are present.

use crate::review::facts::{Facts, Previous};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        // Of foreign inputs `foreign-amount-unproven` tells.
        let asked = input.owner.is_some() || facts.wallet.is_none();
        if asked
            && input.previous == Previous::Missing
            && input.coin.is_some()
            && input.proof.is_none()
        {
            let kind = FindingKind::PreviousTransactionMissing;
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, Version, fields};
    use crate::review::AmountProof;
    use crate::review::testing::{OUR_WORDS, Scenario, change, wallet};
    use crate::wallet::Branch;

    fn without_previous(script_type: ScriptType) -> Scenario {
        Scenario::new(script_type).edit(|raw| {
            raw.inputs[0].remove_type(fields::input::NON_WITNESS_UTXO);
        })
    }

    const MISSING: [&str; 2] = [
        "input 0 previous-transaction-missing",
        "transaction fee-unknown",
    ];

    #[test]
    fn hostile_cases() {
        for script_type in [ScriptType::Nested, ScriptType::Segwit] {
            without_previous(script_type).expect(
                "segwit v0 with its amount only claimed",
                RULE,
                &MISSING,
            );
            without_previous(script_type)
                .edit(|raw| {
                    // 0.5 BTC less than there is: CVE-2020-14199 burns it.
                    change(&mut raw.inputs[0], fields::input::WITNESS_UTXO, |pair| {
                        pair.value[..8].copy_from_slice(&10_000_000u64.to_le_bytes());
                    });
                })
                .expect("segwit v0 with a false amount", RULE, &MISSING);
        }
        let x_only = wallet(OUR_WORDS, ScriptType::Taproot, 0)
            .internal_key(Branch::Receive, 0)
            .unwrap()
            .unwrap();
        without_previous(ScriptType::Segwit)
            .edit(move |raw| {
                let key = RawKey::plain(fields::input::TAP_INTERNAL_KEY);
                raw.inputs[0].set(key, x_only.serialize().to_vec());
            })
            .expect(
                "segwit v0 that taproot fields pass off as taproot",
                RULE,
                &[MISSING[0], MISSING[1], "input 0 script-field-differs"],
            );
        let coin = Scenario::new(ScriptType::Legacy);
        let utxo = bitcoin::consensus::serialize(&coin.previous(&coin.coins[0]).output[1]);
        without_previous(ScriptType::Legacy)
            .edit(move |raw| {
                raw.inputs[0].set(RawKey::plain(fields::input::WITNESS_UTXO), utxo.clone())
            })
            .expect("legacy with only a witness UTXO", RULE, &MISSING);
    }

    #[test]
    fn taproot_needs_none() {
        let scenario = Scenario::new(ScriptType::Taproot);
        assert!(
            scenario.raw(Version::V0).inputs[0]
                .plain(fields::input::NON_WITNESS_UTXO)
                .is_none()
        );
        scenario.expect_clean("taproot, amounts covered by the signature");
        let reviewed = scenario.review();
        assert!(
            reviewed
                .spends()
                .iter()
                .all(|spend| spend.proof == AmountProof::TaprootSighash)
        );
    }

    const RULE: &str = "previous_transaction";
}
