//! Sealed state moves only by authenticated input: generations, files that are put back, lost
//! updates, memories.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use cofferdam_core::wallet::Wallet;
use serde_json::Value;

use crate::harness::{COSTS, Signer};
use crate::psbts::{OTHER, PAYEE, Plan};

/// What an earlier version left: see `fixtures/README.md`. Its passphrase is in `p`, its vault is
/// `v`.
fn earlier(name: &str) -> Signer {
    let signer = Signer::bare();
    let fixtures = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/earlier-vaults"
    ));
    fs::copy(fixtures.join("passphrase"), signer.path("p")).unwrap();
    for entry in fs::read_dir(fixtures.join(name)).unwrap() {
        let entry = entry.unwrap();
        let file = entry
            .file_name()
            .into_string()
            .unwrap()
            .replacen('V', "v", 1);
        fs::copy(entry.path(), signer.path(&file)).unwrap();
    }
    signer
}

/// The PSBT over a coin of the fixtures' vaults that they have signed.
fn write_signed_psbt(signer: &Signer) -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/core-signing/regtest.json"
    );
    let fixture: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["name"] == "p2wpkh").unwrap();
    signer.write("in.psbt", case["unsigned"]["psbt_v0"].as_str().unwrap());
    signer.text("in.psbt")
}

fn generation(signer: &Signer) -> u64 {
    signer.run(&["policy", "show"]).json()["generation"]
        .as_u64()
        .unwrap()
}

fn max_fee(signer: &Signer) -> Option<u64> {
    signer.run(&["policy", "show"]).json()["max_fee_sat"].as_u64()
}

fn set_max_fee(signer: &Signer, sat: &str) {
    signer.run(&["policy", "set", "max-fee-sat", sat]).json();
}

/// Puts the generation `back` steps before the present one over the vault, and takes away what came
/// after it.
fn put_back(signer: &Signer, back: u64) {
    let present = signer.run(&["verify"]).json()["files"][0]["generation"]
        .as_u64()
        .unwrap();
    for later in present - back + 1..present {
        fs::remove_file(signer.path(&format!("v.{later}"))).unwrap();
    }
    fs::rename(
        signer.path(&format!("v.{}", present - back)),
        signer.path("v"),
    )
    .unwrap();
}

#[test]
fn a_vault_that_an_empty_file_bricked_is_brought_back() {
    let signer = earlier("bricked");
    let psbt = write_signed_psbt(&signer);
    assert_eq!(
        (generation(&signer), max_fee(&signer)),
        (u64::MAX, Some(900_000)),
        "it opens"
    );
    let change = ["policy", "set", "max-fee-sat", "800000"];
    assert_eq!(signer.run(&change).error_code(5), "generation-implausible");
    assert_eq!(signer.run(&["repair"]).json()["repaired"], false);
    assert_eq!(
        signer.run(&["repair", "--reseal"]).error_code(2),
        "wrong-usage",
        "it is asked for on a terminal"
    );
    assert_eq!(generation(&signer), u64::MAX);
    let bricked = signer.read("v");

    let resealed = signer.run(&["repair", "--reseal", "--yes"]).json();
    assert_eq!(
        (&resealed["generation"], &resealed["from_generation"]),
        (&5.into(), &u64::MAX.into())
    );
    set_max_fee(&signer, "800000");
    assert_eq!((generation(&signer), max_fee(&signer)), (6, Some(800_000)));
    let again = signer.run(&["sign", &psbt, "--yes"]).json();
    assert_eq!(
        again["review"]["files"][0]["findings"][0]["code"], "signed-before",
        "it remembers"
    );
    let events = events(&signer);
    assert!(events.contains(&"resealed".to_owned()), "{events:?}");
    assert_eq!(
        signer.run(&["repair", "--reseal", "--yes"]).json()["beyond"],
        serde_json::json!([])
    );

    // What was bricked is no way around the change.
    signer.write("v", bricked);
    assert_eq!(
        signer.run(&["inspect", &psbt]).error_code(5),
        "vault-behind-journal"
    );
    assert_eq!(
        signer.run(&["sign", &psbt, "--yes"]).error_code(5),
        "vault-behind-journal"
    );
}

fn events(signer: &Signer) -> Vec<String> {
    let shown = signer.run(&["journal", "show"]).json();
    let entries = shown["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["event"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_file_that_is_only_named_like_a_generation_moves_none_and_stops_nothing() {
    let signer = Signer::init();
    for name in [
        "v.18446744073709551614",
        "v.18446744073709551615",
        "v.aside.18446744073709551615",
        "v.1",
    ] {
        let before = generation(&signer);
        signer.write(name, "");
        set_max_fee(&signer, &(9_000 - before).to_string());
        assert_eq!(generation(&signer), before + 1, "{name}");
        assert_eq!(signer.read(name), b"", "{name}");
        let said = signer.words(&["policy", "show"]).stderr;
        assert_eq!(
            said.contains("counts nothing"),
            !name.contains("aside"),
            "{name}: {said}"
        );
        fs::remove_file(signer.path(name)).unwrap();
    }
}

/// A file of the generation before, over the vault: what the journal has of it is taken over, and
/// said.
#[test]
fn a_change_is_not_undone_by_putting_a_file_back() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let psbt = signer.text("a.psbt");
    set_max_fee(&signer, "100");
    put_back(&signer, 1);
    let said = signer.words(&["policy", "show"]).stderr;
    assert!(
        said.contains("an earlier file was put back") && said.contains("max-fee-sat 100"),
        "{said}"
    );
    assert_eq!(max_fee(&signer), Some(100));
    let refused = signer.run(&["sign", &psbt, "--yes"]).error(3);
    assert!(refused.to_string().contains("fee-too-high"), "{refused}");

    // An account, what was handed out, what permits more: the same.
    signer.add_account("second", "taproot");
    put_back(&signer, 1);
    signer
        .run(&["export", "--account", "second", "--format", "descriptor"])
        .json();
    signer.run(&["wallet", "seen", "main", "40", "--yes"]);
    signer
        .run(&["policy", "set", "max-fee-sat", "default", "--loosen"])
        .json();
    put_back(&signer, 1);
    assert_eq!(max_fee(&signer), None, "the operator had typed it");
    signer.run(&["sign", &psbt, "--yes"]).json();
    assert!(max_fee(&signer).is_none());
    assert_eq!(
        signer.run(&["account", "list"]).json()["accounts"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_vault_that_is_further_behind_than_an_interruption_leaves_it_is_refused() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let psbt = signer.text("a.psbt");
    set_max_fee(&signer, "100");
    set_max_fee(&signer, "90");
    put_back(&signer, 2);
    for arguments in [
        &["sign", &psbt, "--yes"][..],
        &["inspect", &psbt],
        &["policy", "set", "max-fee-sat", "1"],
    ] {
        assert_eq!(
            signer.run(arguments).error_code(5),
            "vault-behind-journal",
            "{arguments:?}"
        );
    }
    let journal = signer.read("v.journal");
    let older = signer.text("older.journal");
    // A copy that the vault would take, and that lacks what the journal knows more, does not
    // replace it.
    fs::write(&older, &journal[..journal.len() - 600]).unwrap();
    signer.run(&["journal", "import", &older]);
    assert_eq!(signer.read("v.journal"), journal);
    // The keys are not lost.
    signer
        .run(&["export", "--account", "main", "--format", "descriptor"])
        .json();
    let resealed = signer.run(&["repair", "--reseal", "--yes"]).json();
    assert!(
        resealed["beyond"]
            .to_string()
            .contains("max-fee-sat 90 (was 100)"),
        "{resealed}"
    );
    assert_eq!(max_fee(&signer), Some(90));
    signer.run(&["sign", &psbt, "--yes"]).error(3);
}

#[test]
fn a_vault_of_before_its_passphrase_was_changed_is_refused() {
    let signer = Signer::init();
    signer.write("new", "another passphrase\n");
    let new = signer.text("new");
    for rotate in [&[][..], &["--rotate"]] {
        let signer = Signer::init();
        signer.write("new", "another passphrase\n");
        let new = signer.text("new");
        signer
            .run(&[&["passphrase", "--new-passphrase-file", &new][..], rotate].concat())
            .json();
        put_back(&signer, 1);
        let refused = signer.run(&["policy", "set", "max-fee-sat", "1"]).error(5);
        assert_eq!(refused["code"], "vault-behind-journal");
        assert!(
            refused["message"].as_str().unwrap().contains("passphrase"),
            "{refused}"
        );
        signer.run(&["repair", "--reseal", "--yes"]).json();
        set_max_fee(&signer, "1");
    }
    // In its own vault it is no trace of anything wrong.
    signer
        .run(&["passphrase", "--new-passphrase-file", &new])
        .json();
    fs::rename(signer.path("new"), signer.path("p")).unwrap();
    set_max_fee(&signer, "5");
    assert_eq!(
        signer.run(&["repair", "--reseal", "--yes"]).json()["beyond"],
        serde_json::json!([])
    );
}

/// An earlier version told the journal of a policy in words alone.
#[test]
fn what_an_earlier_version_wrote_opens_and_is_not_put_back_unsaid() {
    let signer = earlier("sound");
    let psbt = write_signed_psbt(&signer);
    assert_eq!((generation(&signer), max_fee(&signer)), (4, Some(900_000)));
    signer.run(&["sign", &psbt, "--yes"]).json();
    assert_eq!(generation(&signer), 5);

    let signer = earlier("sound");
    write_signed_psbt(&signer);
    fs::copy(signer.path("v.2"), signer.path("v")).unwrap();
    fs::remove_file(signer.path("v.3")).unwrap();
    assert_eq!(
        signer.run(&["sign", &psbt, "--yes"]).error_code(5),
        "vault-behind-journal"
    );
    let resealed = signer.run(&["repair", "--reseal", "--yes"]).json();
    assert!(
        resealed["beyond"].to_string().contains("set again"),
        "{resealed}"
    );
    set_max_fee(&signer, "900000");

    let signer = earlier("imported");
    assert_eq!(
        signer.run(&["journal", "verify"]).json()["memory"],
        "imported"
    );
}

/// While one command waits, the lock's file is deleted, and another signs: neither record is lost.
#[test]
fn a_command_whose_lock_was_deleted_writes_nothing() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("b.psbt", Plan::new(&wallet, &[1], &[(OTHER, 6_000)]).psbt());
    let b = signer.text("b.psbt");
    nix::unistd::mkfifo(&signer.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let pipe = signer.text("pipe");
    let waiting = signer
        .command_without_passphrase(&["policy", "set", "max-fee-sat", "7", "--json"])
        .args(["--passphrase-file", &pipe])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It reads the passphrase with the lock in its hands, and opens the pipe for that.
    let mut passphrase = fs::File::options().write(true).open(&pipe).unwrap();
    fs::remove_file(signer.path("v.lock")).unwrap();
    signer.run(&["sign", &b, "--yes"]).json();
    let journal = signer.read("v.journal");
    let vault = signer.read("v");
    std::io::Write::write_all(&mut passphrase, &signer.read("p")).unwrap();
    drop(passphrase);
    let run: crate::harness::Run = waiting.wait_with_output().unwrap().into();
    assert_eq!(run.error_code(12), "changed-meanwhile");
    assert_eq!(
        (signer.read("v"), signer.read("v.journal")),
        (vault, journal)
    );
    let again = signer.run(&["sign", &b, "--yes"]).json();
    assert_eq!(
        again["review"]["files"][0]["findings"][0]["code"],
        "signed-before"
    );
    set_max_fee(&signer, "7");
}

/// What the owner notes is what stands after the session: a copy of before it is not what was
/// noted.
#[test]
fn a_session_ends_with_what_to_note() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("b.psbt", Plan::new(&wallet, &[1], &[(OTHER, 6_000)]).psbt());
    let (a, b) = (signer.text("a.psbt"), signer.text("b.psbt"));
    let signed = signer.run(&["sign", &a, "--yes"]).json();
    let verified = signer.run(&["journal", "verify"]).json();
    for field in ["count", "head"] {
        assert_eq!(
            signed["vault"]["journal"][field], verified[field],
            "{field}"
        );
    }
    assert_eq!(signed["vault"]["vault_id"], verified["vault_id"]);
    assert_eq!(signed["vault"]["generation"], generation(&signer));
    assert_ne!(signed["vault"], signed["review"]["vault"]);

    let said = signer.words(&["sign", &b, "--yes"]).stdout;
    let (_, end) = said.split_once("\nsigned ").unwrap();
    let end = end.replace("\n  │ ", "");
    let verified = signer.run(&["journal", "verify"]).json();
    let head = verified["head"].as_str().unwrap();
    let noted = format!(
        "generation {}, journal {} records, head {head}",
        generation(&signer),
        verified["count"]
    );
    assert!(end.contains(&noted), "{noted}: {end}");
}

fn import(signer: &Signer, journal: &str) -> Value {
    signer.run(&["journal", "import", journal]).json()
}

fn restored() -> Signer {
    let signer = Signer::restore();
    signer.add_account("main", "segwit");
    signer
}

/// The codes of a review.
fn codes(signer: &Signer, wallet: &Wallet) -> Vec<String> {
    signer.write("x.psbt", Plan::new(wallet, &[3], &[(PAYEE, 5_000)]).psbt());
    let psbt = signer.text("x.psbt");
    let review: Value = serde_json::from_str(&signer.run(&["inspect", &psbt]).stdout).unwrap();
    let findings = review["files"][0]["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_journal_without_memory_gives_none() {
    let signer = restored();
    let wallet = signer.add_account("main", "segwit");
    signer
        .run(&["policy", "set", "severity", "no-memory", "refusal"])
        .json();
    let other = Signer::restore();
    let done = import(&signer, &other.text("v.journal"));
    assert_eq!(
        (&done["imported"], &done["memory"]),
        (&0.into(), &"missing".into())
    );
    assert_eq!(codes(&signer, &wallet), ["no-memory", "memory-imported"]);
    // A chain of them gives none either: the second took over nothing that the first had.
    let third = restored();
    import(&third, &signer.text("v.journal"));
    assert_eq!(
        codes(&third, &wallet),
        ["no-memory", "memory-imported", "memory-imported"]
    );
    signer
        .run(&["sign", &signer.text("x.psbt"), "--yes"])
        .error(3);
}

/// A vault with a new seed that signed twice, and another one of its words.
fn born_and_restored() -> (Signer, Signer, Wallet) {
    let born = Signer::init();
    let wallet = born.add_account("main", "segwit");
    for coin in [0, 1] {
        born.write(
            "a.psbt",
            Plan::new(&wallet, &[coin], &[(OTHER, 6_000 * (1 + u64::from(coin)))]).psbt(),
        );
        born.run(&[
            "sign",
            &born.text("a.psbt"),
            "--out",
            &born.text(&format!("{coin}.out")),
            "--yes",
        ])
        .json();
    }
    let words = born.text("words");
    born.run(&["backup", "show", "--mnemonic-out", &words])
        .json();
    let restored = Signer::bare();
    let arguments = ["restore", "--network", "regtest", "--mnemonic-file", &words];
    restored.run(&[&arguments[..], &COSTS].concat()).json();
    restored.add_account("main", "segwit");
    (born, restored, wallet)
}

#[test]
fn an_import_is_named_until_it_is_confirmed() {
    let (born, restored, wallet) = born_and_restored();
    let note = born.run(&["journal", "verify"]).json();
    let (count, head) = (
        note["count"].to_string(),
        note["head"].as_str().unwrap().to_owned(),
    );
    assert_eq!(codes(&restored, &wallet), ["no-memory"]);

    // The copy lacks the last records; nothing in it tells.
    let whole = born.read("v.journal");
    let mut end = 24;
    let mut ends = vec![];
    while end < whole.len() {
        end += 4 + u32::from_le_bytes(whole[end..end + 4].try_into().unwrap()) as usize;
        ends.push(end);
    }
    restored.write("cut.journal", &whole[..ends[ends.len() - 4]]);
    let done = import(&restored, &restored.text("cut.journal"));
    assert_eq!(done["memory"], "imported");
    assert_eq!(codes(&restored, &wallet), ["memory-imported"]);
    assert_eq!(
        restored
            .run(&["journal", "confirm", &count, &head])
            .error_code(12),
        "import-differs"
    );
    assert_eq!(codes(&restored, &wallet), ["memory-imported"]);
    let verified = restored.run(&["journal", "verify"]).json();
    assert_eq!(verified["unconfirmed"][0]["count"], done["count"]);

    import(&restored, &born.text("v.journal"));
    restored.run(&["journal", "confirm", &count, &head]).json();
    assert_eq!(codes(&restored, &wallet), Vec::<String>::new());
    assert_eq!(
        restored
            .run(&["journal", "confirm", &count, &head])
            .error_code(12),
        "nothing-to-confirm"
    );
    // The shorter copy again takes nothing back.
    import(&restored, &restored.text("cut.journal"));
    assert_eq!(codes(&restored, &wallet), Vec::<String>::new());
}

#[test]
fn a_note_that_is_older_than_the_copy_is_found_in_it() {
    let (born, restored, wallet) = born_and_restored();
    let note = born.run(&["journal", "verify"]).json();
    let (count, head) = (
        note["count"].to_string(),
        note["head"].as_str().unwrap().to_owned(),
    );
    set_max_fee(&born, "9000");
    let copy = born.text("v.journal");
    import(&restored, &copy);
    let confirm = ["journal", "confirm", &count, &head];
    assert_eq!(restored.run(&confirm).error_code(12), "import-differs");
    restored
        .run(&[&confirm[..], &["--copy", &copy]].concat())
        .json();
    assert_eq!(codes(&restored, &wallet), Vec::<String>::new());

    // A third vault that is given the second's journal before that was confirmed has both to
    // confirm.
    let (born, restored, wallet) = born_and_restored();
    import(&restored, &born.text("v.journal"));
    let third = Signer::bare();
    let words = born.text("words");
    let arguments = ["restore", "--network", "regtest", "--mnemonic-file", &words];
    third.run(&[&arguments[..], &COSTS].concat()).json();
    third.add_account("main", "segwit");
    import(&third, &restored.text("v.journal"));
    assert_eq!(
        codes(&third, &wallet),
        ["memory-imported", "memory-imported"]
    );
    // What it knows came through both.
    third.write("a.psbt", Plan::new(&wallet, &[1], &[(PAYEE, 7_000)]).psbt());
    third
        .run(&["sign", &third.text("a.psbt"), "--yes"])
        .error(3);
}

#[test]
fn what_is_no_journal_is_not_read_to_its_end() {
    let signer = Signer::init();
    nix::unistd::mkfifo(&signer.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::File::create(signer.path("sparse"))
        .unwrap()
        .set_len(1 << 29)
        .unwrap();
    for (file, code) in [
        ("/dev/zero".to_owned(), "not-a-file"),
        (signer.text("pipe"), "not-a-file"),
        (signer.text(""), "not-a-file"),
        (signer.text("sparse"), "not-a-journal"),
    ] {
        assert_eq!(
            signer.run(&["journal", "import", &file]).error_code(6),
            code,
            "{file}"
        );
    }
    let journal = signer.read("v.journal");
    fs::remove_file(signer.path("v.journal")).unwrap();
    nix::unistd::mkfifo(&signer.path("v.journal"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(
        signer.run(&["journal", "verify"]).error_code(5),
        "journal-damaged"
    );
    fs::remove_file(signer.path("v.journal")).unwrap();
    signer.write("v.journal", journal);
    signer.run(&["journal", "verify"]).json();
}

#[test]
fn two_people_choose_two_passphrases_and_a_key_file_adds_to_one() {
    let signer = Signer::bare();
    signer.write("composed", "caf\u{e9} au lait");
    signer.write("decomposed", "cafe\u{301} au lait\n");
    let at = |name: &str| signer.text(name);
    let init = [&["init", "--network", "regtest", "--no-backup"][..], &COSTS].concat();
    let (composed, decomposed) = (at("composed"), at("decomposed"));
    let dual = ["--dual", "--second-passphrase-file", &decomposed];
    let refused: crate::harness::Run = signer
        .command_without_passphrase(
            &[
                &init[..],
                &dual,
                &["--json", "--passphrase-file", &composed],
            ]
            .concat(),
        )
        .output()
        .unwrap()
        .into();
    let error = refused.error(2);
    assert!(
        error["message"].as_str().unwrap().contains("same"),
        "{error}"
    );

    signer.write("short", [7; 31]);
    signer.write("one", [0; 100]);
    signer.write("copy", signer.read("p"));
    fs::hard_link(signer.path("p"), signer.path("linked")).unwrap();
    signer.write("good", (0..64).collect::<Vec<u8>>());
    for key in ["short", "one", "copy", "linked", "p"] {
        let refused = signer.run(&[&init[..], &["--key-file", &at(key)]].concat());
        assert_eq!(refused.error_code(2), "wrong-usage", "{key}");
        assert!(!signer.path("v").exists(), "{key}");
    }
    signer
        .run(&[&init[..], &["--key-file", &at("good")]].concat())
        .json();
    signer.write("new", "a new one");
    let change = [
        "passphrase",
        "--key-file",
        &at("good"),
        "--new-passphrase-file",
        &at("new"),
    ];
    assert_eq!(
        signer
            .run(&[&change[..], &["--new-key-file", &at("short")]].concat())
            .error_code(2),
        "wrong-usage"
    );
    signer.run(&change).json();
}

#[test]
fn repair_takes_no_other_vaults_file() {
    let signer = Signer::init();
    let other = Signer::init();
    let stranger = other.text("v");
    signer.write("v", "damaged");
    assert_eq!(
        signer.run(&["repair", "--use", &stranger]).error_code(2),
        "wrong-usage"
    );
    fs::remove_file(signer.path("v")).unwrap();
    let refused = signer.run(&["repair", "--use", &stranger]).error(2);
    assert!(
        refused["message"].as_str().unwrap().contains("v.journal"),
        "{refused}"
    );
    assert!(!signer.path("v").exists());
}
