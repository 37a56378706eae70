//! A signer, a watcher and a real bitcoind: what a treasury is.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;

use cofferdam_testkit::bitcoind::Bitcoind;
use cofferdam_testkit::{Signer, Watcher};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Treasury {
    pub(crate) node: Bitcoind,
    pub(crate) signer: Signer,
    pub(crate) watcher: Watcher,
    pub(crate) folder: TempDir,
}

impl Treasury {
    /// A node, and a vault with one account that nobody else knows yet.
    pub(crate) fn new(script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let treasury = Treasury {
            node: Bitcoind::start().unwrap(),
            signer: Signer::init(&folder.path().join("offline")).unwrap(),
            watcher: Watcher::new(&folder.path().join("online")),
            folder,
        };
        treasury.signer(&["account", "add", "--name", "main", "--script", script]);
        treasury
    }

    /// Brings the wallet to the watcher in a file.
    pub(crate) fn wallet_by_file(&self) {
        let wallet = self.path("main.json");
        let export = [
            "export",
            "--account",
            "main",
            "--format",
            "json",
            "--out",
            &wallet,
        ];
        self.signer(&export);
        self.watcher(&["wallet", "import", &wallet]);
    }

    /// Mines so many block rewards to the wallet, and lets them mature.
    pub(crate) fn fund(&self, rewards: usize) {
        for _ in 0..rewards {
            let address =
                self.watcher(&["address", "--wallet", "main", "--next"])["address"].clone();
            let address = address.as_str().unwrap();
            let shown = self.signer(&["address", "--account", "main", "--check", address]);
            assert_eq!(shown["address"], address);
            self.node.mine_to(address, 1).unwrap();
        }
        // Ten more than maturity asks for, so that a reorganisation does not make the coins
        // immature again.
        self.node.mine(110).unwrap();
        self.sync();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn signer(&self, arguments: &[&str]) -> Value {
        self.signer.run(arguments).unwrap().json().unwrap()
    }

    pub(crate) fn watcher(&self, arguments: &[&str]) -> Value {
        self.watcher.run(arguments).unwrap().json().unwrap()
    }

    pub(crate) fn sync(&self) {
        let mut arguments = vec!["sync".to_owned()];
        arguments.extend(self.node.chain_arguments());
        self.watcher.run(&arguments).unwrap().json().unwrap();
    }

    pub(crate) fn balance(&self) -> Value {
        self.watcher(&["balance", "--wallet", "main"])
    }

    /// Sums what a descriptor's unspent outputs hold, as the node counts them, in satoshi.
    pub(crate) fn node_balance_sat(&self) -> u64 {
        let descriptor = self.watcher(&["wallet", "show", "main"])["descriptor"]
            .as_str()
            .unwrap()
            .to_owned();
        let bare = descriptor.split('#').next().unwrap();
        let objects: Vec<Value> = ["0", "1"]
            .map(|branch| json!({"desc": bare.replace("<0;1>", branch), "range": 50}))
            .to_vec();
        let found = self
            .node
            .rpc("scantxoutset", json!(["start", objects]))
            .unwrap();
        btc_to_sat(&found["total_amount"])
    }
}

pub(crate) fn btc_to_sat(amount: &Value) -> u64 {
    bitcoin::Amount::from_btc(amount.as_f64().unwrap())
        .unwrap()
        .to_sat()
}

/// The outputs of a transaction on the node, as amounts by address.
pub(crate) fn outputs(node: &Bitcoind, txid: &str) -> BTreeMap<String, u64> {
    let transaction = node.rpc("getrawtransaction", json!([txid, 2])).unwrap();
    transaction["vout"]
        .as_array()
        .unwrap()
        .iter()
        .map(|output| {
            (
                output["scriptPubKey"]["address"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                btc_to_sat(&output["value"]),
            )
        })
        .collect()
}

/// Tells the version of a binary PSBT: version 2 has no unsigned transaction (key type 0x00) as its
/// first pair.
pub(crate) fn psbt_version_of(psbt: &[u8]) -> &'static str {
    assert_eq!(&psbt[..5], b"psbt\xff");
    if psbt[5..7] == [1, 0] { "0" } else { "2" }
}
