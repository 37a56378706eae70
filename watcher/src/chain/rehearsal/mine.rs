//! Making blocks.

use bitcoin::block::{Header, Version};
use bitcoin::blockdata::script::Builder;
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut, Witness,
    absolute, transaction,
};

use super::rules::{self, Parent};
use super::{chain, db, faucet, pool};
use crate::chain::{ChainError, RehearsalError};
use crate::store::Connection;

/// Weight that is left for header, coinbase and lengths.
const RESERVED_WEIGHT: u64 = 8_000;
/// Signature operations that are left for the coinbase.
const RESERVED_SIGOP_COST: usize = 400;
/// The witness of a coinbase (BIP141).
const RESERVED_VALUE: [u8; 32] = [0; 32];

/// Mines a block that takes up the memory pool, as much as fits, and returns how many transactions
/// it took.
pub async fn mine(db: &mut Connection, now: u32) -> Result<usize, ChainError> {
    let (mut weight, mut sigops) = (RESERVED_WEIGHT, 0);
    let mut fees = Amount::ZERO;
    let mut taken = Vec::new();
    let mut left = std::collections::HashSet::new();
    for entry in db::pool(db).await? {
        let needs_left = entry
            .transaction
            .input
            .iter()
            .any(|input| left.contains(&input.previous_output.txid));
        let more = weight + entry.transaction.weight().to_wu();
        let more_sigops = sigops + entry.sigop_cost as usize;
        if needs_left
            || more > rules::MAX_BLOCK_WEIGHT
            || more_sigops > rules::MAX_SIGOP_COST - RESERVED_SIGOP_COST
        {
            left.insert(entry.txid);
            continue;
        }
        (weight, sigops) = (more, more_sigops);
        fees += entry.fee;
        taken.push(entry.transaction);
    }
    let count = taken.len();
    let block = assemble(db::tip(db).await?, taken, fees, now)?;
    chain::connect(db, &block, now).await?;
    pool::revalidate(db).await?;
    Ok(count)
}

/// Mines a block without transactions, and leaves the memory pool as it is.
pub async fn mine_empty(db: &mut Connection, now: u32) -> Result<(), ChainError> {
    let block = assemble(db::tip(db).await?, Vec::new(), Amount::ZERO, now)?;
    chain::connect(db, &block, now).await
}

/// Makes a block on `parent` that the rules accept, if they accept the transactions.
pub fn assemble(
    parent: Parent,
    transactions: Vec<Transaction>,
    fees: Amount,
    now: u32,
) -> Result<Block, ChainError> {
    let height = parent.height + 1;
    let mut txdata = vec![coinbase(height, rules::subsidy(height) + fees)?];
    txdata.extend(transactions);
    let mut block = Block {
        header: Header {
            version: Version::from_consensus(0x2000_0000),
            prev_blockhash: parent.hash,
            merkle_root: TxMerkleNode::all_zeros(),
            time: now.max(parent.median_time + 1),
            bits: rules::bits(),
            nonce: 0,
        },
        txdata,
    };
    seal(&mut block);
    Ok(block)
}

/// Makes a block's commitments and its proof of work right.
pub fn seal(block: &mut Block) {
    if let Some(root) = block.witness_root() {
        let commitment = Block::compute_witness_commitment(&root, &RESERVED_VALUE);
        let mut script = vec![0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];
        script.extend_from_slice(commitment.as_byte_array());
        if let Some(output) = block
            .txdata
            .first_mut()
            .and_then(|coinbase| coinbase.output.last_mut())
        {
            output.script_pubkey = ScriptBuf::from_bytes(script);
        }
    }
    if let Some(root) = block.compute_merkle_root() {
        block.header.merkle_root = root;
    }
    // Every second nonce will do.
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce = block.header.nonce.wrapping_add(1);
    }
}

fn coinbase(height: u32, reward: Amount) -> Result<Transaction, ChainError> {
    let mut salt = [0; 8];
    getrandom::fill(&mut salt).map_err(|error| {
        ChainError::Rehearsal(RehearsalError::Storage(format!(
            "no random numbers: {error}"
        )))
    })?;
    // BIP34; the salt keeps blocks of one height, before and after a reorganisation, apart.
    let script_sig = Builder::new()
        .push_int(i64::from(height))
        .push_slice(salt)
        .into_script();
    Ok(Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig,
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[RESERVED_VALUE]),
        }],
        output: vec![
            TxOut {
                value: reward,
                script_pubkey: faucet::script(),
            },
            // The commitment to the witnesses.
            TxOut {
                value: Amount::ZERO,
                script_pubkey: ScriptBuf::new(),
            },
        ],
    })
}
