//! Keys, descriptors and accounts, against `urtypes` in Python.

use anyhow::{Context, Result};
use bitcoin::NetworkKind;
use bitcoin::bip32::{ChildNumber, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use cofferdam_core::wallet::Wallet;
use cofferdam_core::{Network, ScriptType};
use cofferdam_testkit::peer::Peer;
use cofferdam_transport::registry::{Account, HdKey, Output, descriptors};
use cofferdam_transport::ur::{Encoder, Names, Order};
use cofferdam_transport::{Kind, Payload};
use serde_json::{Value, json};

use crate::hex;

/// Wallets of one master key: every script type, the first and the eighth account.
fn wallets(network: Network) -> Result<Vec<Wallet>> {
    let secp = Secp256k1::new();
    let (coin, kind) = match network {
        Network::Mainnet => (0, NetworkKind::Main),
        _ => (1, NetworkKind::Test),
    };
    let master = Xpriv::new_master(kind, &[7; 64])?;
    let fingerprint = master.fingerprint(&secp);
    let mut wallets = Vec::new();
    for account in [0, 7] {
        for script_type in ScriptType::ALL {
            let (purpose, [open, close]) = match script_type {
                ScriptType::Legacy => (44, ["pkh(", ")"]),
                ScriptType::Nested => (49, ["sh(wpkh(", "))"]),
                ScriptType::Segwit => (84, ["wpkh(", ")"]),
                ScriptType::Taproot => (86, ["tr(", ")"]),
            };
            let path = [purpose, coin, account].map(|index| ChildNumber::Hardened { index });
            let xpub = Xpub::from_priv(&secp, &master.derive_priv(&secp, &path)?);
            let descriptor =
                format!("{open}[{fingerprint}/{purpose}h/{coin}h/{account}h]{xpub}/<0;1>/*{close}");
            wallets.push(Wallet::from_descriptor(
                &descriptor,
                "main".parse()?,
                network,
                None,
            )?);
        }
    }
    Ok(wallets)
}

/// A wallet's descriptor as `urtypes` writes it: without branches, and with apostrophes.
fn theirs(wallet: &Wallet) -> String {
    wallet
        .canonical_descriptor()
        .replace("/<0;1>/*", "")
        .replace("h/", "'/")
        .replace("h]", "']")
}

fn key_alone(descriptor: &str) -> &str {
    let start = descriptor.rfind('(').map_or(0, |at| at + 1);
    descriptor[start..].trim_end_matches(')')
}

/// Our message as a peer gets it: parts of a UR, and the CBOR that it took out of them.
fn through_a_ur(peer: &mut Peer, payload: &Payload) -> Result<Value> {
    let mut encoder = Encoder::new(payload, Names::Old, 90, Order::Standard)?;
    let parts: Vec<_> = (0..encoder.fragments())
        .map(|_| encoder.next_part())
        .collect();
    let answer = peer.ask(&json!({"format": "ur", "do": "decode", "parts": parts}))?;
    peer.ask(&json!({
        "format": "registry", "do": "decode", "type": answer["type"], "hex": answer["hex"],
    }))
}

#[test]
fn theirs_reads_our_keys_descriptors_and_accounts() -> Result<()> {
    let mut peer = Peer::python()?;
    let mut read = 0;
    for network in [Network::Mainnet, Network::Testnet4] {
        let wallets = wallets(network)?;
        let mut ask = |kind, bytes, expected: Vec<String>| -> Result<()> {
            let answer = through_a_ur(&mut peer, &Payload { kind, bytes })?;
            assert_eq!(answer["descriptors"], json!(expected), "{kind:?}");
            read += 1;
            Ok(())
        };
        for wallet in &wallets {
            let descriptor = theirs(wallet);
            let key = HdKey::of_wallet(wallet).unwrap().encode(Names::Old);
            ask(Kind::HdKey, key, vec![key_alone(&descriptor).to_owned()])?;
            let output = Output::of_wallet(wallet, Names::Old)
                .unwrap()
                .encode(Names::Old);
            ask(Kind::Output, output, vec![descriptor])?;
        }
        for some in [&wallets[..1], &wallets[..]] {
            let account = Account::of_wallets(&some.iter().collect::<Vec<_>>())?;
            ask(
                Kind::Account,
                account.encode(Names::Old),
                some.iter().map(theirs).collect(),
            )?;
        }
    }
    println!(
        "{} reads {read} of our keys, descriptors and accounts",
        peer.language
    );
    Ok(())
}

#[test]
fn ours_reads_their_keys_descriptors_and_accounts() -> Result<()> {
    let mut peer = Peer::python()?;
    let mut read = 0;
    for network in [Network::Mainnet, Network::Testnet4] {
        let wallets = wallets(network)?;
        let mut ask = |kind, name, some: &[Wallet]| -> Result<()> {
            let keys: Vec<_> = some.iter().map(described).collect();
            let answer = peer
                .ask(&json!({"format": "registry", "do": "encode", "type": name, "keys": keys}))?;
            let bytes = unhex(answer["hex"].as_str().context("hex")?)?;
            let expected: Vec<_> = some.iter().map(Wallet::canonical_descriptor).collect();
            assert_eq!(
                descriptors(&Payload { kind, bytes })?,
                expected.join("\n"),
                "{name}"
            );
            read += 1;
            Ok(())
        };
        for wallet in wallets.chunks(1) {
            ask(Kind::HdKey, "crypto-hdkey", wallet)?;
            ask(Kind::Output, "crypto-output", wallet)?;
            ask(Kind::Account, "crypto-account", wallet)?;
        }
        ask(Kind::Account, "crypto-account", &wallets)?;
    }
    println!(
        "ours reads {read} keys, descriptors and accounts of {}",
        peer.language
    );
    Ok(())
}

/// A wallet's key in pieces, for the peer to build from.
fn described(wallet: &Wallet) -> Value {
    let xpub = wallet.single().unwrap().account_xpub();
    let path: Vec<u32> = wallet
        .single()
        .unwrap()
        .account_path()
        .into_iter()
        .map(|child| u32::from(*child) & !(1 << 31))
        .collect();
    json!({
        "key": hex(&xpub.public_key.serialize()),
        "chain_code": hex(xpub.chain_code.as_bytes()),
        "test": xpub.network == NetworkKind::Test,
        "fingerprint": hex(wallet.single().unwrap().fingerprint().as_bytes()),
        "hardened": path,
        "parent": hex(xpub.parent_fingerprint.as_bytes()),
        "scripts": match wallet.single().unwrap().script_type() {
            ScriptType::Legacy => vec![403],
            ScriptType::Nested => vec![400, 404],
            ScriptType::Segwit => vec![404],
            ScriptType::Taproot => vec![409],
        },
    })
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    let byte = |at| {
        Ok(u8::from_str_radix(
            text.get(at..at + 2).context("half a byte")?,
            16,
        )?)
    };
    (0..text.len()).step_by(2).map(byte).collect()
}
