//! The main job on a real bitcoind with every byte carried as pictures, as a bad camera sees them,
//! in both directions: the wallet, what is to be signed, and what was signed; in Cofferdam's own
//! format and in those of other wallets.

#![allow(clippy::print_stdout, reason = "tests say what crossed")]

mod treasury;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use bitcoin::hashes::Hash as _;
use bitcoin::{Address, Network, ScriptBuf, WPubkeyHash};
use cofferdam_testkit::Run;
use cofferdam_transport::code::Reader;
use cofferdam_transport::picture::open_stream;
use serde_json::{Value, json};
use treasury::{Treasury, outputs};

/// Frames that the camera misses, in a hundred.
const LOSS: &str = "20";

/// For how many rounds of the animation a person holds the camera before giving up.
const ROUNDS: u64 = 5;

/// With codes of this size (QR version), and so many payments, every message but a return needs
/// several.
const VERSION: &str = "14";
const PAYMENTS: usize = 60;

/// Addresses and what each is owed, in satoshi; others for each list.
fn payments(list: &str) -> BTreeMap<String, u64> {
    let payment = |number: usize| {
        let hash = WPubkeyHash::hash(format!("{list}-{number}").as_bytes());
        let address =
            Address::from_script(&ScriptBuf::new_p2wpkh(&hash), Network::Regtest).unwrap();
        (address.to_string(), 1_000_000 + number as u64)
    };
    (0..PAYMENTS).map(payment).collect()
}

/// How a list crosses.
struct Way {
    /// For whom the codes are drawn.
    receiver: &'static str,
    /// The format's name in `--json`.
    format: &'static str,
    /// What every code begins with.
    start: &'static [u8],
    psbt_version: &'static str,
}

const fn own(psbt_version: &'static str) -> Way {
    Way {
        receiver: "own",
        format: "fast",
        start: cofferdam_transport::raptorq::PREFIX.as_bytes(),
        psbt_version,
    }
}

const fn ur(psbt_version: &'static str) -> Way {
    Way {
        receiver: "sparrow",
        format: "ur",
        start: b"UR:CRYPTO-PSBT/",
        psbt_version,
    }
}

const fn bbqr(psbt_version: &'static str) -> Way {
    Way {
        receiver: "coldcard-q",
        format: "bbqr",
        start: b"B$",
        psbt_version,
    }
}

/// Gives a program one more round of recordings until it has read the whole message. What it says
/// meanwhile must be that it needs more, and nothing else.
fn scanned(what: &str, codes: &Path, parts: &Value, run: impl Fn(&[String]) -> Run) -> Value {
    // A code that stands still is there until it is read.
    let loss = if parts == 1 { "0" } else { LOSS };
    let mut recordings = Vec::new();
    for round in 0..ROUNDS {
        let recording = codes.with_extension(format!("{round}.gif"));
        degrade(codes, &recording, 1_009 * (round + 1), loss);
        recordings.push(recording.display().to_string());
        let run = run(&recordings);
        if run.code == 0 {
            println!("{what}: {parts} parts, whole in round {}", round + 1);
            return run.json().unwrap();
        }
        let code = run.error(6).unwrap()["code"].clone();
        assert!(
            code == "scan-incomplete" || code == "no-code",
            "{what}: {code}: {}",
            run.stderr
        );
    }
    panic!("{what}: not whole after {ROUNDS} rounds of {parts} parts");
}

fn degrade(codes: &Path, recording: &Path, seed: u64, loss: &str) {
    let run = Command::new(env!("CARGO_BIN_EXE_degrade"))
        .args([codes, recording])
        .args(["--seed", &seed.to_string(), "--loss", loss])
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

/// What the first code of a file holds.
fn first_code(codes: &Path) -> Vec<u8> {
    let mut source = open_stream(std::fs::File::open(codes).unwrap()).unwrap();
    let picture = source.next_frame().unwrap().unwrap();
    Reader::default().read(&picture, &|| false).remove(0)
}

impl Treasury {
    /// Brings the wallet to the watcher in codes.
    fn wallet_by_codes(&self) {
        let codes = self.path("wallet.gif");
        let shown = self.signer(&[
            "qr",
            "--account",
            "main",
            "--out",
            &codes,
            "--qr-version",
            "6",
        ]);
        let imported = scanned("wallet", codes.as_ref(), &shown["parts"], |recordings| {
            let arguments: Vec<_> = std::iter::once("scan".to_owned())
                .chain(recordings.iter().cloned())
                .collect();
            self.watcher.run(&arguments).unwrap()
        });
        assert_eq!(imported["name"], "main");
        let exported = self.signer(&["export", "--account", "main", "--format", "json"]);
        let known = self.watcher(&["wallet", "show", "main"]);
        assert_eq!(known["descriptor"], exported["descriptor"]);
        assert_eq!(known["network"], "regtest");
    }

    /// Pays a list, from its plan to its confirmation, in codes both ways.
    fn pay(&self, name: &str, way: &Way) {
        let mut list = String::from("payout_id,address,amount,unit\n");
        for (payee, sat) in payments(name) {
            list.push_str(&format!("{name}-{payee},{payee},{sat},sat\n"));
        }
        let file = self.path(&format!("{name}.csv"));
        std::fs::write(&file, list).unwrap();
        let created = self.watcher(&[
            "payout",
            "create",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            "2.5",
        ]);
        let id = created["id"].as_str().unwrap();

        let unsigned = self.path(&format!("{name}.gif"));
        let shown = self.watcher(&[
            "payout",
            "qr",
            id,
            "--out",
            &unsigned,
            "--to",
            way.receiver,
            "--qr-version",
            VERSION,
            "--psbt-version",
            way.psbt_version,
        ]);
        assert_eq!(shown["format"], way.format);
        assert_eq!(shown["state"], "exported");
        assert!(shown["parts"].as_u64().unwrap() > 4, "{shown}");
        assert!(first_code(unsigned.as_ref()).starts_with(way.start));

        let signed = self.path(&format!("{name}-signed.gif"));
        let answer = scanned(
            &format!("{name}, to sign"),
            unsigned.as_ref(),
            &shown["parts"],
            |recordings| {
                let arguments = [
                    "--yes",
                    "--qr",
                    &signed,
                    "--to",
                    way.receiver,
                    "--qr-version",
                    VERSION,
                ];
                let arguments: Vec<_> = std::iter::once("scan".to_owned())
                    .chain(recordings.iter().cloned())
                    .chain(arguments.map(str::to_owned))
                    .collect();
                self.signer.run(&arguments).unwrap()
            },
        );
        assert_eq!(answer["codes"]["format"], way.format);
        assert_eq!(answer["return"].is_object(), way.receiver == "own");
        assert!(first_code(signed.as_ref()).starts_with(way.start));

        let parts = &answer["codes"]["parts"];
        let imported = scanned(
            &format!("{name}, signed"),
            signed.as_ref(),
            parts,
            |recordings| {
                let arguments: Vec<_> = std::iter::once("scan".to_owned())
                    .chain(recordings.iter().cloned())
                    .collect();
                self.watcher.run(&arguments).unwrap()
            },
        );
        assert_eq!(imported["id"], id);
        assert_eq!(imported["state"], "signed");

        self.watcher(&["payout", "broadcast", id]);
        let sent = self.watcher(&["payout", "show", id]);
        assert_eq!(sent["state"], "broadcast");
        let txid = sent["transactions"][0]["txid"].as_str().unwrap();
        assert_eq!(
            self.node.rpc("getrawmempool", json!([])).unwrap(),
            json!([txid])
        );
        self.node.mine(1).unwrap();
        self.sync();
        assert_eq!(self.watcher(&["payout", "show", id])["state"], "confirmed");
        let mut paid = outputs(&self.node, txid);
        paid.retain(|address, _| payments(name).contains_key(address));
        assert_eq!(paid, payments(name));
    }
}

fn channel(script: &str, ways: &[Way]) {
    let treasury = Treasury::new(script);
    treasury.wallet_by_codes();
    treasury.fund(1);
    for (number, way) in ways.iter().enumerate() {
        let name = format!("{script}-{}-v{}-{number}", way.format, way.psbt_version);
        treasury.pay(&name, way);
    }
    let held = treasury.balance()["confirmed"].as_u64().unwrap();
    assert_eq!(held, treasury.node_balance_sat());
}

#[test]
fn segwit_in_bundles_and_returns() {
    channel("segwit", &[own("0"), own("2")]);
}

#[test]
fn taproot_in_bundles_and_returns() {
    channel("taproot", &[own("0"), own("2")]);
}

#[test]
fn pkh_in_psbts_as_ur_and_bbqr() {
    channel("legacy", &[ur("0"), ur("2"), bbqr("0"), bbqr("2")]);
}

#[test]
fn sh_wpkh_in_psbts_as_ur_and_bbqr() {
    channel("nested", &[ur("0"), ur("2"), bbqr("0"), bbqr("2")]);
}
