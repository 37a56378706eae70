//! What every format of several codes has in common: parts go in, in any order and with gaps, until
//! a message comes out.

use crate::payload::Payload;

/// How far an assembly is. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How much is known: independent equations, for fountain codes; different parts otherwise. At
    /// most `need`.
    pub have: usize,
    /// How much is needed.
    pub need: usize,
}

/// What a part did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It said nothing new.
    Known,
    /// It brought the message nearer.
    Nearer,
    /// The message is whole, and its checksum right.
    Whole(Payload),
}

/// Assembles one message from its parts.
///
/// A part that does not belong to this message, or is malformed, changes nothing: what was
/// collected stays.
pub trait Assembly {
    /// Why a part is not taken. Small and free of the part's content.
    type Error: std::error::Error;

    /// Takes a part: the content of one code.
    fn take(&mut self, part: &[u8]) -> Result<Step, Self::Error>;

    /// Tells how far it is.
    fn progress(&self) -> Progress;
}
