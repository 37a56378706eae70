//! The command lines that scripts outside the repository rely on, exactly as they stand in the
//! design.

use serde_json::Value;

use crate::harness::{COSTS, PASSPHRASE, Run, Signer, WORDS};
use crate::psbts::{PAYEE, Plan};

/// Runs a line as a script writes it: global options first.
fn line(signer: &Signer, json: bool, rest: &[&str]) -> Run {
    let mut command = crate::harness::offline();
    command.arg("--vault").arg(signer.path("v"));
    command.arg("--passphrase-file").arg(signer.path("p"));
    if json {
        command.arg("--json");
    }
    command.args(rest).stdin(std::process::Stdio::null());
    command.output().unwrap().into()
}

#[test]
fn every_line_of_the_contract_works_without_a_terminal() {
    let signer = Signer::bare();
    assert_eq!(signer.read("p"), format!("{PASSPHRASE}\n").into_bytes());
    let init = ["init", "--network", "regtest", "--words", "12"];
    let made = line(&signer, false, &[&init[..], &COSTS].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(
        made.stderr.contains("NOBODY HAS A BACKUP"),
        "{}",
        made.stderr
    );

    for (name, script) in [
        ("a", "legacy"),
        ("b", "nested"),
        ("c", "segwit"),
        ("d", "taproot"),
    ] {
        let added = line(
            &signer,
            false,
            &[
                "account", "add", "--name", name, "--script", script, "--index", "0",
            ],
        );
        assert_eq!(added.code, 0, "{}", added.stderr);
        for format in ["json", "core", "descriptor"] {
            let printed = line(
                &signer,
                false,
                &["export", "--account", name, "--format", format],
            );
            assert_eq!(printed.code, 0, "{}", printed.stderr);
            let out = signer.text("exported");
            let arguments = [
                "export",
                "--account",
                name,
                "--format",
                format,
                "--out",
                &out,
            ];
            let written = line(&signer, false, &arguments);
            assert_eq!(written.code, 0, "{}", written.stderr);
            assert_eq!(signer.read("exported"), printed.stdout.into_bytes());
        }
    }
    let export = line(
        &signer,
        false,
        &["export", "--account", "c", "--format", "json"],
    );
    let own: Value = serde_json::from_str(&export.stdout).unwrap();
    for field in ["name", "network", "descriptor", "birthday"] {
        assert!(own.get(field).is_some(), "{field}");
    }
    let wallet = cofferdam_core::wallet::Wallet::parse_json(export.stdout.as_bytes()).unwrap();
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("b.psbt", Plan::new(&wallet, &[1], &[(PAYEE, 6_000)]).psbt());
    let (a, b) = (signer.text("a.psbt"), signer.text("b.psbt"));
    let review = line(&signer, true, &["inspect", &a, &b]).json();
    assert_eq!(review["would_sign"], true);
    let out = signer.text("a.out");
    line(&signer, true, &["sign", &a, "--out", &out, "--yes"]).json();
    std::fs::create_dir(signer.path("out")).unwrap();
    let folder = signer.text("out");
    line(&signer, true, &["sign", &a, &b, "--out", &folder, "--yes"]).json();
    assert_eq!(
        crate::harness::names(&signer.path("out")),
        ["a.signed.psbt", "b.signed.psbt"]
    );
    assert_eq!(signer.read("a.out"), signer.read("out/a.signed.psbt"));
}

#[test]
fn restore_takes_a_bip39_passphrase_from_a_file() {
    let fingerprint = |extra: Option<&str>| {
        let signer = Signer::bare();
        signer.write("m", format!("{WORDS}\n"));
        let words = signer.text("m");
        let mut arguments = vec!["restore", "--network", "regtest", "--mnemonic-file", &words];
        let file = signer.text("extra");
        if let Some(extra) = extra {
            signer.write("extra", extra);
            arguments.extend(["--bip39-passphrase-file", &file]);
        }
        arguments.extend(COSTS);
        line(&signer, true, &arguments).json()["fingerprint"].clone()
    };
    assert_eq!(fingerprint(None), "73c5da0a");
    // Of the public test vectors' passphrase, with and without the newline that an editor adds.
    assert_eq!(fingerprint(Some("TREZOR\n")), fingerprint(Some("TREZOR")));
    assert_ne!(fingerprint(Some("TREZOR")), "73c5da0a");
    assert_ne!(fingerprint(Some("TREZOR ")), fingerprint(Some("TREZOR")));
}

#[test]
fn dice_are_mixed_in_and_a_bias_is_told() {
    let signer = Signer::bare();
    signer.write("dice", "1".repeat(100));
    let dice = signer.text("dice");
    let arguments = [
        "init",
        "--network",
        "regtest",
        "--words",
        "24",
        "--dice",
        &dice,
    ];
    let made = line(&signer, true, &[&arguments[..], &COSTS].concat());
    assert!(
        made.json()["dice_warning"]
            .as_str()
            .unwrap()
            .contains("too often")
    );
    let signer = Signer::bare();
    signer.write("dice", "1234567");
    let dice = signer.text("dice");
    let arguments = [
        "init",
        "--network",
        "regtest",
        "--words",
        "24",
        "--dice",
        &dice,
    ];
    let refused = line(&signer, true, &[&arguments[..], &COSTS].concat());
    assert_eq!(refused.error_code(6), "invalid-rolls");
    assert_eq!(signer.names(), ["dice", "p", "v.lock"]);
}
