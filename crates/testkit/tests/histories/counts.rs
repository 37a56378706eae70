//! What the histories came to.

use std::collections::BTreeMap;
use std::fmt;

/// How harm was kept away, or was not.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) histories: u64,
    pub(crate) steps: u64,
    pub(crate) kills: u64,
    pub(crate) signatures: u64,
    /// Refusals by the code of the error.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Findings that a person saw, by code.
    pub(crate) found: BTreeMap<String, u64>,
    /// What else came to pass: commands that were done, meddling, remedies, comparisons with a
    /// note.
    pub(crate) done: BTreeMap<String, u64>,
    pub(crate) harm: Vec<String>,
}

impl Counts {
    pub(crate) fn refuse(&mut self, code: &str) {
        *self.refused.entry(code.to_owned()).or_default() += 1;
    }

    pub(crate) fn find(&mut self, code: &str) {
        *self.found.entry(code.to_owned()).or_default() += 1;
    }

    pub(crate) fn note(&mut self, what: &str) {
        if std::env::var_os("COFFERDAM_HISTORY_SEED").is_some() {
            println!("  {what}");
        }
        *self.done.entry(what.to_owned()).or_default() += 1;
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: Counts) {
        self.histories += other.histories;
        self.steps += other.steps;
        self.kills += other.kills;
        self.signatures += other.signatures;
        for (mine, theirs) in [
            (&mut self.refused, other.refused),
            (&mut self.found, other.found),
            (&mut self.done, other.done),
        ] {
            for (code, count) in theirs {
                *mine.entry(code).or_default() += count;
            }
        }
        self.harm.extend(other.harm);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "histories {}, steps {}, kills {}, signatures that left {}, refused {:?}, found {:?}, done {:?}, harm {}",
            self.histories,
            self.steps,
            self.kills,
            self.signatures,
            self.refused,
            self.found,
            self.done,
            self.harm.len()
        )
    }
}
