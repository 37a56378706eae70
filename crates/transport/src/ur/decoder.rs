//! Parts to a message.

use super::chooser::Chooser;
use super::content::unwrap;
use super::elimination::{Elimination, Outcome};
use super::part::{MessageId, Part, Text, read};
use super::{UrError, crc32};
use crate::{Assembly, Progress, Step};

/// Assembles a message from its parts, in any order and with gaps, by Gaussian elimination.
///
/// The first part decides which message it is; parts of others are refused. One exception, so that
/// a single stray code does not lock it: as long as only one part was had, two parts of another
/// message, or one in one piece, take its place.
///
/// [`Decoder::of_first`] makes no exception.
///
/// When parts contradict each other, or the checksum of the whole is wrong, one of them was forged
/// or misread, and nobody can tell which: at [`UrError::Checksum`] it starts again from nothing.
/// Only then, and at [`UrError::Content`], progress goes back.
///
/// Memory: at most 11 MiB while collecting and 8 MiB more at the end, taken as parts come.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// The last message that took the place of nothing: its only part.
    rival: Option<Collecting>,
    /// Parts of other messages are somebody else's.
    first_only: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Collecting(Collecting),
    Whole(MessageId),
}

#[derive(Debug)]
struct Collecting {
    id: MessageId,
    chooser: Chooser,
    equations: Elimination,
}

impl Decoder {
    /// Starts with nothing.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Starts with nothing, for whoever keeps a decoder for each message: a part of another message
    /// than the first never takes its place.
    pub fn of_first() -> Decoder {
        Decoder {
            first_only: true,
            ..Decoder::default()
        }
    }

    /// Returns the bytes that the equations hold.
    pub fn held(&self) -> usize {
        let collecting = match &self.state {
            State::Collecting(collecting) => Some(collecting),
            State::Empty | State::Whole(_) => None,
        };
        collecting
            .into_iter()
            .chain(&self.rival)
            .map(Collecting::held)
            .sum()
    }

    fn take_whole(&mut self, id: MessageId, message: Vec<u8>) -> Result<Step, UrError> {
        match &self.state {
            State::Whole(known) if *known == id => return Ok(Step::Known),
            State::Whole(_) => return Err(UrError::Foreign),
            State::Collecting(collecting) if self.is_kept(collecting) => {
                return Err(UrError::Foreign);
            }
            State::Collecting(_) | State::Empty => {}
        }
        let payload = unwrap(id.ur_type, message)?;
        self.state = State::Whole(id);
        self.rival = None;
        Ok(Step::Whole(payload))
    }

    fn take_part(&mut self, part: &Part) -> Result<Step, UrError> {
        match &mut self.state {
            State::Whole(id) if *id == part.id => Ok(Step::Known),
            State::Whole(_) => Err(UrError::Foreign),
            State::Empty => {
                let collecting = Collecting::start(part);
                self.state = State::Collecting(collecting);
                self.finish_if_solved(Step::Nearer)
            }
            State::Collecting(collecting) if collecting.id == part.id => {
                let step = collecting.add(part)?;
                self.finish_if_solved(step)
            }
            State::Collecting(_) => self.take_other(part),
        }
    }

    /// Tells whether no other message may take the place of this one.
    fn is_kept(&self, collecting: &Collecting) -> bool {
        self.first_only || collecting.equations.rank() > 1
    }

    /// Takes a part of another message than the one that is being collected.
    fn take_other(&mut self, part: &Part) -> Result<Step, UrError> {
        match &self.state {
            State::Collecting(collecting) if self.is_kept(collecting) => Err(UrError::Foreign),
            _ => self.take_rival(part),
        }
    }

    /// Takes a part of another message than the one that has a single part.
    fn take_rival(&mut self, part: &Part) -> Result<Step, UrError> {
        let Some(mut rival) = self.rival.take().filter(|rival| rival.id == part.id) else {
            self.rival = Some(Collecting::start(part));
            return Err(UrError::Foreign);
        };
        match rival.add(part) {
            Ok(Step::Nearer) => {
                self.state = State::Collecting(rival);
                self.finish_if_solved(Step::Nearer)
            }
            _ => {
                self.rival = Some(rival);
                Err(UrError::Foreign)
            }
        }
    }

    fn finish_if_solved(&mut self, step: Step) -> Result<Step, UrError> {
        match std::mem::take(&mut self.state) {
            State::Collecting(collecting) if collecting.equations.is_solved() => {
                self.rival = None;
                let id = collecting.id;
                let mut message = collecting.equations.join();
                message.truncate(id.message_bytes);
                if crc32(&message) != id.checksum {
                    return Err(UrError::Checksum);
                }
                let payload = unwrap(id.ur_type, message)?;
                self.state = State::Whole(id);
                Ok(Step::Whole(payload))
            }
            state => {
                self.state = state;
                Ok(step)
            }
        }
    }
}

impl Assembly for Decoder {
    type Error = UrError;

    fn take(&mut self, part: &[u8]) -> Result<Step, UrError> {
        match read(part)? {
            Text::Whole { id, message } => self.take_whole(id, message),
            Text::Part(part) => self.take_part(&part),
        }
    }

    /// Independent parts had, of K. Nothing is known before the first part: 0 of 1.
    fn progress(&self) -> Progress {
        match &self.state {
            State::Empty => Progress { have: 0, need: 1 },
            State::Collecting(collecting) => Progress {
                have: collecting.equations.rank(),
                need: usize::from(collecting.id.fragments),
            },
            State::Whole(id) => Progress {
                have: usize::from(id.fragments),
                need: usize::from(id.fragments),
            },
        }
    }
}

impl Collecting {
    fn start(part: &Part) -> Collecting {
        let fragments = part.id.fragments;
        let mut collecting = Collecting {
            id: part.id,
            chooser: Chooser::new(fragments, part.id.checksum),
            equations: Elimination::new(usize::from(fragments)),
        };
        // The first part contradicts none.
        let _ = collecting.add(part);
        collecting
    }

    fn held(&self) -> usize {
        let count = usize::from(self.id.fragments);
        let row = self.id.message_bytes.div_ceil(count) + count.div_ceil(8);
        // The chooser's table of degrees and the places of the rows.
        count * 64 + self.equations.rank() * row
    }

    fn add(&mut self, part: &Part) -> Result<Step, UrError> {
        let fragments = self.chooser.fragments(part.sequence);
        match self.equations.insert(&fragments, &part.data) {
            Outcome::Known => Ok(Step::Known),
            Outcome::Nearer => Ok(Step::Nearer),
            Outcome::Contradiction => Err(UrError::Contradiction),
        }
    }
}
