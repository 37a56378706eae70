//! Why something is not a frame, or cannot become frames.

use super::{MAX_MESSAGE_BYTES, MAX_OBJECT_BYTES, MAX_SYMBOLS};

/// Why a frame is not taken. Unless said otherwise, what was collected stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RaptorqError {
    /// It does not begin with the prefix.
    #[error(
        "this code is not a frame of Cofferdam's fast mode; choose another preset on the sending side"
    )]
    NotFast,
    /// The letters are not base45, or there are too many or too few.
    #[error("the frame's letters are malformed; show the code again")]
    Letters,
    /// The frame's checksum is wrong.
    #[error("the frame was misread; show the code again")]
    Checksum,
    /// The header has a kind or a mark that this version does not know.
    #[error("the frame is of a newer version; use the same version of Cofferdam on both sides")]
    Newer,
    /// The header announces an object that is too long, too short, or of too many symbols.
    #[error(
        "the frame announces {bytes} bytes in symbols of {symbol}; at most {limit} bytes in {symbols} symbols are taken",
        limit = MAX_OBJECT_BYTES, symbols = MAX_SYMBOLS
    )]
    Lengths {
        /// The object's bytes.
        bytes: usize,
        /// A symbol's bytes.
        symbol: usize,
    },
    /// The frame is of another message.
    #[error("this code belongs to another message; finish the first one, or start again")]
    Foreign,
    /// The message came out, but its hash is wrong, or it inflates beyond what is taken. What was
    /// collected is dropped: nobody can tell which frame is wrong.
    #[error(
        "the message does not match its hash, so one of its frames was forged; scanning starts again by itself"
    )]
    Hash,
}

/// Why a message cannot be shown as frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A seed is never shown as frames.
    #[error("a seed is never shown in this format; use the backup words")]
    Secret,
    /// The message is too long.
    #[error("the message has {found} bytes, more than {limit}; hand it over as a file", limit = MAX_MESSAGE_BYTES)]
    TooLong {
        /// The bytes there are.
        found: usize,
    },
    /// The symbols are so small that there are too many, or too large for any code.
    #[error(
        "{found} bytes a symbol do not fit this message; choose a size that gives at most {limit} symbols",
        limit = MAX_SYMBOLS
    )]
    SymbolSize {
        /// The size asked for.
        found: usize,
    },
}
