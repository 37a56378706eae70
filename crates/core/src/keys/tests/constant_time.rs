//! What handles keys takes no branch and no place in memory that depends on them;
//! `scripts/constant-time` runs these under valgrind, and its list of suppressions names what in
//! the libraries does.

use bitcoin::secp256k1::Message;
use cofferdam_memory::for_tests::{public, secret};
use zeroize::Zeroizing;

use crate::keys::{Language, MasterKey, Mnemonic, Rolls, Seed, WordCount, mix};
use crate::wallet::Branch;
use crate::{Network, ScriptType};

#[test]
fn mixing_entropy() {
    let kernel = [3u8; 32];
    secret(&kernel);
    let entropy = mix(&kernel, None, WordCount::Words24);
    public(entropy.as_bytes());
    assert_ne!(entropy.as_bytes(), [3; 32]);
    let rolls = Rolls::parse(&"162534".repeat(20)).unwrap();
    let other = mix(&kernel, Some(&rolls), WordCount::Words12);
    public(other.as_bytes());
    assert_eq!(other.as_bytes().len(), 16);
}

/// BIP39's words are a table, and are looked up by the bits of the entropy: the library's, in the
/// suppressions.
#[test]
fn writing_words_and_deriving_the_seed() {
    let kernel = [3u8; 32];
    let entropy = mix(&kernel, None, WordCount::Words12);
    secret(entropy.as_bytes());
    let mnemonic = Mnemonic::from_entropy(&entropy, Language::English);
    let phrase = mnemonic.phrase();
    public(phrase.as_str());
    assert_eq!(phrase.split(' ').count(), 12);
}

#[test]
fn signing_with_every_kind_of_key() {
    let bytes = Zeroizing::new([5; 64]);
    secret(&*bytes);
    let master = MasterKey::from_seed(&Seed::new(bytes), Network::Regtest).unwrap();
    let message = Message::from_digest([6; 32]);
    for script_type in [ScriptType::Segwit, ScriptType::Taproot] {
        let account = master.account(script_type, 0).unwrap();
        match script_type {
            ScriptType::Taproot => {
                account
                    .sign_taproot_key_spend(Branch::Receive, 0, &message, None)
                    .unwrap();
            }
            _ => {
                account.sign_ecdsa(Branch::Change, 1, &message).unwrap();
            }
        }
    }
    master.receipt_key().unwrap().sign([7; 32]).unwrap();
}
