//! Several files in one run: all or none, and never over another file.

use cofferdam_core::psbt::{Encoding, Limits, Parsed, Version, finalize};

use crate::harness::{Signer, names};
use crate::psbts::{OTHER, PAYEE, Plan};

#[test]
fn signatures_finalize_for_every_type_version_and_encoding() {
    for script in ["legacy", "nested", "segwit", "taproot"] {
        let (signer, wallet) = Signer::with_wallet(script);
        let plan = Plan::new(&wallet, &[0, 5, 9], &[(PAYEE, 1_500_000), (OTHER, 7_000)]);
        let mut transactions = Vec::new();
        for version in [Version::V0, Version::V2] {
            for (name, encoding) in [
                ("binary", Encoding::Binary),
                ("base64", Encoding::Base64),
                ("hex", Encoding::Hex),
            ] {
                let input = format!("{name}.{version}");
                signer.write(&input, encoding.encode(&plan.psbt_of(version)));
                let (path, out) = (signer.text(&input), signer.text("out"));
                let signed = signer.run(&["sign", &path, "--out", &out, "--yes"]).json();
                assert_eq!(signed["signed"][0]["signatures"], 3);
                let bytes = signer.read("out");
                std::fs::remove_file(signer.path("out")).unwrap();
                let parsed = Parsed::parse(&bytes, &Limits::DEFAULT).unwrap();
                assert_eq!((parsed.version(), parsed.encoding()), (version, encoding));
                transactions.push(finalize(&parsed, &plan.coins()).unwrap());
            }
        }
        assert!(
            transactions.windows(2).all(|pair| pair[0] == pair[1]),
            "{script}"
        );
    }
}

#[test]
fn one_refused_file_keeps_all_from_being_signed() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let mut costly = Plan::new(&wallet, &[1], &[(PAYEE, 6_000)]);
    costly.fee = 900_000;
    signer.write("b.psbt", costly.psbt());
    std::fs::create_dir(signer.path("out")).unwrap();
    let (a, b, out) = (
        signer.text("a.psbt"),
        signer.text("b.psbt"),
        signer.text("out"),
    );
    let error = signer
        .run(&["sign", &a, &b, "--out", &out, "--yes"])
        .error(3);
    assert_eq!(error["findings"][0]["file"], b.as_str());
    assert!(names(&signer.path("out")).is_empty());
    let journal = signer.run(&["journal", "show"]).json();
    assert!(
        journal["entries"]
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| entry["event"] != "signed")
    );
}

#[test]
fn a_folder_is_signed_into_a_folder_and_again_with_equal_bytes() {
    let (signer, wallet) = Signer::with_wallet("taproot");
    std::fs::create_dir(signer.path("in")).unwrap();
    for coin in 0..3 {
        let plan_coins = [coin];
        let payments = [(PAYEE, 5_000 + 500 * u64::from(coin))];
        signer.write(
            &format!("in/{coin}.psbt"),
            Plan::new(&wallet, &plan_coins, &payments).psbt(),
        );
    }
    signer.write("in/notes.txt", "not a psbt, and not in the way");
    let (input, out) = (signer.text("in"), signer.text("out/"));
    let first = signer.run(&["sign", &input, "--out", &out, "--yes"]).json();
    assert_eq!(first["signed"].as_array().unwrap().len(), 3);
    assert_eq!(
        names(&signer.path("out")),
        ["0.signed.psbt", "1.signed.psbt", "2.signed.psbt"]
    );
    let bytes = signer.read("out/1.signed.psbt");
    let again = signer.run(&["sign", &input, "--out", &out, "--yes"]).json();
    assert_eq!(again["signed"], first["signed"]);
    assert_eq!(signer.read("out/1.signed.psbt"), bytes);
    let leaves = again["review"]["totals"]["leaves_sat"].as_u64().unwrap();
    assert_eq!(leaves, 16_500, "one review of the total");
}

/// Names that are no text cannot be shown, nor written into `--json`.
#[test]
fn names_that_are_no_text_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (signer, wallet) = Signer::with_wallet("segwit");
    let psbt = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt();
    std::fs::create_dir(signer.path("in")).unwrap();
    let strange = OsStr::from_bytes(b"a\xff.psbt");
    std::fs::write(signer.path("in").join(strange), &psbt).unwrap();
    signer.write("a.psbt", &psbt);
    let (folder, plain, out) = (
        signer.text("in"),
        signer.text("a.psbt"),
        signer.text("out/"),
    );
    for arguments in [
        &["inspect", &folder][..],
        &["sign", &folder, "--out", &out, "--yes"],
    ] {
        assert_eq!(signer.run(arguments).error_code(6), "file-name");
    }
    let named = |arguments: &[&str], last: &OsStr| {
        let output = signer
            .command(arguments)
            .arg(last)
            .arg("--json")
            .output()
            .unwrap();
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        (output.status.code(), error["error"]["code"].clone())
    };
    let usage = (Some(2), "wrong-usage".into());
    assert_eq!(
        named(&["inspect"], signer.path("in").join(strange).as_os_str()),
        usage
    );
    assert_eq!(
        named(
            &["sign", &plain, "--yes", "--out"],
            signer.path("in").join(strange).as_os_str()
        ),
        usage
    );
    let journal = signer.run(&["journal", "show"]).json();
    assert!(!journal.to_string().contains("signed"), "{journal}");
}

#[test]
fn several_files_do_not_go_into_one() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("b.psbt", Plan::new(&wallet, &[1], &[(PAYEE, 6_000)]).psbt());
    let (a, b, out) = (
        signer.text("a.psbt"),
        signer.text("b.psbt"),
        signer.text("out.psbt"),
    );
    assert_eq!(
        signer
            .run(&["sign", &a, &b, "--out", &out, "--yes"])
            .error_code(2),
        "wrong-usage"
    );
    assert!(!signer.path("out.psbt").exists());
}

#[test]
fn one_coin_for_two_transactions_and_one_payment_twice_are_refused_within_a_run() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write(
        "same-coin.psbt",
        Plan::new(&wallet, &[0], &[(OTHER, 6_000)]).psbt(),
    );
    signer.write(
        "same-payment.psbt",
        Plan::new(&wallet, &[1], &[(PAYEE, 5_000)]).psbt(),
    );
    let (a, out) = (signer.text("a.psbt"), signer.text("out/"));
    for (file, code) in [
        ("same-coin", "coin-spent-twice"),
        ("same-payment", "payment-repeated"),
    ] {
        let other = signer.text(&format!("{file}.psbt"));
        let error = signer
            .run(&["sign", &a, &other, "--out", &out, "--yes"])
            .error(3);
        assert_eq!(error["findings"][0]["code"], code);
        assert_eq!(
            error["findings"][0]["file"],
            serde_json::Value::Null,
            "it is about the run"
        );
    }
    let same = signer.run(&["inspect", &a, &a]);
    assert_eq!(
        same.code, 0,
        "a transaction given twice is no conflict with itself: {}",
        same.stdout
    );
}

#[test]
fn names_that_a_terminal_would_obey_are_shown_escaped() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let name = "\u{1b}[2J\u{202e}x.psbt";
    signer.write(name, Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let path = signer.text(name);
    let shown = signer.words(&["inspect", &path]);
    assert_eq!(shown.code, 0);
    let signed = signer.words(&["sign", &path, "--yes"]);
    assert_eq!(signed.code, 0);
    signer.write(name, "junk");
    let failed = signer.words(&["inspect", &path]);
    assert_eq!(failed.code, 6);
    for text in [
        shown.stdout,
        shown.stderr,
        signed.stdout,
        signed.stderr,
        failed.stderr,
    ] {
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
}

/// What cannot be written is told before anybody is asked, and nothing is signed for it.
#[test]
fn where_the_signed_file_goes_is_tried_before_the_journal_says_signed() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("other", "another file");
    std::fs::create_dir(signer.path("folder")).unwrap();
    std::fs::create_dir(signer.path("folder/a.signed.psbt")).unwrap();
    let psbt = signer.text("a.psbt");
    let long = format!("{}/{}", signer.text("folder"), "x".repeat(300));
    for (out, exit) in [
        (signer.text("other"), 12),
        (signer.text("folder"), 12),
        (signer.text("missing/out"), 10),
        (signer.text("other/out"), 10),
        (long, 10),
    ] {
        signer
            .run(&["sign", &psbt, "--out", &out, "--yes"])
            .error(exit);
    }
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    assert!(
        entries.iter().all(|entry| entry["event"] != "signed"),
        "{journal}"
    );
    assert_eq!(signer.read("other"), b"another file");
    let out = signer.text("out");
    signer.run(&["sign", &psbt, "--out", &out, "--yes"]).json();
    signer.run(&["sign", &psbt, "--out", &out, "--yes"]).json();
}

/// Whoever hands over files to be refused does not fill the journal.
#[test]
fn a_refusal_takes_less_than_a_kilobyte_of_the_journal() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let payments: Vec<(&str, u64)> = (0..300).map(|number| (PAYEE, 1_000 + number)).collect();
    let coins: Vec<u32> = (0..50).collect();
    let mut plan = Plan::new(&wallet, &coins, &payments);
    plan.fee = 20_000_000;
    signer.write("a.psbt", plan.psbt());
    let psbt = signer.text("a.psbt");
    let length = || signer.read("v.journal").len();
    let before = length();
    for _ in 0..3 {
        signer.run(&["sign", &psbt, "--yes"]).error(3);
    }
    assert!(length() - before <= 3 * 1_000, "{}", length() - before);
    let journal = signer.run(&["journal", "show"]).json();
    let last = journal["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(last["event"], "refused");
    assert_eq!(last["transaction"]["input_count"], 50);
}
