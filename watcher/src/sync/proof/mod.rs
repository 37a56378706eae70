//! What a chain source's answers prove, checked before they are believed.
//!
//! - [`block`]: a block's transactions against its header, its witnesses against its commitment.
//! - [`spends`]: signatures of spends of our coins, by Bitcoin Core's consensus code.
//! - [`headers`]: work and times of a chain of headers; [`network`]: where each network's begins.

pub mod block;
pub mod headers;
pub mod network;
pub mod spends;

pub use super::proof_error::{HeaderFault, ProofError};
