//! Mnemonics and derivation against other projects' vectors.

#![expect(
    clippy::print_stdout,
    reason = "the numbers of vectors are part of the result"
)]

use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use cofferdam_core::keys::{
    Bip39Passphrase, Entropy, Language, MasterKey, Mnemonic, MnemonicError,
};
use cofferdam_core::{Network, ScriptType};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

mod external;

/// The name of a language in python-mnemonic's file.
fn python_name(language: Language) -> String {
    match language {
        Language::ChineseSimplified => "chinese_simplified".into(),
        Language::ChineseTraditional => "chinese_traditional".into(),
        other => other.name().into(),
    }
}

fn master_xpub(mnemonic: &Mnemonic, passphrase: &Bip39Passphrase) -> Xpub {
    let master = MasterKey::from_seed(&mnemonic.seed(passphrase), Network::Mainnet).unwrap();
    *master.account_at(&DerivationPath::master()).unwrap().xpub()
}

#[test]
fn bip39_in_ten_languages() {
    let Some(Value::Object(vectors)) = external::json("bip39.json") else {
        return;
    };
    let secp = Secp256k1::new();
    let passphrase = Bip39Passphrase::new("TREZOR");
    let (mut total, mut detected, mut ambiguous) = (0, 0, 0);
    for language in Language::ALL {
        let cases = vectors[&python_name(language)].as_array().unwrap();
        for case in cases {
            let [entropy, words, _seed, xprv] = [0, 1, 2, 3].map(|at| case[at].as_str().unwrap());
            let bytes: Vec<u8> = bitcoin::hex::FromHex::from_hex(entropy).unwrap();

            let written = Mnemonic::from_entropy(&Entropy::from_bytes(&bytes).unwrap(), language);
            assert_eq!(*written.phrase(), words.nfkd().collect::<String>());

            let read = Mnemonic::parse(words, Some(language)).unwrap();
            assert_eq!(read.entropy().as_bytes(), bytes);
            let composed: String = words.nfc().collect::<String>().to_uppercase();
            assert_eq!(
                Mnemonic::parse(&composed, Some(language)).unwrap().phrase(),
                read.phrase()
            );

            // The master key's public half depends on each byte of the seed.
            let expected = Xpub::from_priv(&secp, &xprv.parse::<Xpriv>().unwrap());
            assert_eq!(master_xpub(&read, &passphrase), expected);

            match Mnemonic::parse(words, None) {
                Ok(found) => {
                    assert_eq!(found.language(), language);
                    detected += 1;
                }
                Err(MnemonicError::AmbiguousLanguage { languages }) => {
                    assert!(languages.contains(&language));
                    ambiguous += 1;
                }
                Err(other) => panic!("{other}"),
            }
            total += 1;
        }
        println!("bip39.json: {language}: {} vectors", cases.len());
    }
    let others: Vec<_> = vectors
        .keys()
        .filter(|name| {
            !Language::ALL
                .into_iter()
                .any(|language| python_name(language) == **name)
        })
        .collect();
    println!(
        "bip39.json: {total} vectors; language detected in {detected}, ambiguous in {ambiguous}"
    );
    println!("bip39.json: left out, not word lists of BIP39: {others:?}");
    assert_eq!(total, 240);
    assert_eq!(others, ["russian", "turkish"]);
}

#[test]
fn hwi_bip32() {
    let Some(vectors) = external::json::<Value>("hwi-bip32.json") else {
        return;
    };
    let mut compared = 0;
    for case in vectors.as_array().unwrap() {
        let mnemonic = Mnemonic::parse(case["mnemonic"].as_str().unwrap(), None).unwrap();
        let seed = mnemonic.seed(&Bip39Passphrase::none());
        let master = MasterKey::from_seed(&seed, Network::Mainnet).unwrap();
        let root = master.account_at(&DerivationPath::master()).unwrap();
        assert_eq!(root.xpub().to_string(), case["xpub"].as_str().unwrap());
        // HWI calls the first BIP44 account so.
        let account = master.account(ScriptType::Legacy, 0).unwrap();
        assert_eq!(
            account.xpub().to_string(),
            case["master_xpub"].as_str().unwrap()
        );
        assert_eq!(root.xpub().fingerprint(), master.fingerprint());
        for vector in case["vectors"].as_array().unwrap() {
            let path: DerivationPath = vector["path"].as_str().unwrap().parse().unwrap();
            let account = master.account_at(&path).unwrap();
            assert_eq!(account.xpub().to_string(), vector["xpub"].as_str().unwrap());
            compared += 1;
        }
    }
    println!(
        "hwi-bip32.json: {compared} extended keys of {} mnemonics",
        vectors.as_array().unwrap().len()
    );
    assert_eq!(compared, 240);
}
