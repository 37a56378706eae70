//! One setting, as `policy set KEY VALUE...` names it.

use cofferdam_core::review::FeeLimits;
use serde::{Deserialize, Serialize};

use super::machine::{self, MachinePolicy};
use super::{Amounts, NotAllowed, Policy, Raised};
use crate::machine::Unfit;
use crate::memory_state::MemoryState;

/// A change to one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    /// `amounts proven|remembered`
    Amounts(Amounts),
    /// `only-signer yes|no`
    OnlySigner(bool),
    /// `severity CODE warning|refusal|default`
    Severity(String, Option<Raised>),
    /// `max-fee-sat N|default`
    MaxFeeSat(Option<u64>),
    /// `max-fee-rate N|default`
    MaxFeeRate(Option<u64>),
    /// `machine WHAT refuse|warn|allow`
    Machine(Unfit, MachinePolicy),
}

/// Words that name no change, or one that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingError {
    /// No such setting.
    #[error("there is no setting {0}")]
    UnknownKey(String),
    /// No such value.
    #[error("{key} is not set to {value:?}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What it shall be.
        value: String,
    },
    /// The code is none that can be raised.
    #[error(
        "{0} is no code of a note or warning: only those can be raised, and nothing can be lowered"
    )]
    UnknownCode(String),
    /// A warning cannot be made a warning.
    #[error("{0} is a warning already; it can be raised to refusal only")]
    NotRaised(String),
    /// Amounts that are remembered need a vault that can remember.
    #[error("amounts cannot be remembered here: {0}")]
    NotAllowed(NotAllowed),
}

/// The codes that can be raised, with whether each is a warning: `docs/formats/review.md` and
/// `journal.md`.
const RAISABLE: &[(&str, bool)] = &[
    ("address-lookalike", true),
    ("address-repeated", true),
    ("already-signed", false),
    ("amount-differs", false),
    ("amount-overridden", false),
    ("amount-remembered", false),
    ("data-output", false),
    ("data-outputs-large", true),
    ("dust-output", true),
    ("fee-below-relay", true),
    ("fee-bump", false),
    ("fee-share-high", true),
    ("index-near-bound", false),
    ("lock-time-far", true),
    ("lock-time-ineffective", false),
    ("memory-imported", false),
    ("no-memory", false),
    ("paid-before", true),
    ("payee-paid-before", false),
    ("payment-similar", true),
    ("relative-lock-far", true),
    ("run-fees-high", true),
    ("several-change-outputs", true),
    ("signed-before", false),
    ("supersedes", false),
    ("unknown-fields", false),
    ("unknown-script", true),
    ("zero-value-output", true),
];

impl Change {
    /// Reads a setting and its values.
    ///
    /// # Errors
    ///
    /// When there is no such setting, value or code, or when a finding would weigh no more than by
    /// default.
    pub(crate) fn parse(key: &str, values: &[String]) -> Result<Self, SettingError> {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let wrong = |key| SettingError::Value {
            key,
            value: values.join(" "),
        };
        let number = |key, most: u64| match values[..] {
            ["default"] => Ok(None),
            [number] => match number.parse() {
                Ok(number) if number <= most => Ok(Some(number)),
                _ => Err(wrong(key)),
            },
            _ => Err(wrong(key)),
        };
        match key {
            "amounts" => match values[..] {
                ["proven"] => Ok(Change::Amounts(Amounts::Proven)),
                ["remembered"] => Ok(Change::Amounts(Amounts::Remembered)),
                _ => Err(wrong("amounts")),
            },
            "only-signer" => match values[..] {
                ["yes"] => Ok(Change::OnlySigner(true)),
                ["no"] => Ok(Change::OnlySigner(false)),
                _ => Err(wrong("only-signer")),
            },
            "severity" => {
                let (code, raised) = match values[..] {
                    [code, "default"] => (code, None),
                    [code, "warning"] => (code, Some(Raised::Warning)),
                    [code, "refusal"] => (code, Some(Raised::Refusal)),
                    _ => return Err(wrong("severity")),
                };
                let known = RAISABLE.iter().find(|(known, _)| *known == code);
                match known {
                    None => Err(SettingError::UnknownCode(code.into())),
                    Some((_, true)) if raised == Some(Raised::Warning) => {
                        Err(SettingError::NotRaised(code.into()))
                    }
                    Some(_) => Ok(Change::Severity(code.into(), raised)),
                }
            }
            "machine" => match values[..] {
                [kind, stance] => machine::unfit(kind)
                    .zip(MachinePolicy::parse(stance))
                    .map(|(kind, stance)| Change::Machine(kind, stance))
                    .ok_or_else(|| wrong("machine")),
                _ => Err(wrong("machine")),
            },
            "max-fee-sat" => {
                number("max-fee-sat", FeeLimits::DEFAULT.max_fee.to_sat()).map(Change::MaxFeeSat)
            }
            "max-fee-rate" => number("max-fee-rate", FeeLimits::DEFAULT.max_sat_per_kvb / 1000)
                .map(Change::MaxFeeRate),
            _ => Err(SettingError::UnknownKey(key.into())),
        }
    }

    /// Returns the policy with the change made.
    ///
    /// # Errors
    ///
    /// When amounts shall be remembered by a vault that cannot.
    pub(crate) fn made(
        &self,
        policy: &Policy,
        memory: MemoryState,
    ) -> Result<Policy, SettingError> {
        let mut changed = policy.clone();
        match self {
            Change::Amounts(amounts) => changed.amounts = *amounts,
            Change::OnlySigner(only) => changed.only_signer = *only,
            Change::Severity(code, Some(raised)) => {
                changed.severities.insert(code.clone(), *raised);
            }
            Change::Severity(code, None) => {
                changed.severities.remove(code);
            }
            Change::MaxFeeSat(max) => changed.fee.max_sat = *max,
            Change::MaxFeeRate(max) => changed.fee.max_sat_per_vb = *max,
            Change::Machine(kind, stance) => changed.machine.set(*kind, *stance),
        }
        match (self, changed.amounts_in_force(memory)) {
            (Change::Amounts(_), (_, Some(reason))) => Err(SettingError::NotAllowed(reason)),
            _ => Ok(changed),
        }
    }

    /// Says what was changed, for the journal: never a secret.
    pub(crate) fn words(&self, before: &Policy) -> String {
        let or_default = |value: Option<String>| value.unwrap_or_else(|| "default".into());
        let number = |value: Option<u64>| or_default(value.map(|value| value.to_string()));
        let yes = |value| if value { "yes" } else { "no" };
        match self {
            Change::Amounts(amounts) => format!("amounts {amounts} (was {})", before.amounts),
            Change::OnlySigner(only) => {
                format!(
                    "only-signer {} (was {})",
                    yes(*only),
                    yes(before.only_signer)
                )
            }
            Change::Severity(code, raised) => {
                let earlier = before.severities.get(code);
                format!(
                    "severity {code} {} (was {})",
                    or_default(raised.map(|raised| raised.to_string())),
                    or_default(earlier.map(ToString::to_string))
                )
            }
            Change::MaxFeeSat(max) => {
                format!(
                    "max-fee-sat {} (was {})",
                    number(*max),
                    number(before.fee.max_sat)
                )
            }
            Change::Machine(kind, stance) => {
                format!("machine {kind} {stance} (was {})", before.machine.of(*kind))
            }
            Change::MaxFeeRate(max) => format!(
                "max-fee-rate {} (was {})",
                number(*max),
                number(before.fee.max_sat_per_vb)
            ),
        }
    }
}

impl Policy {
    /// Returns whether `other` permits anything that this one does not.
    pub(crate) fn is_loosened_by(&self, other: &Policy) -> bool {
        let bound = |bound: Option<u64>| bound.unwrap_or(u64::MAX);
        let lowered = self
            .severities
            .iter()
            .any(|(code, raised)| other.severities.get(code) < Some(raised));
        lowered
            || (other.amounts == Amounts::Remembered && self.amounts == Amounts::Proven)
            || (other.only_signer && !self.only_signer)
            || self.machine.loosened_by(&other.machine).is_some()
            || bound(other.fee.max_sat) > bound(self.fee.max_sat)
            || bound(other.fee.max_sat_per_vb) > bound(self.fee.max_sat_per_vb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Change, SettingError> {
        let values: Vec<String> = words[1..].iter().map(|word| (*word).to_owned()).collect();
        Change::parse(words[0], &values)
    }

    fn set(policy: &Policy, words: &[&str]) -> Result<Policy, SettingError> {
        parse(words)?.made(policy, MemoryState::Complete)
    }

    /// The notes and warnings of the pages: what follows a code in a table.
    #[test]
    fn every_note_and_warning_can_be_raised() {
        let pages = [
            include_str!("../../../docs/formats/review.md"),
            include_str!("../../../docs/formats/journal.md"),
        ];
        let mut documented = Vec::new();
        for line in pages.iter().flat_map(|page| page.lines()) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            for pair in cells.windows(2) {
                if let [cell, severity @ ("note" | "warning")] = pair {
                    let code = cell.split('`').nth(1).expect("a code before its severity");
                    documented.push((code, *severity == "warning"));
                }
            }
        }
        documented.sort_unstable();
        assert_eq!(documented, RAISABLE);
    }

    #[test]
    fn nothing_is_lowered() {
        let unknown = |code: &str| Err(SettingError::UnknownCode(code.into()));
        for code in ["fee-too-high", "coin-signed-before", "no-such-code", ""] {
            for value in ["warning", "refusal", "default"] {
                assert_eq!(
                    parse(&["severity", code, value]),
                    unknown(code),
                    "{code} {value}"
                );
            }
        }
        assert_eq!(
            parse(&["severity", "paid-before", "warning"]),
            Err(SettingError::NotRaised("paid-before".into()))
        );
        for value in ["note", "none", ""] {
            let refused = parse(&["severity", "paid-before", value]);
            assert!(
                matches!(refused, Err(SettingError::Value { .. })),
                "{value}"
            );
        }
        assert_eq!(
            parse(&["severity", "no-memory", "refusal"]),
            Ok(Change::Severity("no-memory".into(), Some(Raised::Refusal)))
        );
    }

    #[test]
    fn words_that_mean_nothing_are_refused() {
        for words in [
            &["amounts"][..],
            &["amounts", "believed"],
            &["amounts", "proven", "remembered"],
            &["only-signer", "true"],
            &["severity", "no-memory"],
            &["max-fee-sat", "-1"],
            &["max-fee-sat", "1.5"],
            &["max-fee-rate", ""],
            &["max-fee-rate", "1001"],
            &["max-fee-sat", "10000001"],
            &["machine", "network"],
            &["machine", "everything", "allow"],
            &["machine", "network", "default"],
        ] {
            assert!(
                matches!(parse(words), Err(SettingError::Value { .. })),
                "{words:?}"
            );
        }
        assert_eq!(
            parse(&["trust", "all"]),
            Err(SettingError::UnknownKey("trust".into()))
        );
    }

    #[test]
    fn remembering_needs_the_declaration_and_the_memory() {
        let remembered = ["amounts", "remembered"];
        assert_eq!(
            set(&Policy::default(), &remembered),
            Err(SettingError::NotAllowed(NotAllowed::OnlySigner))
        );
        let declared = set(&Policy::default(), &["only-signer", "yes"]).unwrap();
        assert_eq!(
            set(&declared, &remembered).unwrap().amounts,
            Amounts::Remembered
        );
        for memory in [MemoryState::Missing, MemoryState::Imported] {
            assert_eq!(
                parse(&remembered).unwrap().made(&declared, memory),
                Err(SettingError::NotAllowed(NotAllowed::Memory))
            );
        }
    }

    #[test]
    fn what_permits_more_loosens() {
        let mut policy = Policy::default();
        for (words, loosens) in [
            (&["only-signer", "yes"][..], true),
            (&["amounts", "remembered"], true),
            (&["amounts", "remembered"], false),
            (&["amounts", "proven"], false),
            (&["only-signer", "no"], false),
            (&["max-fee-sat", "1000"], false),
            (&["max-fee-sat", "900"], false),
            (&["max-fee-sat", "901"], true),
            (&["max-fee-sat", "default"], true),
            (&["max-fee-rate", "30"], false),
            (&["max-fee-rate", "31"], true),
            (&["machine", "network", "warn"], true),
            (&["machine", "network", "allow"], true),
            (&["machine", "network", "warn"], false),
            (&["machine", "network", "refuse"], false),
            (&["severity", "no-memory", "refusal"], false),
            (&["severity", "no-memory", "warning"], true),
            (&["severity", "no-memory", "default"], true),
            (&["severity", "no-memory", "default"], false),
        ] {
            let changed = set(&policy, words).unwrap();
            assert_eq!(policy.is_loosened_by(&changed), loosens, "{words:?}");
            policy = changed;
        }
    }
}
