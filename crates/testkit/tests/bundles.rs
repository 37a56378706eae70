//! Lists through both binaries as a bundle and a return: one file each way, with receipts.

#![allow(
    clippy::print_stdout,
    reason = "tests say how large things are, and how long refusals take"
)]

use std::path::{Path, PathBuf};

use cofferdam_core::psbt::Parsed;
use cofferdam_testkit::{Signer, Watcher, payee};
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::returned::{Return, VaultState};
use serde_json::Value;

struct Office {
    folder: tempfile::TempDir,
    signer: Signer,
    watcher: Watcher,
}

impl Office {
    /// A vault with an account, its wallet imported from `export --format <format>`, and coins on
    /// the rehearsal chain.
    fn funded(script: &str, coins: u32, format: &str) -> Office {
        let folder = tempfile::tempdir().unwrap();
        let office = Office {
            signer: Signer::init(&folder.path().join("offline")).unwrap(),
            watcher: Watcher::new(&folder.path().join("online")),
            folder,
        };
        office.sign(&["account", "add", "--name", "main", "--script", script]);
        office.import_wallet(format);
        let (sat, coins) = (
            (u64::from(coins) * 1_000_000).to_string(),
            coins.to_string(),
        );
        office.watch(&[
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount-sat",
            &sat,
            "--coins",
            &coins,
        ]);
        office.watch(&["sync", "--chain", "rehearsal"]);
        office
    }

    fn import_wallet(&self, format: &str) -> Value {
        let file = self.text(&format!("main.{format}"));
        self.sign(&[
            "export",
            "--account",
            "main",
            "--format",
            format,
            "--out",
            &file,
        ]);
        let mut arguments = vec!["wallet", "import", &file];
        if format != "json" {
            arguments.extend(["--name", "main", "--network", "regtest"]);
        }
        self.watch(&arguments)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn sign(&self, arguments: &[&str]) -> Value {
        self.signer.run(arguments).unwrap().json().unwrap()
    }

    fn watch(&self, arguments: &[&str]) -> Value {
        self.watcher.run(arguments).unwrap().json().unwrap()
    }

    fn refused(&self, id: &str, file: &str) -> String {
        let error = self.watcher.run(&["payout", "import", id, file]).unwrap();
        let error = error.error(3).unwrap();
        assert_eq!(error["code"], "signed-refused");
        assert_eq!(
            self.watch(&["payout", "show", id])["state"],
            "exported",
            "a refused return changed the state"
        );
        error["findings"][0]["code"].as_str().unwrap().to_owned()
    }

    /// Creates a list and exports it as a bundle; returns the list's id and the bundle.
    fn bundle(
        &self,
        name: &str,
        payments: usize,
        more: &[&str],
        export: &[&str],
    ) -> (String, String) {
        let mut list = String::from("payout_id,address,amount,unit\n");
        for number in 0..payments {
            list.push_str(&format!(
                "{name}-{number},{},{},sat\n",
                payee(number),
                10_000 + 1_000 * name.len() + number
            ));
        }
        let file = self.text(&format!("{name}.csv"));
        std::fs::write(&file, list).unwrap();
        let mut arguments = vec![
            "payout",
            "create",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            "3",
        ];
        // Lists of the same payees are what these tests are made of.
        arguments.extend(["--accept", "payment-open"]);
        arguments.extend(more);
        let id = self.watch(&arguments)["id"].as_str().unwrap().to_owned();
        let bundle = self.text(&format!("{name}.bundle"));
        let mut arguments = vec![
            "payout", "export", &id, "--out", &bundle, "--format", "bundle",
        ];
        arguments.extend(export);
        assert_eq!(self.watch(&arguments)["files"], serde_json::json!([bundle]));
        (id, bundle)
    }
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

fn there_and_back(script: &str, version: &str) {
    let office = Office::funded(script, 12, "json");
    let (id, bundle) = office.bundle(
        "a",
        90,
        &["--max-weight", "6000"],
        &["--psbt-version", version],
    );
    let inspected = office
        .signer
        .run(&["inspect", &bundle])
        .unwrap()
        .json()
        .unwrap();
    let count = inspected["files"].as_array().unwrap().len();
    assert!(count > 1, "the list fits into one transaction");
    assert!(
        inspected["files"][0]["file"]
            .as_str()
            .unwrap()
            .ends_with(&format!("a.bundle/{id}-1.psbt"))
    );
    let signed = office.sign(&["sign", &bundle, "--yes"]);
    let returned = office.text("a.return");
    assert_eq!(signed["return"]["out"].as_str().unwrap(), returned);
    assert_eq!(signed["signed"].as_array().unwrap().len(), count);

    let imported = office.watch(&["payout", "import", &id, &returned]);
    assert_eq!(
        (&imported["state"], codes(&imported)),
        (&"signed".into(), vec![])
    );
    let receipt = &imported["receipts"][0];
    assert_eq!(receipt["verified"], true);
    for field in ["vault_id", "generation", "journal"] {
        assert_eq!(
            receipt[field], signed["return"]["receipt"][field],
            "{field}"
        );
    }
    let verified = office.sign(&["journal", "verify"]);
    assert_eq!(
        receipt["journal"]["head"], verified["head"],
        "the journal goes on after the receipt"
    );

    // Signing and importing again changes nothing.
    let again = office.text("again.return");
    office.sign(&["sign", &bundle, "--out", &again, "--yes"]);
    assert_eq!(
        codes(&office.watch(&["payout", "import", &id, &again])),
        [""; 0]
    );
    assert_eq!(
        codes(&office.watch(&["payout", "import", &id, &returned])),
        ["vault-rolled-back"],
        "the older return does not look older"
    );
    println!(
        "{script}, PSBT version {version}: {count} transactions, bundle {} B, return {} B",
        size(&office.path("a.bundle")),
        size(&office.path("a.return"))
    );
    assert_eq!(
        office.watch(&["payout", "broadcast", &id])["state"],
        "broadcast"
    );
    office.watch(&["rehearsal", "mine", "1"]);
    office.watch(&["sync"]);
    assert_eq!(office.watch(&["payout", "show", &id])["state"], "confirmed");
}

#[test]
fn legacy_bundles_go_there_and_back() {
    there_and_back("legacy", "0");
}

#[test]
fn nested_bundles_go_there_and_back() {
    there_and_back("nested", "2");
}

#[test]
fn segwit_bundles_go_there_and_back() {
    there_and_back("segwit", "2");
}

#[test]
fn taproot_bundles_go_there_and_back() {
    there_and_back("taproot", "0");
}

#[test]
fn a_bundle_gives_signed_psbts_when_they_are_asked_for() {
    let office = Office::funded("segwit", 12, "json");
    let (id, bundle) = office.bundle("a", 90, &["--max-weight", "6000"], &[]);
    let folder = format!("{}/", office.text("signed"));
    let signed = office.sign(&["sign", &bundle, "--psbts", "--out", &folder, "--yes"]);
    assert!(signed.get("return").is_none());
    assert!(office.path(&format!("signed/{id}-1.signed.psbt")).is_file());
    assert_eq!(
        office.watch(&["payout", "import", &id, &folder])["state"],
        "signed"
    );

    // The same transactions as PSBTs are the same bytes.
    let plain = office.text("plain");
    office.watch(&["payout", "export", &id, "--out", &plain]);
    let plain_signed = format!("{}/", office.text("plain-signed"));
    office.sign(&["sign", &plain, "--out", &plain_signed, "--yes"]);
    for entry in std::fs::read_dir(office.path("signed")).unwrap() {
        let entry = entry.unwrap();
        let other = office.path("plain-signed").join(entry.file_name());
        assert_eq!(
            std::fs::read(entry.path()).unwrap(),
            std::fs::read(other).unwrap()
        );
    }
    let usage = office
        .signer
        .run(&["sign", &plain, "--psbts", "--yes"])
        .unwrap();
    assert_eq!(usage.error(2).unwrap()["code"], "wrong-usage");
    let usage = office
        .signer
        .run(&["sign", &plain, &bundle, "--yes"])
        .unwrap();
    assert_eq!(usage.error(2).unwrap()["code"], "wrong-usage");
}

#[test]
fn a_return_is_taken_only_by_its_own_list_and_with_its_own_receipt() {
    let office = Office::funded("segwit", 12, "json");
    let (one, bundle) = office.bundle("a", 3, &[], &[]);
    let (two, other_bundle) = office.bundle("bb", 3, &[], &[]);
    office.sign(&["sign", &bundle, "--yes"]);
    office.sign(&["sign", &other_bundle, "--yes"]);
    let bytes = std::fs::read(office.path("a.return")).unwrap();
    let honest = Return::parse(&bytes).unwrap();
    let state: VaultState = *honest.receipt().unwrap().vault();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(office.path(name), bytes).unwrap();
        office.text(name)
    };

    assert_eq!(
        office.refused(&two, &office.text("a.return")),
        "foreign-transaction"
    );
    let without_receipt = {
        // Rebuilt from the signed PSBTs, as a thief of the keys' machine without its receipt key
        // could.
        let folder = format!("{}/", office.text("psbts"));
        office.sign(&["sign", &bundle, "--psbts", "--out", &folder, "--yes"]);
        let plain = office.text("plain.psbt");
        office.watch(&["payout", "export", &one, "--out", &plain]);
        let parse = |path: PathBuf| {
            let limits = cofferdam_core::psbt::Limits::DEFAULT;
            cofferdam_core::psbt::Parsed::parse(&std::fs::read(path).unwrap(), &limits).unwrap()
        };
        let unsigned = parse(office.path("plain.psbt"));
        let signed = parse(office.path(&format!("psbts/{one}.signed.psbt")));
        Return::of(honest.wallet_id(), [(&unsigned, &signed)]).unwrap()
    };
    let file = write("bare.return", &without_receipt.to_bytes());
    assert_eq!(office.refused(&one, &file), "receipt-missing");

    let stranger = bitcoin::secp256k1::Keypair::from_seckey_slice(
        &bitcoin::secp256k1::Secp256k1::new(),
        &[7; 32],
    )
    .unwrap();
    let forged = without_receipt.clone().with_receipt(state, None, |hash| {
        let message = bitcoin::secp256k1::Message::from_digest(hash);
        Ok::<_, ()>(
            bitcoin::secp256k1::Secp256k1::new().sign_schnorr_no_aux_rand(&message, &stranger),
        )
    });
    let file = write("forged.return", &forged.unwrap().to_bytes());
    assert_eq!(office.refused(&one, &file), "receipt-false");

    // The honest receipt, moved to a vault that claims to be farther.
    let farther = VaultState {
        generation: state.generation + 1,
        ..state
    };
    let signature = honest.receipt().unwrap().signature();
    let moved = without_receipt.with_receipt(farther, None, |_| Ok::<_, ()>(signature));
    let file = write("moved.return", &moved.unwrap().to_bytes());
    assert_eq!(office.refused(&one, &file), "receipt-false");

    let stranger = Office::funded("segwit", 1, "json");
    let (foreign, _) = stranger.bundle("a", 3, &[], &[]);
    assert_eq!(
        stranger.refused(&foreign, &office.text("a.return")),
        "other-wallet"
    );

    let mut damaged = bytes.clone();
    damaged[100] ^= 1;
    let file = write("damaged.return", &damaged);
    let error = office
        .watcher
        .run(&["payout", "import", &one, &file])
        .unwrap();
    assert_eq!(error.error(6).unwrap()["code"], "malformed-return");
    let imported = office.watch(&["payout", "import", &one, &office.text("a.return")]);
    assert_eq!(
        (&imported["state"], codes(&imported)),
        (&"signed".into(), vec![])
    );
}

/// The files of a vault, to be put back later.
struct Copied(Vec<(PathBuf, Vec<u8>)>);

impl Office {
    fn copy_vault(&self) -> Copied {
        Copied(
            self.vault_files()
                .map(|path| (path.clone(), std::fs::read(path).unwrap()))
                .collect(),
        )
    }

    /// Puts the files back as they were; every later generation is gone.
    fn roll_back(&self, copied: &Copied) {
        for path in self.vault_files() {
            std::fs::remove_file(path).unwrap();
        }
        for (path, bytes) in &copied.0 {
            std::fs::write(path, bytes).unwrap();
        }
    }

    fn vault_files(&self) -> impl Iterator<Item = PathBuf> {
        let entries = std::fs::read_dir(self.signer.path("")).unwrap();
        let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        let is_vault = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("vault")
        };
        paths.into_iter().filter(is_vault)
    }

    /// Has a file refused by the signer, which records it; returns the codes of the error's
    /// findings, or the error's.
    fn not_signed(&self, file: &str) -> Value {
        self.signer
            .run(&["sign", file, "--yes"])
            .unwrap()
            .error(3)
            .unwrap()
    }

    /// Makes a list, has it signed, and imports the return.
    fn paid(&self, name: &str) -> String {
        let (id, bundle) = self.bundle(name, 3, &[], &[]);
        self.sign(&["sign", &bundle, "--yes"]);
        let imported = self.watch(&[
            "payout",
            "import",
            &id,
            &self.text(&format!("{name}.return")),
        ]);
        assert_eq!(codes(&imported), [""; 0]);
        id
    }

    /// Adds records to the journal by having a bundle for another wallet refused.
    fn add_refusals(&self, bundle: &str, count: usize) {
        let honest = Bundle::parse(&std::fs::read(bundle).unwrap()).unwrap();
        let other = cofferdam_core::wallet::WalletId::from_bytes([7; 32]);
        let lying = Bundle::of(other, "po-1", &honest.psbts().unwrap()).unwrap();
        let file = self.text("lying.bundle");
        std::fs::write(&file, lying.to_bytes()).unwrap();
        for _ in 0..count {
            assert_eq!(
                self.not_signed(&file)["findings"][0]["code"],
                "bundle-wallet"
            );
        }
    }
}

#[test]
fn a_rolled_back_vault_is_seen() {
    let office = Office::funded("segwit", 12, "json");
    let before = office.copy_vault();
    let one = office.paid("a");
    office.roll_back(&before);
    let (two, bundle) = office.bundle("bb", 3, &[], &[]);
    let error = office.not_signed(&bundle);
    assert_eq!(error["code"], "warning-not-accepted");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("journal-rolled-back")
    );
    let inspected = office.sign(&["inspect", &bundle]);
    assert_eq!(
        inspected["warnings"],
        serde_json::json!(["journal-forked"]),
        "the refusal is a record"
    );

    office.sign(&["sign", &bundle, "--yes", "--accept", "journal-forked"]);
    let imported = office.watch(&["payout", "import", &two, &office.text("bb.return")]);
    assert_eq!(
        imported["state"], "signed",
        "the signatures are valid all the same"
    );
    assert_eq!(codes(&imported), ["journal-forked"]);
    assert_eq!(imported["receipts"][0]["kept"][0]["kept"], "other");
    assert_eq!(
        codes(&office.watch(&["payout", "show", &two])),
        ["journal-forked"]
    );

    // An older state of the real one is told as such.
    let again = office.watch(&["payout", "import", &one, &office.text("a.return")]);
    assert_eq!(
        codes(&again),
        [""; 0],
        "the state that was known first is kept"
    );
}

#[test]
fn refusals_do_not_hide_a_rollback() {
    let office = Office::funded("segwit", 12, "json");
    let before = office.copy_vault();
    office.paid("a");
    office.roll_back(&before);
    let (id, bundle) = office.bundle("bb", 3, &[], &[]);
    office.add_refusals(&bundle, 3);
    let error = office.not_signed(&bundle);
    assert_eq!(error["code"], "warning-not-accepted");
    assert!(error["hint"].as_str().unwrap().contains("journal-forked"));
    assert!(!office.path("bb.return").exists());

    // The operator's word has it signed; it stands in the journal, and in the receipt.
    office.sign(&["sign", &bundle, "--yes", "--accept", "journal-forked"]);
    let journal = office.sign(&["journal", "show"]);
    let last = journal["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .to_string();
    assert!(last.contains("journal-forked"), "{last}");
    let imported = office.watch(&["payout", "import", &id, &office.text("bb.return")]);
    assert_eq!(codes(&imported), ["journal-forked"]);
    assert_eq!(imported["transactions"][0]["receipt"], "journal-forked");

    // It goes on being told, until somebody who knows why says so.
    let (next, bundle) = office.bundle("ccc", 3, &[], &[]);
    assert_eq!(office.not_signed(&bundle)["code"], "warning-not-accepted");
    office.sign(&["sign", &bundle, "--yes", "--accept", "journal-forked"]);
    let file = office.text("ccc.return");
    let imported = office.watch(&["payout", "import", &next, &file, "--follow-journal"]);
    assert_eq!(codes(&imported), ["journal-forked"]);
    office.paid("dddd");
}

/// Whoever carries the bundle asks the signer nothing, or something else.
#[test]
fn a_question_that_is_taken_out_is_missed() {
    for forged in 0..2 {
        let office = Office::funded("taproot", 12, "json");
        let before = office.copy_vault();
        office.paid("a");
        office.roll_back(&before);
        let (id, bundle) = office.bundle("bb", 3, &[], &[]);
        office.add_refusals(&bundle, 3);
        let honest = Bundle::parse(&std::fs::read(&bundle).unwrap()).unwrap();
        assert_eq!(honest.seen().unwrap().len(), 1);
        let psbts = honest.psbts().unwrap();
        let silent = Bundle::of(honest.wallet_id(), honest.name(), &psbts).unwrap();
        let silent = [silent.clone(), silent.asking(Vec::new())][forged].clone();
        std::fs::write(&bundle, silent.to_bytes()).unwrap();
        office.sign(&["sign", &bundle, "--yes"]);
        let imported = office.watch(&["payout", "import", &id, &office.text("bb.return")]);
        assert_eq!(codes(&imported), ["journal-unasked"], "{forged}");
    }
}

#[test]
fn signatures_without_a_receipt_are_told() {
    let office = Office::funded("segwit", 12, "json");
    let folder = |name: &str| format!("{}/", office.text(name));
    // Signed PSBTs in a return's place.
    let (one, bundle) = office.bundle("a", 3, &[], &[]);
    office.sign(&["sign", &bundle, "--psbts", "--out", &folder("one"), "--yes"]);
    let imported = office.watch(&["payout", "import", &one, &folder("one")]);
    assert_eq!(
        (&imported["state"], codes(&imported)),
        (&"signed".into(), vec!["receipt-missing"])
    );
    let shown = office.watch(&["payout", "show", &one]);
    assert_eq!(codes(&shown), ["receipt-missing"]);
    assert_eq!(shown["transactions"][0]["receipt"], Value::Null);

    // A return that somebody turned into a PSBT, and that into a finished transaction.
    let (two, bundle) = office.bundle("bb", 3, &[], &[]);
    office.sign(&["sign", &bundle, "--yes"]);
    let plain = office.text("plain.psbt");
    office.watch(&["payout", "export", &two, "--out", &plain]);
    let limits = cofferdam_core::psbt::Limits::DEFAULT;
    let unsigned = Parsed::parse(&std::fs::read(&plain).unwrap(), &limits).unwrap();
    let returned = Return::parse(&std::fs::read(office.path("bb.return")).unwrap()).unwrap();
    let psbt = returned.transactions()[0].apply(&unsigned).unwrap();
    std::fs::write(office.path("turned.psbt"), &psbt).unwrap();
    let imported = office.watch(&["payout", "import", &two, &office.text("turned.psbt")]);
    assert_eq!(codes(&imported), ["receipt-missing"]);
    // The return itself, once it comes, answers it for good.
    let imported = office.watch(&["payout", "import", &two, &office.text("bb.return")]);
    assert_eq!(codes(&imported), [""; 0]);
    let again = office.watch(&["payout", "import", &two, &office.text("turned.psbt")]);
    assert_eq!(codes(&again), [""; 0]);
    assert_eq!(again["transactions"][0]["receipt"], "verified");
}

#[test]
fn a_copy_of_the_vault_that_signs_too_is_seen() {
    let office = Office::funded("segwit", 12, "json");
    let copy = office.copy_vault();
    let mut lists = Vec::new();
    for name in ["a", "bb", "ccc"] {
        lists.push(office.bundle(name, 3, &[], &[]));
    }
    // The original signs one, the copy the other two; all bundles were made before any receipt was
    // known.
    office.sign(&["sign", &lists[0].1, "--yes"]);
    let original = office.copy_vault();
    office.roll_back(&copy);
    office.sign(&["sign", &lists[1].1, "--yes"]);
    office.sign(&["sign", &lists[2].1, "--yes"]);
    let import = |at: usize, name: &str| {
        office.watch(&[
            "payout",
            "import",
            &lists[at].0,
            &office.text(&format!("{name}.return")),
        ])
    };
    assert_eq!(codes(&import(0, "a")), [""; 0]);
    assert_eq!(codes(&import(1, "bb")), ["journal-forked"]);
    // One record more hides nothing from the next bundle, whoever signs it.
    assert_eq!(codes(&import(2, "ccc")), [""; 0], "no bundle asked yet");
    let (_, bundle) = office.bundle("dddd", 3, &[], &[]);
    for vault in [None, Some(&original)] {
        if let Some(vault) = vault {
            office.roll_back(vault);
        }
        assert_eq!(office.not_signed(&bundle)["code"], "warning-not-accepted");
    }
}

/// A crash after the journal's record and before the vault's checkpoint: the journal is one commit
/// ahead, and no alarm.
#[test]
fn a_journal_that_is_ahead_of_its_vault_is_no_alarm() {
    let office = Office::funded("segwit", 12, "json");
    office.paid("a");
    let vault = std::fs::read(office.signer.path("vault")).unwrap();
    let (id, bundle) = office.bundle("bb", 3, &[], &[]);
    office.add_refusals(&bundle, 1);
    std::fs::write(office.signer.path("vault"), vault).unwrap();
    let inspected = office.sign(&["inspect", &bundle]);
    assert_eq!(inspected["warnings"], serde_json::json!([]));
    office.sign(&["sign", &bundle, "--yes"]);
    let imported = office.watch(&["payout", "import", &id, &office.text("bb.return")]);
    assert_eq!(codes(&imported), [""; 0]);
}

#[test]
fn a_wallet_without_receipt_key_takes_returns_and_notes_it() {
    let office = Office::funded("taproot", 4, "descriptor");
    let (id, bundle) = office.bundle("a", 3, &[], &[]);
    office.sign(&["sign", &bundle, "--yes"]);
    let imported = office.watch(&["payout", "import", &id, &office.text("a.return")]);
    assert_eq!(codes(&imported), ["receipt-unverified"]);
    assert_eq!(imported["receipts"][0]["verified"], false);

    // The key is learned by importing the wallet's file, and not changed afterwards.
    let wallet = office.import_wallet("json");
    assert_eq!(wallet["known"], true);
    let key = wallet["receipt_key"].as_str().unwrap().to_owned();
    let text = std::fs::read_to_string(office.path("main.json")).unwrap();
    let other = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    std::fs::write(office.path("other.json"), text.replace(&key, other)).unwrap();
    let error = office
        .watcher
        .run(&["wallet", "import", &office.text("other.json")])
        .unwrap();
    assert_eq!(error.error(12).unwrap()["code"], "wallet-receipt-key");
    let (id, bundle) = office.bundle("bb", 3, &[], &[]);
    office.sign(&["sign", &bundle, "--yes"]);
    let imported = office.watch(&["payout", "import", &id, &office.text("bb.return")]);
    assert_eq!(codes(&imported), [""; 0]);
}

#[test]
fn a_lying_bundle_is_refused() {
    let office = Office::funded("segwit", 4, "json");
    let (_, bundle) = office.bundle("a", 3, &[], &[]);
    let honest =
        cofferdam_transport::bundle::Bundle::parse(&std::fs::read(&bundle).unwrap()).unwrap();
    let psbts = honest.psbts().unwrap();

    let other = cofferdam_core::wallet::WalletId::from_bytes([7; 32]);
    let lying = cofferdam_transport::bundle::Bundle::of(other, "po-1", &psbts).unwrap();
    std::fs::write(office.path("lying.bundle"), lying.to_bytes()).unwrap();
    let run = office
        .signer
        .run(&["sign", &office.text("lying.bundle"), "--yes"])
        .unwrap();
    let error = run.error(3).unwrap();
    assert_eq!(error["findings"][0]["code"], "bundle-wallet");
    assert!(!office.path("lying.return").exists());
    let inspected = office
        .signer
        .run(&["inspect", &office.text("lying.bundle")])
        .unwrap();
    assert_eq!(inspected.code, 3);

    let mut damaged = std::fs::read(&bundle).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(office.path("damaged.bundle"), &damaged).unwrap();
    let run = office
        .signer
        .run(&["sign", &office.text("damaged.bundle"), "--yes"])
        .unwrap();
    assert_eq!(run.error(6).unwrap()["code"], "malformed-bundle");
}
