//! The exit codes of the payout commands, each reached by the real binary.

mod desk;

use desk::{Desk, P2WPKH};

const CREATE: [&str; 6] = ["payout", "create", "--wallet", "main", "--fee-rate", "2"];

fn create<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&CREATE[..], &[file], more].concat()
}

#[test]
fn wrong_usage_is_2() {
    let desk = Desk::funded(1);
    let list = desk.list("a", 1, 10_000);
    for rate in ["0", "0.05", "1000.001", "-1", "1e2", "1.2345", "abc", ""] {
        desk.fails(
            &[
                "payout",
                "create",
                &list,
                "--wallet",
                "main",
                "--fee-rate",
                rate,
            ],
            2,
        );
    }
    desk.fails(&["payout", "create", &list, "--wallet", "main"], 2);
    desk.fails(
        &[
            "payout",
            "create",
            &list,
            "--wallet",
            "other",
            "--fee-rate",
            "2",
        ],
        2,
    );
    desk.fails(&create(&list, &["--fee-target", "6"]), 2);
    desk.fails(&create(&list, &["--unit", "sat"]), 2);
    desk.fails(&create(&list, &["--id-prefix", "x"]), 2);
    desk.fails(&create(&list, &["--format", "electrum"]), 2);
    desk.fails(
        &create(&list, &["--format", "electrum", "--unit", "mbtc"]),
        2,
    );
    desk.fails(
        &create(
            &list,
            &["--format", "electrum", "--unit", "sat", "--id-column", "x"],
        ),
        2,
    );
    desk.fails(&create(&list, &["--max-weight", "400001"]), 2);
    desk.fails(&create(&list, &["--confirmations", "0"]), 2);
    desk.fails(&create(&list, &["--seed", "x"]), 2);
    desk.fails(
        &[
            "payout",
            "split-coins",
            "--wallet",
            "main",
            "--into",
            "0",
            "--fee-rate",
            "2",
        ],
        2,
    );
    let id = desk.create(&list)["id"].as_str().unwrap().to_owned();
    desk.fails(
        &[
            "payout",
            "export",
            &id,
            "--out",
            &desk.text("x"),
            "--psbt-version",
            "1",
        ],
        2,
    );
    for command in [
        &["show", "po-none"][..],
        &["broadcast", "po-none"],
        &["cancel", "po-none"],
    ] {
        assert_eq!(
            desk.fails(&[&["payout"], command].concat(), 2)["code"],
            "payout-unknown"
        );
    }
}

#[test]
fn what_was_not_signed_or_not_ours_is_3() {
    let desk = Desk::funded(2);
    let (a, b) = (
        desk.create(&desk.list("a", 1, 10_000)),
        desk.create(&desk.list("b", 1, 10_000)),
    );
    let (a, b) = (a["id"].as_str().unwrap(), b["id"].as_str().unwrap());
    for id in [a, b] {
        desk.ok(&["payout", "export", id, "--out", &desk.text(id)]);
    }
    let findings =
        |error: &serde_json::Value| error["findings"][0]["code"].as_str().unwrap().to_owned();
    assert_eq!(
        findings(&desk.fails(&["payout", "import", a, &desk.text(a)], 3)),
        "unsigned"
    );
    assert_eq!(
        findings(&desk.fails(&["payout", "import", a, &desk.text(b)], 3)),
        "foreign-transaction"
    );
    let both = desk.fails(&["payout", "import", a, &desk.text(a), &desk.text(b)], 3);
    assert_eq!(
        both["findings"].as_array().unwrap().len(),
        2,
        "every file is judged"
    );
}

#[test]
fn malformed_input_is_6() {
    let desk = Desk::funded(1);
    assert_eq!(
        desk.fails(&create(&desk.text("none.csv"), &[]), 6)["code"],
        "file-missing"
    );
    for (name, text, code) in [
        (
            "unit",
            format!("payout_id,address,amount,unit\na,{P2WPKH},1000,mBTC\n"),
            "unknown-unit",
        ),
        (
            "negative",
            format!("payout_id,address,amount,unit\na,{P2WPKH},-5,sat\n"),
            "amount-negative",
        ),
        (
            "fraction",
            format!("payout_id,address,amount,unit\na,{P2WPKH},0.5,sat\n"),
            "amount-fractional-satoshi",
        ),
        (
            "nan",
            format!("payout_id,address,amount,unit\na,{P2WPKH},NaN,btc\n"),
            "amount-not-a-number",
        ),
        (
            "overflow",
            format!("payout_id,address,amount,unit\na,{P2WPKH},99999999999,btc\n"),
            "amount-too-large",
        ),
        (
            "checksum",
            format!("payout_id,address,amount,unit\na,{}9,5000,sat\n", &P2WPKH[..43]),
            "address-checksum",
        ),
        (
            "network",
            "payout_id,address,amount,unit\na,bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4,5000,sat\n".into(),
            "address-other-network",
        ),
        (
            "twice",
            format!("payout_id,address,amount,unit\na,{P2WPKH},5000,sat\na,{P2WPKH},5000,sat\n"),
            "duplicate-payout-id",
        ),
        (
            "semicolons",
            format!("payout_id;address;amount;unit\na;{P2WPKH};5000;sat\n"),
            "wrong-separator",
        ),
    ] {
        let file = desk.write(&format!("{name}.csv"), &text);
        let error = desk.fails(&create(&file, &[]), 6);
        assert_eq!(error["findings"][0]["code"], code, "{name}");
        assert_eq!(
            desk.fails(
                &["payout", "plan", &file, "--wallet", "main", "--fee-rate", "2"],
                6
            ),
            error
        );
    }
    let dust = desk.list("dust", 1, 293);
    assert_eq!(desk.fails(&create(&dust, &[]), 6)["code"], "dust");
    let id = desk.create(&desk.list("a", 1, 10_000))["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let text = desk.write("text.psbt", "hello");
    assert_eq!(
        desk.fails(&["payout", "import", &id, &text], 6)["code"],
        "not-a-psbt"
    );
    assert_eq!(
        desk.fails(&["payout", "import", &id, &desk.text("none.psbt")], 6)["code"],
        "file-missing"
    );
    assert_eq!(
        desk.balance("locked"),
        1_000_000,
        "a failure left something behind"
    );
}

#[test]
fn a_chain_that_is_not_ready_is_8() {
    let desk = Desk::new();
    let list = desk.list("a", 1, 10_000);
    assert_eq!(
        desk.fails(&create(&list, &[]), 8)["code"],
        "wallet-not-synced"
    );
    let cookie = desk.write("cookie", "__cookie__:x");
    let arguments = [
        "payout",
        "create",
        &list,
        "--wallet",
        "main",
        "--fee-target",
        "6",
        "--chain",
        "core",
        "--rpc-url",
        "http://127.0.0.1:1",
        "--rpc-cookie",
        &cookie,
    ];
    assert_eq!(desk.fails(&arguments, 8)["code"], "node-unreachable");
}

#[test]
fn funds_that_do_not_suffice_are_11() {
    let desk = Desk::funded(2);
    let error = desk.fails(&create(&desk.list("a", 3, 700_000), &[]), 11);
    assert_eq!(error["code"], "not-enough-funds");
    let (needed, held) = (
        &error["findings"][0]["expected"],
        &error["findings"][0]["found"],
    );
    assert!(needed.as_u64().unwrap() > held.as_u64().unwrap());
    let many = desk.list("b", 90, 1_000);
    assert_eq!(
        desk.fails(&create(&many, &["--max-weight", "4000"]), 11)["code"],
        "too-few-coins"
    );
    assert_eq!(
        desk.fails(
            &create(&desk.list("c", 1, 10_000), &["--confirmations", "50"]),
            11
        )["code"],
        "not-enough-funds"
    );
    let split = [
        "payout",
        "split-coins",
        "--wallet",
        "main",
        "--into",
        "3",
        "--amount-sat",
        "900000",
        "--fee-rate",
        "2",
    ];
    assert_eq!(desk.fails(&split, 11)["code"], "not-enough-funds");
    assert_eq!(desk.balance("locked"), 0);
}

#[test]
fn conflicts_with_the_record_are_12() {
    let desk = Desk::funded(3);
    let list = desk.list("a", 2, 10_000);
    let id = desk.create(&list)["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.fails(&create(&list, &[]), 12)["code"], "same-file");
    assert_eq!(
        desk.fails(&create(&list, &["--again"]), 12)["code"],
        "payout-id-known"
    );
    assert_eq!(
        desk.fails(&["payout", "broadcast", &id], 12)["code"],
        "wrong-state"
    );
    desk.write("taken.psbt", "something else");
    let export = ["payout", "export", &id, "--out", &desk.text("taken.psbt")];
    assert_eq!(desk.fails(&export, 12)["code"], "file-exists");
    let nowhere = desk.text("no/such/folder.psbt");
    desk.fails(&["payout", "export", &id, "--out", &nowhere], 6);
    let inside_a_file = desk.text("taken.psbt/x");
    assert_eq!(
        desk.fails(&["payout", "export", &id, "--out", &inside_a_file], 10)["code"],
        "file-failed"
    );
    assert_eq!(
        desk.ok(&["payout", "show", &id])["state"],
        "planned",
        "nothing was handed over"
    );
    assert_eq!(
        std::fs::read_to_string(desk.path("taken.psbt")).unwrap(),
        "something else"
    );
}

#[test]
fn a_file_without_ids_is_paid_again_only_when_told_so() {
    let desk = Desk::funded(3);
    let list = desk.write("many.txt", &format!("{P2WPKH}, 0.0001\n"));
    let electrum = ["--format", "electrum", "--unit", "btc"];
    desk.ok(&create(&list, &electrum));
    assert_eq!(
        desk.fails(&create(&list, &electrum), 12)["code"],
        "same-file"
    );
    desk.ok(&create(&list, &[&electrum[..], &["--again"]].concat()));
}

#[test]
fn a_list_that_was_never_exported_is_cancelled_at_once_and_may_be_planned_again() {
    let desk = Desk::funded(3);
    let list = desk.list("a", 2, 10_000);
    let id = desk.create(&list)["id"].as_str().unwrap().to_owned();
    assert!(desk.balance("locked") > 0);
    assert_eq!(desk.ok(&["payout", "cancel", &id])["state"], "cancelled");
    assert_eq!(desk.ok(&["payout", "cancel", &id])["state"], "cancelled");
    assert_eq!(desk.balance("locked"), 0);
    assert_eq!(
        desk.fails(&["payout", "export", &id, "--out", &desk.text("x")], 12)["code"],
        "wrong-state"
    );
    let again = desk.create(&list);
    assert_eq!(again["state"], "planned");
    let change =
        |document: &serde_json::Value| document["transactions"][0]["change_address"].clone();
    let first = desk.ok(&["payout", "show", &id]);
    assert_ne!(
        change(&first),
        change(&again),
        "a change address was used twice"
    );
}

#[test]
fn exports_repeat_the_same_transaction_in_both_versions() {
    let desk = Desk::funded(1);
    let id = desk.create(&desk.list("a", 2, 10_000))["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let export = |out: &str, version: &str| {
        desk.ok(&[
            "payout",
            "export",
            &id,
            "--out",
            &desk.text(out),
            "--psbt-version",
            version,
        ]);
        std::fs::read(desk.path(out)).unwrap()
    };
    let (first, second) = (export("a", "0"), export("b", "0"));
    assert_eq!(first, second);
    let parsed = |bytes: &[u8]| {
        let limits = cofferdam_core::psbt::Limits::default();
        cofferdam_core::psbt::Parsed::parse(bytes, &limits)
            .unwrap()
            .unsigned_tx()
            .clone()
    };
    let newer = export("c", "2");
    assert_ne!(newer, first);
    assert_eq!(parsed(&newer), parsed(&first));
    assert!(
        parsed(&first)
            .input
            .iter()
            .all(|input| input.sequence.0 == 0xffff_fffd)
    );
}

/// Who owns the stick on which signatures come back chooses the names of its files.
#[test]
fn names_of_files_that_came_back_cannot_steer_the_terminal() {
    let desk = Desk::funded(1);
    let id = desk.create(&desk.list("a", 1, 10_000))["id"]
        .as_str()
        .unwrap()
        .to_owned();
    desk.ok(&["payout", "export", &id, "--out", &desk.text("out.psbt")]);
    let unsigned = std::fs::read(desk.path("out.psbt")).unwrap();
    let name = "a\u{1b}[2J\nhint: all is well\u{202e}.psbt";
    for (folder, bytes) in [("refused", &unsigned[..]), ("malformed", b"psbt\xff")] {
        std::fs::create_dir(desk.path(folder)).unwrap();
        std::fs::write(desk.path(folder).join(name), bytes).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cofferdam-watcher"))
            .arg("--data")
            .arg(desk.path("data"))
            .args(["payout", "import", &id, &desk.text(folder)])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let text = cofferdam_core::sanitize::unfolded(&text);
        assert!(!output.status.success());
        assert!(
            text.contains(r"a\u{1b}[2J\u{a}hint: all is well\u{202e}.psbt"),
            "{text:?}"
        );
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
