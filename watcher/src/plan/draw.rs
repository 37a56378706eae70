//! Random numbers that a seed reproduces.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The seed of a plan: the same seed, coins and payments give the same plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

/// The text is no seed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a seed is a whole number from 0 to 18446744073709551615")]
pub struct InvalidSeed;

impl Seed {
    /// Makes a seed of eight bytes, drawn from the kernel by the caller or given by the user.
    pub(crate) fn from_bytes(bytes: [u8; 8]) -> Self {
        Seed(u64::from_be_bytes(bytes))
    }

    /// Returns the numbers for one purpose.
    pub(crate) fn draw(&self, purpose: &str) -> Draw {
        let key = Sha256::new()
            .chain_update(b"cofferdam/plan/1")
            .chain_update(self.0.to_be_bytes())
            .chain_update(purpose.as_bytes())
            .finalize();
        Draw {
            key: key.into(),
            counter: 0,
        }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seed {
    type Err = InvalidSeed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Seed).map_err(|_| InvalidSeed)
    }
}

/// A stream of numbers: the n-th is the beginning of SHA-256(SHA-256("cofferdam/plan/1" ‖ seed ‖
/// purpose) ‖ n), integers big-endian.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    key: [u8; 32],
    counter: u64,
}

impl Draw {
    /// Returns a number below `bound`, each equally likely; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // What lies above the largest multiple of the bound would favour small numbers.
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let number = self.next();
            if number < zone {
                return number % bound;
            }
        }
    }

    /// Puts the items into a random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(last);
            items.swap(last, other);
        }
    }

    fn next(&mut self) -> u64 {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(self.key)
            .chain_update(self.counter.to_be_bytes())
            .finalize()
            .into();
        self.counter = self.counter.wrapping_add(1);
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}
