//! A ledger with one wallet whose keys are known here, on the rehearsal chain or on a node.
//!
//! Signatures are made by the `bitcoin` crate, so that tests can also make wrong ones.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

use bitcoin::NetworkKind;
use bitcoin::bip32::Xpriv;
use bitcoin::psbt::Psbt;
use bitcoin::secp256k1::Secp256k1;
use cofferdam_testkit::bitcoind::Bitcoind;
use cofferdam_testkit::{Run, Watcher};
use serde_json::{Value, json};

/// BIP39's seed of "abandon" eleven times and "about", without a passphrase: of the first wallets
/// in `fixtures/core-signing/regtest.json`.
const SEED: &str = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1\
                    9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";

pub(crate) const RECIPIENTS: [&str; 3] = [
    "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
    "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
    "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6",
];

/// A ledger with one wallet whose keys are known here.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) master: Xpriv,
    pub(crate) node: Option<Bitcoind>,
}

impl Desk {
    /// Imports a wallet of the fixture and funds it with `coins` coins of a million satoshi each,
    /// on the rehearsal chain.
    pub(crate) fn funded(case: &str, coins: u32) -> Desk {
        let desk = Desk::with_wallet(case, None);
        let sat = (u64::from(coins) * 1_000_000).to_string();
        let count = coins.to_string();
        desk.ok(&[
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount-sat",
            &sat,
            "--coins",
            &count,
        ]);
        desk.sync();
        desk
    }

    /// Imports a wallet and funds it with `coins` block rewards of 50 BTC each, on a node.
    pub(crate) fn on_a_node(case: &str, coins: u32) -> Desk {
        let desk = Desk::with_wallet(case, Some(Bitcoind::start().unwrap()));
        let node = desk.node.as_ref().unwrap();
        for _ in 0..coins {
            let address = desk.ok(&["address", "--wallet", "main", "--next"])["address"].clone();
            node.mine_to(address.as_str().unwrap(), 1).unwrap();
        }
        node.mine(100).unwrap();
        desk.sync();
        desk
    }

    fn with_wallet(case: &str, node: Option<Bitcoind>) -> Desk {
        let seed: Vec<u8> = bitcoin::hex::FromHex::from_hex(SEED).unwrap();
        let desk = Desk {
            folder: tempfile::tempdir().unwrap(),
            master: Xpriv::new_master(NetworkKind::Test, &seed).unwrap(),
            node,
        };
        desk.write("descriptor.txt", descriptor(case).as_bytes());
        let file = desk.text("descriptor.txt");
        desk.ok(&[
            "wallet",
            "import",
            &file,
            "--network",
            "regtest",
            "--name",
            "main",
        ]);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Watcher::new(&self.path("data")).run(arguments).unwrap()
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json().unwrap()
    }

    pub(crate) fn fails(&self, arguments: &[&str], code: i32) -> Value {
        self.run(arguments).error(code).unwrap()
    }

    /// Creates a list of payments of 100,000 satoshi and more, and returns its id.
    pub(crate) fn create(&self, name: &str, payments: usize, more: &[&str]) -> String {
        let mut list = String::from("payout_id,address,amount,unit\n");
        for number in 0..payments {
            let address = RECIPIENTS[number % RECIPIENTS.len()];
            list.push_str(&format!(
                "{name}-{number},{address},{},sat\n",
                100_000 + number
            ));
        }
        self.write(&format!("{name}.csv"), list.as_bytes());
        let file = self.text(&format!("{name}.csv"));
        let mut arguments = vec![
            "payout",
            "create",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            "2",
        ];
        arguments.extend(more);
        self.ok(&arguments)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn export(&self, id: &str, out: &str) -> Psbt {
        self.ok(&["payout", "export", id, "--out", &self.text(out)]);
        Psbt::deserialize(&std::fs::read(self.path(out)).unwrap()).unwrap()
    }

    pub(crate) fn sign(&self, psbt: &mut Psbt) {
        psbt.sign(&self.master, &Secp256k1::new()).unwrap();
    }

    pub(crate) fn import(&self, id: &str, psbt: &Psbt) -> Run {
        self.write("signed.psbt", &psbt.serialize());
        self.run(&["payout", "import", id, &self.text("signed.psbt")])
    }

    /// Exports a list of one transaction, signs it and imports it.
    pub(crate) fn signed(&self, id: &str) {
        let mut psbt = self.export(id, &format!("{id}.psbt"));
        self.sign(&mut psbt);
        self.import(id, &psbt).json().unwrap();
    }

    pub(crate) fn show(&self, id: &str) -> Value {
        self.ok(&["payout", "show", id])
    }

    pub(crate) fn state(&self, id: &str) -> String {
        self.show(id)["state"].as_str().unwrap().to_owned()
    }

    pub(crate) fn balance(&self, part: &str) -> u64 {
        self.ok(&["balance", "--wallet", "main"])[part]
            .as_u64()
            .unwrap()
    }

    pub(crate) fn sync(&self) {
        let mut arguments = vec!["sync".to_owned()];
        match &self.node {
            Some(node) => arguments.extend(node.chain_arguments()),
            None => arguments.extend(["--chain".to_owned(), "rehearsal".to_owned()]),
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.ok(&arguments);
    }

    pub(crate) fn mine(&self, blocks: u32) {
        match &self.node {
            Some(node) => drop(node.mine(blocks).unwrap()),
            None => drop(self.ok(&["rehearsal", "mine", &blocks.to_string()])),
        }
        self.sync();
    }

    pub(crate) fn reorganise(&self, blocks: u32) {
        match &self.node {
            Some(node) => node.reorganise(blocks).unwrap(),
            None => drop(self.ok(&["rehearsal", "reorg", &blocks.to_string()])),
        }
        self.sync();
    }

    /// Returns the node's memory pool.
    pub(crate) fn mempool(&self) -> Value {
        self.node
            .as_ref()
            .unwrap()
            .rpc("getrawmempool", json!([]))
            .unwrap()
    }

    /// Refuses an import, with the codes of its findings, and leaves the list exported.
    pub(crate) fn refused(&self, id: &str, psbt: &Psbt) -> String {
        let error = self.import(id, psbt).error(3).unwrap();
        assert_eq!(error["code"], "signed-refused");
        assert_eq!(
            self.state(id),
            "exported",
            "a refused file changed the state"
        );
        error["findings"][0]["code"].as_str().unwrap().to_owned()
    }
}

fn descriptor(case: &str) -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/core-signing/regtest.json");
    let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let case = cases.iter().find(|found| found["name"] == case).unwrap();
    format!("{}\n", case["descriptor"].as_str().unwrap())
}
