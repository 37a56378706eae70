//! What the benchmarks at the size of a treasury share.
//!
//! - [`treasury`]: a seeded treasury, and a ledger that holds it.
//! - [`child`]: programs that are measured as a whole.

pub mod child;
pub mod treasury;
