//! What is read, and from where.

use std::path::PathBuf;

use crate::machine::Unfit;
use crate::policy::{MachinePolicies, MachinePolicy};
use crate::protocol::{BundleFile, PsbtFile, Unlock};

/// The vault, what opens it, and the machine that it may be opened on.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The vault's file.
    pub(crate) vault: PathBuf,
    /// Where the parts of the credential are read from, by the key process itself.
    pub(crate) unlock: Unlock,
}

/// What the intake read.
pub(crate) struct Inputs {
    /// The PSBTs.
    pub(crate) files: Vec<PsbtFile>,
    /// The bundle that they came in.
    pub(crate) bundle: Option<BundleFile>,
    /// What another machine made of them; none when nobody asked for it.
    pub(crate) expected: Option<Vec<PsbtFile>>,
}

/// Reads the hint beside a vault, without what is allowed in any case.
pub(super) fn hint(vault: Option<&PathBuf>, allowed: &[Unfit]) -> MachinePolicies {
    let Some(vault) = vault else {
        return MachinePolicies::default();
    };
    let mut hint = MachinePolicies::hinted(vault);
    // Only a vault can confirm it: beside none, `init` would believe it.
    if hint == MachinePolicies::default() || !vault.exists() {
        return MachinePolicies::default();
    }
    for kind in allowed {
        hint.set(*kind, MachinePolicy::Refuse);
    }
    hint
}
