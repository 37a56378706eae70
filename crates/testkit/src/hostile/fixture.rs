//! The wallets that hostile cases are made from. Their words are public.

use std::sync::LazyLock;

use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::{ScriptBuf, WPubkeyHash};
use cofferdam_core::keys::{AccountKey, Bip39Passphrase, MasterKey, Mnemonic};
use cofferdam_core::review::KnownWallet;
use cofferdam_core::wallet::Wallet;
use cofferdam_core::{Network, ScriptType};

/// The words of the vault that every case is tried on.
pub const OUR_WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

/// The words of the attacker's own wallet.
pub const THEIR_WORDS: &str = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong";

/// The accounts of the vault: name, script type, account index.
pub const ACCOUNTS: [(&str, ScriptType, u32); 5] = [
    ("legacy", ScriptType::Legacy, 0),
    ("nested", ScriptType::Nested, 0),
    ("segwit", ScriptType::Segwit, 0),
    ("taproot", ScriptType::Taproot, 0),
    ("second", ScriptType::Segwit, 1),
];

static OURS: LazyLock<Vec<Wallet>> = LazyLock::new(|| wallets(OUR_WORDS));
static THEIRS: LazyLock<Vec<Wallet>> = LazyLock::new(|| wallets(THEIR_WORDS));

fn wallets(words: &str) -> Vec<Wallet> {
    let made = ACCOUNTS.map(|(name, script_type, index)| {
        account(words, Network::Regtest, script_type, index)
            .wallet(script_type, name.parse().expect("a name"), None)
            .expect("a wallet")
    });
    made.into()
}

/// Returns the key of an account.
pub fn account(words: &str, network: Network, script_type: ScriptType, index: u32) -> AccountKey {
    let mnemonic = Mnemonic::parse(words, None).expect("words of the fixtures");
    MasterKey::from_seed(&mnemonic.seed(&Bip39Passphrase::none()), network)
        .and_then(|master| master.account(script_type, index))
        .expect("an account of the fixtures")
}

/// Returns the vault's wallets, in the order of [`ACCOUNTS`].
pub fn vault_wallets() -> &'static [Wallet] {
    &OURS
}

/// Returns the vault's first wallet of a type.
pub fn ours(script_type: ScriptType) -> &'static Wallet {
    of_type(&OURS, script_type)
}

/// Returns the vault's second segwit account.
pub fn second() -> &'static Wallet {
    &OURS[4]
}

/// Returns the attacker's wallet of a type.
pub fn theirs(script_type: ScriptType) -> &'static Wallet {
    of_type(&THEIRS, script_type)
}

fn of_type(wallets: &'static [Wallet], script_type: ScriptType) -> &'static Wallet {
    wallets
        .iter()
        .find(|wallet| wallet.single().unwrap().script_type() == script_type)
        .expect("one of each type")
}

/// Returns a stranger's script: pay to witness public key hash.
pub fn payee(number: u8) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([number; 20]))
}

/// Returns the scripts of so many other people, from this one on.
pub fn payees(first: u16, count: u16) -> impl Iterator<Item = ScriptBuf> {
    (first..first + count).map(|number| {
        let hash = sha256d::Hash::hash(&number.to_le_bytes()).to_byte_array();
        let mut program = [0; 20];
        program.copy_from_slice(&hash[..20]);
        ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(program))
    })
}

/// Returns the vault's wallets as a review knows them when the journal knows no index.
pub fn known_wallets() -> Vec<KnownWallet<'static>> {
    let known = vault_wallets().iter().map(|wallet| KnownWallet {
        wallet,
        highest_change_seen: None,
        highest_receive_seen: None,
    });
    known.collect()
}
