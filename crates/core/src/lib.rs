//! What both sides of the air gap share: bytes in, values out. Nothing here does I/O; clocks and
//! random numbers are arguments.
//!
//! - [`network`], [`script_type`], [`count`]: the words everything else uses.
//! - [`keys`]: mnemonics, private keys, signatures; the only place with private keys.
//! - [`known_answers`]: what the machine must compute rightly before it is trusted with keys.
//! - [`psbt`]: partially signed transactions: strict parsing, building, finalizing.
//! - [`review`]: what a PSBT really does: proven facts, and the rules' findings.
//! - [`sanitize`]: text that others wrote, made harmless for screens, tables and documents.
//! - [`seal`]: the vault format: bytes in, bytes out.
//! - [`wallet`]: public wallets: descriptors, derivation, file formats.

pub mod count;
mod hex;
pub mod keys;
pub mod known_answers;
pub mod network;
pub mod psbt;
pub mod review;
pub mod sanitize;
pub mod script_type;
pub mod seal;
pub mod wallet;

pub use network::Network;
pub use script_type::ScriptType;
