//! A chain whose headers and Merkle roots are right, and which says of transactions whatever a test
//! wants; and the key of the wallets that tests use, to sign where they are to be right.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bitcoin::bip32::{ChildNumber, DerivationPath, Xpriv};
use bitcoin::block::Header;
use bitcoin::hashes::Hash;
use bitcoin::hex::FromHex;
use bitcoin::key::TapTweak;
use bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{
    Amount, Block, BlockHash, EcdsaSighashType, NetworkKind, OutPoint, PrivateKey, PublicKey,
    ScriptBuf, Sequence, TapSighashType, Transaction, TxIn, TxOut, Txid, Witness, absolute, ecdsa,
    taproot, transaction,
};
use cofferdam_core::Network;
use cofferdam_core::wallet::Branch;
use cofferdam_watcher::chain::rehearsal::{mine, rules};
use cofferdam_watcher::chain::{
    Answer, Blocks, ChainError, ChainSource, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};

/// A time before the tests run, wherever they do.
pub const NOW: u32 = 1_700_000_000;

/// What a chain has and says.
#[derive(Debug)]
pub struct State {
    /// From the network's first one on.
    pub blocks: Vec<Block>,
    /// The memory pool.
    pub pool: Vec<Transaction>,
    /// Transactions that can be had beside those of the memory pool.
    pub others: Vec<Transaction>,
}

/// A chain that a test makes.
#[derive(Clone, Debug)]
pub struct Forged(Arc<Mutex<State>>, Arc<Mutex<HashMap<BlockHash, usize>>>);

impl Forged {
    /// Returns a chain of so many blocks above regtest's first one.
    pub fn new(blocks: u32) -> Self {
        let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
        let state = State {
            blocks: vec![genesis],
            pool: Vec::new(),
            others: Vec::new(),
        };
        let chain = Forged(Arc::new(Mutex::new(state)), Arc::default());
        for _ in 0..blocks {
            chain.mine(Vec::new());
        }
        chain
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn source(&self) -> Arc<dyn ChainSource> {
        Arc::new(self.clone())
    }

    /// Returns the block that comes next, which is not in the chain yet.
    pub fn next(&self, transactions: Vec<Transaction>) -> Block {
        let state = self.state();
        let height = state.blocks.len() - 1;
        let mut times: Vec<u32> = state
            .blocks
            .iter()
            .rev()
            .take(11)
            .map(|block| block.header.time)
            .collect();
        let parent = rules::Parent {
            hash: state.blocks[height].block_hash(),
            height: height as u32,
            median_time: rules::median_time(&mut times),
        };
        mine::assemble(parent, transactions, Amount::ZERO, NOW).unwrap()
    }

    /// Adds a block; nobody looks whether its transactions are right.
    pub fn mine(&self, transactions: Vec<Transaction>) -> Block {
        let block = self.next(transactions);
        self.state().blocks.push(block.clone());
        block
    }

    /// Takes the last blocks away.
    pub fn cut(&self, count: usize) {
        let mut state = self.state();
        let left = state.blocks.len() - count;
        state.blocks.truncate(left);
    }

    pub fn pool_of(&self, transactions: &[Transaction]) {
        self.state().pool = transactions.to_vec();
    }
}

impl Source for Forged {
    fn describe(&self) -> String {
        "blocks of a test".into()
    }

    fn network(&self) -> Answer<'_, Network> {
        Box::pin(async { Ok(Network::Regtest) })
    }
}

impl Blocks for Forged {
    fn tip(&self) -> Answer<'_, Tip> {
        let state = self.state();
        let tip = Tip {
            height: state.blocks.len() as u32 - 1,
            hash: state.blocks.last().unwrap().block_hash(),
        };
        Box::pin(async move { Ok(tip) })
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        let state = self.state();
        let blocks = state.blocks.iter().skip(from as usize).take(count as usize);
        let hashes = blocks.map(Block::block_hash).collect();
        Box::pin(async move { Ok(hashes) })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        Box::pin(async move { Ok(self.block(hash).await?.header) })
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        let state = self.state();
        let mut places = self.1.lock().unwrap();
        let find = |places: &HashMap<BlockHash, usize>| {
            let block = state.blocks.get(*places.get(&hash)?)?;
            (block.block_hash() == hash).then(|| block.clone())
        };
        let block = find(&places).or_else(|| {
            *places = state
                .blocks
                .iter()
                .map(Block::block_hash)
                .zip(0..)
                .collect();
            find(&places)
        });
        let block = block.ok_or(ChainError::ChainMoved);
        Box::pin(async move { block })
    }
}

impl Relay for Forged {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        let txids = self
            .state()
            .pool
            .iter()
            .map(Transaction::compute_txid)
            .collect();
        Box::pin(async move { Ok(txids) })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        let state = self.state();
        let all: Vec<Transaction> = state.pool.iter().chain(&state.others).cloned().collect();
        let find = |txid: &Txid| {
            all.iter()
                .find(|found| found.compute_txid() == *txid)
                .cloned()
        };
        let found = txids.iter().map(find).collect();
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

/// Returns a transaction without signatures.
pub fn transaction(coins: &[OutPoint], outputs: &[TxOut]) -> Transaction {
    let input = |previous_output: &OutPoint| TxIn {
        previous_output: *previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: coins.iter().map(input).collect(),
        output: outputs.to_vec(),
    }
}

/// Returns an output that pays nobody of ours.
pub fn elsewhere(satoshi: u64) -> TxOut {
    TxOut {
        value: Amount::from_sat(satoshi),
        script_pubkey: ScriptBuf::from_bytes([&[0, 20][..], &[7; 20]].concat()),
    }
}

/// Returns a coin that nobody has.
pub fn nobodys(number: u8) -> OutPoint {
    OutPoint::new(Txid::from_byte_array([number; 32]), 0)
}

fn key(branch: Branch, index: u32) -> PrivateKey {
    // Of the mnemonic `abandon ... about`, whose account is that of the descriptors of these tests.
    let seed = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1\
                9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";
    let seed = <[u8; 64]>::from_hex(seed).unwrap();
    let master = Xpriv::new_master(NetworkKind::Test, &seed).unwrap();
    let path: DerivationPath = "84h/1h/0h".parse().unwrap();
    let path =
        path.extend([branch.step(), index].map(|step| ChildNumber::from_normal_idx(step).unwrap()));
    let derived = master.derive_priv(&Secp256k1::new(), &path).unwrap();
    PrivateKey::new(derived.private_key, NetworkKind::Test)
}

/// Signs an input that spends a coin of the wallet, by the type of its script. The outputs that are
/// spent are those of all inputs.
pub fn sign(transaction: &mut Transaction, input: usize, spent: &[TxOut], place: (Branch, u32)) {
    let secp = Secp256k1::new();
    let key = key(place.0, place.1);
    let public = PublicKey::from_private_key(&secp, &key);
    let TxOut {
        value,
        script_pubkey,
    } = spent[input].clone();
    let mut cache = SighashCache::new(transaction.clone());
    let ecdsa = |digest: [u8; 32]| ecdsa::Signature {
        signature: secp.sign_ecdsa(&Message::from_digest(digest), &key.inner),
        sighash_type: EcdsaSighashType::All,
    };
    let txin = &mut transaction.input[input];
    if script_pubkey.is_p2tr() {
        let digest = cache
            .taproot_key_spend_signature_hash(input, &Prevouts::All(spent), TapSighashType::Default)
            .unwrap();
        let pair = Keypair::from_secret_key(&secp, &key.inner).tap_tweak(&secp, None);
        let message = Message::from_digest(digest.to_byte_array());
        let signature = taproot::Signature {
            signature: secp.sign_schnorr_no_aux_rand(&message, &pair.to_keypair()),
            sighash_type: TapSighashType::Default,
        };
        txin.witness = Witness::p2tr_key_spend(&signature);
        return;
    }
    if script_pubkey.is_p2pkh() {
        let digest = cache
            .legacy_signature_hash(input, &script_pubkey, EcdsaSighashType::All.to_u32())
            .unwrap();
        let signature = ecdsa(digest.to_byte_array());
        txin.script_sig = bitcoin::script::Builder::new()
            .push_slice(signature.serialize())
            .push_key(&public)
            .into_script();
        return;
    }
    let program = ScriptBuf::new_p2wpkh(&public.wpubkey_hash().unwrap());
    let digest = cache
        .p2wpkh_signature_hash(input, &program, value, EcdsaSighashType::All)
        .unwrap();
    if script_pubkey.is_p2sh() {
        txin.script_sig = bitcoin::script::Builder::new()
            .push_slice(bitcoin::script::PushBytesBuf::try_from(program.into_bytes()).unwrap())
            .into_script();
    }
    txin.witness = Witness::p2wpkh(&ecdsa(digest.to_byte_array()), &public.inner);
}
