//! From bytes to signatures, one type after the other; each can only be made from the one before.
//!
//! ```text
//! files ──examine(wallets, journal)──> Examined ──permit──> Permitted
//!       ──consented(operator)──> Consented ──sign(keys)──> Signed
//! ```

mod amounts;
mod bundle;
mod consent;
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

pub(crate) use bundle::journal_answers;
pub(crate) use consent::{Consented, NotConsented, consented};
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
