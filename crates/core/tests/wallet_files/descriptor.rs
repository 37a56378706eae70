//! Plain descriptors.

use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, ImportOptions, Wallet, WalletError};

use super::{BOTH, CHANGE, ORIGIN, RECEIVE, XPUB, both, descriptor, import, name, told, wallet};

#[test]
fn checksums_are_those_of_other_programs() {
    assert_eq!(wallet().descriptor_text(), both());
    let [receive, change] = Branch::ALL.map(|branch| wallet().branch_descriptor_text(branch));
    assert_eq!(receive, format!("{}#{RECEIVE}", descriptor("/0/*")));
    assert_eq!(change, format!("{}#{CHANGE}", descriptor("/1/*")));
}

#[test]
fn a_master_key_has_its_own_fingerprint_as_origin() {
    let master = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
    let read = import(&format!("wpkh([3442193e]{master}/<0;1>/*)")).unwrap();
    assert_eq!(
        read.key_origin(Branch::Change, 5).unwrap().1.1.to_string(),
        "1/5"
    );
    assert_eq!(
        import(&format!("wpkh([3442193f]{master}/<0;1>/*)")),
        Err(WalletError::Origin {
            reason: "the fingerprint is not the master key's"
        }),
    );
}

#[test]
fn descriptors_that_are_no_wallet_are_refused() {
    use WalletError::{
        Derivation, NotExtended, NotSupported, Origin, OriginMissing, Slip132, Syntax,
    };
    let key = format!("{ORIGIN}{XPUB}/<0;1>/*");
    let not_supported = |found| NotSupported { found };
    let point = "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c";
    let cases = [
        (descriptor("/0'/*"), Derivation),
        (descriptor("/2/*"), Derivation),
        (descriptor("/<0;2>/*"), Derivation),
        (descriptor("/<1;0>/*"), Derivation),
        (descriptor("/<0;0>/*"), Derivation),
        (descriptor("/<0;1;2>/*"), Derivation),
        (descriptor("/0/<0;1>/*"), Derivation),
        (descriptor("/<0;1>/0/*"), Derivation),
        (descriptor("/<0;1>"), Derivation),
        (descriptor("/0"), Derivation),
        (descriptor("/*"), Derivation),
        (descriptor(""), Derivation),
        (descriptor("/<0;1>/*'"), Derivation),
        (descriptor("/<0;1>/*h"), Derivation),
        (descriptor("/<0';1'>/*"), Derivation),
        (descriptor("/<0;1>/<0;1>/*"), Syntax),
        (descriptor("/<0>/*"), Syntax),
        (descriptor("/<0;2147483648>/*"), Syntax),
        (descriptor("/<0;1>/*/1"), Syntax),
        (descriptor("/<0;-1>/*"), Syntax),
        (format!("wpkh({XPUB}/<0;1>/*)"), OriginMissing),
        (
            format!("wpkh([5c9e228d/84h/0h]{XPUB}/<0;1>/*)"),
            Origin {
                reason: "the path's length is not the key's depth",
            },
        ),
        (
            format!("wpkh([5c9e228d/84h/0h/1h]{XPUB}/<0;1>/*)"),
            Origin {
                reason: "the path's last step is not the key's",
            },
        ),
        (
            format!("wpkh([5c9e228d/84h/0h/0]{XPUB}/<0;1>/*)"),
            Origin {
                reason: "the path's last step is not the key's",
            },
        ),
        (format!("wpkh({ORIGIN}{point})"), NotExtended),
        (format!("wsh(pk({key}))"), not_supported("wsh(...)")),
        (
            format!("wsh(sortedmulti(1,{key}))"),
            not_supported("wsh(...)"),
        ),
        (format!("sh(wsh(pk({key})))"), not_supported("sh(wsh(...))")),
        (
            format!("sh(multi(1,{key}))"),
            not_supported("sh(...) with a script"),
        ),
        (format!("pk({key})"), not_supported("a bare script")),
        (
            format!("tr({key},pk({key}))"),
            not_supported("tr(...) with a script tree"),
        ),
        (descriptor("/<0;1>/*").replace("xpub", "zpub"), Slip132),
        (descriptor("/<0;1>/*").replace("xpub", "vpub"), Slip132),
        (
            format!("{} ", descriptor("/<0;1>/*").replace("wpkh", "WPKH")),
            Syntax,
        ),
        (format!("combo({key})"), Syntax),
        (format!("wpkh({key},{key})"), Syntax),
        (format!("wpkh({key}))"), Syntax),
        (format!("wpkh(({key}))"), Syntax),
        ("wpkh()".into(), Syntax),
        (format!("wpkh({key})\u{0}"), Syntax),
        (format!("wpkh({key}\u{e9})"), Syntax),
        ("(".repeat(100_000), Syntax),
        (
            format!("wsh({}1{})", "and_v(v:".repeat(20_000), ")".repeat(20_000)),
            Syntax,
        ),
    ];
    for (text, expected) in cases {
        let error = import(&text).unwrap_err();
        assert_eq!(error, expected, "{text:.300}");
        assert!(!error.to_string().contains("xpub6"));
    }
}

#[test]
fn a_wrong_checksum_is_named() {
    for (text, expected) in [
        (format!("{}#{RECEIVE}", descriptor("/<0;1>/*")), BOTH),
        (format!("{}#", descriptor("/<0;1>/*")), BOTH),
        (format!("{}#{}", descriptor("/<0;1>/*"), &BOTH[..7]), BOTH),
        (format!("{}#{BOTH}#{BOTH}", descriptor("/<0;1>/*")), BOTH),
        (format!("{}#{BOTH}", descriptor("/0/*")), RECEIVE),
    ] {
        assert_eq!(
            import(&text),
            Err(WalletError::Checksum {
                expected: expected.into()
            }),
            "{text}"
        );
    }
}

#[test]
fn a_key_of_the_other_kind_of_network_is_refused() {
    let found = bitcoin::NetworkKind::Main;
    for network in [Network::Testnet4, Network::Signet, Network::Regtest] {
        let refused = Wallet::from_descriptor(&both(), name(), network, None);
        assert_eq!(
            refused,
            Err(WalletError::KeyNetwork {
                expected: network,
                found
            })
        );
    }
    let options = ImportOptions {
        network: Some(Network::Signet),
        ..told()
    };
    let refused = Wallet::import(wallet().to_json().as_bytes(), &options);
    assert_eq!(
        refused,
        Err(WalletError::OtherNetwork {
            expected: Network::Signet,
            found: Network::Mainnet
        })
    );
}

#[test]
fn what_a_file_does_not_say_must_be_told() {
    let options = ImportOptions {
        name: None,
        ..told()
    };
    assert_eq!(
        Wallet::import(both().as_bytes(), &options),
        Err(WalletError::NameMissing)
    );
    let options = ImportOptions {
        network: None,
        ..told()
    };
    assert_eq!(
        Wallet::import(both().as_bytes(), &options),
        Err(WalletError::NetworkMissing)
    );
    // What is told replaces what an own file says, but for the network.
    let options = ImportOptions {
        name: "x".parse().ok(),
        birthday: "2020-02-02".parse().ok(),
        ..told()
    };
    let renamed = Wallet::import(wallet().to_json().as_bytes(), &options).unwrap();
    assert_eq!(
        (renamed.name().as_str(), renamed.birthday()),
        ("x", "2020-02-02".parse().ok())
    );
    assert_eq!(renamed.id(), wallet().id());
}
