//! Why wallet data is refused.

use bitcoin::NetworkKind;

use super::{Branch, InvalidBirthday, InvalidWalletId, InvalidWalletName, WalletId};
use crate::{Network, ScriptType};

/// Why a wallet file or descriptor is refused.
///
/// No message repeats a key, a descriptor or a line of the file: what was given by mistake may be a
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The data holds an extended private key or a private key in wallet import format.
    #[error(
        "this holds a PRIVATE KEY; a wallet is public data only: destroy every copy of this file that is on a networked \
         machine, consider its coins at risk, and export public descriptors instead"
    )]
    PrivateKey,
    /// The file is larger than any wallet file.
    #[error("the file has {found} bytes, more than a wallet file's {limit}; name the right file")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        found: usize,
    },
    /// The file is not text.
    #[error("the file is not UTF-8 text; name a wallet's JSON file or a file with its descriptor")]
    NotText,
    /// The file is not well-formed JSON, or not a wallet's.
    #[error(
        "line {line}, column {column} is not as a wallet file's: {reason}; export the wallet again"
    )]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// The JSON names another format.
    #[error("the file's format is not \"{expected}\"; export the wallet again")]
    Format {
        /// The format a wallet file names.
        expected: &'static str,
    },
    /// The file was written by a newer Cofferdam.
    #[error(
        "the wallet file has version {found}, and this program reads version {supported}; use a newer Cofferdam"
    )]
    NewerVersion {
        /// The version read.
        found: u64,
        /// The version supported.
        supported: u64,
    },
    /// The name is not a wallet name.
    #[error(transparent)]
    Name(#[from] InvalidWalletName),
    /// The birthday is not a day.
    #[error(transparent)]
    Birthday(#[from] InvalidBirthday),
    /// The network is none we know.
    #[error("unknown network; use mainnet, testnet4, signet or regtest")]
    UnknownNetwork,
    /// The file holds no name, and none was told.
    #[error("the file names no wallet; tell a name")]
    NameMissing,
    /// The file holds no network, and none was told.
    #[error("the file names no network; tell mainnet, testnet4, signet or regtest")]
    NetworkMissing,
    /// The file is for another network than was told.
    #[error("the wallet is for {found}, and {expected} was told; use the right file or network")]
    OtherNetwork {
        /// The network told.
        expected: Network,
        /// The network of the file.
        found: Network,
    },
    /// The id in the file is not that of its contents.
    #[error(
        "the file says wallet id {found}, but its contents give {expected}; it was altered: export it again"
    )]
    Id {
        /// The id computed.
        expected: WalletId,
        /// The id read.
        found: WalletId,
    },
    /// The id in the file is not written as one.
    #[error(transparent)]
    MalformedId(#[from] InvalidWalletId),
    /// The receipt key is none.
    #[error(
        "the receipt key is not 64 lower-case hexadecimal digits of a public key (BIP340); export the wallet again"
    )]
    ReceiptKey,
    /// A receipt key in a file of a version that has none.
    #[error("only a wallet file of version 2 has a receipt key; export the wallet again")]
    ReceiptKeyVersion,
    /// There is no descriptor.
    #[error("no output descriptor found; name a wallet's JSON file or a file with its descriptor")]
    NoDescriptor,
    /// There are too many descriptors.
    #[error("more than {limit} descriptors; give those of one wallet only")]
    TooManyDescriptors {
        /// The limit.
        limit: usize,
    },
    /// The descriptor has no checksum where one is required.
    #[error("the descriptor has no checksum; a wallet file needs one (#{expected})")]
    ChecksumMissing {
        /// The checksum computed.
        expected: String,
    },
    /// The checksum is wrong.
    #[error(
        "the descriptor's checksum does not match (it should be #{expected} if the text were right); copy it again"
    )]
    Checksum {
        /// The checksum computed.
        expected: String,
    },
    /// The text is not a descriptor.
    #[error(
        "not a valid output descriptor; export it again (BIP380, with an account's xpub or tpub)"
    )]
    Syntax,
    /// The extended key has a version of SLIP132.
    #[error(
        "ypub, zpub and the like are not used in descriptors; export the account as xpub or tpub"
    )]
    Slip132,
    /// A valid descriptor of a kind that this version does not handle.
    #[error(
        "{found} is not supported yet; use a single-signature descriptor: pkh, sh(wpkh), wpkh, or tr with a key only"
    )]
    NotSupported {
        /// The kind found, in descriptor words.
        found: &'static str,
    },
    /// The key is not an extended public key.
    #[error(
        "the descriptor holds a single key; a wallet needs an account's extended public key (xpub or tpub)"
    )]
    NotExtended,
    /// The key has no origin.
    #[error(
        "the descriptor's key has no origin; signing needs it: export it as [fingerprint/84h/0h/0h]xpub.../<0;1>/*"
    )]
    OriginMissing,
    /// The origin contradicts the extended key.
    #[error(
        "the key origin is not that of the extended key ({reason}); export the descriptor again"
    )]
    Origin {
        /// What does not fit.
        reason: &'static str,
    },
    /// The extended key is for the other kind of network.
    #[error(
        "the extended key is for {}, but the network is {expected}; use the right network or export",
        kind_name(*.found)
    )]
    KeyNetwork {
        /// The network wanted.
        expected: Network,
        /// The key's kind of network.
        found: NetworkKind,
    },
    /// The derivation is not the two branches of an account.
    #[error(
        "the derivation must end in /<0;1>/* (or a pair of /0/* and /1/*), unhardened; export the account's descriptor"
    )]
    Derivation,
    /// One descriptor of the pair is missing.
    #[error(
        "there is no descriptor of the {missing} branch; give the pair of /0/* and /1/*, or one with /<0;1>/*"
    )]
    BranchMissing {
        /// The branch without a descriptor.
        missing: Branch,
    },
    /// The descriptors belong to different accounts.
    #[error(
        "the descriptors are of {count} different accounts; give those of one (or tell which script type)"
    )]
    SeveralAccounts {
        /// How many accounts there are.
        count: usize,
    },
    /// None of the descriptors has the script type that was told.
    #[error("no descriptor has the script type {expected}; tell another, or export that account")]
    NoSuchScriptType {
        /// The script type told.
        expected: ScriptType,
    },
    /// A descriptor marked as internal is not the change branch, or the reverse.
    #[error("the file marks the {branch} descriptor as {}; export it again", if *.internal { "internal" } else { "not internal" })]
    Internal {
        /// The branch by derivation.
        branch: Branch,
        /// The file's mark.
        internal: bool,
    },
}

/// Why no key or script can be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// The index is not one of an unhardened step.
    #[error("address index {0} is out of range; use one below 2147483648")]
    IndexOutOfRange(u32),
    /// BIP32 defines no key at this index (one in 2^127).
    #[error("there is no key at index {0} (BIP32 skips it); use the next index")]
    NoKey(u32),
}

fn kind_name(kind: NetworkKind) -> &'static str {
    match kind {
        NetworkKind::Main => "mainnet",
        NetworkKind::Test => "test networks",
    }
}
