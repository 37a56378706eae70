//! The journal's file: short, long, torn, altered, and brought back.

use std::os::unix::fs::PermissionsExt;

use crate::harness::Signer;
use crate::psbts::{OTHER, PAYEE, Plan};

/// A vault that signed once, and what its journal was before that.
fn signed_once() -> (Signer, Vec<u8>) {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let before = signer.read("v.journal");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("b.psbt", Plan::new(&wallet, &[1], &[(OTHER, 6_000)]).psbt());
    let psbt = signer.text("a.psbt");
    signer.run(&["sign", &psbt, "--yes"]).json();
    (signer, before)
}

#[test]
fn a_journal_shorter_than_the_vault_remembers_is_damage() {
    let (signer, before) = signed_once();
    let whole = signer.read("v.journal");
    let psbt = signer.text("b.psbt");
    let shorter: [(&str, Option<Vec<u8>>); 5] = [
        ("rolled back", Some(before)),
        ("cut", Some(whole[..whole.len() - 1].to_vec())),
        ("header alone", Some(whole[..24].to_vec())),
        ("empty", Some(vec![])),
        ("missing", None),
    ];
    for (name, bytes) in shorter {
        match bytes {
            Some(bytes) => signer.write("v.journal", bytes),
            None => std::fs::remove_file(signer.path("v.journal")).unwrap(),
        }
        for arguments in [
            &["sign", &psbt, "--yes"][..],
            &["inspect", &psbt],
            &["journal", "verify"],
        ] {
            let failed = signer.run(arguments);
            assert!(
                ["journal-damaged", "not-a-journal"].contains(&failed.error_code(5).as_str()),
                "{name}: {}",
                failed.stderr
            );
        }
        assert!(!signer.path("b.signed.psbt").exists(), "{name}");
        // The keys are not lost with the journal: public data and the words can still be had.
        let words = signer.text(&format!("words, {name}"));
        signer
            .run(&["backup", "show", "--mnemonic-out", &words])
            .json();
        signer
            .run(&["export", "--account", "main", "--format", "descriptor"])
            .json();
    }
    signer.write("v.journal", whole);
    signer.run(&["sign", &psbt, "--yes"]).json();
}

#[test]
fn an_altered_journal_is_damage() {
    let (signer, _) = signed_once();
    let whole = signer.read("v.journal");
    for at in [0, 8, 24, 40, whole.len() / 2, whole.len() - 1] {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        signer.write("v.journal", altered);
        let failed = signer.run(&["journal", "verify"]);
        assert_eq!(failed.code, 5, "byte {at}: {}", failed.stderr);
    }
}

#[test]
fn a_journal_that_is_longer_or_torn_at_its_end_is_a_crash_and_accepted() {
    let (signer, _) = signed_once();
    let vault = signer.read("v");
    let psbt = signer.text("b.psbt");
    signer.run(&["sign", &psbt, "--yes"]).json();
    let longer = signer.read("v.journal");
    // As if the machine had stopped after the journal's write and before the vault's.
    let generation = signer
        .names()
        .iter()
        .filter(|name| name.starts_with("v.") && name[2..].parse::<u32>().is_ok())
        .count();
    signer.write("v", &vault);
    std::fs::remove_file(signer.path(&format!("v.{generation}"))).unwrap();
    let facts = signer.run(&["journal", "verify"]).json();
    assert_eq!(
        (&facts["count"], &facts["checkpoint"]),
        (&4.into(), &3.into())
    );
    let review = signer.run(&["inspect", &psbt]).json();
    assert_eq!(
        review["files"][0]["findings"][0]["code"], "signed-before",
        "it is remembered"
    );

    for torn in [
        &longer[..longer.len() - 7],
        &[&longer[..], b"\x20\x03"].concat(),
        &[&longer[..], &[0; 99]].concat(),
    ] {
        signer.write("v.journal", torn);
        assert_eq!(signer.run(&["journal", "verify"]).json()["torn"], true);
    }
    signer.run(&["sign", &psbt, "--yes"]).json();
    let facts = signer.run(&["journal", "verify"]).json();
    assert_eq!(
        (&facts["torn"], &facts["count"]),
        (&false.into(), &5.into())
    );
    assert_eq!(facts["checkpoint"], facts["count"]);
}

#[test]
fn a_lost_journal_comes_back_from_its_copy() {
    let (signer, before) = signed_once();
    let copy = signer.text("copy.journal");
    signer.run(&["journal", "export", "--out", &copy]).json();
    assert_eq!(
        signer.read("copy.journal"),
        signer.read("v.journal"),
        "it is copied sealed"
    );
    let psbt = signer.text("b.psbt");
    for damaged in [&b"junk"[..], &before] {
        signer.write("v.journal", damaged);
        signer.run(&["sign", &psbt, "--yes"]).error(5);
        signer.run(&["journal", "import", &copy]).json();
        assert_eq!(signer.run(&["journal", "verify"]).json()["count"], 3);
    }
    assert_eq!(
        signer.read("v.journal.aside.1"),
        b"junk",
        "nothing is deleted"
    );
    for name in ["v.journal", "copy.journal"] {
        let mode = std::fs::metadata(signer.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name} is for its owner's eyes");
    }
    signer.write("old.journal", &before);
    let old = signer.text("old.journal");
    signer.write("v.journal", "junk");
    assert_eq!(
        signer.run(&["journal", "import", &old]).error_code(5),
        "journal-damaged",
        "a copy that lacks what the vault remembers is no help"
    );
    signer.run(&["journal", "import", &copy]).json();
    signer.run(&["sign", &psbt, "--yes"]).json();
}

#[test]
fn the_journal_shows_no_plaintext() {
    let (signer, _) = signed_once();
    let bytes = signer.read("v.journal");
    let shown = signer.run(&["journal", "show"]).json();
    let script = shown["entries"][2]["transaction"]["outputs"][0]["script"]
        .as_str()
        .unwrap();
    let script: Vec<u8> = bitcoin::hex::FromHex::from_hex(script).unwrap();
    assert!(!bytes.windows(script.len()).any(|window| window == script));
}

#[test]
fn a_journal_of_a_copy_that_went_another_way_is_damage() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let copy = Signer::bare();
    for name in ["v", "v.journal"] {
        copy.write(name, signer.read(name));
    }
    for (signer, payment) in [(&signer, (PAYEE, 5_000)), (&copy, (OTHER, 6_000))] {
        signer.write("a.psbt", Plan::new(&wallet, &[0], &[payment]).psbt());
        let psbt = signer.text("a.psbt");
        signer.run(&["sign", &psbt, "--yes"]).json();
    }
    let own = signer.read("v.journal");
    signer.write("v.journal", copy.read("v.journal"));
    let failed = signer.run(&["journal", "verify"]).error(5);
    assert!(
        failed["message"]
            .as_str()
            .unwrap()
            .contains("part by record 3"),
        "{failed}"
    );
    signer.write("v.journal", own);
    let theirs = copy.text("v.journal");
    let refused = signer.run(&["journal", "import", &theirs]);
    assert_eq!(
        refused.error_code(5),
        "journal-damaged",
        "neither is it a copy to go back to"
    );
}
