//! Frames to a message.

use std::collections::BTreeSet;

use raptorq::{EncodingPacket, PayloadId, SourceBlockDecoder};

use super::frame::{Frame, MessageId};
use super::{RaptorqError, object};
use crate::{Assembly, Payload, Progress, Step};

/// How many symbols beyond K are taken. RaptorQ fails with K + 2 once in a million times, so more
/// come only from a forger.
const MAX_OVERHEAD: usize = 64;

/// Assembles a message from its frames, in any order and with gaps.
///
/// The first frame decides which message it is; frames of others are refused. One exception, so
/// that a single stray code does not lock it: as long as only one frame was had, two frames of
/// another message take its place.
///
/// [`Decoder::of_first`] makes no exception.
///
/// When the hash of the whole is wrong, a frame was forged, and nobody can tell which: at
/// [`RaptorqError::Hash`] it starts again from nothing. Only then progress goes back.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// The only frame of another message, while [`Decoder::state`] has a single frame too.
    rival: Option<Frame>,
    /// Frames of other messages are somebody else's.
    first_only: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Collecting(Box<Collecting>),
    Whole(MessageId),
}

#[derive(Debug)]
struct Collecting {
    id: MessageId,
    had: BTreeSet<u32>,
    block: SourceBlockDecoder,
}

impl Decoder {
    /// Starts with nothing.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Starts with nothing, for whoever keeps a decoder for each message: a frame of another
    /// message than the first never takes its place.
    pub fn of_first() -> Decoder {
        Decoder {
            first_only: true,
            ..Decoder::default()
        }
    }

    /// Returns the bytes of the symbols held.
    pub fn held(&self) -> usize {
        match &self.state {
            State::Collecting(collecting) => {
                collecting.had.len() * usize::from(collecting.id.symbol_bytes)
            }
            State::Empty | State::Whole(_) => 0,
        }
    }

    fn start(&mut self, frame: Frame) -> Result<Step, RaptorqError> {
        let config = frame.id.config();
        let padded = frame.id.symbols() * usize::from(frame.id.symbol_bytes);
        self.state = State::Collecting(Box::new(Collecting {
            id: frame.id,
            had: BTreeSet::new(),
            block: SourceBlockDecoder::new(0, &config, padded as u64),
        }));
        self.add(frame)
    }

    /// Takes a frame of the message that is being collected.
    fn add(&mut self, frame: Frame) -> Result<Step, RaptorqError> {
        let State::Collecting(collecting) = &mut self.state else {
            return Ok(Step::Known);
        };
        if !collecting.had.insert(frame.symbol_id) {
            return Ok(Step::Known);
        }
        let packet = EncodingPacket::new(PayloadId::new(0, frame.symbol_id), frame.symbol);
        let Some(mut object) = collecting.block.decode(std::iter::once(packet)) else {
            if collecting.had.len() > collecting.id.symbols() + MAX_OVERHEAD {
                self.state = State::Empty;
                return Err(RaptorqError::Hash);
            }
            return Ok(Step::Nearer);
        };
        let id = collecting.id;
        self.state = State::Empty;
        object.truncate(id.object_bytes);
        let bytes = object::unpack(&object, id.compressed).ok_or(RaptorqError::Hash)?;
        self.state = State::Whole(id);
        Ok(Step::Whole(Payload {
            kind: id.kind,
            bytes,
        }))
    }

    /// Takes a frame of another message than the one that has a single frame.
    fn take_rival(&mut self, frame: Frame) -> Result<Step, RaptorqError> {
        match self.rival.take() {
            Some(first) if first.id == frame.id && first.symbol_id != frame.symbol_id => {
                self.start(first)?;
                self.add(frame)
            }
            _ => {
                self.rival = Some(frame);
                Err(RaptorqError::Foreign)
            }
        }
    }
}

impl Assembly for Decoder {
    type Error = RaptorqError;

    fn take(&mut self, part: &[u8]) -> Result<Step, RaptorqError> {
        let frame = Frame::read(part)?;
        match &self.state {
            State::Empty => self.start(frame),
            State::Whole(id) if *id == frame.id => Ok(Step::Known),
            State::Whole(_) => Err(RaptorqError::Foreign),
            State::Collecting(collecting) if collecting.id == frame.id => self.add(frame),
            State::Collecting(collecting) if self.first_only || collecting.had.len() > 1 => {
                Err(RaptorqError::Foreign)
            }
            State::Collecting(_) => self.take_rival(frame),
        }
    }

    /// Different frames had, of K. Nothing is known before the first frame: 0 of 1.
    fn progress(&self) -> Progress {
        match &self.state {
            State::Empty => Progress { have: 0, need: 1 },
            State::Collecting(collecting) => {
                let need = collecting.id.symbols();
                Progress {
                    have: collecting.had.len().min(need),
                    need,
                }
            }
            State::Whole(id) => Progress {
                have: id.symbols(),
                need: id.symbols(),
            },
        }
    }
}
