//! Private keys and words, given by mistake: refused, and never repeated.

use cofferdam_core::wallet::{Wallet, WalletError};
use serde_json::json;

use super::{BOTH, ORIGIN, WIF, XPRV, XPUB, both, descriptor, import};

#[test]
fn private_keys_are_refused_and_not_repeated() {
    let texts = [
        XPRV.to_string(),
        WIF.to_string(),
        descriptor("/<0;1>/*").replace(XPUB, XPRV),
        descriptor("/<0;1>/*").replace(XPUB, WIF),
        format!("wpkh({WIF})"),
        // Mistyped, or with the wrong checksum, they are as secret.
        format!("wpkh({}x)", &WIF[..51]),
        format!("wpkh({}{}/<0;1>/*)#{BOTH}", ORIGIN, &XPRV[..100]),
        format!("# a comment with {XPRV}\n{}", both()),
        json!({ "name": "main", "network": "mainnet", "descriptor": descriptor("/<0;1>/*").replace(XPUB, XPRV) })
            .to_string(),
        json!([{ "desc": both() }, { "desc": format!("pkh({WIF})") }]).to_string(),
        json!({ "wallet_name": XPRV, "descriptors": [{ "desc": both() }] }).to_string(),
        descriptor("/<0;1>/*").replace("xpub", "zprv"),
    ];
    for text in texts {
        let error = import(&text).unwrap_err();
        assert_eq!(error, WalletError::PrivateKey, "{text:.60}");
        assert_eq!(
            Wallet::parse_json(text.as_bytes()),
            Err(WalletError::PrivateKey)
        );
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("PRIVATE KEY") && !shown.contains("prv9") && !shown.contains(&WIF[..10])
        );
    }
}

#[test]
fn private_keys_are_found_behind_json_escapes() {
    let escaped = |text: String| text.replace("xprv", "\\u0078prv");
    let private = descriptor("/<0;1>/*").replace(XPUB, XPRV);
    let own =
        json!({ "name": "main", "network": "mainnet", "descriptor": format!("{private}#{BOTH}") });
    let core = json!([{ "desc": private }]);
    for text in [own, core].map(|file| escaped(file.to_string())) {
        assert!(!text.contains("xprv"));
        assert_eq!(import(&text), Err(WalletError::PrivateKey), "{text:.60}");
    }
}

#[test]
fn words_given_by_mistake_are_not_repeated() {
    let words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    for text in [
        words.to_string(),
        format!("wpkh({words})"),
        json!({ "mnemonic": words }).to_string(),
        json!([words]).to_string(),
        json!({ "name": words, "network": "mainnet", "descriptor": both() }).to_string(),
        json!({ "name": "a", "network": words, "descriptor": both() }).to_string(),
        json!({ "name": "a", "network": "mainnet", "descriptor": words }).to_string(),
        json!({ "name": "a", "network": "mainnet", "descriptor": both(), "birthday": words })
            .to_string(),
        json!({ "name": "a", "network": "mainnet", "descriptor": both(), "id": words }).to_string(),
    ] {
        let error = import(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("abandon"), "{shown}");
    }
}
