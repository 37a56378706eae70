//! A ledger that is damaged, newer, busy, or on a disk that is full; a process that is interrupted.

mod common;

use std::io::{Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Answer, Desk, FakeNode, WATCHER, run, sql, wait_for};

#[test]
fn a_ledger_that_is_no_database_is_damaged() {
    let desk = Desk::with_money();
    let ledger = desk.data().join("ledger.sqlite");
    std::fs::write(
        &ledger,
        b"this was a ledger once, and is now something else entirely",
    )
    .unwrap();
    desk.run(&["balance", "--wallet", "main"])
        .fails(5, "ledger-damaged");
}

#[test]
fn a_ledger_with_overwritten_pages_is_damaged() {
    let desk = Desk::with_money();
    let ledger = desk.data().join("ledger.sqlite");
    let length = std::fs::metadata(&ledger).unwrap().len();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(&ledger)
        .unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; (length - 4096) as usize])
        .unwrap();
    drop(file);
    for arguments in [
        &["balance", "--wallet", "main"][..],
        &["wallet", "list"],
        &["sync", "--chain", "rehearsal"],
    ] {
        desk.run(arguments).fails(5, "ledger-damaged");
    }
}

#[test]
fn a_ledger_without_a_table_is_damaged() {
    let desk = Desk::with_money();
    sql(&desk.data().join("ledger.sqlite"), "DROP TABLE pool_coins");
    desk.run(&["balance", "--wallet", "main"])
        .fails(5, "ledger-damaged");
}

#[test]
fn a_ledger_with_impossible_rows_is_damaged() {
    for statement in [
        "UPDATE coins SET amount_sat = -1",
        "UPDATE coins SET amount_sat = 2100000000000001",
        "UPDATE coins SET txid = X'00'",
        "UPDATE coins SET branch = 2",
        "UPDATE wallets SET document = '{}'",
    ] {
        let desk = Desk::with_money();
        sql(
            &desk.data().join("ledger.sqlite"),
            Box::leak(statement.to_owned().into_boxed_str()),
        );
        desk.run(&["coins", "--wallet", "main"])
            .fails(5, "ledger-damaged");
    }
}

/// Nothing that a user can mend, nor a sign of damage: a failure that nobody expects.
#[test]
fn a_database_that_refuses_for_reasons_of_its_own() {
    let desk = Desk::with_money();
    let trigger =
        "CREATE TRIGGER t BEFORE UPDATE ON branches BEGIN SELECT RAISE(ABORT, 'not today'); END";
    sql(&desk.data().join("ledger.sqlite"), trigger);
    let error = desk
        .run(&["address", "--wallet", "main", "--next"])
        .fails(1, "ledger-unexpected");
    assert!(
        error["message"].as_str().unwrap().contains("not today"),
        "{error}"
    );
}

#[test]
fn a_newer_ledger_is_refused_and_left_alone() {
    let desk = Desk::with_money();
    let ledger = desk.data().join("ledger.sqlite");
    sql(
        &ledger,
        "INSERT INTO ledger_versions (version, applied_at) VALUES (99, 0)",
    );
    let error = desk
        .run(&["balance", "--wallet", "main"])
        .fails(6, "ledger-newer");
    assert!(error["message"].as_str().unwrap().contains("99"), "{error}");
    desk.run(&["address", "--wallet", "main", "--next"])
        .fails(6, "ledger-newer");
    let desk = Desk::with_money();
    sql(
        &desk.data().join("rehearsal.sqlite"),
        "PRAGMA user_version = 99",
    );
    desk.run(&["sync"]).fails(6, "rehearsal-newer");
}

/// The tables as the program before wrote them.
#[test]
fn an_older_ledger_is_brought_up_to_date() {
    let desk = Desk::with_money();
    let ledger = desk.data().join("ledger.sqlite");
    for undo in [
        "ALTER TABLE wallets DROP COLUMN receipt_key",
        "DROP TABLE receipts",
        "DROP TABLE receipt_heads",
        "DROP TABLE payout_asked",
        "ALTER TABLE payout_lists DROP COLUMN asked",
        "ALTER TABLE payout_transactions DROP COLUMN receipt",
        "DROP TABLE headers",
        "DELETE FROM ledger_facts WHERE name = 'most_work'",
        "DROP TABLE payout_sightings",
        "DROP TABLE outgoing_payments",
        "DROP INDEX payout_lists_by_pays",
        "DROP INDEX payout_payments_by_id_key",
        "DROP INDEX payout_payments_by_script",
        "ALTER TABLE payout_transactions DROP COLUMN settled_height",
        "ALTER TABLE payout_lists DROP COLUMN pays_sha256",
        "ALTER TABLE payout_lists DROP COLUMN numbered",
        "ALTER TABLE payout_payments DROP COLUMN id_key",
        "DROP TABLE numbers",
        "ALTER TABLE pool_unrelated RENAME TO pool_strangers",
        "DELETE FROM ledger_versions WHERE version >= 3",
    ] {
        sql(&ledger, undo);
    }
    let balance = desk.run(&["balance", "--wallet", "main"]).json();
    assert!(balance["confirmed"].as_u64().unwrap() > 0);
    let wallet = desk.run(&["wallet", "show", "main"]).json();
    assert_eq!(wallet["receipt_key"], serde_json::Value::Null);
    // It goes on where it stands.
    let report = desk.run(&["sync"]).json();
    assert_eq!(
        (&report["blocks"], &report["undone"]),
        (&0.into(), &0.into())
    );
    assert_eq!(desk.run(&["balance", "--wallet", "main"]).json(), balance);
}

#[test]
fn malformed_settings_are_refused() {
    let desk = Desk::with_wallet();
    for text in [
        "[chain",
        "[chain]\nsource = \"core\"\n",
        "[chain]\nsource = \"moon\"\n",
        "password = \"x\"\n",
    ] {
        std::fs::write(desk.data().join("watcher.toml"), text).unwrap();
        desk.run(&["sync"]).fails(6, "settings-malformed");
    }
}

#[test]
fn a_data_folder_that_is_none() {
    let desk = Desk::new();
    let file = desk.write("file", "");
    let with = |folder: &str| {
        run(Command::new(WATCHER).args(["--data", folder, "--json", "wallet", "list"]))
    };
    with(&file).fails(10, "data-folder-unusable");
    with(&format!("{file}/below")).fails(10, "data-folder-unusable");
    with("/proc/cofferdam").fails(10, "data-folder-unusable");
    let nameless = run(Command::new(WATCHER)
        .args(["--json", "wallet", "list"])
        .env_clear());
    nameless.fails(2, "data-folder-unnamed");
}

/// The system refuses to let files grow: what was there stays whole.
#[test]
fn a_full_disk_stops_a_write_and_loses_nothing() {
    let desk = Desk::with_money();
    let before = desk.run(&["coins", "--wallet", "main"]).json();
    let limited = |arguments: &str| {
        let script =
            format!("trap '' XFSZ; ulimit -f 40; exec {WATCHER} --data \"$0\" --json {arguments}");
        run(Command::new("bash").args(["-c", &script]).arg(desk.data()))
    };
    limited("rehearsal fund --wallet main --amount 1 --coins 500").fails(10, "ledger-storage");
    limited("rehearsal mine 50").fails(10, "rehearsal-storage");
    // A new ledger cannot even be begun.
    let script =
        format!("trap '' XFSZ; ulimit -f 40; exec {WATCHER} --data \"$0\" --json wallet list");
    let fresh = desk.folder.path().join("fresh");
    run(Command::new("bash").args(["-c", &script]).arg(&fresh)).fails(10, "ledger-storage");

    assert_eq!(desk.run(&["coins", "--wallet", "main"]).json(), before);
    let address = desk.run(&["address", "--wallet", "main", "--next"]).json();
    assert_eq!(address["index"], 5, "the refused reservation took no index");
    assert_eq!(desk.run(&["rehearsal", "mine", "50"]).json()["height"], 151);
}

#[test]
fn a_file_that_may_not_be_written() {
    let desk = Desk::with_money();
    let out = desk.write("file", "");
    desk.run(&["man", "--out", &out]).fails(10, "file-failed");
}

#[test]
fn missing_and_malformed_wallet_files() {
    let desk = Desk::new();
    desk.run(&["wallet", "import", "/nowhere/wallet.json"])
        .fails(6, "file-missing");
    let rubbish = desk.write("rubbish", [0xff, 0x00, 0x13]);
    desk.run(&[
        "wallet",
        "import",
        &rubbish,
        "--name",
        "a",
        "--network",
        "regtest",
    ])
    .fails(6, "wallet-malformed");
    let huge = desk.write("huge", vec![b' '; 2 << 20]);
    desk.run(&["wallet", "import", &huge])
        .fails(6, "file-failed");
}

/// Returns a node that never answers when a block is asked for, and what tells that one was.
fn node_that_keeps_its_blocks() -> (FakeNode, Arc<AtomicBool>) {
    let reached = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&reached);
    let node = FakeNode::ready(move |method, _| {
        (method == "getblock").then(|| {
            flag.store(true, Ordering::Relaxed);
            Answer::Silence
        })
    });
    (node, reached)
}

#[test]
fn one_process_syncs_and_the_next_is_told_who_does() {
    let desk = Desk::with_wallet();
    let (node, reached) = node_that_keeps_its_blocks();
    let arguments = desk.sync_arguments(&node.url);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut first = desk.start(&arguments);
    wait_for("the first sync", || reached.load(Ordering::Relaxed));

    let error = desk.run(&arguments).fails(9, "lease-held");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("process {}", first.id())),
        "{message}"
    );
    // Reads and short writes go on.
    desk.run(&["balance", "--wallet", "main"]).json();
    desk.run(&["address", "--wallet", "main", "--next"]).json();

    // A dead holder's lease is taken over at once.
    first.kill().unwrap();
    first.wait().unwrap();
    let honest = FakeNode::ready(|_, _| None);
    desk.sync(&honest).json();
}

#[test]
fn an_interrupted_sync_says_so_and_gives_way() {
    let desk = Desk::with_wallet();
    let (node, reached) = node_that_keeps_its_blocks();
    let arguments = desk.sync_arguments(&node.url);
    let process = desk.start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    wait_for("the sync", || reached.load(Ordering::Relaxed));
    let started = Instant::now();
    let killed = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = process.wait_with_output().unwrap();
    // Half of what the node's silence would take (a call's time-out), and far more than a machine
    // with much to do needs.
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(output.status.code(), Some(130));
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["error"]["code"], "interrupted");
    desk.sync(&FakeNode::ready(|_, _| None)).json();
}

#[test]
fn a_writer_that_does_not_finish_makes_others_busy_but_not_readers() {
    let desk = Desk::with_money();
    let ledger = desk.data().join("ledger.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let connection = runtime.block_on(async {
        use sqlx::Connection;
        let url = format!("sqlite://{}", ledger.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
            .unwrap();
        connection
    });
    desk.run(&["balance", "--wallet", "main"]).json();
    desk.run(&["coins", "--wallet", "main"]).json();
    desk.run(&["address", "--wallet", "main", "--next"])
        .fails(9, "ledger-locked");
    drop(connection);
}

#[test]
fn wrong_usage_is_told_in_the_form_that_was_asked_for() {
    let desk = Desk::with_wallet();
    desk.run(&["balance"]).fails(2, "usage");
    desk.run(&["balance", "--wallet", "nobody"])
        .fails(2, "wallet-unknown");
    desk.run(&["dance"]).fails(2, "usage");
    desk.run(&["address", "--wallet", "main", "--index", "1000"])
        .fails(2, "usage");
    desk.run(&["rehearsal", "mine", "0"]).fails(2, "usage");
    Desk::new()
        .run(&["sync", "--chain", "rehearsal"])
        .fails(2, "no-wallets");
    let text = run(Command::new(WATCHER)
        .args(["balance", "--wallet"])
        .stdin(Stdio::null()));
    assert_eq!(text.code, Some(2));
    assert!(text.stderr.starts_with("error:"), "{}", text.stderr);
}
