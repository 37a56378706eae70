//! What opens a vault, end to end: passphrases, key files, two people.

use std::fs;

use serde_json::Value;

use crate::folder::{ADD_ACCOUNT, Folder, INIT, json};

const OPEN: [&str; 2] = ["account", "list"];

/// A folder whose files `name` hold what stands beside it.
fn with_secrets(secrets: &[(&str, &str)]) -> Folder {
    let folder = Folder::empty();
    for (name, text) in secrets {
        fs::write(folder.secret(name), text).unwrap();
    }
    folder
}

fn changed(folder: &Folder, args: &[&str]) -> Value {
    json(folder.run_well(args).as_bytes())
}

#[test]
fn a_new_passphrase_opens_the_vault_and_the_old_one_only_older_files() {
    for rotate in [false, true] {
        let folder = with_secrets(&[("new", "new horse\n"), ("third", "third horse")]);
        folder.run_well(&INIT);
        folder.run_well(&ADD_ACCOUNT);
        let journal = folder.read("V.journal").unwrap();
        let new = folder.secret("new");
        let mut args = vec!["passphrase", "--new-passphrase-file", new.to_str().unwrap()];
        args.extend(rotate.then_some("--rotate"));
        let told = changed(&folder, &args);
        assert_eq!(
            (&told["generation"], &told["older_files"]),
            (&3.into(), &2.into()),
            "{told}"
        );

        let old = [folder.path("V.1"), folder.path("V.2")];
        assert_eq!(folder.exit(&OPEN).0, 4, "the old passphrase is wrong now");
        fs::rename(folder.secret("passphrase"), folder.secret("old")).unwrap();
        fs::copy(&new, folder.secret("passphrase")).unwrap();
        assert!(folder.run_well(&OPEN).contains("\"main\""));

        let third = folder.secret("third");
        let told = changed(
            &folder,
            &[
                "passphrase",
                "--new-passphrase-file",
                third.to_str().unwrap(),
            ],
        );
        assert_eq!(
            (&told["generation"], &told["older_files"]),
            (&4.into(), &1.into()),
            "only V.3: {told}"
        );

        // An old file and the old passphrase still open, with the journal of that time: that is
        // what is told.
        let elsewhere = with_secrets(&[("passphrase", "correct horse")]);
        fs::copy(&old[1], elsewhere.path("V")).unwrap();
        fs::write(elsewhere.path("V.journal"), journal).unwrap();
        elsewhere.run_well(&OPEN);
        // The journal of today tells that somebody put the file back.
        fs::copy(&old[1], elsewhere.path("V")).unwrap();
        fs::copy(folder.path("V.journal"), elsewhere.path("V.journal")).unwrap();
        let (exit, error) = elsewhere.exit(&["policy", "set", "max-fee-sat", "1"]);
        assert_eq!(exit, 5, "{error}");
        assert!(error.contains("vault-behind-journal"), "{error}");
    }
}

#[test]
fn a_key_file_is_needed_with_its_passphrase() {
    let folder = with_secrets(&[
        ("key", "any file will do that has 32 bytes"),
        ("other", "another file"),
        ("empty", ""),
    ]);
    let [key, other, empty] =
        ["key", "other", "empty"].map(|name| folder.secret(name).display().to_string());
    folder.run_well(&[&INIT[..], &["--key-file", &key]].concat());
    folder.run_well(&[&OPEN[..], &["--key-file", &key]].concat());
    let (exit, error) = folder.exit(&OPEN);
    assert_eq!(exit, 4, "{error}");
    assert!(
        error.contains("key file"),
        "what is missing is named: {error}"
    );
    assert_eq!(
        folder
            .exit(&[&OPEN[..], &["--key-file", &other]].concat())
            .0,
        4
    );
    assert_ne!(
        folder
            .exit(&[&OPEN[..], &["--key-file", &empty]].concat())
            .0,
        0
    );
}

#[test]
fn dual_control_needs_both_in_their_order() {
    let folder = with_secrets(&[("second", "second person"), ("wrong", "wrong person")]);
    let [first, second, wrong] =
        ["passphrase", "second", "wrong"].map(|name| folder.secret(name).display().to_string());
    folder.run_well(&[&INIT[..], &["--dual", "--second-passphrase-file", &second]].concat());
    folder.run_well(&[&OPEN[..], &["--second-passphrase-file", &second]].concat());
    assert_eq!(
        folder
            .exit(&[&OPEN[..], &["--second-passphrase-file", &wrong]].concat())
            .0,
        4
    );
    assert_eq!(
        folder
            .exit(&[&OPEN[..], &["--second-passphrase-file", &first]].concat())
            .0,
        4
    );
    let (exit, error) = folder.exit(&OPEN);
    assert_eq!(exit, 4, "{error}");
    assert!(
        error.contains("two passphrases"),
        "what is missing is named: {error}"
    );
}
