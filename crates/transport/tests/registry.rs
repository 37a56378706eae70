//! Registry types against the vectors of their papers, against wallets, and against hostile CBOR.

use cofferdam_core::wallet::{ImportOptions, Wallet};
use cofferdam_core::{Network, ScriptType};
use cofferdam_transport::registry::{Account, HdKey, Output, RegistryError, Source, descriptors};
use cofferdam_transport::ur::{Decoder, Names};
use cofferdam_transport::{Assembly, Kind, Payload, Step};
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::Value;

fn vector(name: &str) -> Value {
    let all: Value =
        serde_json::from_str(include_str!("../../../fixtures/registry/vectors.json")).unwrap();
    all[name].clone()
}

fn cbor(name: &str) -> Vec<u8> {
    HEXLOWER
        .decode(vector(name)["cbor"].as_str().unwrap().as_bytes())
        .unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    let values = value.as_array().unwrap();
    values
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn payload(kind: Kind, bytes: Vec<u8>) -> Payload {
    Payload { kind, bytes }
}

fn import(text: &str, network: Network, script_type: Option<ScriptType>) -> Wallet {
    let options = ImportOptions {
        name: Some("main".parse().unwrap()),
        network: Some(network),
        birthday: None,
        script_type,
    };
    Wallet::import(text.as_bytes(), &options).unwrap()
}

/// Wallets of one master key, one of each script type.
fn wallets() -> Vec<Wallet> {
    let text = strings(&vector("account_new")["descriptors"]).join("\n");
    ScriptType::ALL
        .into_iter()
        .map(|script_type| import(&text, Network::Mainnet, Some(script_type)))
        .collect()
}

const TEST_WALLET: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

#[test]
fn urs_of_the_papers_hold_their_cbor() {
    for name in ["hdkey_public", "hdkey_master", "account_new"] {
        let text = vector(name)["ur"].as_str().unwrap().to_uppercase();
        let Ok(Step::Whole(payload)) = Decoder::new().take(text.as_bytes()) else {
            panic!("{name} is not read");
        };
        assert_eq!(payload.bytes, cbor(name), "{name}");
    }
}

/// A descriptor as text is not taken apart, and yet searched.
#[test]
fn a_private_key_in_a_text_is_refused() {
    let of_text =
        |text: &str| [&[0xa1, 1, 0x79, 0, text.len() as u8][..], text.as_bytes()].concat();
    let secp = bitcoin::secp256k1::Secp256k1::new();
    let master = bitcoin::bip32::Xpriv::new_master(bitcoin::NetworkKind::Main, &[7; 32]).unwrap();
    let wif = bitcoin::PrivateKey::from_slice(&[7; 32], bitcoin::NetworkKind::Test)
        .unwrap()
        .to_wif();
    for private in [
        format!("wpkh({master}/0/*)"),
        format!(
            "pkh([00000000/44h/0h/0h]{}/0/*)",
            master.to_string().replace("xprv", "zprv")
        ),
        format!("wpkh({wif})"),
    ] {
        assert_eq!(
            Output::decode(&of_text(&private)),
            Err(RegistryError::Private),
            "{private}"
        );
    }
    // Letters in the middle of a key say nothing.
    let key = bitcoin::bip32::Xpub::from_priv(&secp, &master).to_string();
    let public = format!("wpkh({}xprv{})", &key[..50], &key[54..]);
    let output = Output::decode(&of_text(&public)).unwrap();
    assert_eq!(output.source, Source::Text(public));
}

#[test]
fn the_papers_key_is_read_and_written() {
    let key = HdKey::decode(&cbor("hdkey_public")).unwrap();
    assert_eq!(
        key.xpub().unwrap().to_string(),
        vector("hdkey_public")["xpub"].as_str().unwrap()
    );
    assert_eq!(key.encode(Names::Old), cbor("hdkey_public"));
    assert_eq!(HdKey::decode(&key.encode(Names::New)).unwrap(), key);
}

#[test]
fn the_papers_accounts_are_read_alike_in_both_forms() {
    for name in ["account_old", "account_new"] {
        let account = Account::decode(&cbor(name)).unwrap();
        assert_eq!(
            account.descriptors().unwrap(),
            strings(&vector(name)["descriptors"])
        );
        assert_eq!(
            account.left_out as u64,
            vector(name)["left_out"].as_u64().unwrap()
        );
    }
}

#[test]
fn our_account_is_the_papers() {
    let wallets = wallets();
    let ours = Account::of_wallets(&wallets.iter().collect::<Vec<_>>()).unwrap();
    let paper = Account::decode(&cbor("account_new")).unwrap();
    assert_eq!(ours.outputs, paper.outputs);
    // The paper's bytes: the head, the three outputs before the cosigners, and the one after them.
    let (written, all) = (ours.encode(Names::New), cbor("account_new"));
    let (rest, last) = written.split_at(written.len() - 115);
    assert_eq!(rest[..8], all[..8]);
    assert_eq!(rest[9..], all[9..rest.len()]);
    assert_eq!(*last, all[all.len() - 115..]);
    assert_eq!(Account::decode(&written).unwrap(), ours);
    assert_eq!(
        Account::decode(&ours.encode(Names::Old)).unwrap().outputs,
        ours.outputs
    );
}

#[test]
fn the_papers_descriptor_of_one_branch_is_read() {
    let output = Output::decode(&cbor("output_pkh")).unwrap();
    let text = output.descriptor().unwrap();
    let vector = vector("output_pkh");
    assert!(text.starts_with(vector["descriptor_start"].as_str().unwrap()));
    assert!(text.ends_with(vector["descriptor_end"].as_str().unwrap()));
    assert_eq!(output.encode(Names::Old), cbor("output_pkh"));
}

#[test]
fn private_keys_are_refused() {
    let private = Err(RegistryError::Private);
    assert_eq!(HdKey::decode(&cbor("hdkey_master")).map(|_| ()), private);
    assert_eq!(
        Output::decode(&cbor("output_private_new")).map(|_| ()),
        private
    );
    // The public vector, made private by each mark in turn.
    let public = cbor("hdkey_public");
    let marked = |mark: &[u8]| [b"\xa6", mark, &public[1..]].concat();
    assert_eq!(HdKey::decode(&marked(b"\x02\xf5")).map(|_| ()), private);
    assert_eq!(HdKey::decode(&marked(b"\x01\xf5")).map(|_| ()), private);
    assert!(HdKey::decode(&marked(b"\x02\xf4")).is_ok());
    let mut by_key = public.clone();
    by_key[4] = 0;
    assert_eq!(HdKey::decode(&by_key).map(|_| ()), private);
    // wsh(cosigner(private)) inside an account.
    let key = [b"\xd9\x01\x91\xd9\x01\x2f".as_slice(), &marked(b"\x02\xf5")].concat();
    let account = [b"\xa2\x01\x05\x02\x81".as_slice(), &key].concat();
    assert_eq!(Account::decode(&account).map(|_| ()), private);
}

#[test]
fn what_is_not_of_one_key_is_refused_by_name() {
    for (name, expected) in [
        ("output_key", "a single key"),
        ("output_multisig", "sh(...) with a script"),
        ("output_pk_new", "a single key"),
        ("output_address_new", "an address"),
        ("output_multisig_new", "a descriptor of several keys"),
    ] {
        let refused = Output::decode(&cbor(name)).map(|_| ());
        assert_eq!(
            refused,
            Err(RegistryError::NotSupported { found: expected }),
            "{name}"
        );
    }
}

#[test]
fn every_wallet_comes_back_from_every_form() {
    let mut all = wallets();
    all.push(import(TEST_WALLET, Network::Signet, None));
    for wallet in &all {
        for names in [Names::Old, Names::New] {
            let account = Account::of_wallets(&[wallet]).unwrap();
            for (kind, bytes) in [
                (Kind::HdKey, HdKey::of_wallet(wallet).unwrap().encode(names)),
                (
                    Kind::Output,
                    Output::of_wallet(wallet, names).unwrap().encode(names),
                ),
                (Kind::Account, account.encode(names)),
            ] {
                let text = descriptors(&payload(kind, bytes)).unwrap();
                let back = import(&text, wallet.network(), None);
                assert_eq!(back.id(), wallet.id(), "{kind:?} {names:?}");
            }
        }
    }
    let named = Output::decode(
        &Output::of_wallet(&all[0], Names::New)
            .unwrap()
            .encode(Names::New),
    )
    .unwrap();
    assert_eq!(named.name.as_deref(), Some("main"));
}

#[test]
fn wallets_of_two_masters_are_no_account() {
    let other = import(TEST_WALLET, Network::Signet, None);
    let refused = Account::of_wallets(&[&wallets()[0], &other]);
    assert_eq!(refused, Err(RegistryError::SeveralMasters));
    assert!(Account::of_wallets(&[]).is_err());
}

/// Writes diagnostic-like items.
fn items(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn fields_that_other_wallets_write_are_read() {
    let public = cbor("hdkey_public");
    let more = items(&[
        b"\xa9",
        &public[1..],
        b"\x09\x64Main",
        b"\x0a\x60",
        b"\x0b\x82\x01\x02",
        b"\x07\xd9\x01\x30\xa1\x01\x83\x84\x00\xf4\x01\xf4\x80\xf4",
    ]);
    let key = HdKey::decode(&more).unwrap();
    assert_eq!(key.name.as_deref(), Some("Main"));
    assert_eq!(key.note.as_deref(), Some(""));
    assert!(key.children.is_some());
    // Tagged at the top, as some do.
    let tagged = items(&[b"\xd9\x01\x2f", &public]);
    assert!(HdKey::decode(&tagged).is_ok());
    let tagged = items(&[b"\xd9\x01\x34", &cbor("output_pkh")]);
    assert_eq!(Output::decode(&tagged), Output::decode(&cbor("output_pkh")));
}

#[test]
fn a_template_may_tell_the_branches() {
    let output = |source: &str| {
        let wallet = import(TEST_WALLET, Network::Signet, None);
        let key = HdKey::of_wallet(&wallet).unwrap().encode(Names::New);
        let head = [&[0xa2, 0x01, 0x60 + source.len() as u8], source.as_bytes()].concat();
        items(&[&head, b"\x02\x81\xd9\x9d\x6f", &key])
    };
    for source in ["wpkh(@0)", "wpkh(@0/**)", "wpkh(@0/<0;1>/*)"] {
        let read = Output::decode(&output(source)).unwrap();
        assert!(matches!(read.source, Source::Single(ScriptType::Segwit, _)));
    }
    for source in ["wpkh(@1)", "wsh(pk(@0))", "wpkh(@0/0/*)"] {
        let refused = Output::decode(&output(source));
        assert!(
            matches!(refused, Err(RegistryError::NotSupported { .. })),
            "{source}"
        );
    }
    let bare = items(&[b"\xa1\x01\x68wpkh(@0)"]);
    assert_eq!(
        Output::decode(&bare),
        Err(RegistryError::Missing { field: "keys" })
    );
    let lines = items(&[b"\xa1\x01\x63a\nb"]);
    assert_eq!(
        Output::decode(&lines),
        Err(RegistryError::Value { field: "source" })
    );
}

#[test]
fn a_key_by_itself_needs_a_purpose() {
    let key = payload(Kind::HdKey, cbor("output_pkh")[6..].to_vec());
    assert!(descriptors(&key).unwrap().starts_with("pkh("));
    let no_purpose = items(&[b"\xa1\x03\x58\x21", &cbor("hdkey_public")[4..37]]);
    assert_eq!(
        descriptors(&payload(Kind::HdKey, no_purpose)),
        Err(RegistryError::Missing { field: "origin" })
    );
    assert_eq!(
        descriptors(&payload(Kind::Text, vec![])),
        Err(RegistryError::OtherKind)
    );
}

#[test]
fn hostile_cbor_is_refused() {
    let public = cbor("hdkey_public");
    let deep = [vec![0xa1, 0x18, 0x63], vec![0x81; 60_000]].concat();
    let long_path = items(&[b"\xa1\x06\xd9\x01\x30\xa1\x01\x9a\xff\xff\xff\xff"]);
    let twice = items(&[b"\xa6", &public[1..], b"\x03\x40"]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        (
            "an indefinite map",
            items(&[b"\xbf", &public[1..], b"\xff"]),
        ),
        (
            "a map of 2^64 - 1",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
        (
            "bytes of 2^64 - 1",
            b"\xa1\x03\x5b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
        ("a path of 2^32 - 1", long_path),
        ("nested arrays", deep),
        ("a byte after the end", items(&[&public, b"\x00"])),
        ("a byte missing", public[..public.len() - 1].to_vec()),
        ("a field twice", twice),
        ("negative keys", b"\xa1\x20\x00".to_vec()),
        ("too much", vec![0; 70_000]),
        (
            "a point off the curve",
            items(&[b"\xa1\x03\x58\x21\x02", &[0xff; 32]]),
        ),
        (
            "another coin",
            items(&[b"\xa1\x05\xd9\x01\x31\xa1\x01\x18\x3c"]),
        ),
        (
            "a hardened wildcard",
            items(&[b"\xa1\x07\xd9\x01\x30\xa1\x01\x82\x80\xf5"]),
        ),
        (
            "an odd path",
            items(&[b"\xa1\x06\xd9\x01\x30\xa1\x01\x81\x00"]),
        ),
        (
            "a hardened index as index",
            items(&[b"\xa1\x06\xd9\x01\x30\xa1\x01\x82\x1a\x80\x00\x00\x00\xf5"]),
        ),
        ("text that is not UTF-8", items(&[b"\xa1\x09\x62\xff\xfe"])),
    ];
    for (name, bytes) in &cases {
        assert!(HdKey::decode(bytes).is_err(), "{name}");
        assert!(Output::decode(bytes).is_err(), "{name}");
        assert!(Account::decode(bytes).is_err(), "{name}");
    }
    for name in ["hdkey_public", "account_old", "account_new", "output_pkh"] {
        let whole = cbor(name);
        for end in 0..whole.len() {
            assert!(HdKey::decode(&whole[..end]).is_err());
            assert!(Output::decode(&whole[..end]).is_err());
            assert!(Account::decode(&whole[..end]).is_err());
        }
    }
}

proptest! {
    #[test]
    fn flipped_vectors_never_panic(index in any::<prop::sample::Index>(), bit in 0u8..8) {
        for name in ["hdkey_public", "account_old", "account_new", "output_pkh", "output_multisig_new"] {
            let mut bytes = cbor(name);
            let at = index.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            for kind in [Kind::HdKey, Kind::Output, Kind::Account] {
                let _ = descriptors(&payload(kind, bytes.clone()));
            }
        }
    }
}
