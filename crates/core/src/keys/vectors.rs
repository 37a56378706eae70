//! The test vectors of BIP32, most of which need seeds that are not BIP39's, or show private keys.

use bitcoin::bip32::DerivationPath;
use serde_json::Value;

use super::MasterKey;
use crate::Network;
use crate::wallet::{Wallet, WalletError};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../fixtures/bip32/vectors.json")).unwrap()
}

#[test]
fn valid_chains_are_derived() {
    let mut compared = 0;
    for vector in vectors()["valid"].as_array().unwrap() {
        let seed: Vec<u8> =
            bitcoin::hex::FromHex::from_hex(vector["seed"].as_str().unwrap()).unwrap();
        let master = MasterKey::from_bytes(&seed, Network::Mainnet).unwrap();
        for link in vector["chain"].as_array().unwrap() {
            let path: DerivationPath = link["path"].as_str().unwrap().parse().unwrap();
            let private = master.derive(&path).unwrap();
            assert_eq!(private.expose().to_string(), link["xprv"].as_str().unwrap());
            let account = master.account_at(&path).unwrap();
            assert_eq!(account.xpub().to_string(), link["xpub"].as_str().unwrap());
            compared += 1;
        }
    }
    assert_eq!(compared, 17);
}

#[test]
fn invalid_extended_keys_make_no_wallet() {
    let mut refused = 0;
    for key in vectors()["invalid"].as_array().unwrap() {
        let key = key.as_str().unwrap();
        // An origin that is right where the key can be read at all, so that the key itself is the
        // reason.
        let fingerprint = key
            .parse::<bitcoin::bip32::Xpub>()
            .map(|xpub| xpub.fingerprint())
            .unwrap_or_default();
        let descriptor = format!("wpkh([{fingerprint}]{key}/<0;1>/*)");
        let error =
            Wallet::from_descriptor(&descriptor, "w".parse().unwrap(), Network::Mainnet, None)
                .unwrap_err();
        let expected = if key.starts_with("xprv") {
            matches!(error, WalletError::PrivateKey)
        } else {
            matches!(error, WalletError::Syntax | WalletError::Origin { .. })
        };
        assert!(expected, "{key}: {error:?}");
        assert!(!error.to_string().contains(key));
        refused += 1;
    }
    assert_eq!(refused, 16);
}

#[test]
fn a_path_deeper_than_bip32_goes_is_refused() {
    let master = MasterKey::from_bytes(&[7; 64], Network::Mainnet).unwrap();
    let deep = |steps: usize| DerivationPath::from(vec![0.into(); steps]);
    // The two branches and the index below need a step each.
    assert!(master.account_at(&deep(253)).is_ok());
    for steps in [254, 255, 256, 1000] {
        assert!(master.account_at(&deep(steps)).is_err(), "{steps}");
    }
}
