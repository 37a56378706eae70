//! From bytes to signatures, one type after the other; each can only be made from the one before.
//!
//! ```text
//! files ──examine(wallets, journal)──> Examined ──permit──> Permitted
//!       ──approve(operator)──> Approved ──sign(keys)──> Signed
//! ```

mod amounts;
mod approve;
mod bundle;
mod examine;
mod expect;
mod hashes;
mod permit;
mod recall;
mod record;
mod sign;
mod verify;
#[cfg(test)]
mod worst_case;

pub(crate) use approve::{Approved, NotApproved, approve};
pub(crate) use bundle::journal_answers;
pub(crate) use examine::{Examined, Surroundings, examine};
pub(crate) use expect::{Disagreement, Expected};
pub(crate) use permit::permit;
pub(crate) use sign::{Signed, SigningWallet, sign};

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify_tests;
