//! Private keys: the only place of the shared crates that holds any.
//!
//! The way from birth to signature: [`mix`] makes an [`Entropy`] of kernel bytes and [`Rolls`]; a
//! [`Mnemonic`] writes it in words (BIP39); a [`Mnemonic`] and a [`Bip39Passphrase`] give a
//! [`Seed`], a seed a [`MasterKey`] (BIP32), and that an [`AccountKey`], which signs. A
//! [`ReceiptKey`] signs what was signed, and owns no coin.
//!
//! Every secret type here is neither `Copy` nor `Display`, shows nothing in `Debug` and is wiped
//! when dropped.

mod account;
#[cfg(test)]
#[path = "tests/constant_time.rs"]
mod constant_time;
mod entropy;
mod known_answers;
mod language;
mod lookout;
mod master;
mod mix;
mod mnemonic;
mod path;
mod receipt;
mod rolls;
mod secret;
mod seed;
#[cfg(test)]
mod vectors;

pub use self::account::{AccountKey, SignError};
pub use self::entropy::{Entropy, InvalidEntropy, InvalidWordCount, WordCount};
pub(crate) use self::known_answers::known_answers;
pub use self::language::{Language, UnknownLanguage};
pub use self::master::{KeyError, MasterKey};
pub use self::mix::{MIX_TAG, mix};
pub use self::mnemonic::{Mnemonic, MnemonicError};
pub use self::path::{CosignerScript, PathError, account_path, cosigner_path};
pub use self::receipt::ReceiptKey;
pub use self::rolls::{Bias, RollKind, Rolls, RollsError};
pub use self::seed::{Bip39Passphrase, Seed};
