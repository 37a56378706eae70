//! `lock-time-far`, `relative-lock-far` and `lock-time-ineffective`: a transaction that is signed
//! now is valid soon.
//!
//! Lock times bind when a sequence number is not final (consensus; BIP113 for times); relative ones
//! are BIP68's. One that is far ahead binds the coins until then, or hides a payment that somebody
//! can publish long after it is forgotten.
//!
//! The clock of an offline machine proves nothing, and block heights have none: a clock that is
//! behind the anchor counts as the anchor, and heights are estimated from it.

use bitcoin::absolute::{Height, LockTime, Time};
use bitcoin::relative;

use crate::review::facts::{Facts, is_effective, relative_lock_of};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

/// Block 840,000 of the main network and the time in its header, 2024-04-20T00:09:27Z.
const ANCHOR: (u64, u64) = (840_000, 1_713_571_767);

/// What blocks aim at.
const SECONDS_A_BLOCK: u64 = 600;

/// Nobody is warned about 30 days.
const DAYS_30: u64 = 30 * 24 * 3600;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let transaction = facts.parsed.unsigned_tx();
    let found = transaction.lock_time;
    let limit = furthest(found, facts.context.now);
    let kind = match () {
        () if found == LockTime::ZERO => None,
        () if !is_effective(transaction) => Some(FindingKind::LockTimeIneffective { found }),
        () if found.to_consensus_u32() > limit.to_consensus_u32() => {
            Some(FindingKind::LockTimeFar { limit, found })
        }
        () => None,
    };
    findings.extend(kind.map(|kind| Finding::new(Place::Transaction, kind)));
    for (index, input) in transaction.input.iter().enumerate() {
        let lock = relative_lock_of(transaction, input.sequence);
        let far = lock
            .map(|found| (longest(found), found))
            .filter(|(limit, found)| !found.is_implied_by(*limit));
        if let Some((limit, found)) = far {
            let kind = FindingKind::RelativeLockFar { limit, found };
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

/// Returns the furthest lock time, of the same unit, that nobody is warned about.
fn furthest(lock: LockTime, now: Option<u64>) -> LockTime {
    let (height, time) = ANCHOR;
    let now = now.unwrap_or(time).max(time);
    let value = match lock {
        LockTime::Blocks(_) => {
            let height = height + (now - time + DAYS_30) / SECONDS_A_BLOCK;
            height.min(u64::from(Height::MAX.to_consensus_u32()))
        }
        LockTime::Seconds(_) => now
            .saturating_add(DAYS_30)
            .min(u64::from(Time::MAX.to_consensus_u32())),
    };
    LockTime::from_consensus(u32::try_from(value).unwrap_or(u32::MAX))
}

/// Returns the longest relative lock, of the same unit, that nobody is warned about.
fn longest(lock: relative::LockTime) -> relative::LockTime {
    match lock {
        relative::LockTime::Blocks(_) => {
            relative::LockTime::from_height((DAYS_30 / SECONDS_A_BLOCK) as u16)
        }
        relative::LockTime::Time(_) => {
            relative::LockTime::from_512_second_intervals((DAYS_30 / 512) as u16)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::Scenario;
    use bitcoin::Sequence;
    use bitcoin::absolute::LockTime;

    const RULE: &str = "lock_times";

    fn locked(lock_time: u32, now: Option<u64>) -> Scenario {
        Scenario::new(ScriptType::Segwit).with(|scenario| {
            scenario.lock_time = LockTime::from_consensus(lock_time);
            scenario.now = now;
        })
    }

    fn after(sequence: u32) -> Scenario {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.sequences = vec![Sequence(sequence), Sequence::ZERO])
    }

    #[test]
    fn lock_times_far_ahead() {
        let far = ["transaction lock-time-far"];
        let year = 365 * 24 * 3600;
        let later = Some(1_713_571_767 + year);
        for (near, beyond, now) in [
            (844_320, 844_321, None),
            (1_716_163_767, 1_716_163_768, None),
            // A clock that stands at 1970 takes nothing away.
            (844_320, 844_321, Some(0)),
            (1_716_163_767, 1_716_163_768, Some(0)),
            (844_320 + 52_560, 844_321 + 52_560, later),
            (
                1_716_163_767 + year as u32,
                1_716_163_768 + year as u32,
                later,
            ),
        ] {
            locked(near, now).expect_clean("within 30 days");
            locked(beyond, now).expect("beyond", RULE, &far);
        }
        locked(499_999_999, None).expect("the last block", RULE, &far);
        locked(u32::MAX, None).expect("the last second", RULE, &far);
        locked(u32::MAX, Some(u64::MAX)).expect_clean("a clock beyond all bounds");
        locked(499_999_999, Some(u64::MAX)).expect_clean("a clock beyond all bounds");
    }

    #[test]
    fn lock_times_without_effect() {
        for lock_time in [1, 900_000, u32::MAX] {
            locked(lock_time, None)
                .with(|scenario| scenario.sequences = vec![Sequence::MAX; 2])
                .expect(
                    "every sequence final",
                    RULE,
                    &["transaction lock-time-ineffective"],
                );
        }
        locked(0, None)
            .with(|scenario| scenario.sequences = vec![Sequence::MAX; 2])
            .expect_clean("no lock time");
        locked(900_000, None)
            .with(|scenario| {
                scenario.sequences = vec![Sequence::MAX, Sequence::ENABLE_LOCKTIME_NO_RBF]
            })
            .expect(
                "one sequence that is not final",
                RULE,
                &["transaction lock-time-far"],
            );
    }

    #[test]
    fn relative_locks() {
        let far = ["input 0 relative-lock-far"];
        after(4_320).expect_clean("30 days of blocks");
        after(4_321).expect("a block more", RULE, &far);
        after(0xffff).expect("the most blocks", RULE, &far);
        after(0x0040_0000 | 5_062).expect_clean("30 days of seconds");
        after(0x0040_0000 | 5_063).expect("512 seconds more", RULE, &far);
        after(0x8000_ffff).expect_clean("disabled");
        after(0xffff)
            .with(|scenario| scenario.version = bitcoin::transaction::Version::ONE)
            .expect_clean("version 1 knows none");
    }
}
