//! Lock times in words.

use bitcoin::absolute::LockTime;
use bitcoin::relative;
use bitcoin::{Sequence, Transaction};

use crate::review::report::LockTimeReport;
use crate::review::utc::utc;

/// Says when a transaction becomes valid. A lock time has no effect when every sequence number is
/// final (BIP113's and consensus' rule).
pub(in crate::review) fn lock_time(transaction: &Transaction) -> LockTimeReport {
    let value = transaction.lock_time.to_consensus_u32();
    let when = match transaction.lock_time {
        LockTime::Blocks(height) if height.to_consensus_u32() == 0 => {
            return LockTimeReport {
                value,
                words: "none".into(),
            };
        }
        LockTime::Blocks(height) => format!("valid after block {height}"),
        LockTime::Seconds(time) => format!("valid after {}", utc(time.to_consensus_u32())),
    };
    let words = if is_effective(transaction) {
        when
    } else {
        format!("{when}; has no effect, as every sequence number is final")
    };
    LockTimeReport { value, words }
}

/// Returns whether a sequence number is not final, so that the lock time binds.
pub(in crate::review) fn is_effective(transaction: &Transaction) -> bool {
    let mut sequences = transaction.input.iter().map(|input| input.sequence);
    sequences.any(|sequence| sequence != Sequence::MAX)
}

/// Returns an input's relative lock (BIP68); none where there is none, or one of nothing.
pub(in crate::review) fn relative_lock_of(
    transaction: &Transaction,
    sequence: Sequence,
) -> Option<relative::LockTime> {
    // As an unsigned number, as consensus compares it.
    if (transaction.version.0 as u32) < 2 {
        return None;
    }
    match sequence.to_relative_lock_time()? {
        relative::LockTime::Blocks(height) if height.value() == 0 => None,
        relative::LockTime::Time(time) if time.value() == 0 => None,
        lock => Some(lock),
    }
}

/// Says how long after its coin's confirmation an input becomes valid (BIP68); none where there is
/// no such lock.
pub(in crate::review) fn relative_lock(
    transaction: &Transaction,
    sequence: Sequence,
) -> Option<String> {
    Some(match relative_lock_of(transaction, sequence)? {
        relative::LockTime::Blocks(height) => {
            format!("valid {} blocks after its coin confirmed", height.value())
        }
        relative::LockTime::Time(time) => format!(
            "valid {} seconds after its coin confirmed",
            u32::from(time.value()) * 512
        ),
    })
}

#[cfg(test)]
mod tests {
    use bitcoin::{TxIn, transaction::Version};

    use super::*;

    fn transaction(lock_time: u32, sequence: u32, version: i32) -> Transaction {
        Transaction {
            version: Version(version),
            lock_time: LockTime::from_consensus(lock_time),
            input: vec![TxIn {
                sequence: Sequence(sequence),
                ..TxIn::default()
            }],
            output: vec![],
        }
    }

    #[test]
    fn lock_times_are_told_in_words() {
        let cases = [
            (0, 0xffff_fffd, "none"),
            (800_000, 0xffff_fffe, "valid after block 800000"),
            (499_999_999, 0xffff_fffe, "valid after block 499999999"),
            (500_000_000, 0, "valid after 1985-11-05T00:53:20Z"),
            (u32::MAX, 0, "valid after 2106-02-07T06:28:15Z"),
            (
                800_000,
                0xffff_ffff,
                "valid after block 800000; has no effect, as every sequence number is final",
            ),
        ];
        for (value, sequence, words) in cases {
            let found = lock_time(&transaction(value, sequence, 2));
            assert_eq!(
                found,
                LockTimeReport {
                    value,
                    words: words.into()
                }
            );
        }
    }

    #[test]
    fn relative_lock_times_are_told_in_words() {
        let cases = [
            ("disabled", 0x8000_0010, 2, None),
            ("none", 0, 2, None),
            (
                "blocks",
                144,
                2,
                Some("valid 144 blocks after its coin confirmed"),
            ),
            (
                "time",
                0x0040_0002,
                2,
                Some("valid 1024 seconds after its coin confirmed"),
            ),
            ("version 1 knows none", 144, 1, None),
            (
                "a negative version is a large one",
                144,
                -1,
                Some("valid 144 blocks after its coin confirmed"),
            ),
        ];
        for (name, sequence, version, words) in cases {
            let found = relative_lock(&transaction(0, sequence, version), Sequence(sequence));
            assert_eq!(found.as_deref(), words, "{name}");
        }
    }
}
