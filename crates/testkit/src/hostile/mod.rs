//! The hostile corpus: what an attacker who owns the watcher, the stick or the camera picture could
//! hand over, each case by name, with exactly what the signer must say.
//!
//! The cases are made here, one file a group, from one seed; `fixtures/hostile/` holds what they
//! make, for every other program's use, and a test says when the two differ. `COFFERDAM_BLESS=1`
//! writes the folder anew.

mod amounts;
mod bundle;
mod case;
mod change;
mod corpus;
mod derivations;
mod encoding;
mod fees;
pub mod fixture;
mod journal;
mod lock_times;
pub mod mutate;
mod outputs;
pub mod payout;
mod run;
mod scripts;
mod sighash;
mod signature;
mod signatures;
mod text;
mod vault;
mod whole;

pub use case::{Asked, Case, Expected, LAYERS, Step, Vault};
pub use corpus::{bless, differences, folder, read};
pub use payout::{Coin, Out, Payout};

/// Returns every case, in the order of their names.
///
/// # Panics
/// When the review finds anything else than what a case declares.
pub fn cases() -> Vec<Case> {
    let groups = [
        amounts::cases(),
        bundle::cases(),
        change::cases(),
        derivations::cases(),
        encoding::cases(),
        fees::cases(),
        journal::cases(),
        lock_times::cases(),
        outputs::cases(),
        run::cases(),
        scripts::cases(),
        sighash::cases(),
        signatures::cases(),
        text::cases(),
        vault::cases(),
        whole::cases(),
    ];
    let mut problems = Vec::new();
    let cases = groups.into_iter().flatten();
    let mut cases: Vec<Case> = cases.map(|case| case.completed(&mut problems)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}
