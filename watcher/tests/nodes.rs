//! Nodes that are absent, not ready, wrong or malicious: each gets its exit status, its code and a
//! remedy.

mod common;

use common::{Answer, Desk, FakeNode};
use serde_json::json;

#[test]
fn nobody_answers() {
    let desk = Desk::with_wallet();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let arguments = desk.sync_arguments(&url);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let error = desk.run(&arguments).fails(8, "node-unreachable");
    assert!(error["message"].as_str().unwrap().contains(&url), "{error}");
    // Settings that never worked are not remembered.
    desk.run(&["sync"]).fails(2, "chain-unknown");
}

#[test]
fn the_node_is_starting() {
    let desk = Desk::with_wallet();
    let node = FakeNode::start(|_, _| Answer::error(-28, "Loading block index..."));
    let error = desk.sync(&node).fails(8, "node-starting");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("Loading block index"),
        "{error}"
    );
}

#[test]
fn the_nodes_work_queue_is_full() {
    let desk = Desk::with_wallet();
    let node = FakeNode::start(|_, _| Answer::Body(503, b"Work queue depth exceeded".to_vec()));
    desk.sync(&node).fails(8, "node-starting");
}

#[test]
fn the_node_is_downloading_the_chain() {
    let desk = Desk::new();
    desk.import("main", common::MAINNET, "mainnet").json();
    let hash = "00".repeat(32);
    let node = FakeNode::start(move |_, _| {
        Answer::result(json!({
            "chain": "main", "blocks": 123_456, "headers": 900_000, "bestblockhash": hash,
            "initialblockdownload": true, "pruned": false
        }))
    });
    let error = desk.sync(&node).fails(8, "node-downloading");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("123456 of 900000"),
        "{error}"
    );
}

#[test]
fn the_node_has_pruned_what_is_needed() {
    let desk = Desk::with_wallet();
    let node = FakeNode::ready(|method, _| match method {
        "getblockchaininfo" => Some(Answer::result(json!({
            "chain": "regtest", "blocks": 0, "headers": 0, "initialblockdownload": false, "pruned": true,
            "bestblockhash": bitcoin::constants::genesis_block(bitcoin::Network::Regtest).block_hash(),
            "pruneheight": 500
        }))),
        "getblock" => Some(Answer::error(-1, "Block not available (pruned data)")),
        "getblockheader" => Some(Answer::result(json!({ "height": 0 }))),
        _ => None,
    });
    let error = desk.sync(&node).fails(8, "node-pruned");
    assert!(
        error["message"].as_str().unwrap().contains("height 0"),
        "{error}"
    );
}

#[test]
fn the_node_refuses_the_credentials() {
    let desk = Desk::with_wallet();
    for status in [401, 403] {
        let node = FakeNode::start(move |_, _| Answer::Body(status, Vec::new()));
        let run = desk.sync(&node);
        run.fails(8, "node-unauthorised");
        assert!(!run.stderr.contains("0123456789abcdef"), "{}", run.stderr);
    }
}

#[test]
fn the_credentials_cannot_be_read() {
    let desk = Desk::with_wallet();
    let url = "http://127.0.0.1:1";
    let sync = |option: &[&str]| {
        desk.run(&[&["sync", "--chain", "core", "--rpc-url", url], option].concat())
    };
    sync(&["--rpc-cookie", "/nowhere/.cookie"]).fails(8, "node-credentials");
    let empty = desk.write("empty", "\n");
    sync(&["--rpc-user", "u", "--rpc-password-file", &empty]).fails(8, "node-credentials");
    let no_cookie = desk.write("no-cookie", "hunter2");
    let run = sync(&["--rpc-cookie", &no_cookie]);
    run.fails(8, "node-credentials");
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

/// Whether or not it is an address: neither document nor text repeats what may be a password.
#[test]
fn the_address_holds_a_password() {
    let desk = Desk::with_wallet();
    for url in [
        "http://user:hunter2@127.0.0.1:1",
        "http://user:hunter2@[::1]:1",
        "http://user:hunter2@[::1",
        "http://user:%68unter2hunter2@127.0.0.1:99999",
        "http://user:my hunter2@a host",
        "user:hunter2@127.0.0.1:1",
        "https://127.0.0.1/hunter2",
    ] {
        let arguments = desk.sync_arguments(url);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let run = desk.run(&arguments);
        run.fails(2, "node-url");
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        let text = std::process::Command::new(common::WATCHER)
            .arg("--data")
            .arg(desk.data())
            .args(&arguments)
            .output()
            .unwrap();
        assert!(!String::from_utf8_lossy(&text.stderr).contains("hunter2"));
    }
    // One that stands in the settings, and settings that are none.
    for settings in [
        "[chain]\nsource = \"core\"\nrpc_url = \"http://user:hunter2@h:99999\"\nrpc_cookie = \"c\"\n",
        "chain = \"http://user:hunter2@h\"\n",
        "[chain]\nsource = \"http://user:hunter2@h\"\n",
        "[chain]\nsource = \"core\"\nrpc_url = http://user:hunter2@h\n",
        "\"http://user:hunter2@h\" = 1\n",
    ] {
        std::fs::write(desk.data().join("watcher.toml"), settings).unwrap();
        let run = desk.run(&["sync"]);
        assert!(
            matches!(run.code, Some(2 | 6)),
            "{settings}: {}",
            run.stderr
        );
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}

#[test]
fn the_node_is_on_another_network() {
    let desk = Desk::with_wallet();
    let info = |chain: &'static str| {
        move |_: &str, _: &serde_json::Value| {
            Answer::result(json!({
                "chain": chain, "blocks": 0, "headers": 0, "bestblockhash": "00".repeat(32),
                "initialblockdownload": false, "pruned": false
            }))
        }
    };
    desk.sync(&FakeNode::start(info("main")))
        .fails(12, "node-network");
    desk.sync(&FakeNode::start(info("test")))
        .fails(8, "node-network-unknown");
}

#[test]
fn the_node_talks_nonsense() {
    let desk = Desk::with_wallet();
    for body in [
        "",
        "<html>It works!</html>",
        "{}",
        "[]",
        "{\"result\":7}",
        "{\"result\":{\"chain\":\"regtest\"}}",
    ] {
        let node = FakeNode::start(move |_, _| Answer::Body(200, body.as_bytes().to_vec()));
        desk.sync(&node).fails(8, "node-garbage");
    }
    let node = FakeNode::start(|_, _| Answer::Body(404, b"\x1b[31mnot here\x07".to_vec()));
    let run = desk.sync(&node);
    run.fails(8, "node-garbage");
    assert!(
        !run.stderr.contains('\x1b'),
        "control characters reach the terminal"
    );
}

#[test]
fn the_node_gives_another_block_than_asked_for() {
    let desk = Desk::with_wallet();
    let other = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin);
    let hex = bitcoin::consensus::encode::serialize_hex(&other);
    let node = FakeNode::ready(move |method, _| {
        (method == "getblock").then(|| Answer::result(json!(hex)))
    });
    desk.sync(&node).fails(8, "node-garbage");

    // The right header over other transactions.
    let mut forged = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    forged.txdata[0].output[0].value += bitcoin::Amount::from_sat(1);
    let hex = bitcoin::consensus::encode::serialize_hex(&forged);
    let node = FakeNode::ready(move |method, _| {
        (method == "getblock").then(|| Answer::result(json!(hex)))
    });
    let error = desk.sync(&node).fails(8, "node-garbage");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("do not match its header"),
        "{error}"
    );
}

#[test]
fn the_node_never_stops_answering() {
    let desk = Desk::with_wallet();
    desk.sync(&FakeNode::start(|_, _| Answer::Endless))
        .fails(8, "node-answer-too-large");
}

#[test]
fn the_chain_never_holds_still() {
    let desk = Desk::with_wallet();
    let calls = std::sync::atomic::AtomicU32::new(0);
    let node = FakeNode::ready(move |method, _| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (method == "getblockchaininfo").then(|| {
            Answer::result(json!({
                "chain": "regtest", "blocks": 0, "headers": 0, "bestblockhash": format!("{call:064x}"),
                "initialblockdownload": false, "pruned": false
            }))
        })
    });
    desk.sync(&node).fails(8, "chain-unstable");
}

#[test]
fn a_well_behaved_node_is_remembered_without_its_password() {
    let desk = Desk::with_wallet();
    let node = FakeNode::ready(|_, _| None);
    assert_eq!(desk.sync(&node).json()["height"], 0);
    assert_eq!(desk.run(&["sync"]).json()["blocks"], 0);
    assert_eq!(desk.run(&["sync", "--chain", "core"]).json()["blocks"], 0);
    let settings = std::fs::read_to_string(desk.data().join("watcher.toml")).unwrap();
    assert!(
        settings.contains(&node.url) && !settings.contains("0123456789abcdef"),
        "{settings}"
    );
}

#[test]
fn chain_options_that_make_no_sense() {
    let desk = Desk::with_wallet();
    desk.run(&["sync"]).fails(2, "chain-unknown");
    desk.run(&["sync", "--chain", "core"]).fails(2, "usage");
    desk.run(&["sync", "--chain", "electrum"]).fails(2, "usage");
    desk.run(&["sync", "--rpc-url", "http://127.0.0.1:1"])
        .fails(2, "usage");
    desk.run(&["sync", "--chain", "core", "--rpc-url", "http://127.0.0.1:1"])
        .fails(2, "usage");
    desk.run(&[
        "sync",
        "--chain",
        "rehearsal",
        "--rpc-url",
        "http://127.0.0.1:1",
    ])
    .fails(2, "usage");
    desk.run(&["sync", "--chain", "core", "--rpc-user", "u"])
        .fails(2, "usage");
}

/// A large memory pool is read once; a later sync reads what is new.
#[test]
fn transactions_of_others_are_fetched_once() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    let desk = Desk::with_wallet();
    let stranger = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin)
        .txdata
        .remove(0);
    let hex = bitcoin::consensus::encode::serialize_hex(&stranger);
    let fetched = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetched);
    let node = FakeNode::ready(move |method, _| match method {
        "getrawmempool" => Some(Answer::result(json!([stranger.compute_txid()]))),
        "getrawtransaction" => {
            count.fetch_add(1, Ordering::Relaxed);
            Some(Answer::result(json!(hex)))
        }
        _ => None,
    });
    for _ in 0..3 {
        assert_eq!(desk.sync(&node).json()["pool"], 0);
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
    // A new wallet may own what was a stranger's.
    let taproot = "tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/<0;1>/*)";
    desk.import("tap", taproot, "regtest").json();
    desk.sync(&node).json();
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

/// The memory pool's transactions are checked to be those that were asked for.
#[test]
fn the_node_gives_another_transaction_than_asked_for() {
    let desk = Desk::with_wallet();
    let stranger = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin)
        .txdata
        .remove(0);
    let hex = bitcoin::consensus::encode::serialize_hex(&stranger);
    let node = FakeNode::ready(move |method, _| match method {
        "getrawmempool" => Some(Answer::result(json!(["11".repeat(32)]))),
        "getrawtransaction" => Some(Answer::result(json!(hex))),
        _ => None,
    });
    desk.sync(&node).fails(8, "node-garbage");
}

#[test]
fn the_nodes_words_cannot_steer_a_terminal() {
    let desk = Desk::with_wallet();
    for code in [-28, -1] {
        let node =
            FakeNode::start(move |_, _| Answer::error(code, "\u{1b}]0;owned\u{7} \u{9b}31m hello"));
        let arguments = desk.sync_arguments(&node.url);
        let mut command = std::process::Command::new(common::WATCHER);
        let run = common::run(command.arg("--data").arg(desk.data()).args(&arguments));
        assert_eq!(run.code, Some(8));
        assert!(run.stderr.contains("hello"), "{}", run.stderr);
        assert!(
            !run.stderr.contains(['\u{1b}', '\u{7}', '\u{9b}']),
            "{:?}",
            run.stderr
        );
    }
}

/// A block or a transaction with amounts that cannot be would make the ledger's sums impossible for
/// ever.
#[test]
fn the_node_invents_money() {
    use bitcoin::consensus::encode::serialize_hex;
    let desk = Desk::with_wallet();
    let address = desk.run(&["address", "--wallet", "main"]).json()["address"]
        .as_str()
        .unwrap()
        .to_owned();
    let address: bitcoin::Address<_> = address.parse().unwrap();
    let script_pubkey = address.assume_checked().script_pubkey();
    let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    for value in [
        bitcoin::Amount::MAX,
        bitcoin::Amount::from_sat(i64::MAX as u64),
        bitcoin::Amount::MAX_MONEY,
    ] {
        let mut forged = genesis.clone();
        let output = bitcoin::TxOut {
            value,
            script_pubkey: script_pubkey.clone(),
        };
        forged.txdata[0].output = vec![output.clone(), output];
        // The block after the first one: with its work, as regtest's is found at once.
        forged.header.merkle_root = forged.compute_merkle_root().unwrap();
        forged.header.prev_blockhash = genesis.block_hash();
        forged.header.time += 1;
        while forged.header.validate_pow(forged.header.target()).is_err() {
            forged.header.nonce += 1;
        }
        let (hash, hex) = (forged.block_hash(), serialize_hex(&forged));
        let header = serialize_hex(&forged.header);
        let node = FakeNode::ready(move |method, parameters| match method {
            "getblockchaininfo" => Some(Answer::result(json!({
                "chain": "regtest", "blocks": 1, "headers": 1, "bestblockhash": hash,
                "initialblockdownload": false, "pruned": false
            }))),
            "getblockhash" if parameters[0] == 1 => Some(Answer::result(json!(hash))),
            "getblockheader" => Some(Answer::result(json!(header))),
            "getblock" if parameters[0] == hash.to_string() => Some(Answer::result(json!(hex))),
            _ => None,
        });
        desk.sync(&node).fails(8, "node-garbage");

        let (txid, hex) = (
            forged.txdata[0].compute_txid(),
            serialize_hex(&forged.txdata[0]),
        );
        let node = FakeNode::ready(move |method, _| match method {
            "getrawmempool" => Some(Answer::result(json!([txid]))),
            "getrawtransaction" => Some(Answer::result(json!(hex))),
            _ => None,
        });
        desk.sync(&node).fails(8, "node-garbage");
    }
    assert_eq!(
        desk.run(&["balance", "--wallet", "main"]).json()["pending"],
        0
    );
}

/// A node closes idle connections, perhaps in the moment in which the next call goes out.
#[test]
fn the_node_closes_a_connection() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let desk = Desk::with_wallet();
    let calls = AtomicU32::new(0);
    let node = FakeNode::ready(move |_, _| {
        (calls.fetch_add(1, Ordering::Relaxed) == 2).then_some(Answer::Hangup)
    });
    assert_eq!(desk.sync(&node).json()["height"], 0);
    let node = FakeNode::start(|_, _| Answer::Hangup);
    desk.sync(&node).fails(8, "node-unreachable");
}

#[test]
fn the_node_claims_more_blocks_than_there_can_be() {
    let desk = Desk::with_wallet();
    for blocks in [u64::from(u32::MAX), 500_000_000, u64::MAX] {
        let node = FakeNode::ready(move |method, _| {
            (method == "getblockchaininfo").then(|| {
                Answer::result(json!({
                    "chain": "regtest", "blocks": blocks, "headers": blocks, "initialblockdownload": false,
                    "bestblockhash": bitcoin::constants::genesis_block(bitcoin::Network::Regtest).block_hash(),
                    "pruned": false
                }))
            })
        });
        desk.sync(&node).fails(8, "node-garbage");
    }
}
