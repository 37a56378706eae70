//! What a journal knows beyond the vault: an interrupted write, or a vault's file that was put
//! back.

use super::entry::{Entry, Event};

/// The records of writes that the vault does not hold, oldest first, each with the reseals before
/// it and its generation.
#[derive(Debug)]
pub(crate) struct Beyond<'a>(pub(super) Vec<((usize, u64), &'a Entry)>);

impl<'a> Beyond<'a> {
    /// Tells whether the vault holds every write.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of writes of the vault that they belong to: an interruption leaves one.
    pub(crate) fn writes(&self) -> usize {
        let mut writes: Vec<_> = self.0.iter().map(|(write, _)| *write).collect();
        writes.dedup();
        writes.len()
    }

    /// Returns what the vault held beside its secrets after the last write that changed it.
    pub(crate) fn state(&self) -> Option<&'a [u8]> {
        self.events().rev().find_map(|event| match event {
            Event::State { state, .. } => Some(&state[..]),
            _ => None,
        })
    }

    /// Tells whether what opens the vault was changed: that cannot be done over again, and is
    /// written after the vault.
    pub(crate) fn credential_changed(&self) -> bool {
        self.events()
            .any(|event| matches!(event, Event::CredentialChanged { .. }))
    }

    /// Tells whether a write of an earlier program changed the policy, in words that nothing
    /// follows.
    pub(crate) fn policy_untold(&self) -> bool {
        let told = self
            .events()
            .rev()
            .take_while(|event| !matches!(event, Event::State { .. }));
        told.into_iter()
            .any(|event| matches!(event, Event::PolicyChanged(_)))
    }

    /// Tells whether another vault's journal was imported, by whatever program.
    pub(crate) fn imported(&self) -> bool {
        self.events()
            .any(|event| matches!(event, Event::ImportDone { .. }))
    }

    /// Says what was written, for people, in at most a dozen lines.
    pub(crate) fn words(&self) -> Vec<String> {
        const LINES: usize = 12;
        let mut words: Vec<String> = Vec::new();
        let mut signed = 0;
        for ((_, generation), entry) in &self.0 {
            let what = match &entry.event {
                Event::Signed(_) => {
                    signed += 1;
                    continue;
                }
                Event::PolicyChanged(changes) => {
                    format!("the policy was changed: {}", changes.join(", "))
                }
                Event::State { parts, .. } => format!("changed: {}", parts.join(", ")),
                Event::CredentialChanged { rotated: true } => {
                    "the passphrase and the data key were changed".into()
                }
                Event::CredentialChanged { rotated: false } => "the passphrase was changed".into(),
                Event::ImportDone { .. } => "another vault's journal was imported".into(),
                Event::ImportConfirmed { .. } => "an import was confirmed".into(),
                Event::Resealed { .. } => "the vault was resealed".into(),
                _ => continue,
            };
            words.push(format!("generation {generation}: {what}"));
        }
        let more = words.len().saturating_sub(LINES);
        words.truncate(LINES);
        if more > 0 {
            words.push(format!("{more} changes more"));
        }
        if signed > 0 {
            words.push(format!("signed transactions: {signed}"));
        }
        words
    }

    fn events(&self) -> impl DoubleEndedIterator<Item = &'a Event> + use<'a, '_> {
        self.0.iter().map(|(_, entry)| &entry.event)
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_core::seal::{MAX_GENERATION, VaultId};

    use super::*;
    use crate::journal::{JournalKey, Log, record};

    fn log(events: &[(u64, Event)]) -> Log {
        let key = JournalKey::expand(&[1; 32]);
        let mut log = Log::empty(VaultId([7; 16]));
        let mut kernel = |bytes: &mut [u8]| {
            bytes.fill(9);
            Ok(())
        };
        for (generation, event) in events {
            let entry = Entry {
                time: 0,
                generation: *generation,
                unfit: vec![],
                event: event.clone(),
            };
            let record = record::seal(&key, &log.next(), &entry, &mut kernel).unwrap();
            log.push(entry, &record);
        }
        log
    }

    fn policy() -> Event {
        Event::PolicyChanged(vec!["max-fee-sat 1000 (was default)".into()])
    }

    fn state(byte: u8) -> Event {
        Event::State {
            parts: vec!["policy".into()],
            state: vec![byte],
            remembers: true,
        }
    }

    #[test]
    fn what_follows_a_vault_is_not_beyond_it() {
        let log = log(&[(1, Event::Created), (1, Event::Unlocked("x".into()))]);
        assert!(log.beyond(0, 1).is_empty());
        assert_eq!(log.beyond(0, 1).writes(), 0);
    }

    #[test]
    fn an_interruption_leaves_one_write_and_a_file_put_back_more() {
        let log = log(&[
            (1, Event::Created),
            (2, policy()),
            (2, state(1)),
            (3, state(2)),
        ]);
        let one = log.beyond(3, 2);
        assert_eq!(
            (one.writes(), one.state(), one.policy_untold()),
            (1, Some(&[2][..]), false)
        );
        let two = log.beyond(1, 1);
        assert_eq!((two.writes(), two.state()), (2, Some(&[2][..])));
        assert_eq!(
            two.words(),
            [
                "generation 2: the policy was changed: max-fee-sat 1000 (was default)",
                "generation 2: changed: policy",
                "generation 3: changed: policy"
            ]
        );
    }

    #[test]
    fn a_policy_in_words_alone_is_not_told() {
        let log = log(&[(1, Event::Created), (2, state(1)), (3, policy())]);
        assert!(log.beyond(1, 1).policy_untold());
        assert!(log.beyond(2, 2).policy_untold());
    }

    /// The generation goes down with a reseal, and what follows is beyond a vault of before all the
    /// same.
    #[test]
    fn a_reseal_begins_anew() {
        let resealed = Event::Resealed {
            from: u64::MAX,
            beyond: vec![],
        };
        let log = log(&[
            (1, Event::Created),
            (u64::MAX, policy()),
            (3, resealed),
            (4, state(1)),
        ]);
        assert_eq!(log.highest_generation(), 4);
        assert_eq!(log.highest_plausible(), 4);
        assert_eq!(log.beyond(2, u64::MAX).writes(), 2);
        assert_eq!(log.beyond(3, 3).writes(), 1);
        assert!(log.beyond(4, 4).is_empty());
    }

    #[test]
    fn what_no_writing_comes_to_counts_until_then() {
        let log = log(&[(1, Event::Created), (MAX_GENERATION + 1, policy())]);
        assert_eq!(log.highest_generation(), MAX_GENERATION + 1);
        assert_eq!(log.highest_plausible(), 1);
    }
}
