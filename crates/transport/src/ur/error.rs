//! Why something is not a part of a uniform resource, or cannot become one.

use super::{MAX_FRAGMENTS, MAX_MESSAGE_BYTES};

/// Why a part is not taken. Unless said otherwise, what was collected stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrError {
    /// It does not begin with `ur:`, or has other characters than a UR.
    #[error("this code is not a UR; show one that begins with \"ur:\"")]
    NotUr,
    /// The type is none that we read.
    #[error(
        "this UR's type is not one that is read here; export a PSBT, an account, an output descriptor or bytes"
    )]
    UnknownType,
    /// The path between type and data is not `seqNum-seqLen` (`NofM` in version 1), or counts
    /// from 0.
    #[error("the UR's sequence numbers are malformed; show the code again")]
    Sequence,
    /// More characters than any code holds, or than a message may have.
    #[error("the UR has {found} characters, more than {limit}; show it as several codes")]
    TooLong {
        /// The most characters.
        limit: usize,
        /// The characters there are.
        found: usize,
    },
    /// The letters are not bytewords, or their checksum is wrong.
    #[error("the UR's letters or their checksum are wrong; show the code again")]
    Letters,
    /// The part is not the CBOR array of a part.
    #[error("the UR's part is not well-formed; show the code again")]
    Malformed,
    /// A part announces more fragments than are taken.
    #[error("the UR has {found} parts, more than {limit}; show denser codes")]
    TooManyFragments {
        /// The most fragments.
        limit: usize,
        /// The fragments announced.
        found: u32,
    },
    /// A part announces a longer message than is taken.
    #[error("the UR's message has {found} bytes, more than {limit}; hand it over as a file")]
    MessageTooLong {
        /// The most bytes.
        limit: usize,
        /// The bytes announced.
        found: u32,
    },
    /// Fragment size, count and message length do not fit together.
    #[error("the UR's part contradicts its own lengths; show the code again")]
    Lengths,
    /// The part is of another message.
    #[error("this code belongs to another message; finish the first one, or start again")]
    Foreign,
    /// The part contradicts the others: one of them is wrong.
    #[error("this part contradicts the others; if the message does not come out, start again")]
    Contradiction,
    /// All parts are there, and the checksum of the whole is wrong. What was collected is dropped:
    /// nobody can tell which part is wrong.
    #[error(
        "the message's checksum is wrong, so one of its parts was; scanning starts again by itself"
    )]
    Checksum,
    /// The message is whole, but not what its type says. What was collected is dropped.
    #[error("the UR's content is not what its type says; export it again")]
    Content,
}

/// Why a message cannot be shown as a UR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A seed is never shown as a UR.
    #[error("a seed is never shown in this format; use the backup words")]
    Secret,
    /// There is nothing to show.
    #[error("the message is empty; there is nothing to show")]
    Empty,
    /// The message is too long.
    #[error("the message has {found} bytes, more than {limit}; hand it over as a file", limit = MAX_MESSAGE_BYTES)]
    TooLong {
        /// The bytes there are.
        found: usize,
    },
    /// The fragments are so small that there are too many, or too large for any code.
    #[error(
        "{found} bytes a fragment do not fit this message; choose a size that gives at most {limit} fragments",
        limit = MAX_FRAGMENTS
    )]
    FragmentSize {
        /// The size asked for.
        found: usize,
    },
}
