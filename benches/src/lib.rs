//! What the benchmarks at the size of a treasury share.
//!
//! - [`treasury`]: a seeded treasury, and a ledger that holds it.
//! - [`blocks`]: seeded regtest blocks, as full as blocks are.
//! - [`payouts`]: drawn payout lists.
//! - [`choice`]: what a choice of coins costs, and how Bitcoin Core chooses.
//! - [`unsigned`]: PSBTs that spend the coins of a treasury, or new ones.
//! - [`child`]: programs that are measured as a whole.

pub mod blocks;
pub mod child;
pub mod choice;
pub mod payouts;
pub mod treasury;
pub mod unsigned;
