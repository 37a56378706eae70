//! The order among candidate files of one vault.

use super::{VaultError, VaultFile};

/// The highest generation that a vault is written under. A write adds 1 to what is authenticated,
/// so a vault that is written every second comes to it in nine million years: what is above was not
/// come to by writing.
pub const MAX_GENERATION: u64 = 1 << 48;

/// An intact candidate.
#[derive(Clone, Debug)]
pub struct Intact<N> {
    /// The name it was given under.
    pub name: N,
    /// Its content.
    pub file: VaultFile,
}

/// A candidate that is not intact.
#[derive(Clone, Debug)]
pub struct Damaged<N> {
    /// The name it was given under.
    pub name: N,
    /// What is wrong with it.
    pub error: VaultError,
}

/// Candidates in order.
#[derive(Clone, Debug)]
pub struct Ranking<N> {
    /// The intact ones, newest generation first; those of one generation in the order given.
    pub intact: Vec<Intact<N>>,
    /// The others, in the order given.
    pub damaged: Vec<Damaged<N>>,
}

/// Intact candidates that cannot all be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict<N> {
    /// Two of one generation differ.
    #[error("generation {generation} exists twice with different content")]
    SameGeneration {
        /// The generation.
        generation: u64,
        /// One of them.
        first: N,
        /// The other.
        second: N,
    },
    /// The candidates belong to different vaults.
    #[error("the files belong to different vaults")]
    DifferentVaults {
        /// A file of one.
        first: N,
        /// A file of the other.
        second: N,
    },
}

/// Ranks candidate files, given by name and bytes.
pub fn rank<N>(candidates: impl IntoIterator<Item = (N, Vec<u8>)>) -> Ranking<N> {
    let mut ranking = Ranking {
        intact: Vec::new(),
        damaged: Vec::new(),
    };
    for (name, bytes) in candidates {
        match VaultFile::parse(bytes) {
            Ok(file) => ranking.intact.push(Intact { name, file }),
            Err(error) => ranking.damaged.push(Damaged { name, error }),
        }
    }
    ranking
        .intact
        .sort_by_key(|intact| std::cmp::Reverse(intact.file.generation()));
    ranking
}

impl<N: Clone> Ranking<N> {
    /// Returns the newest intact candidate, or none when no candidate is intact.
    ///
    /// # Errors
    ///
    /// When the intact candidates belong to different vaults, or two of one generation (any, not
    /// only the newest) differ.
    pub fn newest(&self) -> Result<Option<&Intact<N>>, Conflict<N>> {
        for pair in self.intact.windows(2) {
            let [newer, older] = pair else { continue };
            let (first, second) = (newer.name.clone(), older.name.clone());
            if newer.file.vault_id() != older.file.vault_id() {
                return Err(Conflict::DifferentVaults { first, second });
            }
            let generation = newer.file.generation();
            if generation == older.file.generation() && newer.file != older.file {
                return Err(Conflict::SameGeneration {
                    generation,
                    first,
                    second,
                });
            }
        }
        Ok(self.intact.first())
    }
}
