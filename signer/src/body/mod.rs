//! What the vault seals: the body, in CBOR with numbered fields. Documented in
//! `docs/formats/vault-body.md`.

mod state;

use cofferdam_core::keys::{Bip39Passphrase, Entropy, Language, Mnemonic, Seed};
use cofferdam_core::wallet::{Wallet, WalletName};
use cofferdam_core::{Network, ScriptType};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::journal::Checkpoint;
use crate::memory_state::MemoryState;
use crate::policy::{Policy, PolicyError};

pub(crate) use state::Parts;

/// The version of the body that this program reads and writes.
const VERSION: u32 = 1;

/// Room that the encoded body is given at once, so that it is not copied around while it grows.
const USUAL_LEN: usize = 64 * 1024;

/// An unlocked vault's content.
#[derive(Debug)]
pub(crate) struct Body {
    /// The network of every account.
    pub(crate) network: Network,
    /// The words, as their entropy and language.
    pub(crate) entropy: Entropy,
    /// The language of the words.
    pub(crate) language: Language,
    /// BIP39's optional passphrase.
    pub(crate) bip39_passphrase: Bip39Passphrase,
    /// The accounts, oldest first.
    pub(crate) accounts: Vec<Account>,
    /// The registered wallets, oldest first; each account has one of its name.
    pub(crate) wallets: Vec<Registered>,
    /// The operator's rules.
    pub(crate) policy: Policy,
    /// How far the journal had come.
    pub(crate) checkpoint: Checkpoint,
    /// Whether the journal knows everything that this seed ever signed.
    pub(crate) memory: MemoryState,
    /// Whether the words were written down.
    pub(crate) backup: Backup,
}

/// An account of the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its name, and that of its wallet.
    pub(crate) name: WalletName,
    /// Its script type, and so its purpose (BIP43).
    pub(crate) script_type: ScriptType,
    /// Its number, the third level of the path.
    pub(crate) index: u32,
}

/// A wallet that reviews are held against.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// The wallet.
    pub(crate) wallet: Wallet,
    /// The highest index of each branch that the operator said was handed out.
    pub(crate) seen: Seen,
}

/// The highest indices that are known to be in use, as `wallet mark-used` told them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Seen {
    /// Of the receive branch.
    #[n(0)]
    pub(crate) receive: Option<u32>,
    /// Of the change branch.
    #[n(1)]
    pub(crate) change: Option<u32>,
}

/// Whether the words were written down.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub(crate) enum Backup {
    /// They were shown to nobody yet.
    #[n(0)]
    #[serde(rename = "not shown")]
    NotShown,
    /// They were shown on the terminal, and some asked back.
    #[n(1)]
    Shown,
    /// They were written to a file.
    #[n(2)]
    Written,
    /// The operator wants none.
    #[n(3)]
    Declined,
    /// The vault was made from them.
    #[n(4)]
    Given,
}

/// The sealed bytes are no body that this program can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// A newer program wrote it.
    #[error(
        "the vault's content has version {0}, and this program reads version 1; use a newer cofferdam-signer"
    )]
    NewerVersion(u32),
    /// A newer program wrote the policy.
    #[error("{0}; use a newer cofferdam-signer")]
    NewerPolicy(PolicyError),
    /// It is authentic, and yet not a body: no version of this program wrote it.
    #[error(
        "the vault's content cannot be read ({0}); an earlier generation may be whole: see `repair --use`"
    )]
    Malformed(&'static str),
}

impl From<PolicyError> for BodyError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::NewerVersion(_) => BodyError::NewerPolicy(error),
            PolicyError::Malformed => BodyError::Malformed("policy"),
        }
    }
}

impl Body {
    /// Returns the words.
    pub(crate) fn mnemonic(&self) -> Mnemonic {
        Mnemonic::from_entropy(&self.entropy, self.language)
    }

    /// Derives the seed of all keys.
    pub(crate) fn seed(&self) -> Seed {
        self.mnemonic().seed(&self.bip39_passphrase)
    }

    /// Finds an account by name.
    pub(crate) fn account(&self, name: &WalletName) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// Finds a registered wallet by name.
    pub(crate) fn wallet(&self, name: &WalletName) -> Option<&Registered> {
        self.wallets
            .iter()
            .find(|known| known.wallet.name() == name)
    }

    /// Encodes the body for sealing.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let wire = Wire {
            version: VERSION,
            network: self.network.name().into(),
            entropy: self.entropy.as_bytes().to_vec(),
            language: self.language.name().into(),
            bip39_passphrase: self.bip39_passphrase.as_str().to_owned(),
            accounts: self.accounts.iter().map(WireAccount::from).collect(),
            wallets: self.wallets.iter().map(WireWallet::from).collect(),
            policy: self.policy.encode(),
            checkpoint: self.checkpoint,
            memory: self.memory,
            backup: self.backup,
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(USUAL_LEN));
        minicbor::encode(&wire, &mut *bytes).expect("encoding into memory does not fail");
        bytes
    }

    /// Decodes what was sealed.
    ///
    /// # Errors
    ///
    /// When it is of a newer version, or nothing that this program wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        let version = minicbor::decode::<WireVersion>(bytes)
            .map_err(|_| BodyError::Malformed("no version"))?
            .version;
        if version != VERSION {
            return Err(BodyError::NewerVersion(version));
        }
        let mut decoder = minicbor::Decoder::new(bytes);
        let wire: Wire = decoder.decode().map_err(|_| BodyError::Malformed("CBOR"))?;
        if decoder.position() != bytes.len() {
            return Err(BodyError::Malformed("trailing bytes"));
        }
        let network = wire
            .network
            .parse()
            .map_err(|_| BodyError::Malformed("network"))?;
        let accounts = wire.accounts.iter().map(WireAccount::account);
        let wallets = wire.wallets.iter().map(|wallet| wallet.registered(network));
        Ok(Body {
            network,
            entropy: Entropy::from_bytes(&wire.entropy)
                .map_err(|_| BodyError::Malformed("entropy"))?,
            language: wire
                .language
                .parse()
                .map_err(|_| BodyError::Malformed("language"))?,
            bip39_passphrase: Bip39Passphrase::new(&wire.bip39_passphrase),
            accounts: accounts.collect::<Result<_, _>>()?,
            wallets: wallets.collect::<Result<_, _>>()?,
            policy: Policy::decode(wire.policy.as_deref())?,
            checkpoint: wire.checkpoint,
            memory: wire.memory,
            backup: wire.backup,
        })
    }
}

#[derive(Decode)]
struct WireVersion {
    #[n(0)]
    version: u32,
}

#[derive(Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct Wire {
    #[n(0)]
    version: u32,
    #[n(1)]
    network: String,
    #[cbor(n(2), with = "minicbor::bytes")]
    entropy: Vec<u8>,
    #[n(3)]
    language: String,
    #[n(4)]
    bip39_passphrase: String,
    #[n(5)]
    #[zeroize(skip)]
    accounts: Vec<WireAccount>,
    #[n(6)]
    #[zeroize(skip)]
    wallets: Vec<WireWallet>,
    #[cbor(n(7), with = "minicbor::bytes")]
    policy: Option<Vec<u8>>,
    #[n(8)]
    #[zeroize(skip)]
    checkpoint: Checkpoint,
    #[n(9)]
    #[zeroize(skip)]
    memory: MemoryState,
    #[n(10)]
    #[zeroize(skip)]
    backup: Backup,
}

#[derive(Encode, Decode)]
struct WireAccount {
    #[n(0)]
    name: String,
    #[n(1)]
    script: String,
    #[n(2)]
    index: u32,
}

#[derive(Encode, Decode)]
struct WireWallet {
    #[n(0)]
    name: String,
    #[n(1)]
    descriptor: String,
    #[n(2)]
    birthday: Option<String>,
    #[n(3)]
    seen: Seen,
}

impl From<&Account> for WireAccount {
    fn from(account: &Account) -> Self {
        WireAccount {
            name: account.name.to_string(),
            script: account.script_type.name().into(),
            index: account.index,
        }
    }
}

impl WireAccount {
    fn account(&self) -> Result<Account, BodyError> {
        let malformed = BodyError::Malformed("account");
        Ok(Account {
            name: self.name.parse().map_err(|_| malformed.clone())?,
            script_type: self.script.parse().map_err(|_| malformed)?,
            index: self.index,
        })
    }
}

impl From<&Registered> for WireWallet {
    fn from(known: &Registered) -> Self {
        WireWallet {
            name: known.wallet.name().to_string(),
            descriptor: known.wallet.descriptor_text(),
            birthday: known.wallet.birthday().map(|birthday| birthday.to_string()),
            seen: known.seen,
        }
    }
}

impl WireWallet {
    fn registered(&self, network: Network) -> Result<Registered, BodyError> {
        let malformed = || BodyError::Malformed("wallet");
        let name = self.name.parse().map_err(|_| malformed())?;
        let birthday = match &self.birthday {
            Some(birthday) => Some(birthday.parse().map_err(|_| malformed())?),
            None => None,
        };
        Ok(Registered {
            wallet: Wallet::from_descriptor(&self.descriptor, name, network, birthday)
                .map_err(|_| malformed())?,
            seen: self.seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTOR: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

    pub(super) fn body() -> Body {
        let name: WalletName = "main".parse().unwrap();
        Body {
            network: Network::Regtest,
            entropy: Entropy::from_bytes(&[7; 16]).unwrap(),
            language: Language::Japanese,
            bip39_passphrase: Bip39Passphrase::new("extra"),
            accounts: vec![Account {
                name: name.clone(),
                script_type: ScriptType::Segwit,
                index: 3,
            }],
            wallets: vec![Registered {
                wallet: Wallet::from_descriptor(
                    DESCRIPTOR,
                    name,
                    Network::Regtest,
                    Some("2026-11-21".parse().unwrap()),
                )
                .unwrap(),
                seen: Seen {
                    receive: None,
                    change: Some(40),
                },
            }],
            policy: Policy {
                only_signer: true,
                ..Policy::default()
            },
            checkpoint: Checkpoint {
                count: 2,
                head: [8; 32],
            },
            memory: MemoryState::Missing,
            backup: Backup::Shown,
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let body = body();
        let bytes = body.encode();
        let read = Body::decode(&bytes).unwrap();
        assert_eq!(read.encode(), bytes);
        assert_eq!(read.accounts, body.accounts);
        assert_eq!(read.wallets[0].wallet, body.wallets[0].wallet);
        assert_eq!(read.wallets[0].seen, body.wallets[0].seen);
        assert_eq!(read.entropy.as_bytes(), [7; 16]);
        assert_eq!(read.bip39_passphrase.as_str(), "extra");
        assert_eq!(
            (read.checkpoint, read.memory, read.backup),
            (body.checkpoint, body.memory, body.backup)
        );
    }

    #[test]
    fn a_newer_version_is_told_apart_from_damage() {
        let mut bytes = body().encode().to_vec();
        assert_eq!(
            bytes[..2],
            [0x8b, 1],
            "an array of eleven, the version first"
        );
        bytes[1] = 2;
        assert_eq!(
            Body::decode(&bytes).unwrap_err(),
            BodyError::NewerVersion(2)
        );
    }

    #[test]
    fn trailing_and_missing_bytes_are_refused() {
        let bytes = body().encode().to_vec();
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(
            Body::decode(&longer).unwrap_err(),
            BodyError::Malformed("trailing bytes")
        );
        for cut in 0..bytes.len() {
            assert!(Body::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", body());
        assert!(!text.contains("extra") && !text.contains("[7, 7"), "{text}");
    }
}
