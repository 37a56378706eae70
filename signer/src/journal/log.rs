//! A journal's bytes, read and proven.

use cofferdam_core::seal::{MAX_GENERATION, VaultId};
use minicbor::{Decode, Encode};

use super::beyond::Beyond;
use super::entry::{Entry, Event};
use super::key::JournalKey;
use super::record::{self, HEADER_LEN, Link, MAGIC, RecordError};

/// How far a journal had come, as the vault remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Checkpoint {
    /// The number of records.
    #[n(0)]
    pub(crate) count: u64,
    /// The hash of the last one; of the journal's header when there is none.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) head: [u8; 32],
}

impl Checkpoint {
    /// Of a journal that was not begun.
    pub(crate) const NONE: Checkpoint = Checkpoint {
        count: 0,
        head: [0; 32],
    };
}

/// A chain of records, each of them proven.
#[derive(Debug)]
pub(crate) struct Log {
    vault_id: VaultId,
    entries: Vec<Entry>,
    /// The hash of the header, then of each record.
    heads: Vec<[u8; 32]>,
    intact_len: u64,
    torn: Option<RecordError>,
}

/// The bytes are no journal of this seed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LogError {
    /// The magic is missing.
    #[error("this is no journal")]
    NotAJournal,
    /// A later format.
    #[error("the journal has format {0}, and this program reads format 1")]
    NewerFormat(u8),
    /// A record is damaged, and others follow it.
    #[error("record {sequence} of the journal is damaged: {error}")]
    Record {
        /// Its number, from 0.
        sequence: u64,
        /// What is wrong with it.
        error: RecordError,
    },
}

impl Log {
    /// A journal without records.
    pub(crate) fn empty(vault_id: VaultId) -> Self {
        Log {
            vault_id,
            entries: Vec::new(),
            heads: vec![record::hash(&[&record::header(vault_id)])],
            intact_len: 0,
            torn: None,
        }
    }

    /// Reads and proves every record.
    ///
    /// The end of a write that was cut off (an incomplete last record, one that holds zeros, or one
    /// that does not authenticate) is left out: [`Log::torn`] tells. Whether that is acceptable is
    /// for the checkpoint to say.
    ///
    /// # Errors
    ///
    /// When the header is not a journal's, or a record is damaged that others follow.
    pub(crate) fn parse(key: &JournalKey, bytes: &[u8]) -> Result<Self, LogError> {
        let Some((header, mut rest)) = bytes.split_at_checked(HEADER_LEN) else {
            return Err(LogError::NotAJournal);
        };
        if header[..7] != MAGIC[..7] {
            return Err(LogError::NotAJournal);
        }
        if header[7] != MAGIC[7] {
            return Err(LogError::NewerFormat(header[7]));
        }
        let mut vault_id = [0; 16];
        vault_id.copy_from_slice(&header[8..]);
        let mut log = Log::empty(VaultId(vault_id));
        log.intact_len = HEADER_LEN as u64;
        while !rest.is_empty() {
            match record::open(key, &log.next(), rest) {
                Ok((entry, length, hash)) => {
                    log.entries.push(entry);
                    log.heads.push(hash);
                    log.intact_len += length as u64;
                    rest = &rest[length..];
                }
                Err(error) if is_end_of_a_cut_write(rest, error) => {
                    log.torn = Some(error);
                    break;
                }
                Err(error) => {
                    return Err(LogError::Record {
                        sequence: log.count(),
                        error,
                    });
                }
            }
        }
        Ok(log)
    }

    /// Returns the vault that the journal belongs to.
    pub(crate) fn vault_id(&self) -> VaultId {
        self.vault_id
    }

    /// Returns the entries, oldest first.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the number of records.
    pub(crate) fn count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Returns the hash after the first `count` records, if there are so many.
    pub(crate) fn head_at(&self, count: u64) -> Option<[u8; 32]> {
        self.heads.get(usize::try_from(count).ok()?).copied()
    }

    /// Returns where the journal stands.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            count: self.count(),
            head: self.heads[self.heads.len() - 1],
        }
    }

    /// Returns the highest generation of the vault that an entry names, 0 without entries. What no
    /// writing comes to counts until the vault was resealed.
    pub(crate) fn highest_generation(&self) -> u64 {
        let resealed = |entry: &Entry| matches!(entry.event, Event::Resealed { .. });
        let since = self.entries.iter().rposition(resealed).unwrap_or(0);
        let counts = |(at, entry): (usize, &Entry)| {
            (at >= since || entry.generation <= MAX_GENERATION).then_some(entry.generation)
        };
        let generations = self.entries.iter().enumerate().filter_map(counts);
        generations.max().unwrap_or(0)
    }

    /// Returns the highest generation that an entry names and that writing comes to, 0 without.
    pub(crate) fn highest_plausible(&self) -> u64 {
        let generations = self.entries.iter().map(|entry| entry.generation);
        generations
            .filter(|generation| *generation < MAX_GENERATION)
            .max()
            .unwrap_or(0)
    }

    /// Returns what the journal knows beyond a vault of `generation` that remembers its first
    /// `count` records.
    ///
    /// A record that was written after the vault itself, such as of an unlocking, is not beyond it.
    pub(crate) fn beyond(&self, count: u64, generation: u64) -> Beyond<'_> {
        let known = usize::try_from(count)
            .unwrap_or(usize::MAX)
            .min(self.entries.len());
        let (known, rest) = self.entries.split_at(known);
        let is_reseal = |entry: &&Entry| matches!(entry.event, Event::Resealed { .. });
        let epoch = known.iter().filter(is_reseal).count();
        let mut now = epoch;
        let mut beyond = Vec::new();
        for entry in rest {
            now += usize::from(is_reseal(&entry));
            if (now, entry.generation) > (epoch, generation) {
                beyond.push(((now, entry.generation), entry));
            }
        }
        Beyond(beyond)
    }

    /// Returns the length in bytes of all that is intact.
    pub(crate) fn intact_len(&self) -> u64 {
        self.intact_len
    }

    /// Returns what is wrong with the bytes after the last intact record, if there are any.
    pub(crate) fn torn(&self) -> Option<RecordError> {
        self.torn
    }

    /// Returns the place of the next record.
    pub(super) fn next(&self) -> Link {
        Link {
            vault_id: self.vault_id,
            sequence: self.count(),
            previous: self.checkpoint().head,
        }
    }

    /// Takes note of a record that was just written.
    pub(super) fn push(&mut self, entry: Entry, record: &[u8]) {
        if self.intact_len == 0 {
            self.intact_len = HEADER_LEN as u64;
        }
        let header = record::header(self.vault_id);
        self.heads.push(record::hash(&[&header, record]));
        self.entries.push(entry);
        self.intact_len += record.len() as u64;
        self.torn = None;
    }
}

fn is_end_of_a_cut_write(rest: &[u8], error: RecordError) -> bool {
    match error {
        RecordError::Torn => true,
        RecordError::Length => rest.iter().all(|byte| *byte == 0),
        RecordError::Authentication => rest
            .first_chunk()
            .is_some_and(|length| rest.len() == 4 + u32::from_le_bytes(*length) as usize),
        RecordError::Chain | RecordError::Content => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::entry::Event;

    const VAULT: VaultId = VaultId([7; 16]);

    fn key() -> JournalKey {
        JournalKey::expand(&[1; 32])
    }

    fn entry(time: u64) -> Entry {
        Entry {
            time,
            generation: time,
            unfit: vec![],
            event: Event::Created,
        }
    }

    fn written(count: u64) -> (Vec<u8>, Log, Vec<usize>) {
        let mut log = Log::empty(VAULT);
        let mut bytes = record::header(VAULT).to_vec();
        let mut ends = vec![bytes.len()];
        let mut kernel = |bytes: &mut [u8]| {
            bytes.fill(9);
            Ok(())
        };
        for time in 0..count {
            let record = record::seal(&key(), &log.next(), &entry(time), &mut kernel).unwrap();
            log.push(entry(time), &record);
            bytes.extend(record);
            ends.push(bytes.len());
        }
        (bytes, log, ends)
    }

    #[test]
    fn what_is_written_is_read() {
        let (bytes, log, _) = written(3);
        let read = Log::parse(&key(), &bytes).unwrap();
        assert_eq!(read.entries(), [entry(0), entry(1), entry(2)]);
        assert_eq!(read.checkpoint(), log.checkpoint());
        assert_eq!(read.intact_len(), bytes.len() as u64);
        assert_eq!(log.intact_len(), bytes.len() as u64);
        assert_eq!(read.highest_generation(), 2);
        assert_eq!(read.torn(), None);
    }

    #[test]
    fn a_cut_at_every_length_keeps_the_records_before_it() {
        let (bytes, _, ends) = written(3);
        for cut in HEADER_LEN..bytes.len() {
            let log = Log::parse(&key(), &bytes[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
            assert_eq!(log.count(), whole, "cut at {cut}");
            assert_eq!(log.torn().is_some(), !ends.contains(&cut), "cut at {cut}");
        }
        for cut in 0..HEADER_LEN {
            assert_eq!(
                Log::parse(&key(), &bytes[..cut]).unwrap_err(),
                LogError::NotAJournal
            );
        }
    }

    #[test]
    fn every_flipped_bit_is_an_error_or_shortens_the_journal() {
        let (bytes, whole, _) = written(2);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(log) = Log::parse(&key(), &flipped) {
                assert!(log.count() < whole.count(), "bit {bit} went unseen");
                assert!(log.torn().is_some(), "bit {bit}");
            }
        }
    }

    #[test]
    fn records_cannot_be_dropped_doubled_swapped_or_moved_to_another_vault() {
        let (bytes, _, ends) = written(3);
        let part = |from: usize, to: usize| bytes[ends[from]..ends[to]].to_vec();
        let header = bytes[..HEADER_LEN].to_vec();
        let forged = [
            ("dropped", [header.clone(), part(1, 3)].concat()),
            (
                "doubled",
                [header.clone(), part(0, 1), part(0, 1), part(2, 3)].concat(),
            ),
            (
                "swapped",
                [header.clone(), part(1, 2), part(0, 1), part(2, 3)].concat(),
            ),
            (
                "moved",
                [record::header(VaultId([8; 16])).to_vec(), part(0, 3)].concat(),
            ),
        ];
        for (name, forged) in forged {
            let error = Log::parse(&key(), &forged).unwrap_err();
            assert!(matches!(error, LogError::Record { .. }), "{name}");
        }
        assert_eq!(
            Log::parse(&JournalKey::expand(&[2; 32]), &bytes).unwrap_err(),
            LogError::Record {
                sequence: 0,
                error: RecordError::Authentication
            }
        );
    }

    #[test]
    fn a_tail_of_zeros_is_a_cut_write() {
        let (bytes, _, _) = written(1);
        let log = Log::parse(&key(), &[bytes.clone(), vec![0; 700]].concat()).unwrap();
        let found = (log.count(), log.torn(), log.intact_len());
        assert_eq!(found, (1, Some(RecordError::Length), bytes.len() as u64));
    }

    #[test]
    fn equal_random_numbers_and_places_do_not_repeat_a_key() {
        let link = Log::empty(VAULT).next();
        let mut constant = |bytes: &mut [u8]| {
            bytes.fill(0);
            Ok(())
        };
        let first = record::seal(&key(), &link, &entry(1), &mut constant).unwrap();
        let second = record::seal(&key(), &link, &entry(2), &mut constant).unwrap();
        assert_ne!(
            first[44..76],
            second[44..76],
            "salts must differ with the content"
        );
    }
}
