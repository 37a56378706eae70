//! What end-to-end tests and benchmarks stand on: a real bitcoind on regtest, and the two binaries.
//!
//! - [`bitcoind`]: finds or builds a bitcoind, starts it on free loopback ports, mines and
//!   reorganises.
//! - [`frames`]: codes as bad cameras see them.
//! - [`hostile`]: PSBTs, runs and vaults of an attacker, each with what the signer must say.
//! - [`measure`]: times of ours and of peers in one run, as ratios.
//! - [`peer`]: other implementations of the QR formats, in Python and JavaScript.
//! - [`binaries`]: finds or builds `cofferdam-signer` and `cofferdam-watcher`, and runs them as a
//!   person would.

pub mod binaries;
pub mod bitcoind;
pub mod frames;
pub mod hostile;
pub mod measure;
pub mod peer;

pub use binaries::{Run, Signer, Watcher};
pub use bitcoind::Bitcoind;

use bitcoin::hashes::{Hash as _, hash160};
use bitcoin::{Address, Network, ScriptBuf, WPubkeyHash};

/// Returns an address of regtest that nobody has the key of, another one for each number.
///
/// # Panics
/// Never: every witness program of version 0 with 20 bytes has an address.
pub fn payee(number: usize) -> String {
    let hash = hash160::Hash::hash(&number.to_le_bytes());
    let script = ScriptBuf::new_p2wpkh(&WPubkeyHash::from_raw_hash(hash));
    let address = Address::from_script(&script, Network::Regtest).expect("an address");
    address.to_string()
}
