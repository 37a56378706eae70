//! What the ledger's commands print with `--json`: scripts rely on it.

mod common;

use common::{Desk, SEGWIT, WATCHER, run};
use insta::assert_json_snapshot;
use std::process::Command;

#[test]
fn wallet_import_list_show() {
    let desk = Desk::new();
    assert_json_snapshot!(
        "wallet-import",
        desk.import("main", SEGWIT, "regtest").json()
    );
    assert_json_snapshot!(
        "wallet-import-again",
        desk.import("main", SEGWIT, "regtest").json()
    );
    assert_json_snapshot!("wallet-list", desk.run(&["wallet", "list"]).json());
    assert_json_snapshot!("wallet-show", desk.run(&["wallet", "show", "main"]).json());
}

#[test]
fn address() {
    let desk = Desk::with_wallet();
    assert_json_snapshot!("address", desk.run(&["address", "--wallet", "main"]).json());
    assert_json_snapshot!(
        "address-next",
        desk.run(&["address", "--wallet", "main", "--next"]).json()
    );
    assert_json_snapshot!(
        "address-index",
        desk.run(&["address", "--wallet", "main", "--index", "7"])
            .json()
    );
    assert_json_snapshot!(
        "address-change",
        desk.run(&["address", "--wallet", "main", "--change"])
            .json()
    );
}

#[test]
fn rehearsal_sync_balance_coins() {
    let desk = Desk::with_wallet();
    let fund = [
        "rehearsal",
        "fund",
        "--wallet",
        "main",
        "--amount-sat",
        "1000001",
        "--coins",
        "2",
    ];
    assert_json_snapshot!("rehearsal-fund", desk.run(&fund).json(), { ".txids[]" => "[txid]" });
    let fund = [
        "rehearsal",
        "fund",
        "--wallet",
        "main",
        "--amount",
        "0.5",
        "--unconfirmed",
    ];
    desk.run(&fund).json();
    let sync = ["sync", "--chain", "rehearsal"];
    assert_json_snapshot!("sync", desk.run(&sync).json(), { ".hash" => "[hash]" });
    assert_json_snapshot!("balance", desk.run(&["balance", "--wallet", "main"]).json());
    assert_json_snapshot!("coins", desk.run(&["coins", "--wallet", "main"]).json(), {
        ".coins[].outpoint" => "[outpoint]"
    });
    assert_json_snapshot!("rehearsal-mine", desk.run(&["rehearsal", "mine", "2"]).json(), { ".hash" => "[hash]" });
    assert_json_snapshot!("rehearsal-reorg", desk.run(&["rehearsal", "reorg", "2"]).json(), { ".hash" => "[hash]" });
}

#[test]
fn man() {
    let desk = Desk::new();
    let out = desk.folder.path().join("man").display().to_string();
    let document = desk.run(&["man", "--out", &out]).json();
    assert_json_snapshot!("man", document, { ".folder" => "[folder]" });
    let pages = std::fs::read_dir(&out).unwrap().count();
    assert!(pages > 10, "{pages} pages");
    assert!(
        std::fs::read_to_string(format!("{out}/cofferdam-watcher-sync.1"))
            .unwrap()
            .contains("rpc\\-url")
    );
}

#[test]
fn a_failure() {
    let desk = Desk::with_wallet();
    assert_json_snapshot!(
        "failure",
        desk.run(&["balance", "--wallet", "other"])
            .fails(2, "wallet-unknown")
    );
}

#[test]
fn completions_are_the_same_with_json() {
    let script = run(Command::new(WATCHER).args(["completions", "bash"])).stdout;
    assert!(script.contains("complete -F"), "{script}");
    assert_eq!(
        run(Command::new(WATCHER).args(["--json", "completions", "bash"])).stdout,
        script
    );
}

/// Every command explains itself with an example.
#[test]
fn every_help_has_an_example() {
    let mut pending: Vec<Vec<String>> = vec![Vec::new()];
    let mut commands = 0;
    while let Some(path) = pending.pop() {
        let help = run(Command::new(WATCHER).args(&path).arg("--help"));
        assert_eq!(help.code, Some(0), "{path:?}");
        let below: Vec<String> = help
            .stdout
            .lines()
            .skip_while(|line| !line.starts_with("Commands:"))
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .filter(|name| name != "help")
            .collect();
        if below.is_empty() {
            assert!(help.stdout.contains("Example"), "{path:?} has no example");
            commands += 1;
        }
        pending.extend(
            below
                .into_iter()
                .map(|name| [path.clone(), vec![name]].concat()),
        );
    }
    assert!(commands >= 12, "{commands} commands found");
}
