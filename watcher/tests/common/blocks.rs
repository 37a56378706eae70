//! Blocks whose hashes, roots and work are right, and whose transactions come from nowhere.

use std::collections::HashMap;

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version as BlockVersion};
use bitcoin::hashes::Hash;
use bitcoin::script::Builder;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxMerkleNode, TxOut, Txid, Witness, constants, transaction,
};
use cofferdam_core::Network;
use cofferdam_watcher::chain::rehearsal::mine::seal;
use cofferdam_watcher::chain::{Answer, Blocks, Relay, SatPerKvb, Sent, Source, TestAccept, Tip};

pub const COIN: u64 = 100_000_000;

/// Blocks on regtest's genesis whose hashes, roots and work are right, and whose transactions come
/// from nowhere.
#[derive(Debug)]
pub struct Chain {
    pub blocks: Vec<Block>,
    heights: HashMap<BlockHash, usize>,
    pub pool: Vec<Transaction>,
}

impl Chain {
    pub fn new() -> Self {
        let mut chain = Chain {
            blocks: Vec::new(),
            heights: HashMap::new(),
            pool: Vec::new(),
        };
        chain.push(constants::genesis_block(bitcoin::Network::Regtest));
        chain
    }

    fn push(&mut self, block: Block) {
        self.heights.insert(block.block_hash(), self.blocks.len());
        self.blocks.push(block);
    }

    /// Adds a block whose coinbase pays 50 bitcoin to a script.
    pub fn mine(&mut self, reward: ScriptBuf, mut transactions: Vec<Transaction>) -> OutPoint {
        let parent = self.blocks.last().unwrap().header;
        let script_sig = Builder::new()
            .push_int(self.blocks.len() as i64)
            .push_int(7)
            .into_script();
        let mut coinbase = pay(
            vec![OutPoint::null()],
            &[(reward, 50 * COIN), (ScriptBuf::new(), 0)],
        );
        coinbase.input[0].script_sig = script_sig;
        coinbase.input[0].witness = Witness::from_slice(&[[0; 32]]);
        transactions.insert(0, coinbase);
        let mut block = Block {
            header: Header {
                version: BlockVersion::from_consensus(0x2000_0000),
                prev_blockhash: parent.block_hash(),
                merkle_root: TxMerkleNode::all_zeros(),
                time: parent.time + 1,
                bits: CompactTarget::from_consensus(0x207f_ffff),
                nonce: 0,
            },
            txdata: transactions,
        };
        seal(&mut block);
        let txid = block.txdata[0].compute_txid();
        self.push(block);
        OutPoint { txid, vout: 0 }
    }
}

impl Source for Chain {
    fn describe(&self) -> String {
        "blocks of a test".into()
    }

    fn network(&self) -> Answer<'_, Network> {
        Box::pin(async { Ok(Network::Regtest) })
    }
}

impl Blocks for Chain {
    fn tip(&self) -> Answer<'_, Tip> {
        let hash = self.blocks.last().unwrap().block_hash();
        let height = self.blocks.len() as u32 - 1;
        Box::pin(async move { Ok(Tip { height, hash }) })
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        let blocks = self.blocks.iter().skip(from as usize).take(count as usize);
        let hashes = blocks.map(Block::block_hash).collect();
        Box::pin(async move { Ok(hashes) })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        let header = self.blocks[self.heights[&hash]].header;
        Box::pin(async move { Ok(header) })
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        let block = self.blocks[self.heights[&hash]].clone();
        Box::pin(async move { Ok(block) })
    }
}

impl Relay for Chain {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        let txids = self.pool.iter().map(Transaction::compute_txid).collect();
        Box::pin(async move { Ok(txids) })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        let by_txid: HashMap<Txid, &Transaction> =
            self.pool.iter().map(|tx| (tx.compute_txid(), tx)).collect();
        let found = txids
            .iter()
            .map(|txid| by_txid.get(txid).copied().cloned())
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn estimate_fee(&self, _: u16) -> Answer<'_, Option<SatPerKvb>> {
        Box::pin(async { Ok(None) })
    }

    fn test_accept<'a>(&'a self, _: &'a Transaction) -> Answer<'a, TestAccept> {
        Box::pin(async { Ok(TestAccept::Accepted) })
    }

    fn broadcast<'a>(&'a self, _: &'a Transaction) -> Answer<'a, Sent> {
        Box::pin(async { Ok(Sent::Accepted) })
    }
}

pub fn pay(coins: Vec<OutPoint>, payments: &[(ScriptBuf, u64)]) -> Transaction {
    let input = |previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let output = |(script_pubkey, sat): &(ScriptBuf, u64)| TxOut {
        value: Amount::from_sat(*sat),
        script_pubkey: script_pubkey.clone(),
    };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: coins.into_iter().map(input).collect(),
        output: payments.iter().map(output).collect(),
    }
}

/// A coin of somebody else, who has it from nowhere.
pub fn nowhere(number: u32) -> OutPoint {
    OutPoint::new(Txid::from_byte_array([7; 32]), number)
}

pub fn others() -> ScriptBuf {
    ScriptBuf::from_bytes(vec![0x51, 0x51])
}
