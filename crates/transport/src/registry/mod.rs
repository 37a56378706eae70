//! The registry types of uniform resources that describe wallets: keys, output descriptors and
//! accounts, in CBOR.
//!
//! - [`HdKey`]: an account's extended public key with its origin (BCR-2020-007).
//! - [`Output`]: an output descriptor (BCR-2020-010 and BCR-2023-010).
//! - [`Account`]: several of them under one master key (BCR-2020-015 and BCR-2023-019).
//! - [`descriptors`]: what came across, as text that
//!   [`Wallet::import`](cofferdam_core::wallet::Wallet::import) reads.
//!
//! Public keys only: whatever holds a private key is refused. Old and new tags are read alike;
//! [`Names`] says which ones are written.

mod account;
mod coin_info;
mod error;
mod hd_key;
mod key_path;
mod output;
mod reader;
mod writer;

pub use self::account::Account;
pub use self::error::RegistryError;
pub use self::hd_key::HdKey;
pub use self::key_path::{KeyPath, Step};
pub use self::output::{Output, Source};
use crate::ur::Names;
use crate::{Kind, Payload};

/// Returns the descriptors of a key, an output descriptor or an account that came across, one a
/// line and without checksums, each with its origin and both branches where it says nothing else.
/// Descriptors of an account that are not of one key are left out, unless there are no others.
///
/// A key by itself has no script type; the purpose that its path begins with tells it (BIP43).
pub fn descriptors(payload: &Payload) -> Result<String, RegistryError> {
    match payload.kind {
        Kind::HdKey => HdKey::decode(&payload.bytes)?.descriptor_by_purpose(),
        Kind::Output => Output::decode(&payload.bytes)?.descriptor(),
        Kind::Account => Ok(Account::decode(&payload.bytes)?.descriptors()?.join("\n")),
        _ => Err(RegistryError::OtherKind),
    }
}

/// The CBOR tags of both generations.
mod tags {
    use super::Names;

    pub(super) const HD_KEY: [u64; 2] = [303, 40303];
    pub(super) const KEY_PATH: [u64; 2] = [304, 40304];
    pub(super) const COIN_INFO: [u64; 2] = [305, 40305];
    pub(super) const EC_KEY: [u64; 2] = [306, 40306];
    pub(super) const ADDRESS: [u64; 2] = [307, 40307];
    pub(super) const OUTPUT: [u64; 2] = [308, 40308];
    pub(super) const ACCOUNT: [u64; 2] = [311, 40311];

    pub(super) fn of([old, new]: [u64; 2], names: Names) -> u64 {
        match names {
            Names::Old => old,
            Names::New => new,
        }
    }
}
