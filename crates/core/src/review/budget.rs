//! How much work the reviews of a run may take, by what is counted: never by a clock, so that a
//! file is refused everywhere or nowhere.

use std::cell::Cell;
use std::fmt;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Inputs and outputs.
    Parts,
    /// Keys and scripts that our wallets derive.
    Derivations,
    /// Signatures that are there and are verified.
    SignatureChecks,
    /// Bytes that are hashed for these: a legacy signature covers the whole transaction anew.
    HashedBytes,
    /// Bytes of the review itself.
    ShownBytes,
}

impl Work {
    const COUNTED: [Work; 4] = [
        Work::Parts,
        Work::Derivations,
        Work::SignatureChecks,
        Work::HashedBytes,
    ];
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::Parts => "inputs and outputs",
            Work::Derivations => "derivations",
            Work::SignatureChecks => "signatures to verify",
            Work::HashedBytes => "bytes to hash for signatures",
            Work::ShownBytes => "bytes to show",
        })
    }
}

/// What may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The weight of one transaction, as it is with its signatures.
    pub weight: u64,
    /// Inputs and outputs of a run.
    pub parts: u64,
    /// Derivations of a run.
    pub derivations: u64,
    /// Signatures of a run that are verified.
    pub signature_checks: u64,
    /// Bytes of a run that are hashed for these.
    pub hashed_bytes: u64,
}

impl Bounds {
    /// A transaction of at most 400,000 weight units, which is what nodes relay (Bitcoin Core's
    /// `MAX_STANDARD_TX_WEIGHT`); and, of a run, sixteen such transactions of 2,500 inputs and
    /// outputs, which is a second or two of a processor.
    pub const DEFAULT: Bounds = Bounds {
        weight: 400_000,
        parts: 40_000,
        derivations: 40_000,
        signature_checks: 10_000,
        hashed_bytes: 256 << 20,
    };

    /// No bounds: what tests show their need with.
    #[cfg(test)]
    pub(super) const NONE: Bounds = Bounds {
        weight: u64::MAX,
        parts: u64::MAX,
        derivations: u64::MAX,
        signature_checks: u64::MAX,
        hashed_bytes: u64::MAX,
    };

    fn of(&self, work: Work) -> u64 {
        match work {
            Work::Parts => self.parts,
            Work::Derivations => self.derivations,
            Work::SignatureChecks => self.signature_checks,
            Work::HashedBytes => self.hashed_bytes,
            Work::ShownBytes => u64::MAX,
        }
    }
}

/// What a run has spent. One is shared by the reviews of a run.
#[derive(Clone, Debug)]
pub struct Budget {
    bounds: Bounds,
    spent: [Cell<u64>; Work::COUNTED.len()],
}

/// A run would take more work than is spent on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Of what.
    pub work: Work,
    /// How much may be spent.
    pub limit: u64,
}

impl Budget {
    /// Nothing is spent yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            spent: Default::default(),
        }
    }

    /// Returns the bounds.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Returns what was spent; one more than the bound, where that was exceeded.
    pub fn spent(&self, work: Work) -> u64 {
        let counted = Work::COUNTED.iter().position(|counted| *counted == work);
        counted.map_or(0, |at| self.spent[at].get())
    }

    /// Spends, and tells whether the work may be done. What may not is not counted.
    pub(super) fn spend(&self, work: Work, count: u64) -> bool {
        let limit = self.bounds.of(work);
        if let Some(at) = Work::COUNTED.iter().position(|counted| *counted == work) {
            let spent = &self.spent[at];
            let more = spent.get().saturating_add(count);
            spent.set(more.min(limit.saturating_add(1)));
        }
        self.spent(work) <= limit
    }

    /// Returns the first bound that was exceeded.
    pub(super) fn exceeded(&self) -> Option<Exceeded> {
        let mut counted = Work::COUNTED.into_iter();
        let work = counted.find(|work| self.spent(*work) > self.bounds.of(*work))?;
        Some(Exceeded {
            work,
            limit: self.bounds.of(work),
        })
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Bounds::DEFAULT)
    }
}
