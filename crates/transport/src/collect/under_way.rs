//! The messages under way, within bounds.

use super::Refusal;
use super::collector::{Limits, MessageId};
use super::format::{Format, Message};
use crate::assembly::{Progress, Step};

pub(super) struct Slot {
    pub(super) id: MessageId,
    pub(super) format: Format,
    message: Box<dyn Message>,
    /// Counts the parts that the collector took, as a clock of what is recent.
    touched: u64,
    done: bool,
}

impl Slot {
    pub(super) fn progress(&self) -> Progress {
        self.message.progress()
    }

    pub(super) fn take(&mut self, part: &[u8], clock: u64) -> Result<Step, Refusal> {
        let step = self.message.take(part)?;
        self.touched = clock;
        self.done |= matches!(step, Step::Whole(_));
        Ok(step)
    }
}

/// Messages of every format.
///
/// When there are too many, or they hold too much, the one goes that has the least, never the one
/// that has the most; a finished one goes first, but for the last finished, whose frames may still
/// be shown.
#[derive(Default)]
pub(super) struct UnderWay {
    slots: Vec<Slot>,
    next: u64,
}

impl UnderWay {
    pub(super) fn of(&mut self, format: Format) -> impl Iterator<Item = &mut Slot> {
        self.slots
            .iter_mut()
            .filter(move |slot| slot.format == format)
    }

    /// Adds a message that took its first part.
    pub(super) fn add(
        &mut self,
        format: Format,
        message: Box<dyn Message>,
        done: bool,
        clock: u64,
        limits: Limits,
    ) -> MessageId {
        while self.slots.len() >= limits.messages.max(2) && self.drop_weakest() {}
        self.next += 1;
        let id = MessageId(self.next);
        self.slots.push(Slot {
            id,
            format,
            message,
            touched: clock,
            done,
        });
        id
    }

    /// Drops these messages, which nobody misses.
    pub(super) fn drop_these(&mut self, ids: &[MessageId]) {
        self.slots.retain(|slot| !ids.contains(&slot.id));
    }

    /// Drops messages until what is left is within the limit, or alone.
    pub(super) fn shrink(&mut self, limits: Limits) {
        while self.held() > limits.bytes && self.drop_weakest() {}
    }

    pub(super) fn held(&self) -> usize {
        self.slots.iter().map(|slot| slot.message.held()).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The unfinished message that has the most; of several, the oldest.
    pub(super) fn most_advanced(&self) -> Option<&Slot> {
        self.slots
            .iter()
            .filter(|slot| !slot.done)
            .max_by_key(|slot| (slot.progress().have, std::cmp::Reverse(slot.id)))
    }

    /// Drops the message that is missed least. Returns false when none may go.
    fn drop_weakest(&mut self) -> bool {
        let most_advanced = self.most_advanced().map(|slot| slot.id);
        let last_done = self
            .slots
            .iter()
            .filter(|slot| slot.done)
            .max_by_key(|slot| slot.touched)
            .map(|slot| slot.id);
        let weakest = self
            .slots
            .iter()
            .filter(|slot| Some(slot.id) != most_advanced)
            .min_by_key(|slot| {
                let have = if slot.done { 0 } else { slot.progress().have };
                (Some(slot.id) == last_done, have, slot.touched)
            })
            .map(|slot| slot.id);
        self.slots.retain(|slot| Some(slot.id) != weakest);
        weakest.is_some()
    }
}
