//! What is told while a scan goes on.

use std::time::{Duration, Instant};

use cofferdam_core::count::counted;
use cofferdam_transport::Progress;
use cofferdam_transport::collect::MessageId;

/// How often people are told of progress.
const OFTEN: Duration = Duration::from_millis(250);

/// What people are told while a scan goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// A part came, or the rate changed.
    Nearer {
        /// Which message.
        message: MessageId,
        /// How far it is.
        progress: Progress,
        /// How many frames are read in a second.
        frames_per_second: f64,
    },
    /// The message that was wanted is whole.
    Whole {
        /// How many codes were read for it, repeated ones too.
        codes: u64,
    },
    /// A code that belongs to nothing that is collected.
    Foreign(String),
    /// A frame ended the decoder, and is skipped.
    Cut {
        /// The frame, from 0.
        frame: u64,
    },
}

/// What people are told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// How far the message is: it takes the place of what was told before.
    Parts {
        /// Parts had.
        have: usize,
        /// Parts needed.
        need: usize,
        /// Codes read in a second.
        rate: f64,
    },
    /// Something to know.
    Note(String),
}

/// Chooses what people are told: progress four times a second, and a code that stays in sight once.
#[derive(Debug, Default)]
pub struct Teller {
    told: Option<Instant>,
    foreign: Option<String>,
}

impl Teller {
    /// Returns what to tell of an update, if anything.
    pub fn tell(&mut self, update: Update) -> Option<Told> {
        Some(match update {
            Update::Nearer {
                progress: Progress { have, need },
                frames_per_second,
                ..
            } => {
                if have < need && self.told.is_some_and(|told| told.elapsed() < OFTEN) {
                    return None;
                }
                self.told = Some(Instant::now());
                Told::Parts {
                    have,
                    need,
                    rate: frames_per_second,
                }
            }
            Update::Whole { codes } => {
                Told::Note(format!("read all of it, from {}", counted(codes, "code")))
            }
            Update::Foreign(reason) if self.foreign.as_ref() == Some(&reason) => return None,
            Update::Foreign(reason) => {
                let note = format!("skipped a code: {reason}");
                self.foreign = Some(reason);
                Told::Note(note)
            }
            Update::Cut { frame } => Told::Note(format!(
                "skipped picture {}: it cost too much to read",
                frame + 1
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_stays_in_sight_is_told_once() {
        let mut teller = Teller::default();
        let foreign = |reason: &str| Update::Foreign(reason.into());
        assert!(teller.tell(foreign("text")).is_some());
        assert_eq!(teller.tell(foreign("text")), None);
        assert!(teller.tell(foreign("another")).is_some());
        let cut = teller.tell(Update::Cut { frame: 0 });
        assert_eq!(
            cut,
            Some(Told::Note(
                "skipped picture 1: it cost too much to read".into()
            ))
        );
    }
}
