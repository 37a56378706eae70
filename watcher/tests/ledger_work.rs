//! The ledger at work on the rehearsal chain: reorganisations, kills, many processes, many wallets.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use common::{Desk, MAINNET, SEGWIT, database};
use serde_json::{Value, json};

fn balance(desk: &Desk, wallet: &str) -> Value {
    desk.run(&["balance", "--wallet", wallet]).json()
}

fn coins(desk: &Desk, wallet: &str) -> BTreeSet<String> {
    let document = desk.run(&["coins", "--wallet", wallet]).json();
    document["coins"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect()
}

fn copy_chain(from: &Desk, to: &Desk) {
    let path = |desk: &Desk| desk.data().join("rehearsal.sqlite");
    database::copy(&path(from), &path(to));
}

#[test]
fn a_reorganisation_moves_coins_back_to_pending() {
    let desk = Desk::with_money();
    let confirmed = json!({
        "confirmed": 500_000_000, "locked": 0, "spendable": 500_000_000, "pending": 0, "immature": 0
    });
    assert_eq!(balance(&desk, "main"), confirmed);
    desk.run(&["rehearsal", "reorg", "1"]).json();
    let report = desk.run(&["sync"]).json();
    assert_eq!((&report["undone"], &report["pool"]), (&json!(1), &json!(1)));
    let pending = json!({
        "confirmed": 0, "locked": 0, "spendable": 0, "pending": 500_000_000, "immature": 0
    });
    assert_eq!(balance(&desk, "main"), pending);
    desk.run(&["rehearsal", "mine"]).json();
    desk.run(&["sync"]).json();
    assert_eq!(balance(&desk, "main"), confirmed);
}

#[test]
fn a_rescan_finds_the_same_and_forgets_no_index() {
    let desk = Desk::with_money();
    for _ in 0..3 {
        desk.run(&["address", "--wallet", "main", "--next"]).json();
    }
    desk.run(&[
        "rehearsal",
        "fund",
        "--wallet",
        "main",
        "--amount",
        "1",
        "--unconfirmed",
    ])
    .json();
    desk.run(&["sync"]).json();
    let (before, shown) = (
        coins(&desk, "main"),
        desk.run(&["wallet", "show", "main"]).json(),
    );
    let report = desk.run(&["sync", "--rescan"]).json();
    assert_eq!(report["blocks"], report["height"].as_u64().unwrap() + 1);
    assert_eq!(coins(&desk, "main"), before);
    assert_eq!(desk.run(&["wallet", "show", "main"]).json(), shown);
    assert_eq!(shown["next_receive_index"], 9);
}

#[test]
fn addresses_are_handed_out_once_whoever_asks() {
    let desk = Desk::with_wallet();
    let indices: Vec<u64> = std::thread::scope(|scope| {
        let ask = || {
            desk.run(&["address", "--wallet", "main", "--next"]).json()["index"]
                .as_u64()
                .unwrap()
        };
        let askers: Vec<_> = (0..4)
            .map(|_| scope.spawn(move || (0..6).map(|_| ask()).collect::<Vec<_>>()))
            .collect();
        askers
            .into_iter()
            .flat_map(|asker| asker.join().unwrap())
            .collect()
    });
    assert_eq!(indices.iter().collect::<BTreeSet<_>>().len(), 24);
    assert_eq!(indices.iter().max(), Some(&23));
    assert_eq!(
        desk.run(&["address", "--wallet", "main"]).json()["index"],
        24
    );
    assert_eq!(
        desk.run(&["address", "--wallet", "main", "--change"])
            .json()["index"],
        0
    );
}

#[test]
fn a_small_gap_misses_what_a_larger_one_finds() {
    let desk = Desk::new();
    let file = desk.write("main.txt", SEGWIT);
    let import = |gap| {
        desk.run(&[
            "wallet",
            "import",
            &file,
            "--name",
            "main",
            "--network",
            "regtest",
            "--gap",
            gap,
        ])
    };
    import("0").fails(2, "gap-out-of-range");
    import("1000001").fails(2, "gap-out-of-range");
    import("5").json();
    // Another ledger of the same wallet handed out index 20.
    let other = Desk::with_wallet();
    for _ in 0..20 {
        other.run(&["address", "--wallet", "main", "--next"]).json();
    }
    other
        .run(&["rehearsal", "fund", "--wallet", "main", "--amount", "1"])
        .json();
    copy_chain(&other, &desk);
    desk.run(&["sync", "--chain", "rehearsal"]).json();
    assert_eq!(balance(&desk, "main")["confirmed"], 0);
    let again = import("50").json();
    assert_eq!((&again["gap"], &again["known"]), (&json!(50), &json!(true)));
    desk.run(&["sync"]).json();
    assert_eq!(balance(&desk, "main")["confirmed"], 100_000_000);
}

#[test]
fn a_killed_sync_continues() {
    let desk = Desk::with_wallet();
    for _ in 0..10 {
        desk.run(&[
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount",
            "1",
            "--coins",
            "40",
        ])
        .json();
        desk.run(&["rehearsal", "mine", "100"]).json();
    }
    let mut kills = 0;
    // From at once to as long as it takes, whatever the machine does beside.
    for pause in (0..).map(|step: u64| Duration::from_micros(step * step * 500)) {
        let mut process = desk.start(&["sync", "--chain", "rehearsal"]);
        let started = Instant::now();
        while started.elapsed() < pause && process.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(status) = process.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        kills += 1;
    }
    println!("killed {kills} times");
    assert!(kills >= 3, "the sync was too fast to be killed");
    assert_eq!(balance(&desk, "main")["confirmed"], 1_000_000_000);
    let undisturbed = Desk::with_wallet();
    copy_chain(&desk, &undisturbed);
    undisturbed.run(&["sync", "--chain", "rehearsal"]).json();
    assert_eq!(coins(&desk, "main"), coins(&undisturbed, "main"));
    let show = ["wallet", "show", "main"];
    assert_eq!(desk.run(&show).json(), undisturbed.run(&show).json());
}

/// An address handed out while a sync runs is watched by that very sync.
#[test]
fn addresses_handed_out_during_a_sync_are_not_missed() {
    let desk = Desk::new();
    let file = desk.write("main.txt", SEGWIT);
    desk.run(&[
        "wallet",
        "import",
        &file,
        "--name",
        "main",
        "--network",
        "regtest",
        "--gap",
        "1",
    ])
    .json();
    desk.run(&["rehearsal", "mine", "2000"]).json();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            desk.run(&["sync", "--chain", "rehearsal"]).json();
        });
        scope.spawn(|| {
            for _ in 0..10 {
                desk.run(&["rehearsal", "fund", "--wallet", "main", "--amount", "0.1"])
                    .json();
            }
        });
    });
    desk.run(&["sync", "--chain", "rehearsal"]).json();
    assert_eq!(balance(&desk, "main")["confirmed"], 100_000_000);
}

#[test]
fn wallets_that_cannot_live_together() {
    let desk = Desk::with_wallet();
    desk.import("other", SEGWIT, "regtest")
        .fails(12, "wallet-known");
    let taproot = "tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/<0;1>/*)";
    desk.import("main", taproot, "regtest")
        .fails(12, "wallet-name-taken");
    desk.import("tap", taproot, "regtest").json();
    desk.import("mainnet", MAINNET, "mainnet")
        .fails(12, "wallet-network");
    // The same keys under another fingerprint.
    desk.import("twin", &SEGWIT.replace("73c5da0a", "00000000"), "regtest")
        .fails(12, "wallet-shared-scripts");
    desk.run(&["wallet", "show", "twin"])
        .fails(2, "wallet-unknown");
}

#[test]
fn the_rehearsal_chain_and_a_node_do_not_mix() {
    let desk = Desk::with_money();
    let node = common::FakeNode::ready(|_, _| None);
    desk.sync(&node).fails(12, "other-chain");
    desk.run(&["sync"]).json();
    assert_eq!(balance(&desk, "main")["confirmed"], 500_000_000);
}

#[test]
fn the_faucet_has_its_limits() {
    let desk = Desk::with_wallet();
    let fund =
        |amount: &str| desk.run(&["rehearsal", "fund", "--wallet", "main", "--amount", amount]);
    fund("20000").fails(11, "faucet-empty");
    fund("0.000001").fails(2, "usage");
    for nonsense in ["-1", "1e3", "0.000000001", "nan", "21000001"] {
        fund(nonsense).fails(
            if nonsense == "21000001" { 11 } else { 2 },
            if nonsense == "21000001" {
                "faucet-empty"
            } else {
                "usage"
            },
        );
    }
    desk.run(&["rehearsal", "reorg", "5000"])
        .fails(13, "transaction-rejected");
}

#[test]
fn a_source_that_differs_too_deep_is_not_believed() {
    let desk = Desk::with_money();
    desk.run(&["rehearsal", "mine", "1100"]).json();
    desk.run(&["sync"]).json();
    desk.run(&["rehearsal", "reorg", "1000"]).json();
    assert_eq!(desk.run(&["sync"]).json()["undone"], 1000);
    desk.run(&["rehearsal", "reorg", "1001"]).json();
    desk.run(&["sync"]).fails(12, "reorganisation-too-deep");
    assert_eq!(balance(&desk, "main")["confirmed"], 500_000_000);
    assert_eq!(desk.run(&["sync", "--rescan"]).json()["undone"], 0);
    assert_eq!(balance(&desk, "main")["confirmed"], 500_000_000);
}
