//! A message as frames.

use raptorq::SourceBlockEncoder;

use super::frame::{AROUND_BYTES, Frame, MessageId};
use super::{
    EncodeError, MAX_FRAME_CHARS, MAX_MESSAGE_BYTES, MAX_OBJECT_BYTES, PREFIX, base45, object,
};
use crate::{Kind, Payload};

/// The end of encoding symbol ids (RFC 6330): after as many frames, a fortnight of them, repair
/// symbols come again.
const SYMBOL_ID_END: u32 = 1 << 24;

/// Shows a message as frames: first its K symbols, then repair symbols, each frame another one.
#[derive(Debug)]
pub struct Encoder {
    id: MessageId,
    source: Vec<Vec<u8>>,
    block: SourceBlockEncoder,
    next: u32,
}

impl Encoder {
    /// Makes the frames of a message, with at most `max_symbol_bytes` of it in each. They are as
    /// many as that makes necessary, and no larger than so many must be: smaller codes are read
    /// more surely.
    pub fn new(payload: &Payload, max_symbol_bytes: usize) -> Result<Encoder, EncodeError> {
        let message = &payload.bytes;
        if payload.kind == Kind::Seed {
            return Err(EncodeError::Secret);
        }
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(EncodeError::TooLong {
                found: message.len(),
            });
        }
        let (mut object, compressed) = object::pack(message);
        if object.len() > MAX_OBJECT_BYTES {
            return Err(EncodeError::TooLong {
                found: message.len(),
            });
        }
        let wrong_size = EncodeError::SymbolSize {
            found: max_symbol_bytes,
        };
        let densest = MessageId::of_object(&object, payload.kind, compressed, max_symbol_bytes);
        let count = densest.ok_or(wrong_size)?.symbols();
        let symbol_bytes = object.len().div_ceil(count);
        let id = MessageId::of_object(&object, payload.kind, compressed, symbol_bytes)
            .ok_or(wrong_size)?;
        object.resize(id.symbols() * symbol_bytes, 0);
        let block = SourceBlockEncoder::new(0, &id.config(), &object);
        Ok(Encoder {
            id,
            source: object.chunks(symbol_bytes).map(<[u8]>::to_vec).collect(),
            block,
            next: 0,
        })
    }

    /// Returns K, the number of symbols: how many frames the fastest receiver needs.
    pub fn symbols(&self) -> usize {
        self.source.len()
    }

    /// Returns the next frame to show. There is always one.
    pub fn next_frame(&mut self) -> String {
        let symbol_id = self.next;
        let count = self.source.len() as u32;
        self.next = if symbol_id + 1 < SYMBOL_ID_END {
            symbol_id + 1
        } else {
            count
        };
        let symbol = match self.source.get(symbol_id as usize) {
            Some(symbol) => symbol.clone(),
            None => self
                .block
                .repair_packets(symbol_id - count, 1)
                .pop()
                .map(|packet| packet.split().1)
                .unwrap_or_default(),
        };
        Frame {
            id: self.id,
            symbol_id,
            symbol,
        }
        .write()
    }
}

/// Returns the greatest symbol, in bytes, with which a frame has at most `max_chars` characters;
/// none where not even a byte fits. To be given to [`Encoder::new`].
pub fn symbol_bytes(max_chars: usize) -> Option<usize> {
    let chars = max_chars.min(MAX_FRAME_CHARS).checked_sub(PREFIX.len())?;
    base45::bytes(chars)
        .checked_sub(AROUND_BYTES)
        .filter(|&bytes| bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(size: usize) -> Payload {
        Payload {
            kind: Kind::Text,
            bytes: (0..size)
                .map(|index| ((index * index) >> 3) as u8)
                .collect(),
        }
    }

    fn incompressible(size: usize) -> Payload {
        let mut word = 1u64;
        let bytes = (0..size).map(|_| {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (word >> 56) as u8
        });
        Payload {
            kind: Kind::Bytes,
            bytes: bytes.collect(),
        }
    }

    #[test]
    fn frames_fill_what_they_shall() {
        for max_chars in [30, 31, 32, 100, 1_000, MAX_FRAME_CHARS] {
            let symbol = symbol_bytes(max_chars).unwrap();
            let (bytes, hash) = (10 * symbol, 32);
            let mut encoder = Encoder::new(&incompressible(bytes), symbol).unwrap();
            assert_eq!(encoder.symbols(), (bytes + hash).div_ceil(symbol));
            let length = encoder.next_frame().len();
            assert!(
                (max_chars / 2..=max_chars).contains(&length),
                "{length} of {max_chars}"
            );
        }
        assert_eq!(symbol_bytes(27), None);
        assert_eq!(symbol_bytes(0), None);
    }

    #[test]
    fn a_message_of_one_frame_has_a_small_code() {
        let mut encoder = Encoder::new(&incompressible(100), 800).unwrap();
        assert_eq!(encoder.symbols(), 1);
        assert!(encoder.next_frame().len() < 250);
    }

    #[test]
    fn no_frame_comes_twice_and_all_are_alphanumeric() {
        let mut encoder = Encoder::new(&text(1_000), 50).unwrap();
        let frames: Vec<_> = (0..500).map(|_| encoder.next_frame()).collect();
        let mut different = frames.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), frames.len());
        let alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        assert!(
            frames
                .iter()
                .flat_map(|frame| frame.chars())
                .all(|c| alphanumeric.contains(c))
        );
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let refused = |payload: &Payload, symbol| Encoder::new(payload, symbol).map(|_| ());
        let seed = Payload {
            kind: Kind::Seed,
            bytes: vec![0; 16],
        };
        assert_eq!(refused(&seed, 50), Err(EncodeError::Secret));
        for found in [0, 3_000, 70_000] {
            let error = EncodeError::SymbolSize { found };
            assert_eq!(refused(&text(70_000), found), Err(error));
        }
        // With its hash one symbol too many.
        let found = 1;
        let error = EncodeError::SymbolSize { found };
        assert_eq!(refused(&incompressible(4_065), found), Err(error));
        assert_eq!(refused(&incompressible(4_064), found), Ok(()));
        let found = MAX_MESSAGE_BYTES + 1;
        let long = Payload {
            kind: Kind::Bytes,
            bytes: vec![0; found],
        };
        assert_eq!(refused(&long, 50), Err(EncodeError::TooLong { found }));
    }
}
