//! A node whose chain is taken back at the end of each history.

use bitcoin::absolute::LockTime;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::transaction::Version;
use bitcoin::{Address, Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use cofferdam_testkit::bitcoind::{Bitcoind, NOBODY};
use cofferdam_testkit::payee;
use serde_json::{Value, json};

/// What moving the coin costs.
const FEE: u64 = 10_000;

/// A node, and a coin that everybody may spend.
pub(crate) struct Chain {
    pub(crate) node: Bitcoind,
    coin: OutPoint,
    worth: u64,
    /// The first block of the history, and its height.
    first: (String, u64),
    reorganised: usize,
}

impl Chain {
    pub(crate) fn start() -> Chain {
        let node = Bitcoind::start().unwrap();
        let first = node.mine(101).unwrap().remove(0);
        let block = node.rpc("getblock", json!([first, 2])).unwrap();
        let coinbase = &block["tx"][0];
        let coin = OutPoint::new(coinbase["txid"].as_str().unwrap().parse().unwrap(), 0);
        Chain {
            node,
            coin,
            worth: 5_000_000_000,
            first: (String::new(), 0),
            reorganised: 0,
        }
    }

    /// Pays so many coins of `satoshi` to an address, in the first block of a history.
    pub(crate) fn fund(&mut self, address: &str, coins: usize, satoshi: u64) {
        let paid = vec![(address, satoshi); coins];
        let transaction = self.spend(&paid);
        let block = self.block_with(&transaction);
        self.first = (block, self.node.height().unwrap());
    }

    /// Undoes all blocks of the history, and spends the coin that all its transactions came from
    /// otherwise.
    pub(crate) fn take_back(&mut self) {
        self.node
            .rpc("invalidateblock", json!([self.first.0]))
            .unwrap();
        let transaction = self.spend(&[]);
        self.block_with(&transaction);
        self.coin = OutPoint::new(transaction.compute_txid(), 0);
        self.worth = transaction.output[0].value.to_sat();
    }

    /// Replaces the last blocks by empty ones, one more; never the one that paid the wallet.
    pub(crate) fn reorganise(&mut self, depth: u64) -> u64 {
        let height = self.node.height().unwrap();
        let depth = depth.min(height - self.first.1);
        if depth > 0 {
            let first = self
                .node
                .rpc("getblockhash", json!([height + 1 - depth]))
                .unwrap();
            self.node.rpc("invalidateblock", json!([first])).unwrap();
            // To somebody else each time, so that no block is one that was replaced before.
            self.reorganised += 1;
            let reward = payee(1_000 + self.reorganised);
            for _ in 0..=depth {
                self.node.rpc("generateblock", json!([reward, []])).unwrap();
            }
        }
        depth
    }

    /// Mines until the memory pool is empty.
    pub(crate) fn settle(&self) {
        for _ in 0..20 {
            self.node.mine(1).unwrap();
            if self.node.rpc("getrawmempool", json!([])).unwrap() == json!([]) {
                return;
            }
        }
        panic!("the memory pool does not empty");
    }

    /// Sums what a descriptor's unspent outputs hold, as the node counts them.
    pub(crate) fn holds(&self, descriptor: &str) -> u64 {
        let bare = descriptor.split('#').next().unwrap();
        let objects: Vec<Value> = ["0", "1"]
            .map(|branch| json!({"desc": bare.replace("<0;1>", branch), "range": 200}))
            .to_vec();
        let found = self
            .node
            .rpc("scantxoutset", json!(["start", objects]))
            .unwrap();
        Amount::from_btc(found["total_amount"].as_f64().unwrap())
            .unwrap()
            .to_sat()
    }

    fn block_with(&self, transaction: &Transaction) -> String {
        let block = self
            .node
            .rpc(
                "generateblock",
                json!([NOBODY, [serialize_hex(transaction)]]),
            )
            .unwrap();
        block["hash"].as_str().unwrap().to_owned()
    }

    /// Spends the coin; what is not paid goes to everybody again, as the first output.
    fn spend(&self, paid: &[(&str, u64)]) -> Transaction {
        let script = |address: &str| {
            address
                .parse::<Address<_>>()
                .unwrap()
                .assume_checked()
                .script_pubkey()
        };
        let rest = self.worth - FEE - paid.iter().map(|(_, satoshi)| satoshi).sum::<u64>();
        let outputs = [(NOBODY, rest)].into_iter().chain(paid.iter().copied());
        Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: self.coin,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::from_slice(&[[0x51_u8]]),
            }],
            output: outputs
                .map(|(address, satoshi)| TxOut {
                    value: Amount::from_sat(satoshi),
                    script_pubkey: script(address),
                })
                .collect(),
        }
    }
}
