//! What a journal says of memories that were taken over from others.

use super::entry::{Entry, Event};

/// Another vault's journal, as far as it was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// That vault.
    pub(crate) vault_id: [u8; 16],
    /// How many records its journal had.
    pub(crate) count: u64,
    /// The hash of the last one.
    pub(crate) head: [u8; 32],
}

/// Tells whether the vault of a journal knew everything that its seed had signed before: it was
/// born with the seed, or says itself that it was given such a memory.
///
/// An earlier program imported any journal as if it were whole, and did not note what it was; so
/// that says nothing.
pub(crate) fn knows_everything(entries: &[Entry]) -> bool {
    let born = matches!(
        entries.first().map(|entry| &entry.event),
        Some(Event::Created)
    );
    entries.iter().fold(born, |knows, entry| match entry.event {
        Event::State { remembers, .. } => remembers,
        _ => knows,
    })
}

/// Returns what was imported farthest of each other vault, where nobody compared it with a note
/// yet. Oldest first.
pub(crate) fn unconfirmed(entries: &[Entry]) -> Vec<Import> {
    let mut imports: Vec<(Import, bool)> = Vec::new();
    for entry in entries {
        match entry.event {
            Event::ImportDone {
                vault_id,
                count,
                head,
            } => {
                let import = Import {
                    vault_id,
                    count,
                    head,
                };
                match imports
                    .iter_mut()
                    .find(|(known, _)| known.vault_id == vault_id)
                {
                    Some((known, _)) if known.count >= count => {}
                    Some(known) => *known = (import, false),
                    None => imports.push((import, false)),
                }
            }
            Event::ImportConfirmed {
                vault_id,
                count,
                head,
            } => {
                let is_it = |import: &Import| {
                    (import.vault_id, import.count, import.head) == (vault_id, count, head)
                };
                for (_, confirmed) in imports.iter_mut().filter(|(import, _)| is_it(import)) {
                    *confirmed = true;
                }
            }
            _ => {}
        }
    }
    let waiting = imports.into_iter().filter(|(_, confirmed)| !confirmed);
    waiting.map(|(import, _)| import).collect()
}

/// Returns how far another vault's journal was imported.
pub(crate) fn imported(entries: &[Entry], vault: [u8; 16]) -> Option<u64> {
    let counts = entries.iter().filter_map(|entry| match entry.event {
        Event::ImportDone {
            vault_id, count, ..
        } if vault_id == vault => Some(count),
        _ => None,
    });
    counts.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(events: impl IntoIterator<Item = Event>) -> Vec<Entry> {
        let entries = events.into_iter().map(|event| Entry {
            time: 0,
            generation: 1,
            unfit: vec![],
            event,
        });
        entries.collect()
    }

    fn done(vault: u8, count: u64) -> Event {
        Event::ImportDone {
            vault_id: [vault; 16],
            count,
            head: [count as u8; 32],
        }
    }

    fn confirmed(vault: u8, count: u64) -> Event {
        Event::ImportConfirmed {
            vault_id: [vault; 16],
            count,
            head: [count as u8; 32],
        }
    }

    fn state(remembers: bool) -> Event {
        Event::State {
            parts: vec![],
            state: vec![],
            remembers,
        }
    }

    #[test]
    fn a_memory_that_is_itself_missing_is_told() {
        for (events, knows) in [
            (vec![], false),
            (vec![Event::Created], true),
            (vec![Event::Restored], false),
            (vec![Event::Restored, state(false)], false),
            (vec![Event::Restored, done(1, 5)], false),
            (vec![Event::Restored, done(1, 5), state(true)], true),
            (vec![Event::Restored, done(1, 5), state(false)], false),
            (vec![Event::Created, done(1, 5)], true),
        ] {
            assert_eq!(
                knows_everything(&entries(events.clone())),
                knows,
                "{events:?}"
            );
        }
    }

    /// The hostile corpus's vault gets its memory from it: see `fixtures/README.md`.
    #[test]
    fn the_fixture_is_the_journal_of_a_vault_that_was_born_with_its_words() {
        use cofferdam_core::keys::{Bip39Passphrase, Mnemonic};
        use cofferdam_core::seal::VaultId;

        use crate::journal::{JournalKey, Log};
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/born-journal");
        let words = std::fs::read_to_string(format!("{folder}/words")).unwrap();
        let seed = Mnemonic::parse(&words, None)
            .unwrap()
            .seed(&Bip39Passphrase::none());
        let bytes = std::fs::read(format!("{folder}/born.journal")).unwrap();
        let log = Log::parse(&JournalKey::derive(&seed), &bytes).unwrap();
        assert_eq!((log.vault_id(), log.count()), (VaultId([0xb0; 16]), 1));
        assert!(knows_everything(log.entries()));
    }

    #[test]
    fn an_import_waits_for_its_own_confirmation() {
        let waiting = |events| {
            let imports = unconfirmed(&entries(events)).into_iter();
            imports
                .map(|import| (import.vault_id[0], import.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(waiting(vec![]), []);
        assert_eq!(waiting(vec![done(1, 5)]), [(1, 5)]);
        assert_eq!(waiting(vec![done(1, 5), confirmed(1, 4)]), [(1, 5)]);
        assert_eq!(waiting(vec![done(1, 5), confirmed(2, 5)]), [(1, 5)]);
        assert_eq!(waiting(vec![done(1, 5), confirmed(1, 5)]), []);
        assert_eq!(
            waiting(vec![done(1, 5), confirmed(1, 5), done(1, 7)]),
            [(1, 7)]
        );
        assert_eq!(waiting(vec![done(1, 5), confirmed(1, 5), done(1, 3)]), []);
        assert_eq!(
            waiting(vec![done(1, 5), done(2, 9), confirmed(1, 5)]),
            [(2, 9)]
        );
    }
}
