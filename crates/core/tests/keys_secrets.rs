//! What secret types must not do.

use std::fmt::{Debug, Display};

use bitcoin::bip32::DerivationPath;
use bitcoin::hex::DisplayHex;
use cofferdam_core::keys::{
    AccountKey, Bip39Passphrase, Entropy, MasterKey, Mnemonic, Rolls, Seed, WordCount, mix,
};
use cofferdam_core::{Network, ScriptType};

/// Fails to compile if a type has a trait: with it, two implementations fit and `_` cannot be
/// inferred.
macro_rules! assert_lacks {
    ($trait:path: $($type:ty),+) => {
        const _: () = {
            trait Ambiguous<Marker> {
                fn probe() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct HasTrait;
            impl<T: ?Sized + $trait> Ambiguous<HasTrait> for T {}
            $(let _ = <$type as Ambiguous<_>>::probe;)+
        };
    };
}

assert_lacks!(Copy: Entropy, Rolls, Mnemonic, Bip39Passphrase, Seed, MasterKey, AccountKey);
assert_lacks!(Display: Entropy, Rolls, Mnemonic, Bip39Passphrase, Seed, MasterKey, AccountKey);
assert_lacks!(serde::Serialize: Entropy, Rolls, Mnemonic, Bip39Passphrase, Seed, MasterKey, AccountKey);

#[test]
fn debug_shows_no_secret() {
    let rolls = Rolls::parse("16325412534661345216").unwrap();
    let entropy = mix(&[0x5a; 32], Some(&rolls), WordCount::Words12);
    let mnemonic = Mnemonic::from_entropy(&entropy, Default::default());
    let passphrase = Bip39Passphrase::new("correct horse");
    let seed = mnemonic.seed(&passphrase);
    let master = MasterKey::from_seed(&seed, Network::Mainnet).unwrap();
    let account = master.account(ScriptType::Segwit, 0).unwrap();

    let shown = |value: &dyn Debug| format!("{value:?} {value:#?}");
    let texts = [
        shown(&rolls),
        shown(&entropy),
        shown(&mnemonic),
        shown(&passphrase),
        shown(&seed),
        shown(&master),
        shown(&account),
    ];
    for text in texts {
        assert!(text.contains(".."), "{text}");
        let secrets: Vec<&str> = mnemonic
            .words()
            .chain(["correct", "horse", "prv", "16325412534661345216"])
            .collect();
        assert!(
            !secrets.iter().any(|secret| text.contains(secret)),
            "{text}"
        );
        assert!(!text.contains(&entropy.as_bytes().to_lower_hex_string()));
        // Nothing but type names, the network, the fingerprint and the path.
        assert!(text.len() < 150, "{text}");
    }
}

#[test]
fn no_two_secrets_of_a_tree_are_the_same() {
    let seed = |byte| {
        let entropy = mix(&[byte; 32], None, WordCount::Words24);
        Mnemonic::from_entropy(&entropy, Default::default()).seed(&Bip39Passphrase::none())
    };
    let master = |byte| MasterKey::from_seed(&seed(byte), Network::Mainnet).unwrap();
    assert_ne!(master(1).fingerprint(), master(2).fingerprint());
    let root = *master(1)
        .account_at(&DerivationPath::master())
        .unwrap()
        .xpub();
    let account = *master(1).account(ScriptType::Segwit, 0).unwrap().xpub();
    let next = *master(1).account(ScriptType::Segwit, 1).unwrap().xpub();
    assert!(root.public_key != account.public_key && account.public_key != next.public_key);
}
