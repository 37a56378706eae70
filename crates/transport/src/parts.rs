//! What is shown of a message.

/// The parts of a message, without end.
pub trait Parts: Send {
    /// Returns the content of the next code.
    fn next_part(&mut self) -> Vec<u8>;

    /// Returns how many codes a receiver needs at least.
    fn count(&self) -> usize;
}

/// In which order a fountain shows its parts. A loop has only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The format's own: every pure part once, then mixed ones (BCR-2020-005).
    Standard,
    /// All pure parts, as many fresh mixed ones, all pure parts again, and so on: receivers that
    /// peel need fewer codes, those that solve a few more.
    Alternating,
}
