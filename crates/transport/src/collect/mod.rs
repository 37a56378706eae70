//! From the contents of codes, as a camera finds them, to messages.
//!
//! - [`Collector`]: takes every code, whatever its format, and says what it did.
//! - [`Format`]: the formats of several codes that it knows; a new one is a line of its table and
//!   an implementation of [`Joins`].
//! - [`Refusal`]: why a code is foreign.

mod collector;
mod format;
mod rate;
mod refusal;
mod under_way;

pub use collector::{Collector, Limits, MessageId, Seen, Wanted};
pub use format::{Format, Joins};
pub use refusal::Refusal;
