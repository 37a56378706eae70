//! What a transaction really does, seen from our wallets: proven, not believed.
//!
//! [`review`] takes a parsed PSBT and the wallets, and gives a [`Reviewed`]: which inputs are ours
//! and how their amounts are proven, where each output goes, the fee, the lock times, and the
//! [`Finding`]s of the rules. It is the only thing that screens, `--json` and signing read.
//! [`review_run`] looks at several of them together.
//!
//! Facts are computed once, and rules only read them: one rule a file under `rules/`, each with its
//! codes, its source and its hostile cases.

mod budget;
mod context;
mod facts;
mod fee;
mod finding;
#[cfg(test)]
mod hostile;
mod known_amount;
mod payees;
mod place;
mod report;
mod report_facts;
mod reviewed;
mod rules;
mod run;
mod severities;
mod similar;
#[cfg(test)]
mod testing;
mod utc;

pub use budget::{Bounds, Budget, Exceeded, Work};
pub use context::{AmountRule, FeeLimits, INDEX_BOUND, INDEX_NEAR, KnownWallet, ReviewContext};
pub use fee::Fee;
pub use finding::{
    DerivationFault, Finding, FindingKind, FindingReport, MoreFindings, Severity, list,
};
pub use payees::PayeeIndex;
pub use place::{InvalidPlace, Place};
pub use report::{
    AmountProof, DataReport, InputReport, LockTimeReport, NotShown, OutputClass, OutputReport,
    OwnerReport, Report, Totals, WalletReport,
};
pub use reviewed::{Reviewed, Spend, review};
pub use run::{RunReport, review_run};
pub use severities::Severities;
pub use similar::are_similar;
