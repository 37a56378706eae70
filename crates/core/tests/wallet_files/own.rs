//! Our own format.

use cofferdam_core::Network;
use cofferdam_core::wallet::{Birthday, Branch, ImportOptions, Wallet, WalletError, WalletId};
use serde_json::{Value, json};

use super::{BOTH, CHANGE, RECEIVE, both, changed, descriptor, file, import, name, told, wallet};

#[test]
fn the_file_has_exactly_the_documented_fields() {
    let birthday: Birthday = "2024-02-29".parse().unwrap();
    let wallet =
        Wallet::from_descriptor(&both(), name(), Network::Mainnet, Some(birthday)).unwrap();
    let text = wallet.to_json();
    assert!(text.ends_with("}\n"));
    let file: Value = serde_json::from_str(&text).unwrap();
    let expected = json!({
        "format": "cofferdam-wallet",
        "version": 1,
        "id": wallet.id().to_string(),
        "name": "main",
        "network": "mainnet",
        "descriptor": both(),
        "birthday": "2024-02-29",
    });
    assert_eq!(file, expected);
    assert_eq!(Wallet::parse_json(text.as_bytes()), Ok(wallet.clone()));
    assert_eq!(serde_json::from_str::<Wallet>(&text).unwrap(), wallet);
    let page = include_str!("../../../../docs/formats/wallet.md");
    for field in file.as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}

#[test]
fn the_id_is_the_documented_hash() {
    // Python: t = sha256(b"cofferdam/wallet/1").digest(); sha256(t + t + b"mainnet" +
    // descriptor).hexdigest()
    let documented = "16cf67b124bb0dd9f1d3985c7053d59f58b21477bdaef605b59684fed3698af6";
    assert_eq!(wallet().id().to_string(), documented);
    assert!(include_str!("../../../../docs/formats/wallet.md").contains(documented));

    // The spelling, the name and the birthday do not matter; the network does.
    let apostrophes = descriptor("/<0;1>/*").replace("84h/0h/0h", "84'/0'/0'");
    let options = ImportOptions {
        name: "other".parse().ok(),
        birthday: "2020-01-01".parse().ok(),
        ..told()
    };
    let other = Wallet::import(apostrophes.as_bytes(), &options).unwrap();
    assert_eq!(other.id(), wallet().id());
    assert_ne!(other, wallet());
    let ids: std::collections::HashSet<WalletId> = [Network::Testnet4, Network::Signet, Network::Regtest]
        .map(|network| {
            let text = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";
            Wallet::from_descriptor(text, name(), network, None).unwrap().id()
        })
        .into();
    assert_eq!(ids.len(), 3);
}

#[test]
fn only_name_network_and_descriptor_are_required() {
    let minimal = json!({ "name": "main", "network": "mainnet", "descriptor": both() });
    assert_eq!(
        Wallet::parse_json(minimal.to_string().as_bytes()),
        Ok(wallet())
    );
    let mut with_mark = vec![0xef, 0xbb, 0xbf];
    with_mark.extend(wallet().to_json().into_bytes());
    assert_eq!(Wallet::parse_json(&with_mark), Ok(wallet()));
    for field in ["name", "network", "descriptor"] {
        let mut missing = file();
        missing.as_object_mut().unwrap().remove(field);
        let error = Wallet::parse_json(missing.to_string().as_bytes()).unwrap_err();
        assert!(
            matches!(&error, WalletError::Json { reason, .. } if reason.contains(field)),
            "{error}"
        );
    }
}

#[test]
fn a_newer_version_is_its_own_error_whatever_else_is_in_it() {
    let newer = json!({ "format": "cofferdam-wallet", "version": 3, "quorum": { "any": [1, 2] } });
    let expected = WalletError::NewerVersion {
        found: 3,
        supported: 2,
    };
    assert_eq!(
        Wallet::parse_json(newer.to_string().as_bytes()),
        Err(expected.clone())
    );
    assert_eq!(import(&newer.to_string()), Err(expected));
    assert_eq!(
        changed("version", json!(0)),
        Err(WalletError::Format {
            expected: "cofferdam-wallet"
        })
    );
    assert_eq!(
        changed("format", json!("vault")),
        Err(WalletError::Format {
            expected: "cofferdam-wallet"
        })
    );
    for wrong in [json!("1"), json!(-1), json!(1.5), json!([])] {
        assert!(matches!(
            changed("version", wrong),
            Err(WalletError::Json { .. })
        ));
    }
}

#[test]
fn a_receipt_key_comes_with_version_2() {
    let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let with = |version: u64, key: serde_json::Value| {
        let mut file: serde_json::Value = serde_json::from_str(&wallet().to_json()).unwrap();
        file["version"] = json!(version);
        file["receipt_key"] = key;
        Wallet::parse_json(file.to_string().as_bytes())
    };
    let read = with(2, json!(key)).unwrap();
    assert_eq!(read.receipt_key().unwrap().to_string(), key);
    assert_eq!(read.id(), wallet().id(), "the id covers the receipt key");
    assert_ne!(read, wallet());
    let written = read.to_json();
    assert!(written.contains("\"version\": 2"));
    assert_eq!(Wallet::parse_json(written.as_bytes()).unwrap(), read);
    assert!(
        wallet().to_json().contains("\"version\": 1"),
        "older programs could not read it"
    );

    assert_eq!(with(1, json!(key)), Err(WalletError::ReceiptKeyVersion));
    for wrong in [
        json!(key.to_uppercase()),
        json!(&key[2..]),
        json!("00".repeat(32)),
        json!(format!("02{key}")),
    ] {
        assert_eq!(with(2, wrong), Err(WalletError::ReceiptKey));
    }
}

#[test]
fn an_altered_file_is_refused() {
    use WalletError::{
        BranchMissing, Checksum, ChecksumMissing, Derivation, Id, KeyNetwork, MalformedId,
    };
    let other_id = "00".repeat(32);
    let found = other_id.parse().unwrap();
    assert_eq!(
        changed("id", json!(other_id)),
        Err(Id {
            expected: wallet().id(),
            found
        })
    );
    assert!(matches!(changed("id", json!("00")), Err(MalformedId(_))));
    assert!(matches!(
        changed("name", json!("../etc")),
        Err(WalletError::Name(_))
    ));
    assert!(matches!(
        changed("birthday", json!("1999-01-01")),
        Err(WalletError::Birthday(_))
    ));
    assert_eq!(
        changed("network", json!("testnet")),
        Err(WalletError::UnknownNetwork)
    );
    let found = bitcoin::NetworkKind::Main;
    assert_eq!(
        changed("network", json!("regtest")),
        Err(KeyNetwork {
            expected: Network::Regtest,
            found
        })
    );

    let expected = BOTH.to_string();
    assert_eq!(
        changed("descriptor", json!(descriptor("/<0;1>/*"))),
        Err(ChecksumMissing {
            expected: expected.clone()
        }),
    );
    assert_eq!(
        changed("descriptor", json!(both().replace(BOTH, RECEIVE))),
        Err(Checksum { expected }),
    );
    // Each single changed character of the descriptor is noticed.
    let good = both();
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'q' { b'p' } else { b'q' };
        let text = String::from_utf8(bytes).unwrap();
        assert!(changed("descriptor", json!(text)).is_err(), "{at}");
    }
    let one = format!("{}#{CHANGE}", descriptor("/1/*"));
    assert_eq!(
        changed("descriptor", json!(one)),
        Err(BranchMissing {
            missing: Branch::Receive
        })
    );
    let one = format!("{}#{RECEIVE}", descriptor("/0/*"));
    assert_eq!(
        changed("descriptor", json!(one)),
        Err(BranchMissing {
            missing: Branch::Change
        })
    );
    assert!(matches!(import(&descriptor("/<1;0>/*")), Err(Derivation)));
}

#[test]
fn json_that_is_not_a_wallet_file_is_refused() {
    let reason = |text: &str| match Wallet::parse_json(text.as_bytes()) {
        Err(WalletError::Json { reason, .. }) => reason,
        other => panic!("{text:.80}: {other:?}"),
    };
    assert!(
        reason(&file().to_string().replacen('{', r#"{"color":"red","#, 1))
            .contains("unknown field `color`")
    );
    assert!(
        reason(&file().to_string().replacen('{', r#"{"name":"other","#, 1))
            .contains("duplicate field `name`")
    );
    let malformed = "it is not well-formed JSON";
    assert_eq!(reason(""), malformed);
    assert_eq!(reason("{"), malformed);
    assert_eq!(reason(&(wallet().to_json() + "x")), malformed);
    assert_eq!(reason(&"[".repeat(200_000)), "a value has the wrong type");
    assert_eq!(
        reason(&format!(r#"{{"a":{}"#, "[".repeat(200_000))),
        malformed
    );
    // Field names are shown escaped and cut.
    let terminal = reason("{\"name\":\"a\",\"network\":\"b\",\"\\u001b[2J\":1}");
    assert!(!terminal.contains('\u{1b}'), "{terminal:?}");
    let long = format!(r#"{{"{}":1}}"#, "x".repeat(10_000));
    assert!(reason(&long).len() < 300);
    // Values are not shown at all.
    assert_eq!(
        reason(r#"{"name":"a","network":"b","descriptor":["not for eyes"]}"#),
        "a value has the wrong type"
    );
    assert_eq!(
        reason(r#"{"version":"not for eyes"}"#),
        "a value has the wrong type"
    );
}

#[test]
fn bytes_that_are_no_text_or_too_many_are_refused() {
    for bytes in [&b"\xff\xfe{\0}\0"[..], b"wpkh(\xc3\x28)", b"\x80"] {
        assert_eq!(Wallet::import(bytes, &told()), Err(WalletError::NotText));
        assert_eq!(Wallet::parse_json(bytes), Err(WalletError::NotText));
    }
    let limit = 1 << 20;
    let huge = vec![b' '; limit + 1];
    let expected = WalletError::TooLarge {
        limit,
        found: limit + 1,
    };
    assert_eq!(Wallet::import(&huge, &told()), Err(expected.clone()));
    assert_eq!(Wallet::parse_json(&huge), Err(expected));
}
