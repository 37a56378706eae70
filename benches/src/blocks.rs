//! Seeded regtest blocks, as full as blocks are, that a node accepts.
//!
//! Nothing that fills them is signed: what is spent belongs to anybody (`OP_TRUE` behind P2WSH), so
//! that a node connects a block in a fraction of a second. Each transaction has one input and two
//! outputs: a payment, and the change that the next transaction spends. Signed ones can be added.

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version as BlockVersion};
use bitcoin::hashes::Hash as _;
use bitcoin::opcodes::OP_TRUE;
use bitcoin::script::Builder;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, Block, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode,
    TxOut, Witness,
};

use cofferdam_watcher::chain::rehearsal::mine::seal;

use crate::treasury::chance::Chance;
use crate::treasury::stranger;

/// Transactions that fill a block: 130 bytes and 505 weight units each, so 0.99 MB and 3.84 of the
/// 4 million weight units.
pub const FILL: usize = 7_600;

/// What each payment pays, in satoshis.
pub const PAID: u64 = 5_000;

const RESERVED_VALUE: [u8; 32] = [0; 32];

/// The script of anybody's coins: what `cofferdam_testkit::bitcoind::NOBODY` pays.
pub fn anybody() -> ScriptBuf {
    anybodys_script().to_p2wsh()
}

fn anybodys_script() -> ScriptBuf {
    Builder::new().push_opcode(OP_TRUE).into_script()
}

/// Makes a full block on `parent`, at `height`. It spends `reward`, a mature coinbase output to
/// [`anybody`], and pays `ours` among as many strangers as make [`FILL`] payments, evenly spread.
/// The transactions `more` stand behind those.
///
/// # Panics
/// Panics when `reward` is too small for [`FILL`] payments, or `ours` are more than those.
pub fn full(
    parent: &Header,
    height: u32,
    reward: (OutPoint, Amount),
    ours: &[ScriptBuf],
    more: Vec<Transaction>,
    chance: &mut Chance,
) -> Block {
    assert!(ours.len() <= FILL, "more payments than the block has");
    let (mut spent, mut left) = reward;
    let every = FILL / ours.len().max(1);
    let mut txdata = vec![coinbase(height)];
    for number in 0..FILL {
        let owner = ours.get(number / every).filter(|_| number % every == 0);
        left = left
            .checked_sub(Amount::from_sat(PAID))
            .expect("the reward is large enough");
        let payment = TxOut {
            value: Amount::from_sat(PAID),
            script_pubkey: owner.cloned().unwrap_or_else(|| stranger(chance)),
        };
        let change = TxOut {
            value: left,
            script_pubkey: anybody(),
        };
        let transaction = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: spent,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::from_slice(&[anybodys_script().as_bytes()]),
            }],
            output: vec![payment, change],
        };
        spent = OutPoint::new(transaction.compute_txid(), 1);
        txdata.push(transaction);
    }
    txdata.extend(more);
    let mut block = Block {
        header: Header {
            version: BlockVersion::from_consensus(0x2000_0000),
            prev_blockhash: parent.block_hash(),
            merkle_root: TxMerkleNode::all_zeros(),
            time: parent.time + 1,
            bits: CompactTarget::from_consensus(0x207f_ffff),
            nonce: 0,
        },
        txdata,
    };
    seal(&mut block);
    block
}

/// Claims less than the reward, which the rules allow.
fn coinbase(height: u32) -> Transaction {
    let output = |value, script_pubkey| TxOut {
        value,
        script_pubkey,
    };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            // The height (BIP 34).
            script_sig: Builder::new().push_int(i64::from(height)).into_script(),
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[RESERVED_VALUE]),
        }],
        output: vec![
            output(Amount::from_sat(PAID), anybody()),
            output(Amount::ZERO, ScriptBuf::new()),
        ],
    }
}
