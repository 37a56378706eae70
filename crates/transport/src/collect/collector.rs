//! What takes every code.

use std::collections::VecDeque;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::format::{ENTRIES, Entry};
use super::rate::Rate;
use super::under_way::UnderWay;
use super::{Format, Refusal};
use crate::assembly::{Progress, Step};
use crate::payload::{Kind, Payload};
use crate::seed_qr::{SeedQr, looks_like_seed};
use crate::single_frame::recognise;

/// Bytes of a code's content at most: the 7089 digits of a code of version 40.
const MAX_CODE: usize = 7089;
/// Single codes remembered, so that they are told once.
const REMEMBERED: usize = 16;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any message. A seed is not one.
    Anything,
    /// Messages of these kinds; others are foreign.
    Kinds(&'static [Kind]),
    /// A seed and nothing else: only a restore, offline, asks for it. Its bytes are the caller's to
    /// wipe.
    Seed,
}

/// How much is collected at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages under way and just finished. At least two.
    pub messages: usize,
    /// Bytes of all messages together. The most advanced alone may have more, as far as its own
    /// format lets it.
    pub bytes: usize,
}

impl Limits {
    /// Eight messages, 16 MiB: a table with several screens, and four times the greatest BBQr.
    pub const DEFAULT: Limits = Limits {
        messages: 8,
        bytes: 16 * 1024 * 1024,
    };
}

/// A message, as long as it is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub(super) u64);

/// What a code did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing new: it was read before, or belongs to a message that is whole.
    Known,
    /// It brought a message nearer.
    Nearer {
        /// Which message.
        message: MessageId,
        /// Its format.
        format: Format,
        /// How far it is.
        progress: Progress,
    },
    /// A message is whole, and its checksum right where its format has one. Told once.
    Whole(Payload),
    /// It is nothing that is asked for. What was collected stays.
    Foreign(Refusal),
}

/// Collects the codes of messages, of any format, several at once.
///
/// A foreign code, or a flood of them, never drops the message that has the most. BBQr and Specter
/// parts do not say which message they belong to: each is offered to every message that it does not
/// contradict, and opens another where it contradicts all. For one message progress never goes
/// back: one that begins again because it was damaged as a whole is another.
pub struct Collector {
    wanted: Wanted,
    takes: fn(&Payload) -> bool,
    limits: Limits,
    under_way: UnderWay,
    /// Hashes of single codes that were told.
    told: VecDeque<[u8; 32]>,
    rate: Rate,
    last: Option<[u8; 32]>,
    taken: u64,
}

impl Collector {
    /// Collects what is wanted, within [`Limits::DEFAULT`].
    pub fn new(wanted: Wanted) -> Self {
        Self::within(wanted, Limits::DEFAULT)
    }

    /// Collects what is wanted, within limits.
    pub fn within(wanted: Wanted, limits: Limits) -> Self {
        Self {
            wanted,
            takes: |_| true,
            limits,
            under_way: UnderWay::default(),
            told: VecDeque::new(),
            rate: Rate::default(),
            last: None,
            taken: 0,
        }
    }

    /// Has whole messages of a wanted kind judged by their content, too: one that `takes` does not
    /// take is foreign, and what is collected goes on. A seed is not judged.
    pub fn judged_by(self, takes: fn(&Payload) -> bool) -> Self {
        Self { takes, ..self }
    }

    /// Takes the content of a code that was read at `now`, a time since any one start.
    pub fn take(&mut self, content: &[u8], now: Duration) -> Seen {
        self.collect(content, now).unwrap_or_else(Seen::Foreign)
    }

    /// Returns how many codes a second are read, over the last three seconds. A code that is read
    /// again and again while it is shown counts once.
    pub fn frames_per_second(&self, now: Duration) -> f64 {
        self.rate.per_second(now)
    }

    /// Returns the message that is the most advanced of those under way, and how far it is.
    pub fn progress(&self) -> Option<(MessageId, Progress)> {
        self.under_way
            .most_advanced()
            .map(|slot| (slot.id, slot.progress()))
    }

    /// Returns the bytes that all messages hold.
    pub fn held(&self) -> usize {
        self.under_way.held()
    }

    /// Returns how many messages are held: under way, or just finished.
    pub fn messages(&self) -> usize {
        self.under_way.len()
    }

    fn collect(&mut self, content: &[u8], now: Duration) -> Result<Seen, Refusal> {
        if content.len() > MAX_CODE {
            return Err(Refusal::TooLong(content.len()));
        }
        if self.wanted == Wanted::Seed {
            SeedQr::read(content)?;
            return Ok(Seen::Whole(Payload {
                kind: Kind::Seed,
                bytes: content.to_vec(),
            }));
        }
        // Before anything of the content is kept, be it a hash.
        if looks_like_seed(content) {
            return Err(Refusal::Seed);
        }
        let hash = Sha256::digest(content).into();
        if self.last.replace(hash) != Some(hash) {
            self.rate.note(now);
        }
        match ENTRIES.iter().find(|entry| (entry.claims)(content)) {
            Some(entry) => self.part(entry, content),
            None => self.single_frame(content, hash),
        }
    }

    fn single_frame(&mut self, content: &[u8], hash: [u8; 32]) -> Result<Seen, Refusal> {
        if self.told.contains(&hash) {
            return Ok(Seen::Known);
        }
        let payload = self.wanted(recognise(content)?)?;
        if self.told.len() == REMEMBERED {
            self.told.pop_front();
        }
        self.told.push_back(hash);
        Ok(Seen::Whole(payload))
    }

    fn part(&mut self, entry: &Entry, part: &[u8]) -> Result<Seen, Refusal> {
        self.taken += 1;
        let mut nearest: Option<(MessageId, Progress)> = None;
        let mut known = false;
        let mut refused: Option<Refusal> = None;
        let mut whole = None;
        let mut begun_again = Vec::new();
        for slot in self.under_way.of(entry.format) {
            let before = slot.progress().have;
            match slot.take(part, self.taken) {
                Ok(Step::Whole(payload)) => whole = Some(payload),
                Ok(Step::Nearer) => {
                    let new = slot.progress();
                    if nearest.is_none_or(|(_, progress)| new.have > progress.have) {
                        nearest = Some((slot.id, new));
                    }
                }
                Ok(Step::Known) => known = true,
                Err(refusal) => {
                    if slot.progress().have < before {
                        begun_again.push(slot.id);
                    }
                    // That a message was damaged is worth more than that another does not know the
                    // part.
                    if refused.as_ref().is_none_or(|known| !known.is_damage()) {
                        refused = Some(refusal);
                    }
                }
            }
        }
        self.under_way.drop_these(&begun_again);
        if let Some(payload) = whole {
            return Ok(Seen::Whole(self.wanted(payload)?));
        }
        if let Some((message, progress)) = nearest {
            self.under_way.shrink(self.limits);
            return Ok(Seen::Nearer {
                message,
                format: entry.format,
                progress,
            });
        }
        if known {
            return Ok(Seen::Known);
        }
        match refused {
            // It contradicts no part. Where another is foreign, the right one contradicts that, and
            // opens a message.
            Some(refusal) if refusal.is_damage() => Err(refusal),
            _ => self
                .open(entry, part)
                .map_err(|refusal| refused.unwrap_or(refusal)),
        }
    }

    /// Opens another message with a part that belongs to none.
    fn open(&mut self, entry: &Entry, part: &[u8]) -> Result<Seen, Refusal> {
        let mut message = (entry.open)(part)?;
        let step = message.take(part)?;
        let progress = message.progress();
        let done = matches!(step, Step::Whole(_));
        let id = self
            .under_way
            .add(entry.format, message, done, self.taken, self.limits);
        self.under_way.shrink(self.limits);
        match step {
            Step::Whole(payload) => Ok(Seen::Whole(self.wanted(payload)?)),
            Step::Nearer | Step::Known => Ok(Seen::Nearer {
                message: id,
                format: entry.format,
                progress,
            }),
        }
    }

    fn wanted(&self, payload: Payload) -> Result<Payload, Refusal> {
        match self.wanted {
            Wanted::Kinds(kinds) if !kinds.contains(&payload.kind) => {
                Err(Refusal::Unwanted(payload.kind))
            }
            _ if !(self.takes)(&payload) => Err(Refusal::Unwanted(payload.kind)),
            _ => Ok(payload),
        }
    }
}
