//! Other programs' files.

use cofferdam_core::wallet::{Birthday, Branch, ImportOptions, Wallet, WalletError};
use cofferdam_core::{Network, ScriptType};
use serde_json::{Value, json};

use super::{BOTH, CHANGE, ORIGIN, RECEIVE, XPUB, both, descriptor, import, name, told, wallet};

#[test]
fn a_pair_of_descriptors_is_joined() {
    let (receive, change) = (descriptor("/0/*"), descriptor("/1/*"));
    for text in [
        format!("{receive}\n{change}"),
        format!("{change}#{CHANGE}\r\n\r\n{receive}#{RECEIVE}\r\n"),
        format!("  {receive}  \n# note\n  {change}"),
        format!("{receive}\n{}", both()),
        format!("{receive}\n{change}\n{receive}"),
    ] {
        assert_eq!(import(&text), Ok(wallet()), "{text}");
    }
    assert_eq!(
        import(&receive),
        Err(WalletError::BranchMissing {
            missing: Branch::Change
        })
    );
    assert_eq!(
        import(&change),
        Err(WalletError::BranchMissing {
            missing: Branch::Receive
        })
    );
    for other in [
        "wpkh([5c9e2280/84h/0h/0h]",
        "pkh([5c9e228d/84h/0h/0h]",
        "wpkh([5c9e228d/84h/1h/0h]",
    ] {
        let other = change.replace("wpkh([5c9e228d/84h/0h/0h]", other);
        assert_eq!(
            import(&format!("{receive}\n{other}")),
            Err(WalletError::SeveralAccounts { count: 2 })
        );
    }
    for text in [
        "",
        "\n\n",
        "# only a comment",
        "hello",
        &format!("{receive}\nhello"),
    ] {
        assert_eq!(import(text), Err(WalletError::NoDescriptor), "{text}");
    }
    let many = format!("{receive}\n").repeat(65);
    assert_eq!(
        import(&many),
        Err(WalletError::TooManyDescriptors { limit: 64 })
    );
}

#[test]
fn sparrows_descriptor_file_is_read() {
    let text = format!(
        "# Receive and change descriptor (BIP389):\n{}#{BOTH}\n\n\n# Receive descriptor (Bitcoin Core):\n{}#{RECEIVE}\n\n\
         # Change descriptor (Bitcoin Core):\n{}#{CHANGE}\n",
        descriptor("/<0;1>/*"),
        descriptor("/0/*"),
        descriptor("/1/*"),
    );
    assert_eq!(import(&text), Ok(wallet()));
}

#[test]
fn specters_json_is_read() {
    let text = |label: &str, descriptor: String| {
        json!({ "label": label, "blockheight": 800_000, "descriptor": descriptor }).to_string()
    };
    let receive = format!("{}#{RECEIVE}", descriptor("/0/*"));
    let options = ImportOptions {
        name: None,
        ..told()
    };
    for descriptor in [receive.clone(), both()] {
        let read = Wallet::import(text("main", descriptor).as_bytes(), &options);
        assert_eq!(read, Ok(wallet()));
    }
    // A label that is no name is left out.
    let refused = Wallet::import(text("My wallet", both()).as_bytes(), &options);
    assert_eq!(refused, Err(WalletError::NameMissing));
    // Only Specter's label says that the receive branch stands for both.
    let unlabelled = json!({ "descriptor": receive }).to_string();
    assert_eq!(
        import(&unlabelled),
        Err(WalletError::BranchMissing {
            missing: Branch::Change
        })
    );
    let change = format!("{}#{CHANGE}", descriptor("/1/*"));
    assert_eq!(
        import(&text("main", change)),
        Err(WalletError::BranchMissing {
            missing: Branch::Receive
        })
    );
    assert_eq!(import(r#"{"label":"x"}"#), Err(WalletError::NoDescriptor));
}

/// An entry of Bitcoin Core's JSON.
fn entry(text: String, internal: bool, timestamp: Value) -> Value {
    json!({ "desc": text, "timestamp": timestamp, "active": true, "internal": internal, "range": [0, 999], "next": 7 })
}

#[test]
fn bitcoin_cores_json_is_read() {
    let receive = || {
        entry(
            format!("{}#{RECEIVE}", descriptor("/0/*")),
            false,
            json!(1_709_164_800),
        )
    };
    let change = || {
        entry(
            format!("{}#{CHANGE}", descriptor("/1/*")),
            true,
            json!(1_709_251_200),
        )
    };
    let born = Wallet::import(
        both().as_bytes(),
        &ImportOptions {
            birthday: "2024-02-29".parse().ok(),
            ..told()
        },
    );
    let pair = json!([receive(), change()]);
    assert_eq!(import(&pair.to_string()), born);
    assert_eq!(
        import(&json!({ "wallet_name": "w", "descriptors": pair }).to_string()),
        born
    );

    // A timestamp that is no birthday.
    for timestamp in [json!("now"), json!(0), json!(1), Value::Null] {
        let text = json!([receive(), entry(descriptor("/1/*"), true, timestamp)]).to_string();
        assert_eq!(import(&text), Ok(wallet()), "{text}");
    }
    let swapped = json!([receive(), entry(descriptor("/1/*"), false, json!("now"))]).to_string();
    let expected = WalletError::Internal {
        branch: Branch::Change,
        internal: false,
    };
    assert_eq!(import(&swapped), Err(expected));
    assert_eq!(
        import(&json!([receive()]).to_string()),
        Err(WalletError::BranchMissing {
            missing: Branch::Change
        }),
    );
    for text in [
        "[]",
        "[1]",
        "[{}]",
        r#"{"descriptors":[]}"#,
        r#"{"descriptors":1}"#,
        r#"[{"desc":1}]"#,
    ] {
        assert_eq!(import(text), Err(WalletError::NoDescriptor), "{text}");
    }
    let many = Value::Array(vec![receive(); 65]).to_string();
    assert_eq!(
        import(&many),
        Err(WalletError::TooManyDescriptors { limit: 64 })
    );
}

#[test]
fn one_account_of_several_is_taken_when_told() {
    let taproot = |suffix: &str| format!("tr([5c9e228d/86h/0h/0h]{XPUB}{suffix})");
    let multisig = format!("wsh(sortedmulti(1,{ORIGIN}{XPUB}/0/*))");
    let text = json!({ "descriptors": [
        entry(descriptor("/0/*"), false, json!(0)),
        entry(descriptor("/1/*"), true, json!(0)),
        entry(taproot("/0/*"), false, json!(0)),
        entry(taproot("/1/*"), true, json!(0)),
    ]});
    assert_eq!(
        import(&text.to_string()),
        Err(WalletError::SeveralAccounts { count: 2 })
    );
    let told = |script_type| ImportOptions {
        script_type: Some(script_type),
        ..told()
    };
    let take =
        |text: &Value, script_type| Wallet::import(text.to_string().as_bytes(), &told(script_type));
    assert_eq!(take(&text, ScriptType::Segwit), Ok(wallet()));
    assert_eq!(
        take(&text, ScriptType::Taproot)
            .unwrap()
            .single()
            .unwrap()
            .script_type(),
        ScriptType::Taproot
    );
    let expected = ScriptType::Legacy;
    assert_eq!(
        take(&text, expected),
        Err(WalletError::NoSuchScriptType { expected })
    );
    assert_eq!(
        Wallet::import(wallet().to_json().as_bytes(), &told(expected)),
        Err(WalletError::NoSuchScriptType { expected }),
    );

    // What is not supported is skipped only then.
    let mut more = text;
    more["descriptors"]
        .as_array_mut()
        .unwrap()
        .push(entry(multisig, false, json!(0)));
    assert_eq!(
        import(&more.to_string()),
        Err(WalletError::NotSupported { found: "wsh(...)" })
    );
    assert_eq!(take(&more, ScriptType::Segwit), Ok(wallet()));
}

#[test]
fn the_core_export_is_what_importdescriptors_takes() {
    let birthday: Birthday = "2024-02-29".parse().unwrap();
    let wallet =
        Wallet::from_descriptor(&both(), name(), Network::Mainnet, Some(birthday)).unwrap();
    let expected = json!([
        {
            "desc": format!("{}#{RECEIVE}", descriptor("/0/*")), "active": true, "internal": false,
            "range": [0, 999], "next_index": 0, "timestamp": 1_709_164_800,
        },
        {
            "desc": format!("{}#{CHANGE}", descriptor("/1/*")), "active": true, "internal": true,
            "range": [0, 999], "next_index": 0, "timestamp": 1_709_164_800,
        },
    ]);
    assert_eq!(
        serde_json::from_str::<Value>(&wallet.core_import_json()).unwrap(),
        expected
    );
}
