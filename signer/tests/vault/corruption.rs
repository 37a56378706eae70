//! Damaged and hostile vaults by name, each with the exit code of `verify` and of a command that
//! opens the vault.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::folder::{ADD_ACCOUNT, Folder, INIT, json};

const OPEN: [&str; 2] = ["account", "list"];

/// Three generations, made once: `V` is the third.
fn sound() -> Folder {
    use std::sync::OnceLock;
    static SOUND: OnceLock<Folder> = OnceLock::new();
    Folder::copy_of(SOUND.get_or_init(|| Folder::with_generations(3)))
}

fn alter(folder: &Folder, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = folder.read(name).unwrap();
    change(&mut bytes);
    fs::write(folder.path(name), bytes).unwrap();
}

/// Alters a file as whoever does so on purpose: the trailing SHA-256 is put right.
fn tamper(folder: &Folder, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    alter(folder, name, |bytes| {
        bytes.truncate(bytes.len() - 32);
        change(bytes);
        let checksum = Sha256::digest(&*bytes);
        bytes.extend_from_slice(&checksum);
    });
}

/// The vault and its generations, by name; the journal notes each unlocking on a machine that is
/// not fit.
fn vault_files(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let names = folder
        .names()
        .into_iter()
        .filter(|name| name != "V.journal" && name != "V.lock");
    names
        .filter_map(|name| folder.read(&name).map(|bytes| (name, bytes)))
        .collect()
}

struct Case {
    name: &'static str,
    /// The exit code of `verify`.
    verify: i32,
    /// The exit code of a command that opens the vault.
    open: i32,
    spoil: fn(&Folder),
}

const CASES: [Case; 21] = [
    Case {
        name: "a bit of the body is flipped",
        verify: 5,
        open: 5,
        spoil: |f| alter(f, "V", |v| v[1000] ^= 1),
    },
    Case {
        name: "a bit of the magic is flipped",
        verify: 5,
        open: 5,
        spoil: |f| alter(f, "V", |v| v[7] ^= 2),
    },
    Case {
        name: "the file is truncated",
        verify: 5,
        open: 5,
        spoil: |f| alter(f, "V", |v| v.truncate(1234)),
    },
    Case {
        name: "the file is empty",
        verify: 5,
        open: 5,
        spoil: |f| alter(f, "V", Vec::clear),
    },
    Case {
        name: "bytes are appended",
        verify: 5,
        open: 5,
        spoil: |f| alter(f, "V", |v| v.push(0)),
    },
    Case {
        name: "a hole of zeros is in it",
        verify: 5,
        open: 5,
        spoil: |f| alter(f, "V", |v| v[300..812].fill(0)),
    },
    Case {
        name: "a later program wrote it",
        verify: 6,
        open: 6,
        spoil: |f| tamper(f, "V", |v| v.splice(7..8, [2, 0]).for_each(drop)),
    },
    Case {
        name: "it is something else",
        verify: 6,
        open: 6,
        spoil: |f| fs::write(f.path("V"), b"PK\x03\x04 a zip file").unwrap(),
    },
    Case {
        name: "it is a folder",
        verify: 6,
        open: 6,
        spoil: |f| {
            fs::remove_file(f.path("V")).unwrap();
            fs::create_dir(f.path("V")).unwrap();
        },
    },
    Case {
        name: "it is missing, and so are the others",
        verify: 6,
        open: 6,
        spoil: |f| {
            ["V", "V.1", "V.2"]
                .iter()
                .for_each(|name| fs::remove_file(f.path(name)).unwrap())
        },
    },
    Case {
        name: "it is missing beside earlier ones",
        verify: 5,
        open: 5,
        spoil: |f| fs::remove_file(f.path("V")).unwrap(),
    },
    Case {
        name: "it was rolled back",
        verify: 5,
        open: 5,
        spoil: |f| {
            fs::rename(f.path("V"), f.path("V.3")).unwrap();
            fs::copy(f.path("V.1"), f.path("V")).unwrap();
        },
    },
    Case {
        name: "its generation exists twice",
        verify: 5,
        open: 5,
        spoil: |f| {
            fs::copy(f.path("V"), f.path("V.3")).unwrap();
            tamper(f, "V.3", |v| v[1000] ^= 1);
        },
    },
    Case {
        name: "a later program wrote a generation beside it",
        verify: 6,
        open: 6,
        spoil: |f| {
            fs::copy(f.path("V"), f.path("V.4")).unwrap();
            tamper(f, "V.4", |v| v.splice(7..8, [2, 0]).for_each(drop));
        },
    },
    Case {
        name: "an earlier one is damaged",
        verify: 5,
        open: 0,
        spoil: |f| alter(f, "V.1", |v| v[1000] ^= 1),
    },
    Case {
        name: "it asks for 4 TiB of memory",
        verify: 5,
        open: 5,
        spoil: |f| tamper(f, "V", |v| v[96 + 20..96 + 24].fill(0xff)),
    },
    Case {
        name: "it asks for four thousand million passes",
        verify: 5,
        open: 5,
        spoil: |f| tamper(f, "V", |v| v[96 + 24..96 + 28].fill(0xff)),
    },
    Case {
        name: "a flag is set",
        verify: 5,
        open: 5,
        spoil: |f| tamper(f, "V", |v| v[10] = 1),
    },
    Case {
        name: "a salt is altered on purpose",
        verify: 0,
        open: 4,
        spoil: |f| tamper(f, "V", |v| v[96 + 32] ^= 1),
    },
    Case {
        name: "the body is altered on purpose",
        verify: 0,
        open: 5,
        spoil: |f| tamper(f, "V", |v| v[1000] ^= 1),
    },
    Case {
        name: "an old file poses as a new one",
        verify: 0,
        open: 5,
        spoil: |f| {
            fs::copy(f.path("V.1"), f.path("V")).unwrap();
            tamper(f, "V", |v| v[32] = 9);
        },
    },
];

#[test]
fn every_spoilt_vault_is_refused_with_its_exit_code() {
    for case in CASES {
        let folder = sound();
        (case.spoil)(&folder);
        let before = vault_files(&folder);
        let started = Instant::now();
        let (verify, _) = folder.exit(&["verify"]);
        let (open, error) = folder.exit(&OPEN);
        assert_eq!(
            (verify, open),
            (case.verify, case.open),
            "{}: {error}",
            case.name
        );
        assert!(
            started.elapsed() < Duration::from_secs(300),
            "{} took {:?}",
            case.name,
            started.elapsed()
        );
        if open != 0 {
            let error = &json(error.as_bytes())["error"];
            for field in ["code", "message", "hint"] {
                assert!(
                    error[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{}: {error}",
                    case.name
                );
            }
        }
        assert!(
            vault_files(&folder) == before,
            "{}: changed by looking at it",
            case.name
        );
    }
    println!("{} spoilt vaults refused end to end", CASES.len());
}

#[test]
fn repair_puts_right_what_can_be_put_right() {
    for case in CASES.iter().filter(|case| case.verify == 5) {
        let folder = sound();
        (case.spoil)(&folder);
        let before = vault_files(&folder);
        let (exit, error) = folder.exit(&["repair"]);
        if case.name == "its generation exists twice" {
            assert_eq!(exit, 5, "{}", case.name);
            assert!(
                error.contains("V.3") && error.contains("--use"),
                "both are shown: {error}"
            );
            folder.run_well(&["repair", "--use", folder.path("V").to_str().unwrap()]);
        } else {
            assert_eq!(exit, 0, "{}: {error}", case.name);
        }
        folder.run_well(&["verify"]);
        folder.run_well(&OPEN);
        let after = vault_files(&folder);
        let is_kept = |bytes: &Vec<u8>| after.values().any(|kept| kept == bytes);
        assert!(
            before.values().all(is_kept),
            "{}: repair lost something",
            case.name
        );
        folder.run_well(&["account", "add", "--name", "later", "--script", "taproot"]);
    }
}

#[test]
fn a_wrong_passphrase_is_not_damage() {
    let folder = sound();
    fs::write(folder.secret("passphrase"), "wrong horse\n").unwrap();
    let (exit, error) = folder.exit(&OPEN);
    assert_eq!(exit, 4, "{error}");
    fs::write(folder.secret("passphrase"), "\n").unwrap();
    assert_ne!(folder.exit(&OPEN).0, 0, "an empty passphrase is refused");
}

#[test]
fn a_vault_in_use_is_busy_and_one_that_exists_is_not_overwritten() {
    let folder = sound();
    let before = folder.read("V");
    let lock = fs::File::open(folder.path("V.lock")).unwrap();
    lock.lock().unwrap();
    let (exit, error) = folder.exit(&ADD_ACCOUNT);
    assert_eq!(exit, 9, "{error}");
    assert_eq!(folder.exit(&["repair"]).0, 9);
    lock.unlock().unwrap();
    let (exit, error) = folder.exit(&INIT);
    assert_eq!(exit, 12, "{error}");
    assert_eq!(folder.read("V"), before);
    folder.run_well(&ADD_ACCOUNT);
}

#[test]
fn a_link_to_a_vault_is_followed_and_stays_a_link() {
    let folder = sound();
    let elsewhere = Folder::empty();
    symlink(folder.path("V"), elsewhere.path("V")).unwrap();
    elsewhere.run_well(&ADD_ACCOUNT);
    assert!(elsewhere.path("V").symlink_metadata().unwrap().is_symlink());
    assert_eq!(elsewhere.names().len(), 1);
    assert!(
        folder.names().contains("V.3"),
        "the generations are beside the vault itself: {:?}",
        folder.names()
    );
}
