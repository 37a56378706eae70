//! The operator's rules, sealed in the vault: how amounts must be known, and what weighs more than
//! by default.
//!
//! Documented in `docs/formats/vault-body.md`; why it is as it is, in
//! `docs/adr/0076-remembered-amounts.md`.

mod machine;
mod setting;
mod wire;

use std::collections::BTreeMap;
use std::fmt;

use bitcoin::Amount;
use cofferdam_core::review::{AmountRule, FeeLimits, Severities, Severity};
use serde::{Deserialize, Serialize};

pub(crate) use machine::{MachinePolicies, MachinePolicy, hint_path};
pub(crate) use setting::{Change, SettingError};
pub(crate) use wire::PolicyError;

use crate::memory_state::MemoryState;

/// The operator's rules. The default ones need no place in the vault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// How amounts of segwit v0 coins must be known.
    pub(crate) amounts: Amounts,
    /// Whether the operator declared that nothing else signs for the vault's wallets.
    pub(crate) only_signer: bool,
    /// Codes of findings that weigh more than by default.
    pub(crate) severities: BTreeMap<String, Raised>,
    /// Bounds of the fee, below the default ones.
    pub(crate) fee: FeeBounds,
    /// What is done where the machine is not fit.
    pub(crate) machine: MachinePolicies,
}

/// How the amounts of segwit v0 coins must be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Amounts {
    /// By their previous transactions.
    #[default]
    Proven,
    /// By the journal: no other amount was ever signed for the coin.
    Remembered,
}

/// What a finding is raised to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Raised {
    /// A note that has to be accepted.
    Warning,
    /// A note or warning that is never signed.
    Refusal,
}

/// Bounds of the fee. None is the default bound, which they only lower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FeeBounds {
    /// More is refused, in satoshi.
    pub(crate) max_sat: Option<u64>,
    /// A higher rate is refused, in satoshi for a virtual byte.
    pub(crate) max_sat_per_vb: Option<u64>,
}

/// Why amounts that are only remembered are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAllowed {
    /// The vault does not know everything that its seed signed.
    Memory,
    /// The operator did not declare that nothing else signs.
    OnlySigner,
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAllowed::Memory => {
                "this vault was restored, so that nobody can tell whether its journal knows every signature; export with \
                 previous transactions, or move the coins to a vault that was made with `init`"
            }
            NotAllowed::OnlySigner => {
                "the vault is not declared the only signer of its wallets; if it is, say so with `policy set only-signer yes`, \
                 or else export with previous transactions"
            }
        })
    }
}

impl fmt::Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Amounts::Proven => "proven",
            Amounts::Remembered => "remembered",
        })
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Severity::from(*self).fmt(f)
    }
}

impl From<Amounts> for AmountRule {
    fn from(amounts: Amounts) -> Self {
        match amounts {
            Amounts::Proven => AmountRule::Proven,
            Amounts::Remembered => AmountRule::Remembered,
        }
    }
}

impl From<Raised> for Severity {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Warning => Severity::Warning,
            Raised::Refusal => Severity::Refusal,
        }
    }
}

impl Policy {
    /// Returns how amounts must be known now, and why that is less than the operator chose, if it
    /// is.
    ///
    /// Amounts are remembered only by a vault whose journal knows everything that its seed ever
    /// signed. An imported journal may be older than the last signature, so it is no such memory.
    pub(crate) fn amounts_in_force(&self, memory: MemoryState) -> (Amounts, Option<NotAllowed>) {
        match self.amounts {
            Amounts::Proven => (Amounts::Proven, None),
            Amounts::Remembered if memory != MemoryState::Complete => {
                (Amounts::Proven, Some(NotAllowed::Memory))
            }
            Amounts::Remembered if !self.only_signer => {
                (Amounts::Proven, Some(NotAllowed::OnlySigner))
            }
            Amounts::Remembered => (Amounts::Remembered, None),
        }
    }

    /// Returns the least weight of findings; none ever weighs less for it.
    pub(crate) fn severities(&self) -> Severities {
        let raised = self.severities.iter();
        raised
            .map(|(code, raised)| (code.as_str(), Severity::from(*raised)))
            .collect()
    }

    /// Lowers the bounds of the fee to those of the policy.
    pub(crate) fn lower(&self, limits: FeeLimits) -> FeeLimits {
        let limits = match self.fee.max_sat {
            Some(max) => limits.lowered_to(Amount::from_sat(max)),
            None => limits,
        };
        let rate = self
            .fee
            .max_sat_per_vb
            .map(|rate| rate.saturating_mul(1000));
        FeeLimits {
            max_sat_per_kvb: rate.map_or(limits.max_sat_per_kvb, |rate| {
                rate.min(limits.max_sat_per_kvb)
            }),
            ..limits
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembering() -> Policy {
        Policy {
            amounts: Amounts::Remembered,
            only_signer: true,
            ..Policy::default()
        }
    }

    #[test]
    fn amounts_are_remembered_only_by_the_only_signer_with_all_its_memory() {
        let undeclared = Policy {
            only_signer: false,
            ..remembering()
        };
        let proven = |reason| (Amounts::Proven, reason);
        for (policy, memory, expected) in [
            (
                remembering(),
                MemoryState::Complete,
                (Amounts::Remembered, None),
            ),
            (
                remembering(),
                MemoryState::Missing,
                proven(Some(NotAllowed::Memory)),
            ),
            (
                remembering(),
                MemoryState::Imported,
                proven(Some(NotAllowed::Memory)),
            ),
            (
                undeclared,
                MemoryState::Complete,
                proven(Some(NotAllowed::OnlySigner)),
            ),
            (Policy::default(), MemoryState::Complete, proven(None)),
            (Policy::default(), MemoryState::Missing, proven(None)),
        ] {
            assert_eq!(
                policy.amounts_in_force(memory),
                expected,
                "{policy:?} {memory:?}"
            );
        }
    }

    #[test]
    fn bounds_are_only_lowered() {
        let bounded = |max_sat, max_sat_per_vb| {
            let fee = FeeBounds {
                max_sat,
                max_sat_per_vb,
            };
            let limits = Policy {
                fee,
                ..Policy::default()
            }
            .lower(FeeLimits::DEFAULT);
            (limits.max_fee.to_sat(), limits.max_sat_per_kvb)
        };
        assert_eq!(bounded(None, None), (10_000_000, 1_000_000));
        assert_eq!(bounded(Some(5_000), Some(30)), (5_000, 30_000));
        assert_eq!(
            bounded(Some(u64::MAX), Some(u64::MAX)),
            (10_000_000, 1_000_000)
        );
    }
}
