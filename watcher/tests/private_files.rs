//! The data folder's files are their owner's alone, whatever folder and umask they meet.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use common::{Desk, Run, SEGWIT, WATCHER, run};

fn modes(folder: &Path) -> BTreeMap<String, u32> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, entry.metadata().unwrap().permissions().mode() & 0o777)
        })
        .collect()
}

fn with_umask(umask: &str, desk: &Desk, arguments: &[&str]) -> Run {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            &format!("umask {umask}; exec \"$@\""),
            "sh",
            WATCHER,
            "--data",
        ])
        .arg(desk.data())
        .arg("--json")
        .args(arguments);
    run(&mut command)
}

/// A ledger, a rehearsal chain and settings, all made under a umask.
fn made_under(umask: &str, desk: &Desk) {
    let file = desk.write("main.txt", SEGWIT);
    let import = [
        "wallet",
        "import",
        &file,
        "--name",
        "main",
        "--network",
        "regtest",
    ];
    with_umask(umask, desk, &import).json();
    let fund = ["rehearsal", "fund", "--wallet", "main", "--amount", "1"];
    with_umask(umask, desk, &fund).json();
    with_umask(umask, desk, &["sync", "--chain", "rehearsal"]).json();
}

#[test]
fn files_are_made_for_their_owner_alone_under_any_umask() {
    for umask in ["000", "022", "077", "777"] {
        let desk = Desk::new();
        made_under(umask, &desk);
        let folder = fs::metadata(desk.data()).unwrap().permissions().mode() & 0o777;
        assert_eq!(folder, 0o700, "umask {umask}");
        let modes = modes(&desk.data());
        for name in ["ledger.sqlite", "rehearsal.sqlite", "watcher.toml"] {
            assert_eq!(modes[name], 0o600, "umask {umask}: {modes:?}");
        }
        assert!(
            modes.values().all(|mode| *mode == 0o600),
            "umask {umask}: {modes:?}"
        );
    }
}

/// Also in a folder that anybody may look into, which is not ours to change.
#[test]
fn files_in_a_folder_for_all_are_private() {
    let desk = Desk::new();
    fs::create_dir(desk.data()).unwrap();
    fs::set_permissions(desk.data(), Permissions::from_mode(0o777)).unwrap();
    made_under("000", &desk);
    let modes = modes(&desk.data());
    assert!(modes.values().all(|mode| *mode == 0o600), "{modes:?}");
    let folder = fs::metadata(desk.data()).unwrap().permissions().mode() & 0o777;
    assert_eq!(folder, 0o777);
}

/// While a sync runs, the log and the index of SQLite stand beside the ledger.
#[test]
fn what_sqlite_writes_beside_the_ledger_is_private() {
    use sqlx::Connection;
    let desk = Desk::new();
    made_under("000", &desk);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Somebody who has the ledger open, so that the last process does not remove them.
    let url = format!("sqlite://{}", desk.data().join("ledger.sqlite").display());
    let open = runtime.block_on(async {
        let mut open = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("SELECT * FROM wallets")
            .execute(&mut open)
            .await
            .unwrap();
        open
    });
    with_umask("000", &desk, &["address", "--wallet", "main", "--next"]).json();
    let modes = modes(&desk.data());
    for name in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
        assert_eq!(modes[name], 0o600, "{modes:?}");
    }
    drop(open);
}

#[test]
fn files_that_others_could_reach_are_tightened_and_that_is_said() {
    let desk = Desk::new();
    made_under("022", &desk);
    let wide = [
        "ledger.sqlite",
        "ledger.sqlite-wal",
        "ledger.sqlite-shm",
        "rehearsal.sqlite",
        "rehearsal.sqlite-wal",
        "rehearsal.sqlite-shm",
        "watcher.toml",
    ];
    for name in wide {
        let path = desk.data().join(name);
        if !path.exists() {
            fs::write(&path, "").unwrap();
        }
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    }
    let balance = desk.run(&["balance", "--wallet", "main"]);
    assert_eq!(balance.json()["confirmed"], 100_000_000);
    for name in wide {
        assert!(
            balance.stderr.contains(&format!("{name} (mode 0664)")),
            "{}",
            balance.stderr
        );
    }
    assert!(modes(&desk.data()).values().all(|mode| *mode == 0o600));
    let again = desk.run(&["balance", "--wallet", "main"]);
    assert_eq!(again.stderr, "", "it is said once");
}

/// Whoever may write in the folder cannot have us write over another file.
#[test]
fn settings_are_not_written_through_a_link() {
    let desk = Desk::new();
    let victim = desk.write("victim", "source = \"rehearsal\"");
    fs::create_dir(desk.data()).unwrap();
    symlink(
        desk.folder.path().join("not-there"),
        desk.data().join("watcher.toml"),
    )
    .unwrap();
    made_under("022", &desk);
    assert!(!desk.folder.path().join("not-there").exists());
    let settings = fs::symlink_metadata(desk.data().join("watcher.toml")).unwrap();
    assert!(settings.is_file());
    assert_eq!(
        fs::read_to_string(&victim).unwrap(),
        "source = \"rehearsal\""
    );
    desk.run(&["sync"]).json();
}
