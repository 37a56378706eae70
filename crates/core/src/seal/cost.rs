//! What one guess of a passphrase costs.

use std::fmt;
use std::time::Duration;

/// The cost parameters of Argon2id, within the bounds of the format.
///
/// | parameter | least | most |
/// | --- | --- | --- |
/// | memory | 64 MiB | 4 GiB |
/// | passes | 3 | 64 |
/// | lanes | 4 | 64 |
///
/// The least is RFC 9106's second recommended option. The most keeps a foreign file from asking for
/// work that never ends: a header is not authenticated before its costs are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// The least cost: 64 MiB, 3 passes, 4 lanes (RFC 9106, section 4, second option).
    pub const MINIMUM: Cost = Cost {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 4,
    };

    /// The most memory that [`Cost::calibrate`] chooses by itself, in KiB: 1 GiB.
    pub const MAX_CALIBRATED_MEMORY_KIB: u32 = 1024 * 1024;

    const MAX_MEMORY_KIB: u32 = 4 * 1024 * 1024;
    const MAX_PASSES: u32 = 64;
    const MAX_LANES: u32 = 64;

    /// Takes memory in KiB, passes and lanes.
    ///
    /// # Errors
    ///
    /// When one is out of bounds.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let least = Cost::MINIMUM;
        if !(least.memory_kib..=Cost::MAX_MEMORY_KIB).contains(&memory_kib) {
            return Err(CostError::Memory(memory_kib));
        }
        if !(least.passes..=Cost::MAX_PASSES).contains(&passes) {
            return Err(CostError::Passes(passes));
        }
        if !(least.lanes..=Cost::MAX_LANES).contains(&lanes) {
            return Err(CostError::Lanes(lanes));
        }
        Ok(Cost {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// Returns the memory in KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Returns the number of passes over the memory.
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Returns the number of lanes.
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// Chooses the cost that takes about `target` on this machine, from what `measure` tells.
    ///
    /// Memory grows first, up to the lesser of `max_memory_kib` and
    /// [`Cost::MAX_CALIBRATED_MEMORY_KIB`]; then passes. Never below [`Cost::MINIMUM`], however
    /// slow the machine is. `measure` gets a cost, spends it ([`Cost::exercise`]) and returns how
    /// long that took; it is called once or twice, and again with half the memory as long as memory
    /// is missing.
    ///
    /// # Errors
    ///
    /// When `measure` fails at [`Cost::MINIMUM`].
    pub fn calibrate<E>(
        target: Duration,
        max_memory_kib: u32,
        mut measure: impl FnMut(Cost) -> Result<Duration, E>,
    ) -> Result<Cost, E> {
        let least = Cost::MINIMUM;
        let mut most_kib = max_memory_kib.clamp(least.memory_kib, Cost::MAX_CALIBRATED_MEMORY_KIB);
        let mut took = measure(least)?;
        let mut memory_kib =
            scale(least.memory_kib, target, took).clamp(least.memory_kib, most_kib);
        while memory_kib > least.memory_kib {
            if let Ok(duration) = measure(Cost {
                memory_kib,
                ..least
            }) {
                took = duration;
                break;
            }
            memory_kib = whole_mib(memory_kib / 2).max(least.memory_kib);
            most_kib = memory_kib;
        }
        let measured_kib = memory_kib;
        let memory_kib = scale(measured_kib, target, took).clamp(least.memory_kib, most_kib);
        let took = took.mul_f64(f64::from(memory_kib) / f64::from(measured_kib));
        let passes = if memory_kib < most_kib {
            least.passes
        } else {
            times(least.passes, target, took)
        };
        Ok(Cost {
            memory_kib,
            passes: passes.clamp(least.passes, Cost::MAX_PASSES),
            lanes: least.lanes,
        })
    }
}

/// Memory grows in proportion to the time it takes, in whole MiB.
fn scale(memory_kib: u32, target: Duration, took: Duration) -> u32 {
    whole_mib(times(memory_kib, target, took))
}

fn whole_mib(kib: u32) -> u32 {
    kib / 1024 * 1024
}

/// `count * target / took`, rounded down, at most `u32::MAX`.
fn times(count: u32, target: Duration, took: Duration) -> u32 {
    let product = u128::from(count).saturating_mul(target.as_nanos());
    u32::try_from(product / took.as_nanos().max(1)).unwrap_or(u32::MAX)
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} MiB, {} passes, {} lanes",
            self.memory_kib / 1024,
            self.passes,
            self.lanes
        )
    }
}

/// A cost parameter is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// The memory, in KiB.
    #[error("argon2 memory of {0} KiB is out of bounds; use 65536 (64 MiB) to 4194304 (4 GiB)")]
    Memory(u32),
    /// The number of passes.
    #[error("{0} argon2 passes are out of bounds; use 3 to 64")]
    Passes(u32),
    /// The number of lanes.
    #[error("{0} argon2 lanes are out of bounds; use 4 to 64")]
    Lanes(u32),
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use super::{Cost, CostError};

    const TARGET: Duration = Duration::from_secs(2);

    /// A machine that fills memory at a constant rate.
    fn machine(mib_per_second: u32) -> impl FnMut(Cost) -> Result<Duration, Infallible> {
        move |cost| Ok(time(cost, mib_per_second))
    }

    fn time(cost: Cost, mib_per_second: u32) -> Duration {
        Duration::from_secs(1) * (cost.memory_kib() / 1024) * cost.passes() / mib_per_second
    }

    fn calibrated(mib_per_second: u32, max_memory_kib: u32) -> (u32, u32, u32) {
        let cost = Cost::calibrate(TARGET, max_memory_kib, machine(mib_per_second)).unwrap();
        (cost.memory_kib() / 1024, cost.passes(), cost.lanes())
    }

    #[test]
    fn memory_grows_first_and_then_passes() {
        assert_eq!(
            calibrated(48, u32::MAX),
            (64, 3, 4),
            "a slow machine takes longer, never less"
        );
        assert_eq!(calibrated(960, u32::MAX), (640, 3, 4));
        assert_eq!(calibrated(1536, u32::MAX), (1024, 3, 4));
        assert_eq!(calibrated(4096, u32::MAX), (1024, 8, 4));
        assert_eq!(
            calibrated(4096, 256 * 1024),
            (256, 32, 4),
            "the caller's bound on memory"
        );
        assert_eq!(
            calibrated(4096, 0),
            (64, 64, 4),
            "never below the least memory, nor above the most passes"
        );
        assert_eq!(calibrated(u32::MAX, u32::MAX), (1024, 64, 4));
    }

    #[test]
    fn a_machine_that_is_slower_with_much_memory_is_measured_again() {
        let cost = Cost::calibrate(TARGET, u32::MAX, |cost: Cost| {
            let rate = if cost.memory_kib() > 65536 { 480 } else { 960 };
            Ok::<_, Infallible>(time(cost, rate))
        })
        .unwrap();
        assert_eq!((cost.memory_kib() / 1024, cost.passes()), (320, 3));
    }

    #[test]
    fn missing_memory_bounds_the_choice() {
        let cost = Cost::calibrate(TARGET, u32::MAX, |cost: Cost| {
            if cost.memory_kib() > 300 * 1024 {
                Err("no memory")
            } else {
                Ok(time(cost, 3072))
            }
        })
        .unwrap();
        assert_eq!((cost.memory_kib() / 1024, cost.passes()), (256, 24));
        assert_eq!(
            Cost::calibrate(TARGET, u32::MAX, |_| Err("no memory")),
            Err("no memory")
        );
    }

    #[test]
    fn a_clock_that_stands_still_asks_for_the_most() {
        let cost =
            Cost::calibrate(TARGET, u32::MAX, |_| Ok::<_, Infallible>(Duration::ZERO)).unwrap();
        assert_eq!((cost.memory_kib() / 1024, cost.passes()), (1024, 64));
    }

    #[test]
    fn bounds_are_inclusive() {
        assert!(Cost::new(65536, 3, 4).is_ok());
        assert!(Cost::new(4 * 1024 * 1024, 64, 64).is_ok());
        for (cost, error) in [
            (Cost::new(65535, 3, 4), CostError::Memory(65535)),
            (
                Cost::new(4 * 1024 * 1024 + 1, 3, 4),
                CostError::Memory(4 * 1024 * 1024 + 1),
            ),
            (Cost::new(65536, 2, 4), CostError::Passes(2)),
            (Cost::new(65536, 65, 4), CostError::Passes(65)),
            (Cost::new(65536, 3, 3), CostError::Lanes(3)),
            (Cost::new(65536, 3, 65), CostError::Lanes(65)),
        ] {
            assert_eq!(cost, Err(error));
        }
    }
}
