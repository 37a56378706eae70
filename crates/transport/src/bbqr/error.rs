//! Why a file is not shown as BBQr, and why a part is not taken.

use super::{MAX_FILE, MAX_PART, MAX_PARTS};

/// Why a file does not become BBQr parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// There is nothing to show.
    #[error("there is nothing to show as codes: the file is empty")]
    Empty,
    /// A seed.
    #[error("a seed is not shown as codes")]
    Seed,
    /// More bytes than receivers inflate.
    #[error("the file has {0} bytes, and BBQr takes {MAX_FILE} at most; carry it as a file")]
    TooLarge(usize),
    /// More parts than two digits can count.
    #[error(
        "the file needs {0} codes of this density, and BBQr counts to {MAX_PARTS}; show denser codes, or carry it as a file"
    )]
    TooManyParts(usize),
    /// The deflater failed.
    #[error("the file could not be deflated; choose another encoding")]
    Deflate,
    /// A code that has no room for the header and eight characters.
    #[error("a code of {0} characters has no room for a BBQr part; show denser codes")]
    Room(usize),
}

/// Why a part is not taken. What was collected stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// No BBQr part.
    #[error("this is no BBQr part: it does not begin with `B$` and six more characters")]
    NotAPart,
    /// Longer than a code.
    #[error("a BBQr part has {0} characters, and no code holds more than {MAX_PART}")]
    PartTooLong(usize),
    /// An encoding other than `H`, `2` and `Z`.
    #[error("the BBQr encoding `{}` is not known; let the sender use H, 2 or Z", .0.escape_ascii())]
    UnknownEncoding(u8),
    /// A file type other than `P`, `T`, `J`, `C`, `U` and `B`.
    #[error("BBQr files of type `{}` are not taken here; only P, T, J, C, U and B are", .0.escape_ascii())]
    UnknownFileType(u8),
    /// A number that is not two digits in base 36.
    #[error("a number in the BBQr header is not in base 36; scan the code again")]
    Number,
    /// An index beyond the number of parts.
    #[error("a BBQr part claims to be number {index} (from 0) of {total}; scan the code again")]
    Index {
        /// The index, from 0.
        index: usize,
        /// The number of parts.
        total: usize,
    },
    /// A part with nothing in it.
    #[error("BBQr part {0} (from 0) is empty; scan the code again")]
    EmptyPart(usize),
    /// Characters of another alphabet, or half a byte at the end.
    #[error(
        "BBQr part {0} (from 0) is damaged: its characters are not in its encoding; scan the code again"
    )]
    Characters(usize),
    /// A part of another file.
    #[error("this code is part of another BBQr file")]
    OtherFile,
    /// A part that was read before with other content, or whose length is not that of the others.
    #[error(
        "BBQr part {0} (from 0) contradicts what was read before: it is of another file, or was misread; go on scanning"
    )]
    Conflict(usize),
    /// The parts together are not what they claim.
    #[error(
        "the BBQr file is damaged ({0}); the last code was dropped: go on scanning, and start again if it comes back"
    )]
    Damaged(Damage),
}

/// What is wrong with a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The deflated stream is malformed.
    #[error("it does not inflate")]
    Deflate,
    /// The deflated stream has no end.
    #[error("its deflated stream is cut off")]
    CutOff,
    /// Bytes after the deflated stream.
    #[error("bytes follow its deflated stream")]
    Trailing,
    /// It inflates to more than [`MAX_FILE`].
    #[error("it inflates to more than {MAX_FILE} bytes")]
    TooLarge,
    /// A PSBT without magic bytes, a transaction that does not parse, text that is not UTF-8.
    #[error("it is not of the type that it claims")]
    Type,
}
