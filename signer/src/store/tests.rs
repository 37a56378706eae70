//! The store, on a real folder.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cofferdam_core::seal::{
    Cost, Credential, MAX_GENERATION, NewSlot, OpenVault, Passphrase, RandomUnavailable,
    VaultError, VaultFile,
};
use tempfile::TempDir;

use super::{Kind, LockedVault, Repaired, StoreError, VaultPath, verify};

fn kernel(buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
    getrandom::fill(buffer).map_err(|_| RandomUnavailable)
}

fn credential() -> Credential {
    Credential::Passphrase(Passphrase::new("horse").unwrap())
}

fn new_vault() -> VaultFile {
    let slot = NewSlot {
        credential: credential(),
        cost: Cost::MINIMUM,
    };
    OpenVault::create(&[slot], 1, b"1", &mut kernel).unwrap()
}

/// One vault at generation 1, and what seals its later ones.
fn first() -> &'static (VaultFile, OpenVault) {
    static FIRST: OnceLock<(VaultFile, OpenVault)> = OnceLock::new();
    FIRST.get_or_init(|| {
        let file = new_vault();
        let open = file.unlock(&credential()).unwrap();
        (file, open)
    })
}

fn generation(generation: u64) -> VaultFile {
    match generation {
        1 => first().0.clone(),
        later => first()
            .1
            .reseal(later, later.to_string().as_bytes(), &mut kernel)
            .unwrap(),
    }
}

struct Folder {
    _folder: TempDir,
    store: LockedVault,
}

impl Folder {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = VaultPath::new(&folder.path().join("V"))
            .unwrap()
            .lock()
            .unwrap();
        Folder {
            _folder: folder,
            store,
        }
    }

    /// A folder in which generations 1 to `last` were written.
    fn with_generations(last: u64) -> Self {
        let folder = Folder::empty();
        folder.store.create(&generation(1)).unwrap();
        for number in 2..=last {
            folder.write(generation(number)).unwrap();
        }
        folder
    }

    fn path(&self, suffix: &str) -> PathBuf {
        let vault = self.store.path().vault().to_str().unwrap();
        PathBuf::from(format!("{vault}{suffix}"))
    }

    fn put(&self, suffix: &str, file: &VaultFile) {
        fs::write(self.path(suffix), file.as_bytes()).unwrap();
    }

    fn damage(&self, suffix: &str) {
        let mut bytes = fs::read(self.path(suffix)).unwrap();
        bytes[1000] ^= 1;
        fs::write(self.path(suffix), bytes).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.store.path().vault().parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn generation_of(&self, suffix: &str) -> u64 {
        verify(&self.path(suffix)).outcome.unwrap().generation
    }

    /// Writes a vault over the one that stands.
    fn write(&self, file: VaultFile) -> Result<(), StoreError> {
        let survey = self.store.survey()?;
        self.store.write(survey.current()?, &file)
    }

    /// The next generation, as the owner of the vault sees it, whose journal names `journal`.
    fn next(&self, journal: u64) -> Result<u64, StoreError> {
        let survey = self.store.survey()?;
        let known = survey.vault().map_or(0, VaultFile::generation).max(journal);
        survey.next_generation(&first().1, known)
    }

    fn current(&self) -> Result<u64, StoreError> {
        self.store.survey()?.current().map(VaultFile::generation)
    }
}

#[test]
fn generations_are_kept_beside_the_vault() {
    let folder = Folder::with_generations(3);
    assert_eq!(folder.names(), ["V", "V.1", "V.2", "V.lock"]);
    assert_eq!(
        ["", ".1", ".2"].map(|suffix| folder.generation_of(suffix)),
        [3, 1, 2]
    );
    for suffix in ["", ".1", ".2", ".lock"] {
        assert_eq!(
            fs::metadata(folder.path(suffix))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600,
            "V{suffix}"
        );
    }
    let survey = folder.store.survey().unwrap();
    assert_eq!(folder.next(0).unwrap(), 4);
    assert_eq!(
        folder.next(9).unwrap(),
        10,
        "the journal knows of later ones"
    );
    assert_eq!(
        survey
            .kept()
            .iter()
            .map(|kept| kept.file.generation())
            .collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(
        survey.older_opened_by(&credential()).unwrap(),
        [folder.path(".2"), folder.path(".1")]
    );
}

#[test]
fn a_vault_is_never_overwritten_by_a_new_one() {
    for suffix in ["", ".7", ".journal"] {
        let folder = Folder::empty();
        fs::write(folder.path(suffix), b"something").unwrap();
        let error = folder.store.create(&generation(1)).unwrap_err();
        assert!(
            matches!(&error, StoreError::Exists(path) if *path == folder.path(suffix)),
            "{error}"
        );
        assert_eq!(fs::read(folder.path(suffix)).unwrap(), b"something");
    }
}

#[test]
fn only_one_process_holds_a_vault() {
    let folder = Folder::with_generations(1);
    let again = VaultPath::new(&folder.path("")).unwrap().lock();
    assert_eq!(again.unwrap_err().kind(), Kind::Busy);
    let path = folder.store.path().clone();
    drop(folder.store);
    path.lock().unwrap();
}

#[test]
fn only_a_later_generation_of_the_same_vault_is_written() {
    let folder = Folder::with_generations(2);
    for wrong in [generation(1), generation(2), new_vault()] {
        assert!(matches!(
            folder.write(wrong).unwrap_err(),
            StoreError::Changed(_)
        ));
    }
    assert_eq!(folder.current().unwrap(), 2);
}

#[test]
fn missing_damaged_rolled_back_and_contradicted_vaults_are_told_apart() {
    let folder = Folder::empty();
    assert!(matches!(
        folder.current().unwrap_err(),
        StoreError::Missing(_)
    ));

    let folder = Folder::with_generations(3);
    fs::remove_file(folder.path("")).unwrap();
    let error = folder.current().unwrap_err();
    assert!(matches!(error, StoreError::MissingButKept(_)));
    assert_eq!(error.kind(), Kind::Damaged);

    let folder = Folder::with_generations(3);
    folder.damage("");
    let error = folder.current().unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Invalid {
                error: VaultError::Checksum,
                ..
            }
        ),
        "{error}"
    );
    assert!(matches!(
        folder.write(generation(4)).unwrap_err(),
        StoreError::Invalid { .. }
    ));

    let folder = Folder::with_generations(3);
    folder.put(".3", &generation(3));
    let error = folder.current().unwrap_err();
    let StoreError::Conflict {
        generation,
        first,
        second,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (*generation, first, second),
        (3, &folder.path(""), &folder.path(".3"))
    );
    assert_eq!(error.kind(), Kind::Damaged);
}

#[test]
fn a_rolled_back_vault_does_not_open() {
    let folder = Folder::with_generations(3);
    folder.put(".9", &generation(9));
    let error = folder.current().unwrap_err();
    let StoreError::RolledBack {
        generation: 3,
        newer,
        newer_generation: 9,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(*newer, folder.path(".9"));
}

#[test]
fn damaged_earlier_files_and_strangers_do_not_keep_a_vault_from_opening() {
    let folder = Folder::with_generations(3);
    folder.damage(".1");
    fs::write(folder.path(".2"), b"").unwrap();
    folder.put(".77", &new_vault());
    fs::create_dir(folder.path(".8")).unwrap();
    symlink("/nonexistent", folder.path(".9")).unwrap();
    assert_eq!(folder.current().unwrap(), 3);
    let survey = folder.store.survey().unwrap();
    let bad = survey
        .reports()
        .iter()
        .filter(|report| report.outcome.is_err())
        .count();
    assert_eq!((survey.reports().len(), bad), (5, 3));
    assert_eq!(survey.reports()[0].path, folder.path(""));
    assert_eq!(folder.next(0).unwrap(), 4);
}

#[test]
fn a_later_format_beside_the_vault_stops_everything() {
    let folder = Folder::with_generations(2);
    let mut later = generation(3).as_bytes().to_vec();
    later[7] = 2;
    later.truncate(5000);
    later.push(1);
    fs::write(folder.path(".3"), later).unwrap();
    assert_eq!(folder.current().unwrap_err().kind(), Kind::NewerFormat);
    assert_eq!(
        folder.store.repair(None).unwrap_err().kind(),
        Kind::NewerFormat
    );
    assert_eq!(
        folder
            .store
            .repair(Some(&folder.path(".1")))
            .unwrap_err()
            .kind(),
        Kind::NewerFormat
    );
}

#[test]
fn a_stale_temporary_file_is_replaced_and_a_killed_write_is_taken_up() {
    let folder = Folder::with_generations(2);
    let temporary = folder.store.path().temporary();
    fs::write(&temporary, b"half a vau").unwrap();
    fs::hard_link(folder.path(""), folder.path(".2")).unwrap();
    assert_eq!(
        folder.current().unwrap(),
        2,
        "the vault and its second name agree"
    );
    folder.write(generation(3)).unwrap();
    assert_eq!(folder.names(), ["V", "V.1", "V.2", "V.lock"]);
    assert_eq!(
        ["", ".1", ".2"].map(|suffix| folder.generation_of(suffix)),
        [3, 1, 2]
    );
    assert_eq!(fs::metadata(folder.path(".2")).unwrap().nlink(), 1);
}

#[test]
fn a_planted_link_at_the_temporary_name_is_not_followed() {
    let folder = Folder::with_generations(1);
    let precious = folder.path(".journal");
    fs::write(&precious, b"precious").unwrap();
    symlink(&precious, folder.store.path().temporary()).unwrap();
    folder.write(generation(2)).unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert!(!folder.path("").symlink_metadata().unwrap().is_symlink());
}

/// A file, a folder, a link or another vault where the earlier generation would go: work goes on,
/// and none of them is touched.
#[test]
fn a_taken_name_is_never_overwritten_and_stops_nothing() {
    type Plant = fn(&Folder);
    let plants: [(&str, Plant); 5] = [
        ("an empty file", |folder| {
            fs::write(folder.path(".2"), b"").unwrap()
        }),
        ("a note", |folder| {
            fs::write(folder.path(".2"), b"a note").unwrap()
        }),
        ("a folder", |folder| {
            fs::create_dir(folder.path(".2")).unwrap()
        }),
        ("a dangling link", |folder| {
            symlink("/nonexistent", folder.path(".2")).unwrap();
        }),
        ("another vault", |folder| folder.put(".2", &new_vault())),
    ];
    for (name, plant) in plants {
        let folder = Folder::with_generations(2);
        let second = fs::read(folder.path("")).unwrap();
        plant(&folder);
        let planted = fs::read(folder.path(".2")).ok();
        folder.write(generation(3)).unwrap();
        assert_eq!(fs::read(folder.path(".2")).ok(), planted, "{name}");
        assert_eq!(folder.current().unwrap(), 3, "{name}");
        assert_eq!(fs::read(folder.path(".aside.1")).unwrap(), second, "{name}");
        folder.write(generation(4)).unwrap();
        assert_eq!(
            folder.names(),
            ["V", "V.1", "V.2", "V.3", "V.aside.1", "V.lock"],
            "{name}"
        );
    }
}

/// What only its name makes an earlier generation: `touch V.18446744073709551614` was sealed as the
/// vault's generation.
#[test]
fn a_name_moves_no_generation() {
    for name in [
        ".18446744073709551614",
        ".18446744073709551615",
        ".77",
        ".3",
    ] {
        let folder = Folder::with_generations(2);
        fs::write(folder.path(name), b"").unwrap();
        assert_eq!(folder.next(0).unwrap(), 3, "V{name}");
        folder.write(generation(3)).unwrap();
        assert_eq!(folder.current().unwrap(), 3, "V{name}");
    }
}

/// The checksum needs no key: who can write beside the vault can make up a generation of it.
#[test]
fn a_made_up_generation_counts_nothing() {
    use sha2::{Digest as _, Sha256};
    let made_up = |number: u64| {
        let mut bytes = generation(2).as_bytes().to_vec();
        bytes[32..40].copy_from_slice(&number.to_le_bytes());
        let checked = bytes.len() - 32;
        let checksum = Sha256::digest(&bytes[..checked]);
        bytes[checked..].copy_from_slice(&checksum);
        let file = VaultFile::parse(bytes).unwrap();
        assert_eq!(file.generation(), number);
        file
    };
    // One that no writing comes to stops nothing.
    let folder = Folder::with_generations(2);
    folder.put(".5", &made_up(u64::MAX));
    folder.put(".aside.1", &made_up(u64::MAX - 1));
    assert_eq!((folder.current().unwrap(), folder.next(0).unwrap()), (2, 3));
    folder.write(generation(3)).unwrap();
    // One that writing comes to is shown, since it may be real, and counts nothing either way once
    // it was decided.
    let folder = Folder::with_generations(2);
    folder.put(".900", &made_up(900));
    assert!(matches!(
        folder.current().unwrap_err(),
        StoreError::RolledBack { .. }
    ));
    folder.store.repair(Some(&folder.path(""))).unwrap();
    assert_eq!((folder.current().unwrap(), folder.next(0).unwrap()), (2, 3));
}

#[test]
fn a_generation_that_no_writing_comes_to_is_written_no_further() {
    let folder = Folder::with_generations(2);
    for known in [MAX_GENERATION, u64::MAX - 1, u64::MAX] {
        let error = folder.next(known).unwrap_err();
        assert_eq!(error.kind(), Kind::Generation, "{error}");
    }
    let bricked = first().1.reseal(u64::MAX, b"x", &mut kernel).unwrap();
    folder.write(bricked.clone()).unwrap();
    assert_eq!(folder.current().unwrap(), u64::MAX, "it opens");
    let mended = first().1.reseal_as(3, b"x", &mut kernel).unwrap();
    let aside = folder.store.reseal(&bricked, &mended).unwrap();
    assert_eq!(aside, [(folder.path(""), folder.path(".aside.1"))]);
    assert_eq!((folder.current().unwrap(), folder.next(0).unwrap()), (3, 4));
    folder.write(generation(4)).unwrap();
}

#[test]
fn a_number_aside_that_is_the_last_there_is_is_not_counted_from() {
    let folder = Folder::with_generations(2);
    fs::write(folder.path(".aside.18446744073709551615"), b"").unwrap();
    fs::write(folder.path(".aside.1"), b"").unwrap();
    folder.damage("");
    folder.store.repair(None).unwrap();
    assert_eq!(folder.current().unwrap(), 1);
    assert!(folder.names().contains(&"V.aside.2".to_owned()));
}

/// A clean-up deletes the lock, or the folder is moved and another put there: whoever held it
/// writes nothing any more.
#[test]
fn a_lock_that_was_replaced_is_lost() {
    type Change = fn(&Folder);
    let changes: [(&str, Change); 5] = [
        ("deleted", |folder| {
            fs::remove_file(folder.path(".lock")).unwrap()
        }),
        ("made anew", |folder| {
            fs::remove_file(folder.path(".lock")).unwrap();
            fs::write(folder.path(".lock"), b"").unwrap();
        }),
        ("replaced by a link to it", |folder| {
            fs::rename(folder.path(".lock"), folder.path(".moved")).unwrap();
            symlink(folder.path(".moved"), folder.path(".lock")).unwrap();
        }),
        ("taken by another process", |folder| {
            fs::remove_file(folder.path(".lock")).unwrap();
            VaultPath::new(&folder.path("")).unwrap().lock().unwrap();
        }),
        ("its folder replaced", |folder| {
            let inner = folder.path("").parent().unwrap().to_owned();
            let moved = inner.with_extension("moved");
            fs::rename(&inner, &moved).unwrap();
            fs::create_dir(&inner).unwrap();
            for name in ["V", "V.1", "V.lock"] {
                fs::copy(moved.join(name), inner.join(name)).unwrap();
            }
            fs::remove_dir_all(moved).unwrap();
        }),
    ];
    for (name, change) in changes {
        let folder = Folder::with_generations(2);
        folder.store.check().unwrap();
        change(&folder);
        let before = fs::read(folder.path("")).unwrap();
        let error = folder.write(generation(3)).unwrap_err();
        assert_eq!(error.kind(), Kind::Changed, "{name}: {error}");
        assert_eq!(
            folder.store.repair(None).unwrap_err().kind(),
            Kind::Changed,
            "{name}"
        );
        assert_eq!(fs::read(folder.path("")).unwrap(), before, "{name}");
    }
    // A second name of the lock's file takes nothing away.
    let folder = Folder::with_generations(2);
    fs::hard_link(folder.path(".lock"), folder.path(".lock.link")).unwrap();
    folder.write(generation(3)).unwrap();
}

#[test]
fn a_vault_that_was_replaced_meanwhile_is_not_written_over() {
    let other = first().1.reseal(3, b"theirs", &mut kernel).unwrap();
    for (name, bytes) in [
        ("a later one", other.as_bytes()),
        ("an earlier one", generation(1).as_bytes()),
        ("another vault", new_vault().as_bytes()),
        ("nothing", b""),
    ] {
        let folder = Folder::with_generations(2);
        let opened = folder.store.survey().unwrap().current().unwrap().clone();
        fs::write(folder.path(""), bytes).unwrap();
        let error = folder.store.write(&opened, &generation(4)).unwrap_err();
        assert_eq!(error.kind(), Kind::Changed, "{name}: {error}");
        assert_eq!(fs::read(folder.path("")).unwrap(), bytes, "{name}");
    }
}

/// `V` is damaged, so that it cannot tell whose it is: the journal does, or the generations beside
/// it.
#[test]
fn repair_takes_no_other_vaults_file() {
    let stranger = tempfile::NamedTempFile::new().unwrap();
    let other = new_vault();
    fs::write(stranger.path(), other.as_bytes()).unwrap();
    let journal_of = |file: &VaultFile| [b"CFDRJNL\x01", &file.vault_id().0[..]].concat();
    type Prepare<'a> = &'a dyn Fn(&Folder);
    let cases: [(&str, Prepare<'_>); 4] = [
        ("generations beside it", &|folder| folder.damage("")),
        ("the journal alone", &|folder| {
            folder.damage("");
            fs::remove_file(folder.path(".1")).unwrap();
            fs::write(folder.path(".journal"), journal_of(&generation(1))).unwrap();
        }),
        ("the journal, the vault is missing", &|folder| {
            fs::remove_file(folder.path("")).unwrap();
            fs::remove_file(folder.path(".1")).unwrap();
            fs::write(folder.path(".journal"), journal_of(&generation(1))).unwrap();
        }),
        ("the journal, and a planted generation", &|folder| {
            folder.damage("");
            folder.put(".7", &other);
            fs::write(folder.path(".journal"), journal_of(&generation(1))).unwrap();
        }),
    ];
    for (name, prepare) in cases {
        let folder = Folder::with_generations(2);
        prepare(&folder);
        let error = folder.store.repair(Some(stranger.path())).unwrap_err();
        assert!(
            matches!(error, StoreError::OtherVault { .. }),
            "{name}: {error}"
        );
        let backup = tempfile::NamedTempFile::new().unwrap();
        fs::write(backup.path(), generation(2).as_bytes()).unwrap();
        folder.store.repair(Some(backup.path())).unwrap();
        assert_eq!(folder.current().unwrap(), 2, "{name}");
    }
    // A stranger's file stands in `V`: the journal lets the owner's come back.
    let folder = Folder::with_generations(2);
    folder.put("", &other);
    fs::write(folder.path(".journal"), journal_of(&generation(1))).unwrap();
    folder.store.repair(Some(&folder.path(".1"))).unwrap();
    assert_eq!(folder.current().unwrap(), 1);
}

#[test]
fn a_vault_behind_a_link_stays_behind_it() {
    let folder = Folder::with_generations(1);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    symlink(folder.path(""), &link).unwrap();
    let path = VaultPath::new(&link).unwrap();
    assert_eq!(
        fs::canonicalize(path.vault()).unwrap(),
        fs::canonicalize(folder.path("")).unwrap()
    );
    assert_eq!(
        path.lock().unwrap_err().kind(),
        Kind::Busy,
        "the same lock by either name"
    );
    assert!(matches!(
        VaultPath::new(Path::new("/nonexistent/V")).unwrap_err(),
        StoreError::FolderMissing(_)
    ));
    assert!(matches!(
        VaultPath::new(Path::new("/")).unwrap_err(),
        StoreError::NotAFile(_)
    ));
}

#[test]
fn repair_of_a_sound_vault_changes_nothing() {
    let folder = Folder::with_generations(3);
    assert_eq!(
        folder.store.repair(None).unwrap(),
        Repaired::NothingToDo { generation: 3 }
    );
    assert_eq!(folder.names(), ["V", "V.1", "V.2", "V.lock"]);
    assert!(matches!(
        Folder::empty().store.repair(None).unwrap_err(),
        StoreError::Missing(_)
    ));
}

#[test]
fn repair_returns_to_the_newest_intact_generation_and_keeps_the_damaged_file() {
    let folder = Folder::with_generations(3);
    folder.damage("");
    folder.damage(".1");
    let damaged = [
        fs::read(folder.path("")).unwrap(),
        fs::read(folder.path(".1")).unwrap(),
    ];
    let repaired = folder.store.repair(None).unwrap();
    let aside = vec![
        (folder.path(""), folder.path(".aside.1")),
        (folder.path(".1"), folder.path(".aside.2")),
    ];
    assert_eq!(
        repaired,
        Repaired::From {
            source: folder.path(".2"),
            generation: 2,
            highest: 2,
            aside
        }
    );
    assert_eq!(folder.current().unwrap(), 2);
    assert_eq!(
        [".aside.1", ".aside.2"].map(|suffix| fs::read(folder.path(suffix)).unwrap()),
        damaged
    );
    folder.write(generation(4)).unwrap();
    assert_eq!(
        folder.names(),
        ["V", "V.2", "V.aside.1", "V.aside.2", "V.lock"]
    );
}

#[test]
fn repair_brings_back_a_missing_vault_and_undoes_a_rollback() {
    let folder = Folder::with_generations(3);
    fs::remove_file(folder.path("")).unwrap();
    folder.store.repair(None).unwrap();
    assert_eq!(folder.current().unwrap(), 2);

    let folder = Folder::with_generations(3);
    fs::rename(folder.path(""), folder.path(".3")).unwrap();
    fs::copy(folder.path(".1"), folder.path("")).unwrap();
    assert!(matches!(
        folder.current().unwrap_err(),
        StoreError::RolledBack { .. }
    ));
    folder.store.repair(None).unwrap();
    assert_eq!(folder.current().unwrap(), 3);
    assert_eq!(
        folder.names(),
        ["V", "V.1", "V.2", "V.3", "V.lock"],
        "what stood in V was V.1's copy"
    );
}

#[test]
fn repair_without_any_intact_file_changes_nothing() {
    let folder = Folder::with_generations(2);
    folder.damage("");
    folder.damage(".1");
    assert!(matches!(
        folder.store.repair(None).unwrap_err(),
        StoreError::NothingIntact(_)
    ));
    assert_eq!(folder.names(), ["V", "V.1", "V.lock"]);

    let backup = tempfile::NamedTempFile::new().unwrap();
    fs::write(backup.path(), generation(2).as_bytes()).unwrap();
    folder.store.repair(Some(backup.path())).unwrap();
    assert_eq!(folder.current().unwrap(), 2);
}

#[test]
fn a_conflict_needs_the_operators_choice_and_loses_neither() {
    for chosen in ["", ".3"] {
        let folder = Folder::with_generations(3);
        folder.put(".3", &generation(3));
        let contents = ["", ".3"].map(|suffix| fs::read(folder.path(suffix)).unwrap());
        assert!(matches!(
            folder.store.repair(None).unwrap_err(),
            StoreError::Conflict { .. }
        ));
        folder.store.repair(Some(&folder.path(chosen))).unwrap();
        assert_eq!(folder.current().unwrap(), 3);
        let (winner, loser) = if chosen.is_empty() { (0, 1) } else { (1, 0) };
        assert_eq!(fs::read(folder.path("")).unwrap(), contents[winner]);
        assert_eq!(fs::read(folder.path(".aside.1")).unwrap(), contents[loser]);
    }
}

#[test]
fn an_older_conflict_is_set_aside_without_a_choice() {
    let folder = Folder::with_generations(3);
    folder.put(".20", &generation(2));
    assert!(matches!(
        folder.current().unwrap_err(),
        StoreError::Conflict { generation: 2, .. }
    ));
    folder.store.repair(None).unwrap();
    assert_eq!(folder.current().unwrap(), 3);
    assert_eq!(
        folder.names(),
        ["V", "V.1", "V.aside.1", "V.aside.2", "V.lock"]
    );
}

#[test]
fn the_operator_may_choose_an_older_generation_but_no_other_vault() {
    let folder = Folder::with_generations(3);
    let repaired = folder.store.repair(Some(&folder.path(".1"))).unwrap();
    assert!(
        matches!(
            repaired,
            Repaired::From {
                generation: 1,
                highest: 3,
                ..
            }
        ),
        "{repaired:?}"
    );
    assert_eq!(folder.current().unwrap(), 1);
    assert_eq!(
        folder.names(),
        ["V", "V.1", "V.aside.1", "V.aside.2", "V.lock"]
    );
    assert_eq!(folder.next(0).unwrap(), 4, "3 was used before");

    let stranger = tempfile::NamedTempFile::new().unwrap();
    fs::write(stranger.path(), new_vault().as_bytes()).unwrap();
    let error = folder.store.repair(Some(stranger.path())).unwrap_err();
    assert!(matches!(error, StoreError::OtherVault { .. }));
}

#[test]
fn prune_leaves_at_least_two_and_touches_nothing_else() {
    let folder = Folder::with_generations(5);
    folder.damage(".1");
    folder.put(".20261121", &generation(2));
    fs::copy(folder.path(".2"), folder.path(".20261121")).unwrap();
    assert!(matches!(
        folder.store.plan_prune(1).unwrap_err(),
        StoreError::KeepTooFew(1)
    ));
    let plan = folder.store.plan_prune(2).unwrap();
    assert_eq!(plan.stay(), [(folder.path(""), 5), (folder.path(".4"), 4)]);
    assert_eq!(plan.go(), [(folder.path(".3"), 3), (folder.path(".2"), 2)]);
    assert_eq!(folder.names().len(), 7, "a plan deletes nothing");
    folder.store.prune(&plan).unwrap();
    assert_eq!(folder.names(), ["V", "V.1", "V.20261121", "V.4", "V.lock"]);

    let plan = folder.store.plan_prune(10).unwrap();
    assert_eq!(plan.go(), []);
}

#[test]
fn verify_tells_what_each_file_is() {
    let folder = Folder::with_generations(1);
    let facts = verify(&folder.path("")).outcome.unwrap();
    assert_eq!(
        (facts.generation, facts.slots.len(), facts.len),
        (1, 1, 4448)
    );
    let kind_of = |path: &Path| verify(path).outcome.unwrap_err().kind();
    assert_eq!(kind_of(&folder.path(".missing")), Kind::Missing);
    assert_eq!(kind_of(folder.path("").parent().unwrap()), Kind::NotAVault);
    assert_eq!(kind_of(Path::new("/dev/zero")), Kind::NotAVault);
    fs::write(folder.path(".zip"), b"PK\x03\x04 something else").unwrap();
    assert_eq!(kind_of(&folder.path(".zip")), Kind::NotAVault);
    let sparse = fs::File::create(folder.path(".sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    assert_eq!(kind_of(&folder.path(".sparse")), Kind::Damaged);
}

#[test]
fn repair_leaves_other_vaults_and_other_files_alone() {
    let folder = Folder::with_generations(3);
    folder.put(".77", &new_vault());
    fs::write(folder.path(".20261121"), b"notes of that day").unwrap();
    folder.damage("");
    folder.store.repair(None).unwrap_err();
    folder.store.repair(Some(&folder.path(".2"))).unwrap();
    assert_eq!(
        folder.names(),
        [
            "V",
            "V.1",
            "V.2",
            "V.20261121",
            "V.77",
            "V.aside.1",
            "V.lock"
        ]
    );
    assert_eq!(
        folder.store.repair(None).unwrap(),
        Repaired::NothingToDo { generation: 2 }
    );

    // A name that the next write needs is not cleared for it, and by repair.
    folder.put(".2", &new_vault());
    folder.store.repair(None).unwrap();
    folder.write(generation(4)).unwrap();
    assert_eq!(
        folder.names(),
        [
            "V",
            "V.1",
            "V.2",
            "V.20261121",
            "V.77",
            "V.aside.1",
            "V.aside.2",
            "V.lock"
        ]
    );
}
