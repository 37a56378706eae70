//! Why CBOR is not one of the registry types that are read.

/// Why a key, a descriptor or an account is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It holds a private key.
    #[error(
        "this holds a PRIVATE KEY; a wallet is public data only: consider its coins at risk, and export the account's public \
         key instead"
    )]
    Private,
    /// More bytes than any wallet has.
    #[error("the wallet data has {found} bytes, more than {limit}; export one account")]
    TooLarge {
        /// The most bytes.
        limit: usize,
        /// The bytes there are.
        found: usize,
    },
    /// Not the CBOR that the type asks for: another item, an indefinite or too great length, or
    /// bytes after the end.
    #[error("the wallet data is malformed at byte {at}; export it again")]
    Malformed {
        /// The position, from 0.
        at: usize,
    },
    /// A map has a field twice.
    #[error("the wallet data has field {field} twice; export it again")]
    Twice {
        /// The field's number.
        field: u64,
    },
    /// A field that is needed is missing.
    #[error(
        "the wallet data has no {field}; export the account's extended public key with its origin"
    )]
    Missing {
        /// The field's name.
        field: &'static str,
    },
    /// A field has a value that makes no sense.
    #[error("the wallet data has a wrong {field}; export it again")]
    Value {
        /// The field's name.
        field: &'static str,
    },
    /// The key is for another coin.
    #[error("the key is not for Bitcoin; export a Bitcoin account")]
    OtherCoin,
    /// A valid descriptor of a kind that this version does not handle.
    #[error(
        "{found} is not supported yet; export a single-signature account: pkh, sh(wpkh), wpkh, or tr with a key only"
    )]
    NotSupported {
        /// The kind found, in descriptor words.
        found: &'static str,
    },
    /// A key by itself, whose path does not tell the script type.
    #[error(
        "the key's path does not tell its script type; export an output descriptor or an account"
    )]
    NoScriptType,
    /// Wallets of one account must have one master key.
    #[error("the wallets are of different master keys; export them one by one")]
    SeveralMasters,
    /// The wallet has several keys, and one is written.
    #[error("the wallet has several keys, and this form holds one")]
    SeveralKeys,
    /// What came across is no key, descriptor or account.
    #[error("this is no key, descriptor or account; export the wallet")]
    OtherKind,
}
