//! What every command prints with `--json`, as snapshots; what is random is masked.

use bitcoin::hashes::{Hash as _, sha256};
use cofferdam_transport::bundle::Bundle;
use insta::assert_json_snapshot;
use serde_json::Value;

use crate::harness::{COSTS, Signer, WORDS, offline};
use crate::psbts::{OTHER, PAYEE, Plan};

/// Masks what differs from run to run: folders, times, ids of vaults and slots, hashes of random
/// bytes.
fn masked(signer: &Signer, mut document: Value) -> Value {
    mask(&mut document, &signer.folder.path().display().to_string());
    document
}

fn mask(value: &mut Value, folder: &str) {
    const RANDOM: [&str; 7] = [
        "vault_id",
        "from_vault_id",
        "head",
        "from_head",
        "review",
        "time",
        "signed",
    ];
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if RANDOM.contains(&name.as_str()) && value.is_string() {
                    *value = format!("[{name}]").into();
                }
                mask(value, folder);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, folder)),
        Value::String(text) => *text = dates_masked(&text.replace(folder, "[folder]")),
        _ => {}
    }
}

/// Masks times as in `2026-11-21T04:00:00Z`, and ids of 16 bytes.
fn dates_masked(text: &str) -> String {
    let is_date =
        |word: &str| word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', ':']);
        match () {
            () if is_date(bare) => word.replace(bare, "[time]"),
            () if is_id(bare) => word.replace(bare, "[id]"),
            () => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn making_a_vault_and_its_wallets() {
    let signer = Signer::bare();
    let init = signer
        .run(
            &[
                &["init", "--network", "signet", "--words", "18"][..],
                &COSTS,
            ]
            .concat(),
        )
        .json();
    let mut made = masked(&signer, init);
    made["fingerprint"] = "[fingerprint]".into();
    assert_json_snapshot!("init", made);

    let signer = Signer::bare();
    signer.write("m", WORDS);
    let words = signer.text("m");
    let restore = ["restore", "--network", "regtest", "--mnemonic-file", &words];
    let run = |arguments: &[&str]| masked(&signer, signer.run(arguments).json());
    assert_json_snapshot!("restore", run(&[&restore[..], &COSTS].concat()));
    assert_json_snapshot!(
        "account-add",
        run(&["account", "add", "--name", "main", "--script", "segwit"])
    );
    run(&[
        "account",
        "add",
        "--name",
        "tap",
        "--script",
        "taproot",
        "--index",
        "3",
        "--birthday",
        "2026-11-21",
    ]);
    assert_json_snapshot!("account-list", run(&["account", "list"]));
    assert_json_snapshot!(
        "export-json",
        run(&["export", "--account", "tap", "--format", "json"])
    );
    assert_json_snapshot!(
        "export-core",
        run(&["export", "--account", "tap", "--format", "core"])
    );
    assert_json_snapshot!(
        "export-descriptor",
        run(&["export", "--account", "main", "--format", "descriptor"])
    );
    let out = signer.text("exported");
    assert_json_snapshot!(
        "export-out",
        run(&[
            "export",
            "--account",
            "main",
            "--format",
            "json",
            "--out",
            &out
        ])
    );
    assert_json_snapshot!(
        "address",
        run(&["address", "--account", "main", "--index", "7", "--change"])
    );
    let address = run(&["address", "--account", "main", "--index", "7"])["address"].clone();
    let check = [
        "address",
        "--account",
        "main",
        "--check",
        address.as_str().unwrap(),
    ];
    assert_json_snapshot!("address-check", run(&check));
    assert_json_snapshot!(
        "wallet-mark-used",
        run(&["wallet", "mark-used", "main", "change", "12"])
    );
    assert_json_snapshot!("wallet-list", run(&["wallet", "list"]));
    assert_json_snapshot!("wallet-show", run(&["wallet", "show", "tap"]));
}

#[test]
fn reviewing_and_signing() {
    let signer = Signer::restore();
    let wallet = signer.add_account("main", "segwit");
    let run = |arguments: &[&str]| masked(&signer, signer.run(arguments).json());
    signer.write(
        "a.psbt",
        Plan::new(&wallet, &[0, 1], &[(PAYEE, 700_000), (OTHER, 300)]).psbt(),
    );
    let (psbt, out) = (signer.text("a.psbt"), signer.text("a.signed.psbt"));
    assert_json_snapshot!("inspect", run(&["inspect", &psbt]));
    let sign = [
        "sign",
        &psbt,
        "--out",
        &out,
        "--yes",
        "--accept",
        "dust-output",
    ];
    assert_json_snapshot!("sign", run(&sign));

    signer.write(
        "b.psbt",
        Plan::new(&wallet, &[1], &[(OTHER, 700_000)]).psbt(),
    );
    let psbt = signer.text("b.psbt");
    let refused = signer.run(&["sign", &psbt, "--yes"]).error(3);
    assert_json_snapshot!("sign-refused", masked(&signer, refused));
    let missing = signer.text("missing.psbt");
    assert_json_snapshot!(
        "error",
        masked(&signer, signer.run(&["inspect", &missing]).error(6))
    );

    assert_json_snapshot!("journal-show", run(&["journal", "show"]));
    assert_json_snapshot!("journal-verify", run(&["journal", "verify"]));
    let copy = signer.text("copy.journal");
    assert_json_snapshot!(
        "journal-export",
        run(&["journal", "export", "--out", &copy])
    );
    assert_json_snapshot!("journal-import-known", run(&["journal", "import", &copy]));
    let other = Signer::restore();
    other.add_account("main", "segwit");
    let imported = other.run(&["journal", "import", &copy]).json();
    assert_json_snapshot!("journal-import", masked(&other, imported.clone()));
    let (count, head) = (
        imported["count"].to_string(),
        imported["head"].as_str().unwrap(),
    );
    let confirmed = other.run(&["journal", "confirm", &count, head]).json();
    assert_json_snapshot!("journal-confirm", masked(&other, confirmed));

    let again = Plan::new(&wallet, &[0, 1], &[(PAYEE, 700_000), (OTHER, 300)]).psbt();
    let bundle = Bundle::of(wallet.id(), "po-1", &[again]).unwrap();
    signer.write("po-1.bundle", bundle.to_bytes());
    let sign = [
        "sign",
        &signer.text("po-1.bundle"),
        "--yes",
        "--accept",
        "dust-output",
    ];
    let mut signed = run(&sign);
    signed["return"]["sha256"] = "[sha256]".into();
    assert_json_snapshot!("sign-bundle", signed);

    let (codes, answer) = (signer.text("po-1.gif"), signer.text("answer.gif"));
    assert_json_snapshot!(
        "qr",
        run(&["qr", &signer.text("po-1.bundle"), "--out", &codes])
    );
    let out = signer.text("scanned.return");
    let scan = [
        "scan",
        &codes,
        "--out",
        &out,
        "--qr",
        &answer,
        "--yes",
        "--accept",
        "dust-output",
    ];
    let mut signed = run(&scan);
    signed["return"]["sha256"] = "[sha256]".into();
    assert_json_snapshot!("scan", signed);
}

/// A recording that ends early, one without codes, codes of something else, and what is no picture:
/// each has its own code.
#[test]
fn scans_that_bring_nothing_say_why() {
    let signer = Signer::restore();
    signer.add_account("main", "segwit");
    let error = |arguments: &[&str]| {
        let error = signer.run(arguments).error(6);
        error["code"].as_str().unwrap().to_owned()
    };
    let scan = |pictures: &str| error(&["scan", pictures, "--yes", "--out", &signer.text("out")]);
    let wallet = signer.text("wallet.gif");
    signer
        .run(&["qr", "--account", "main", "--out", &wallet])
        .json();
    assert_eq!(scan(&wallet), "foreign-code");
    signer.write("long.txt", "x,y;".repeat(2_000));
    let folder = signer.text("long/");
    let long = [
        "qr",
        &signer.text("long.txt"),
        "--to",
        "seedsigner",
        "--out",
        &folder,
    ];
    signer.run(&long).json();
    signer.write("no-picture", "no picture");
    assert_eq!(scan(&signer.text("no-picture")), "unreadable-picture");
    assert_eq!(scan(&signer.text("missing")), "unreadable-picture");
    let first = signer.text("long/code-01.png");
    let first = if std::path::Path::new(&first).exists() {
        first
    } else {
        signer.text("long/code-001.png")
    };
    assert_eq!(scan(&first), "scan-incomplete");
    signer.write(
        "blank.y4m",
        [
            &b"YUV4MPEG2 W64 H64 F1:1 Cmono\nFRAME\n"[..],
            &[200; 64 * 64],
        ]
        .concat(),
    );
    assert_eq!(scan(&signer.text("blank.y4m")), "no-code");
}

#[test]
fn keeping_a_vault() {
    let signer = Signer::init();
    let run = |arguments: &[&str]| masked(&signer, signer.run(arguments).json());
    let words = signer.text("words");
    assert_json_snapshot!(
        "backup-show",
        run(&["backup", "show", "--mnemonic-out", &words])
    );
    assert_json_snapshot!("verify", run(&["verify"]));
    assert_json_snapshot!("repair-nothing", run(&["repair"]));
    assert_json_snapshot!("prune-nothing", run(&["prune"]));
    signer.write("new", "new");
    let new = signer.text("new");
    assert_json_snapshot!(
        "passphrase",
        run(&["passphrase", "--new-passphrase-file", &new, "--rotate"])
    );
    signer.write("v", "damaged");
    let verified = signer.run(&["verify"]);
    assert_eq!(verified.code, 6);
    let report: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_json_snapshot!("verify-not-a-vault", masked(&signer, report));
    let mut cut = signer.read("v.2");
    cut.truncate(1_000);
    signer.write("v", cut);
    let report: Value = serde_json::from_str(&signer.run(&["verify"]).stdout).unwrap();
    assert_json_snapshot!("verify-damaged", masked(&signer, report));
    assert_json_snapshot!("repair", run(&["repair"]));
}

#[test]
fn self_check() {
    let signer = Signer::bare();
    let run = signer.run(&["self-check"]);
    let mut document = run.json();
    let binary = std::fs::read(crate::harness::BINARY).unwrap();
    assert_eq!(document["sha256"], sha256::Hash::hash(&binary).to_string());
    document["sha256"] = "[sha256]".into();
    for check in document["checks"].as_array_mut().unwrap() {
        // What the machine has is allowed to the tests; the memory's state is the kernel's.
        assert_ne!(check["state"], "bad");
        check["state"] = "[state]".into();
        check["message"] = "[message]".into();
    }
    assert_json_snapshot!("self-check", document);

    let words = signer.words(&["self-check"]);
    assert_eq!(words.code, 0, "{}", words.stdout);
    for line in [
        "good    seccomp ",
        "good    no-new-privileges ",
        "good    core-dumps ",
        "good    tracer ",
        "all is as it should be",
    ] {
        assert!(words.stdout.contains(line), "{line}: {}", words.stdout);
    }
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let output = offline().args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("cofferdam-signer"),
            "{shell}"
        );
    }
    let signer = Signer::bare();
    let out = signer.text("man");
    let written = masked(&signer, signer.run(&["man", "--out", &out]).json());
    assert_json_snapshot!("man", written);
    let page = String::from_utf8(signer.read("man/cofferdam-signer-sign.1")).unwrap();
    assert!(
        page.contains("\\-\\-accept") && page.contains("Examples"),
        "{page}"
    );
}

#[test]
fn help_has_examples_for_every_command() {
    let help = |path: &[&str]| {
        let output = offline().args(path).arg("--help").output().unwrap();
        assert!(output.status.success(), "{path:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let top = help(&[]);
    for path in [
        &["init"][..],
        &["restore"],
        &["account", "add"],
        &["account", "list"],
        &["export"],
        &["address"],
        &["wallet", "list"],
        &["wallet", "show"],
        &["wallet", "mark-used"],
        &["inspect"],
        &["sign"],
        &["scan"],
        &["qr"],
        &["journal", "show"],
        &["journal", "verify"],
        &["journal", "export"],
        &["journal", "import"],
        &["journal", "confirm"],
        &["passphrase"],
        &["verify"],
        &["repair"],
        &["prune"],
        &["backup", "show"],
        &["self-check"],
        &["completions"],
        &["man"],
    ] {
        assert!(top.contains(path[0]), "{path:?}");
        let text = help(path);
        assert!(text.contains("Example"), "{path:?}: {text}");
        assert!(text.contains("cofferdam-signer "), "{path:?}");
    }
    let version = offline().arg("--version").output().unwrap();
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .starts_with("cofferdam-signer ")
    );
}

#[test]
fn the_policy() {
    let signer = Signer::init();
    let run = |arguments: &[&str]| masked(&signer, signer.run(arguments).json());
    run(&["policy", "set", "only-signer", "yes", "--loosen"]);
    assert_json_snapshot!(
        "policy-set",
        run(&["policy", "set", "severity", "no-memory", "refusal"])
    );
    run(&["policy", "set", "max-fee-rate", "30"]);
    assert_json_snapshot!("policy-show", run(&["policy", "show"]));
    let words = signer.words(&["policy", "show"]);
    insta::assert_snapshot!("policy-show-words", words.stdout);
    let mut journal = run(&["journal", "show"]);
    assert_json_snapshot!("journal-show-policy", journal["entries"][1].take());
}
