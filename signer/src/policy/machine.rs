//! What the policy says of a machine that is not fit, sealed in the vault and hinted beside it.
//!
//! The machine is looked at before the vault is opened, so a copy of the rules lies beside it in
//! `V.machine`, a line a rule: `network warn`. Nobody vouches for that file: once the vault is
//! open, it must permit nothing that the vault does not.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::machine::Unfit;

/// More than every rule takes.
const MAX_HINT: u64 = 1024;

/// What is done where the machine is not fit in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MachinePolicy {
    /// Nothing is unlocked.
    #[default]
    Refuse,
    /// It goes on, and a warning is shown.
    Warn,
    /// It goes on.
    Allow,
}

/// The stance for each way of being unfit; what is not named is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MachinePolicies(BTreeMap<Unfit, MachinePolicy>);

impl MachinePolicy {
    /// Reads its name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [
            MachinePolicy::Refuse,
            MachinePolicy::Warn,
            MachinePolicy::Allow,
        ];
        all.into_iter().find(|stance| stance.to_string() == name)
    }
}

impl fmt::Display for MachinePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MachinePolicy::Refuse => "refuse",
            MachinePolicy::Warn => "warn",
            MachinePolicy::Allow => "allow",
        })
    }
}

/// Reads the name of a way of being unfit.
pub(super) fn unfit(name: &str) -> Option<Unfit> {
    Unfit::ALL.into_iter().find(|kind| kind.name() == name)
}

impl MachinePolicies {
    /// Returns the stance for one way of being unfit.
    pub(crate) fn of(&self, kind: Unfit) -> MachinePolicy {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Changes one stance.
    pub(crate) fn set(&mut self, kind: Unfit, stance: MachinePolicy) {
        match stance {
            MachinePolicy::Refuse => self.0.remove(&kind),
            stance => self.0.insert(kind, stance),
        };
    }

    /// Returns what is not refused, in order.
    pub(crate) fn permitted(&self) -> impl Iterator<Item = (Unfit, MachinePolicy)> {
        self.0.iter().map(|(kind, stance)| (*kind, *stance))
    }

    /// Returns in what `other` permits more.
    pub(crate) fn loosened_by(&self, other: &MachinePolicies) -> Option<Unfit> {
        let mut permitted = other.permitted();
        permitted
            .find(|(kind, stance)| *stance > self.of(*kind))
            .map(|(kind, _)| kind)
    }

    /// Returns the lines of the hint.
    pub(crate) fn hint(&self) -> String {
        self.permitted()
            .map(|(kind, stance)| format!("{kind} {stance}\n"))
            .collect()
    }

    /// Reads the hint beside a vault. What cannot be read permits nothing.
    pub(crate) fn hinted(vault: &Path) -> Self {
        let mut text = String::new();
        let read = File::open(hint_path(vault))
            .and_then(|file| file.take(MAX_HINT).read_to_string(&mut text));
        match read {
            Ok(_) => Self::parse_hint(&text).unwrap_or_default(),
            Err(_) => Self::default(),
        }
    }

    fn parse_hint(text: &str) -> Option<Self> {
        let mut stances = Self::default();
        for line in text.lines() {
            let (kind, stance) = line.split_once(' ')?;
            stances.set(unfit(kind)?, MachinePolicy::parse(stance)?);
        }
        Some(stances)
    }
}

/// Returns where the hint of a vault lies.
pub(crate) fn hint_path(vault: &Path) -> PathBuf {
    let mut name = vault.as_os_str().to_owned();
    name.push(".machine");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stances(lines: &str) -> MachinePolicies {
        MachinePolicies::parse_hint(lines).unwrap()
    }

    #[test]
    fn hints_are_read_as_written_and_nonsense_permits_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("v");
        assert_eq!(MachinePolicies::hinted(&vault), MachinePolicies::default());
        let written = stances("network allow\nswap warn\n");
        for (text, expected) in [
            (written.hint(), written.clone()),
            ("swap refuse\n".into(), MachinePolicies::default()),
            (
                "network allow\nnonsense\n".into(),
                MachinePolicies::default(),
            ),
            ("network always\n".into(), MachinePolicies::default()),
            ("everything allow\n".into(), MachinePolicies::default()),
        ] {
            std::fs::write(hint_path(&vault), &text).unwrap();
            assert_eq!(MachinePolicies::hinted(&vault), expected, "{text}");
        }
    }

    #[test]
    fn what_permits_more_is_found() {
        let strict = stances("swap warn\n");
        for (other, expected) in [
            ("", None),
            ("swap warn\n", None),
            ("swap allow\n", Some(Unfit::Swap)),
            ("network warn\n", Some(Unfit::Network)),
            ("network refuse\nswap refuse\n", None),
        ] {
            assert_eq!(strict.loosened_by(&stances(other)), expected, "{other}");
        }
    }
}
