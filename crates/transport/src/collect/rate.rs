//! How many codes a second are read.

use std::collections::VecDeque;
use std::time::Duration;

/// What is looked back at. Long enough for a slow receiver's few codes, short enough to feel a
/// change of light.
const WINDOW: Duration = Duration::from_secs(3);
/// Readings kept at most. At 120 a second the window is full.
const KEPT: usize = 360;

/// Counts readings over a sliding window. Times are since any one start, and do not go back.
#[derive(Debug, Default)]
pub(super) struct Rate {
    times: VecDeque<Duration>,
}

impl Rate {
    pub(super) fn note(&mut self, now: Duration) {
        if self.times.len() == KEPT {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }

    /// Returns readings a second, over the window or what has passed of it. Zero until there were
    /// two.
    pub(super) fn per_second(&self, now: Duration) -> f64 {
        let recent = || {
            self.times
                .iter()
                .filter(|time| now.saturating_sub(**time) <= WINDOW)
        };
        let Some(first) = recent().next() else {
            return 0.0;
        };
        let elapsed = now.saturating_sub(*first).as_secs_f64();
        let intervals = recent().count().saturating_sub(1);
        if elapsed > 0.0 {
            intervals as f64 / elapsed
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_told_and_forgotten() {
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(Duration::ZERO), 0.0);
        for n in 0..1000 {
            rate.note(Duration::from_millis(n * 100));
        }
        let end = Duration::from_millis(99_900);
        assert!((rate.per_second(end) - 10.0).abs() < 0.01);
        assert!(rate.per_second(end + Duration::from_secs(2)) < 4.0);
        assert_eq!(rate.per_second(end + Duration::from_secs(4)), 0.0);
    }

    #[test]
    fn a_flood_keeps_little() {
        let mut rate = Rate::default();
        for n in 0..100_000 {
            rate.note(Duration::from_micros(n));
        }
        assert_eq!(rate.times.len(), KEPT);
        assert!(rate.per_second(Duration::from_secs(1)).is_finite());
        assert_eq!(rate.per_second(Duration::ZERO), 0.0);
    }
}
