//! What end-to-end tests and benchmarks stand on: a real bitcoind on regtest, and the two binaries.
//!
//! - [`bitcoind`]: finds or builds a bitcoind, starts it on free loopback ports, mines and reorganises.
//! - [`frames`]: codes as bad cameras see them.
//! - [`hostile`]: PSBTs, runs and vaults of an attacker, each with what the signer must say.
//! - [`measure`]: times of ours and of peers in one run, as ratios.
//! - [`peer`]: other implementations of the QR formats, in Python and JavaScript.
//! - [`binaries`]: finds or builds `cofferdam-signer` and `cofferdam-watcher`, and runs them as a person would.

pub mod binaries;
pub mod bitcoind;
pub mod frames;
pub mod hostile;
pub mod measure;
pub mod peer;

pub use binaries::{Run, Signer, Watcher};
pub use bitcoind::Bitcoind;
