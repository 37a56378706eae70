//! What the benchmarks at the size of a treasury share.
//!
//! - [`treasury`]: a seeded treasury, and a ledger that holds it.
//! - [`payouts`]: drawn payout lists.
//! - [`unsigned`]: a PSBT that spends a treasury's coins.
//! - [`child`]: programs that are measured as a whole.

pub mod child;
pub mod payouts;
pub mod treasury;
pub mod unsigned;
