//! Every system call of a vault's write, killed before and failing at: afterwards the old or the
//! new vault stands, whole, nothing is lost, and the next run works.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use crate::folder::{ADD_ACCOUNT, Folder, INIT, SIGN, SIGN_ELSEWHERE, json, signed_txid, text};
use crate::inject::{After, Fault, Files, Operation, WRITES, calls, fault_everywhere, trace};

/// No run that failed says that it succeeded; none that was not killed leaves a temporary file or
/// dies otherwise.
fn check_end(after: &After<'_>) {
    if after.fault == Fault::Killed {
        return;
    }
    let output = after.output;
    assert_eq!(output.status.signal(), None);
    let code = output.status.code().unwrap();
    assert!([0, 5, 10].contains(&code), "exit {code}");
    if code != 0 {
        let stderr = text(&output.stderr);
        let error = json(stderr.lines().last().unwrap_or_default().as_bytes());
        assert!(error["error"]["hint"].is_string(), "{error}");
    }
    assert!(
        !after.folder.names().contains(".V.tmp") || code == 10,
        "a temporary file is left"
    );
}

#[test]
fn a_faulted_write_leaves_the_old_or_the_new_vault() {
    let template = Folder::empty();
    template.run_well(&INIT);
    fault_everywhere(&Operation {
        name: "account add",
        args: &ADD_ACCOUNT,
        template,
        files: Files::Vault,
        faulted: |_| true,
        lacking: None,
        processes: 1,
        check: check_write,
    });
}

/// Sticks of memory have file systems without hard links: the old vault is copied first.
#[test]
fn a_faulted_write_without_hard_links_leaves_the_old_or_the_new_vault() {
    let template = Folder::empty();
    template.run_well(&INIT);
    fault_everywhere(&Operation {
        name: "account add without hard links",
        args: &ADD_ACCOUNT,
        template,
        files: Files::Vault,
        faulted: |syscall| WRITES.contains(&syscall) || syscall == "unlink",
        lacking: Some(("linkat", "EPERM")),
        processes: 1,
        check: check_write,
    });
}

fn check_write(after: &After<'_>) {
    check_end(after);
    let old = after.template.read("V").unwrap();
    let present = after.folder.read("V").expect("V is never missing");
    if after.succeeded() {
        assert_ne!(present, old, "what was promised is there");
        assert!(
            !after.holder_saw_fail(&["write", "pwrite64", "fsync", "rename"]),
            "nothing is promised in vain"
        );
    }
    if present != old {
        assert_eq!(
            after.folder.read("V.1"),
            Some(old.clone()),
            "the old generation is kept"
        );
        assert!(
            after
                .folder
                .run_well(&["account", "list"])
                .contains("\"main\"")
        );
    }
    if after.is_new {
        after
            .folder
            .run_well(&["account", "add", "--name", "next", "--script", "taproot"]);
        assert_eq!(after.folder.read("V.1"), Some(old));
        assert!(!after.folder.names().contains(".V.tmp"));
    }
}

#[test]
fn a_faulted_creation_leaves_no_vault_or_a_whole_one() {
    fault_everywhere(&Operation {
        name: "init",
        args: &INIT,
        template: Folder::empty(),
        files: Files::Vault,
        faulted: |_| true,
        lacking: None,
        processes: 1,
        check: |after| {
            check_end(after);
            if after.folder.read("V").is_some() {
                after.folder.run_well(&["verify"]);
                after.folder.run_well(&["account", "list"]);
            } else {
                assert!(!after.succeeded(), "what was promised is there");
                if after.is_new {
                    after.folder.run_well(&INIT);
                }
            }
        },
    });
}

#[test]
fn a_faulted_repair_loses_nothing_and_can_be_run_again() {
    let template = Folder::empty();
    template.run_well(&INIT);
    template.run_well(&ADD_ACCOUNT);
    let mut damaged = template.read("V").unwrap();
    damaged[1000] ^= 1;
    fs::write(template.path("V"), &damaged).unwrap();
    fault_everywhere(&Operation {
        name: "repair",
        args: &["repair"],
        template,
        files: Files::Vault,
        faulted: |_| true,
        lacking: None,
        processes: 1,
        check: |after| {
            check_end(after);
            let (damaged, intact) = (after.template.read("V"), after.template.read("V.1"));
            let present = after.folder.read("V");
            assert!(
                present == damaged || present == intact,
                "V is never missing"
            );
            if after.succeeded() {
                assert_eq!(present, intact, "what was promised is there");
            }
            after.folder.run_well(&["repair"]);
            assert_eq!(after.folder.read("V"), intact);
            assert_eq!(after.folder.read("V.1"), intact);
            let names = after.folder.names().into_iter();
            let mut aside = names
                .filter(|name| name.starts_with("V.aside"))
                .map(|name| after.folder.read(&name));
            assert!(
                aside.any(|bytes| bytes == damaged),
                "the damaged file is kept"
            );
        },
    });
}

/// The record before the signature: whatever is faulted, a signed file is never there without its
/// journal entry.
#[test]
fn a_faulted_signing_releases_nothing_that_is_not_recorded() {
    let template = Folder::for_signing();
    let reference = Folder::copy_of(&template);
    reference.run_well(&SIGN);
    fs::copy(reference.path("out.psbt"), template.path("expected.psbt")).unwrap();
    fault_everywhere(&Operation {
        name: "sign",
        args: &SIGN,
        template,
        files: Files::Vault,
        faulted: |syscall| WRITES.contains(&syscall) || syscall == "unlink",
        lacking: None,
        processes: 2,
        check: |after| {
            check_end(after);
            let expected = after.folder.read("expected.psbt");
            let signed = after.folder.read("out.psbt");
            assert!(
                signed.is_none() || signed == expected,
                "a signed file is whole or not there"
            );
            assert!(
                signed.is_some() || !after.succeeded(),
                "what was promised is there"
            );
            let old = after.template.read("V").unwrap();
            let present = after.folder.read("V").expect("V is never missing");
            if present != old {
                assert_eq!(
                    after.folder.read("V.2"),
                    Some(old),
                    "the old generation is kept"
                );
            }
            if signed.is_some() {
                assert_ne!(
                    Some(present),
                    after.template.read("V"),
                    "the vault remembers the record first"
                );
                assert!(
                    after
                        .folder
                        .run_well(&["journal", "show"])
                        .contains(&signed_txid())
                );
            }
            if after.is_new {
                after.folder.run_well(&SIGN);
                assert_eq!(
                    after.folder.read("out.psbt"),
                    expected,
                    "signed again, byte for byte"
                );
                after.folder.run_well(&["journal", "verify"]);
                after.folder.run_well(&["verify"]);
            }
        },
    });
}

/// The files that leave are written by another process than the vault's: whatever is faulted there,
/// the record stands, a signed file is whole or not there, and signing again gives the same bytes.
#[test]
fn a_faulted_release_leaves_no_part_of_a_signed_file() {
    let template = Folder::for_signing();
    fs::create_dir(template.path("signed")).unwrap();
    let reference = Folder::copy_of(&template);
    reference.run_well(&SIGN_ELSEWHERE);
    fs::copy(
        reference.path("signed/out.psbt"),
        template.path("expected.psbt"),
    )
    .unwrap();
    fault_everywhere(&Operation {
        name: "sign into another folder",
        args: &SIGN_ELSEWHERE,
        template,
        files: Files::Signed,
        faulted: |_| true,
        lacking: None,
        processes: 1,
        check: |after| {
            check_end(after);
            let expected = after.folder.read("expected.psbt");
            let signed = after.folder.read("signed/out.psbt");
            assert!(
                signed.is_none() || signed == expected,
                "a signed file is whole or not there"
            );
            match after.output.status.code() {
                Some(0) => assert_eq!(signed, expected, "what was promised is there"),
                code => assert!(code.is_none() || code == Some(10), "exit {code:?}"),
            }
            if after.fault != Fault::Killed && !after.saw_fail("unlink") {
                let entries = fs::read_dir(after.folder.path("signed")).unwrap();
                assert_eq!(
                    entries.count(),
                    usize::from(signed.is_some()),
                    "a temporary file is left"
                );
            }
            if after.release_began() {
                assert!(
                    after
                        .folder
                        .run_well(&["journal", "show"])
                        .contains(&signed_txid()),
                    "the record is there first"
                );
            }
            after.folder.run_well(&SIGN_ELSEWHERE);
            assert_eq!(
                after.folder.read("signed/out.psbt"),
                expected,
                "signed again, byte for byte"
            );
        },
    });
}

/// What a power cut would leave cannot be tested here; the order of the calls that decide it can.
#[test]
fn everything_is_synced_in_the_order_that_makes_it_durable() {
    let append = ["pwrite64", "fsync"];
    let write = ["linkat", "fsync", "write", "fsync", "rename", "fsync"];
    let create = ["write", "fsync", "renameat2", "fsync"];
    let release = ["write", "fsync", "linkat", "fsync"];
    let order = |folder: &Folder, args: &[&str]| -> Vec<String> {
        let (output, log) = trace(folder, Files::Vault, args, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let decisive = [
            "pwrite64",
            "write",
            "fsync",
            "linkat",
            "rename",
            "renameat2",
        ];
        let calls = calls(&log).into_iter().map(|(_, syscall)| syscall);
        calls
            .filter(|syscall| decisive.contains(&syscall.as_str()))
            .collect()
    };
    let folder = Folder::empty();
    // A journal's first record makes its file: the folder is synced as well.
    assert_eq!(
        order(&folder, &INIT),
        [&create[..], &append, &["fsync"]].concat()
    );
    assert_eq!(order(&folder, &ADD_ACCOUNT), [&append[..], &write].concat());
    let folder = Folder::for_signing();
    assert_eq!(
        order(&folder, &SIGN),
        [&append[..], &write, &release].concat()
    );
}

/// The harness itself: a fault that is injected is seen, and one that is never reached is not.
#[test]
fn faults_are_told_apart_from_runs_that_meet_none() {
    let folder = Folder::empty();
    let (output, log) = trace(
        &folder,
        Files::Vault,
        &INIT,
        &["inject=openat:error=EIO:when=1"],
    );
    assert!(
        log.contains("(INJECTED)") && output.status.code() == Some(10),
        "{log}"
    );
    let (output, log) = trace(
        &folder,
        Files::Vault,
        &INIT,
        &["inject=openat:error=EIO:when=900"],
    );
    assert!(
        !log.contains("(INJECTED)") && output.status.code() == Some(0),
        "{log}"
    );
}

#[test]
fn a_file_system_that_cannot_rename_without_replacing_will_do() {
    let folder = Folder::empty();
    let (output, log) = trace(
        &folder,
        Files::Vault,
        &INIT,
        &["inject=renameat2:error=EINVAL"],
    );
    assert!(log.contains("(INJECTED)"), "{log}");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    folder.run_well(&["account", "list"]);
}

/// A vault that stands has its words: an `init` that fails after the vault was written does not
/// take them back.
#[test]
fn the_words_of_a_vault_that_stands_are_not_deleted() {
    for (fault, stands) in [
        ("inject=pwrite64:error=ENOSPC", true),
        ("inject=renameat2:error=EIO", false),
    ] {
        let folder = Folder::empty();
        let mut arguments: Vec<&str> = INIT
            .iter()
            .copied()
            .filter(|word| *word != "--no-backup")
            .collect();
        arguments.extend(["--mnemonic-out", "words"]);
        let (output, log) = trace(&folder, Files::Vault, &arguments, &[fault]);
        assert!(log.contains("(INJECTED)"), "{log}");
        assert_eq!(output.status.code(), Some(10), "{}", text(&output.stderr));
        assert_eq!(folder.read("V").is_some(), stands);
        assert_eq!(folder.read("words").is_some(), stands, "{fault}");
        assert_eq!(
            text(&output.stderr).contains("the vault itself was made"),
            stands
        );
    }
}
