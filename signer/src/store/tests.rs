//! The store, on a real folder.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cofferdam_core::seal::{
    Cost, Credential, NewSlot, OpenVault, Passphrase, RandomUnavailable, VaultError, VaultFile,
};
use tempfile::TempDir;

use super::{Kind, LockedVault, Repaired, StoreError, VaultPath, append, verify};

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
        let store = VaultPath::new(&folder.path().join("V")).unwrap().lock().unwrap();
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
            folder.store.write(&generation(number)).unwrap();
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
            fs::metadata(folder.path(suffix)).unwrap().permissions().mode() & 0o777,
            0o600,
            "V{suffix}"
        );
    }
    let survey = folder.store.survey().unwrap();
    assert_eq!(survey.next_generation(0).unwrap(), 4);
    assert_eq!(
        survey.next_generation(9).unwrap(),
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
            folder.store.write(&wrong).unwrap_err(),
            StoreError::Changed(_)
        ));
    }
    assert_eq!(folder.current().unwrap(), 2);
}

#[test]
fn missing_damaged_rolled_back_and_contradicted_vaults_are_told_apart() {
    let folder = Folder::empty();
    assert!(matches!(folder.current().unwrap_err(), StoreError::Missing(_)));

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
        folder.store.write(&generation(4)).unwrap_err(),
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
    assert_eq!(survey.next_generation(0).unwrap(), 4);
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
    assert_eq!(folder.store.repair(None).unwrap_err().kind(), Kind::NewerFormat);
    assert_eq!(
        folder.store.repair(Some(&folder.path(".1"))).unwrap_err().kind(),
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
    folder.store.write(&generation(3)).unwrap();
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
    folder.store.write(&generation(2)).unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert!(!folder.path("").symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_taken_name_is_never_overwritten() {
    let folder = Folder::with_generations(2);
    fs::write(folder.path(".2"), b"a damaged vault, or a note").unwrap();
    let error = folder.store.write(&generation(3)).unwrap_err();
    assert!(
        matches!(&error, StoreError::NameTaken(path) if *path == folder.path(".2")),
        "{error}"
    );
    assert_eq!(
        fs::read(folder.path(".2")).unwrap(),
        b"a damaged vault, or a note"
    );
    assert_eq!(folder.current().unwrap(), 2);

    folder.store.repair(None).unwrap();
    assert_eq!(
        fs::read(folder.path(".aside.1")).unwrap(),
        b"a damaged vault, or a note"
    );
    folder.store.write(&generation(3)).unwrap();
    assert_eq!(folder.names(), ["V", "V.1", "V.2", "V.aside.1", "V.lock"]);
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
    folder.store.write(&generation(4)).unwrap();
    assert_eq!(folder.names(), ["V", "V.2", "V.aside.1", "V.aside.2", "V.lock"]);
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
    assert_eq!(folder.names(), ["V", "V.1", "V.aside.1", "V.aside.2", "V.lock"]);
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
    assert_eq!(folder.names(), ["V", "V.1", "V.aside.1", "V.aside.2", "V.lock"]);
    assert_eq!(
        folder.store.survey().unwrap().next_generation(0).unwrap(),
        4,
        "3 was used before"
    );

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
fn appending_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    append(&path, 0, b"first").unwrap();
    append(&path, 5, b"second").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"firstsecond");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    append(&path, 8, b"ond").unwrap();
    assert_eq!(
        fs::read(&path).unwrap(),
        b"firstsecond",
        "a torn end is cut off first"
    );
    assert!(matches!(
        append(&path, 12, b"x").unwrap_err(),
        StoreError::Changed(_)
    ));
    assert_eq!(fs::read(&path).unwrap(), b"firstsecond");

    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(append(&link, 11, b"x").unwrap_err().kind(), Kind::Io);
}

#[test]
fn verify_tells_what_each_file_is() {
    let folder = Folder::with_generations(1);
    let facts = verify(&folder.path("")).outcome.unwrap();
    assert_eq!((facts.generation, facts.slots.len(), facts.len), (1, 1, 4448));
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
        ["V", "V.1", "V.2", "V.20261121", "V.77", "V.aside.1", "V.lock"]
    );
    assert_eq!(
        folder.store.repair(None).unwrap(),
        Repaired::NothingToDo { generation: 2 }
    );

    // Only a name that the next write needs is cleared.
    folder.put(".2", &new_vault());
    assert!(matches!(
        folder.store.write(&generation(4)).unwrap_err(),
        StoreError::NameTaken(_)
    ));
    folder.store.repair(None).unwrap();
    folder.store.write(&generation(4)).unwrap();
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
