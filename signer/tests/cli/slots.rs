//! What opens a vault, and how it is changed.

use crate::harness::{COSTS, Run, Signer};

#[test]
fn a_key_file_is_needed_with_its_passphrase() {
    let signer = Signer::bare();
    // Of many pieces, and different in the last byte only.
    let long = "the key file".repeat(20_000);
    signer.write("k", format!("{long}1"));
    signer.write("other", format!("{long}2"));
    let (key, other) = (signer.text("k"), signer.text("other"));
    signer
        .run(
            &[
                &["init", "--network", "regtest", "--key-file", &key][..],
                &COSTS,
            ]
            .concat(),
        )
        .json();
    signer.run(&["account", "list", "--key-file", &key]).json();
    assert_eq!(
        signer
            .run(&["account", "list", "--key-file", &other])
            .error_code(4),
        "wrong-passphrase"
    );
    assert_eq!(
        signer.run(&["account", "list"]).error_code(4),
        "wrong-kind-of-credential"
    );
}

#[test]
fn dual_control_needs_both_passphrases_in_order() {
    let signer = Signer::bare();
    signer.write("q", "the other person's");
    let (p, q) = (signer.text("p"), signer.text("q"));
    let second = ["--second-passphrase-file", &q];
    let init = [&["init", "--network", "regtest"][..], &COSTS, &second].concat();
    assert_eq!(
        signer.run(&init).error_code(2),
        "wrong-usage",
        "without --dual"
    );
    signer.run(&[&init[..], &["--dual"]].concat()).json();
    signer
        .run(&[&["account", "list"][..], &second].concat())
        .json();
    assert_eq!(
        signer.run(&["account", "list"]).error_code(4),
        "wrong-kind-of-credential"
    );
    let swapped: Run = signer
        .command_without_passphrase(&["account", "list", "--json", "--passphrase-file", &q])
        .args(["--second-passphrase-file", &p])
        .output()
        .unwrap()
        .into();
    assert_eq!(swapped.error_code(4), "wrong-passphrase");

    signer.write("new", "n1");
    signer.write("new2", "n2");
    let (new, new2) = (signer.text("new"), signer.text("new2"));
    let change = [
        "passphrase",
        "--new-passphrase-file",
        &new,
        "--new-second-passphrase-file",
        &new2,
    ];
    signer.run(&[&change[..], &second].concat()).json();
    assert_eq!(
        signer
            .run(&[&["account", "list"][..], &second].concat())
            .error_code(4),
        "wrong-passphrase"
    );
}

#[test]
fn a_changed_passphrase_tells_what_the_old_one_still_opens() {
    for rotate in [false, true] {
        let signer = Signer::init();
        signer.add_account("main", "segwit");
        signer.write("new", "a new one");
        let (old, new) = (signer.text("p"), signer.text("new"));
        let mut arguments = vec!["passphrase", "--new-passphrase-file", &new];
        arguments.extend(rotate.then_some("--rotate"));
        let changed = signer.run(&arguments).json();
        assert_eq!(
            (&changed["rotated"], &changed["older_files"]),
            (&rotate.into(), &2.into())
        );
        assert_eq!(
            signer.run(&["account", "list"]).error_code(4),
            "wrong-passphrase"
        );
        let with = |file: &str| -> Run {
            let mut command = signer.command_without_passphrase(&["account", "list", "--json"]);
            command
                .args(["--passphrase-file", file])
                .output()
                .unwrap()
                .into()
        };
        assert_eq!(with(&new).json()["accounts"].as_array().unwrap().len(), 1);
        assert_eq!(with(&old).code, 4);
        // The journal goes on under the same seed.
        let show = signer
            .command_without_passphrase(&["journal", "verify", "--json", "--passphrase-file", &new])
            .output()
            .unwrap();
        assert_eq!(show.status.code(), Some(0));
    }
}

#[test]
fn passphrases_come_from_descriptors_too() {
    let signer = Signer::init();
    let script = "exec \"$@\" 5<\"$0\"";
    let inner =
        signer.command_without_passphrase(&["account", "list", "--json", "--passphrase-fd", "5"]);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", script])
        .arg(signer.path("p"))
        .arg(inner.get_program())
        .args(inner.get_args());
    let run: Run = shell
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
        .into();
    run.json();
}

#[test]
fn a_vault_without_a_backup_remembers_that_until_it_has_one() {
    let signer = Signer::bare();
    let (out, again) = (signer.text("words"), signer.text("again"));
    let made = signer.run(
        &[
            &["init", "--network", "regtest", "--mnemonic-out", &out][..],
            &COSTS,
        ]
        .concat(),
    );
    assert_eq!(made.json()["backup"], "written");
    assert_eq!(signer.read("words").split(|byte| *byte == b' ').count(), 24);
    signer
        .run(&["backup", "show", "--mnemonic-out", &again])
        .json();
    assert_eq!(signer.read("again"), signer.read("words"));
    let declined = Signer::bare();
    let made =
        declined.run(&[&["init", "--network", "regtest", "--no-backup"][..], &COSTS].concat());
    assert_eq!(made.json()["backup"], "declined");
    assert!(made.stderr.is_empty(), "{}", made.stderr);
    let pending = Signer::bare();
    let made = pending.run(&[&["init", "--network", "regtest"][..], &COSTS].concat());
    assert_eq!(made.json()["backup"], "not shown");
    assert!(made.stderr.contains("backup show"), "{}", made.stderr);
}
