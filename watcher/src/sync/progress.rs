//! What a sync tells of itself while it works.

/// What a sync does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading and checking headers.
    Headers,
    /// Searching blocks.
    Blocks,
    /// Reading the memory pool.
    MemoryPool,
}

/// Hears how far a sync is.
pub trait Progress: Send + Sync {
    /// Something else is done from now on.
    fn begins(&self, phase: Phase);
    /// How many blocks are done, and how many there are to do.
    fn reached(&self, done: u32, of: u32);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begins(&self, _: Phase) {}
    fn reached(&self, _: u32, _: u32) {}
}
