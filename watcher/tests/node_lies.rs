//! A node that lies to the real binary: what is refused, what it says, and the way back.

mod common;
#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/forged.rs"]
mod forged;

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{Amount, OutPoint, TxOut};
use common::{Answer, Desk, FakeNode};
use forged::{Forged, elsewhere, nobodys, transaction};
use serde_json::{Value, json};

/// A node that serves a chain as Bitcoin Core does.
fn serve(chain: &Forged) -> FakeNode {
    let chain = chain.clone();
    FakeNode::start(move |method, parameters| {
        let state = chain.state();
        let top = state.blocks.len() - 1;
        let block = || {
            let hash = parameters[0].as_str().unwrap_or_default();
            let mut blocks = state.blocks.iter();
            blocks.find(|block| block.block_hash().to_string() == hash)
        };
        match method {
            "getblockchaininfo" => Answer::result(json!({
                "chain": "regtest", "blocks": top, "headers": top, "initialblockdownload": false, "pruned": false,
                "bestblockhash": state.blocks[top].block_hash(),
            })),
            "getblockhash" => match state.blocks.get(parameters[0].as_u64().unwrap() as usize) {
                Some(block) => Answer::result(json!(block.block_hash())),
                None => Answer::error(-8, "Block height out of range"),
            },
            "getblockheader" => match block() {
                Some(block) => Answer::result(json!(serialize_hex(&block.header))),
                None => Answer::error(-5, "Block not found"),
            },
            "getblock" => match block() {
                Some(block) => Answer::result(json!(serialize_hex(block))),
                None => Answer::error(-5, "Block not found"),
            },
            "getrawmempool" => {
                let txids = state.pool.iter().map(|found| found.compute_txid());
                Answer::result(json!(txids.collect::<Vec<_>>()))
            }
            "getrawtransaction" => {
                let txid = parameters[0].as_str().unwrap_or_default();
                match state
                    .pool
                    .iter()
                    .find(|found| found.compute_txid().to_string() == txid)
                {
                    Some(found) => Answer::result(json!(serialize_hex(found))),
                    None => Answer::error(-5, "No such mempool transaction"),
                }
            }
            _ => Answer::error(-32601, "Method not found"),
        }
    })
}

struct Scene {
    desk: Desk,
    chain: Forged,
    node: FakeNode,
    coin: OutPoint,
    list: String,
}

impl Scene {
    /// A wallet of one coin, and a list that was handed over to be signed.
    fn new() -> Self {
        let desk = Desk::with_wallet();
        let address = desk.run(&["address", "--wallet", "main"]).json();
        let address: bitcoin::Address<_> = address["address"].as_str().unwrap().parse().unwrap();
        let output = TxOut {
            value: Amount::from_sat(1_000_000),
            script_pubkey: address.assume_checked().script_pubkey(),
        };
        let chain = Forged::new(3);
        let funding = transaction(&[nobodys(1)], &[output]);
        let coin = OutPoint::new(funding.compute_txid(), 0);
        chain.mine(vec![funding]);
        let node = serve(&chain);
        desk.sync(&node).json();
        let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
        let list = format!("payout_id,address,amount,unit\na-1,{address},400000,sat\n");
        let file = desk.write("list.csv", list);
        let created = desk.run(&[
            "payout",
            "create",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            "2",
        ]);
        let list = created.json()["id"].as_str().unwrap().to_owned();
        let out = desk.folder.path().join("list.psbt").display().to_string();
        desk.run(&["payout", "export", &list, "--out", &out]).json();
        Scene {
            desk,
            chain,
            node,
            coin,
            list,
        }
    }

    fn state(&self) -> Value {
        self.desk.run(&["payout", "show", &self.list]).json()["state"].take()
    }

    fn accept(&self) -> Value {
        let mut arguments = self.desk.sync_arguments(&self.node.url);
        arguments.push("--accept-less-work".into());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.desk.run(&arguments).json()
    }
}

/// Else the list would be `conflicted`, another one could pay the same people, and both could
/// confirm.
#[test]
fn an_unsigned_spend_of_a_lists_coin_leaves_the_list_as_it_is() {
    let scene = Scene::new();
    let spend = transaction(&[scene.coin], &[elsewhere(900_000)]);
    scene.chain.mine(vec![spend.clone()]);
    for _ in 0..2 {
        let error = scene
            .desk
            .sync(&scene.node)
            .fails(8, "block-spend-unsigned");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&spend.compute_txid().to_string()),
            "{error}"
        );
        assert!(
            error["hint"].as_str().unwrap().contains("another node"),
            "{error}"
        );
        assert_eq!(scene.state(), "exported");
    }
    // An honest node has another block there, with no more work than the lie had.
    scene.chain.cut(1);
    scene.chain.mine(Vec::new());
    scene.chain.pool_of(&[spend]);
    let report = scene.desk.sync(&scene.node).json();
    assert_eq!(
        (&report["pool"], &report["unproven"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(scene.state(), "exported");
    let balance = scene.desk.run(&["balance", "--wallet", "main"]).json();
    assert_eq!(
        (&balance["confirmed"], &balance["locked"]),
        (&json!(1_000_000), &json!(1_000_000))
    );
    // People are told in words.
    let mut command = std::process::Command::new(common::WATCHER);
    let text = common::run(command.arg("--data").arg(scene.desk.data()).arg("sync"));
    assert!(
        text.stdout
            .contains("1 transaction in the memory pool spend"),
        "{}",
        text.stdout
    );
}

/// A node that is behind, or was reset: nothing is undone, it is said why, and there is a way.
#[test]
fn a_node_that_was_reset_is_followed_only_when_it_is_said() {
    let scene = Scene::new();
    let rescan = |url: &str| {
        let mut arguments = scene.desk.sync_arguments(url);
        arguments.push("--rescan".into());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        scene.desk.run(&arguments)
    };
    scene.chain.cut(3);
    for run in [scene.desk.sync(&scene.node), rescan(&scene.node.url)] {
        let error = run.fails(8, "less-work");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("ends at block 1,"),
            "{error}"
        );
        assert!(
            error["hint"]
                .as_str()
                .unwrap()
                .contains("--accept-less-work"),
            "{error}"
        );
        let balance = scene.desk.run(&["balance", "--wallet", "main"]).json();
        assert_eq!(balance["confirmed"], 1_000_000);
    }
    let report = scene.accept();
    assert_eq!(
        (&report["height"], &report["undone"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(
        scene.desk.run(&["balance", "--wallet", "main"]).json()["confirmed"],
        0
    );
    scene.desk.sync(&scene.node).json();
}

/// A node of another network that says it is on regtest, and one whose blocks cost nothing.
#[test]
fn blocks_of_no_network_are_refused() {
    let scene = Scene::new();
    scene.chain.mine(Vec::new());
    {
        let mut state = scene.chain.state();
        let header = &mut state.blocks.last_mut().unwrap().header;
        while header.validate_pow(header.target()).is_ok() {
            header.nonce += 1;
        }
    }
    let error = scene.desk.sync(&scene.node).fails(8, "block-no-work");
    assert!(
        error["message"].as_str().unwrap().contains("block 5"),
        "{error}"
    );
    scene.chain.state().blocks[0] = bitcoin::constants::genesis_block(bitcoin::Network::Signet);
    scene.desk.sync(&scene.node).fails(8, "node-genesis");
    assert_eq!(scene.state(), "exported");
}
