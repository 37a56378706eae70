//! The private RaptorQ mode between our own two ends: RaptorQ (RFC 6330) over frames in base45 (RFC
//! 9285).
//!
//! Any K frames, and rarely one or two more, make the message, whenever the scan begins and
//! whichever are lost: the sender never repeats one. [`Encoder`] makes frames, [`Decoder`] takes
//! them. Byte by byte: `docs/formats/raptorq-frames.md`.

mod base45;
mod decoder;
mod encoder;
mod error;
mod frame;
mod object;

pub use self::decoder::Decoder;
pub use self::encoder::{Encoder, symbol_bytes};
pub use self::error::{EncodeError, RaptorqError};

/// What every frame begins with.
pub const PREFIX: &str = "CF1:";
/// The most symbols of an object. RaptorQ could take 56,403, but solving for them takes seconds and
/// hundreds of MiB.
pub const MAX_SYMBOLS: usize = 4_096;
/// The most bytes of a message.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// The most bytes of an object: a message, compressed or not, with its hash.
pub const MAX_OBJECT_BYTES: usize = 8 << 20;
/// The most characters of a frame: those of the largest code (version 40, level L).
pub const MAX_FRAME_CHARS: usize = 4_296;
