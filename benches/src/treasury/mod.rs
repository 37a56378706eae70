//! A treasury with a long history: the same for the same seed, and consistent by construction.
//!
//! Deposits pay one coin to an address of the receive branch; payouts spend two coins, and leave
//! change. So of T transactions that leave C coins, (T + C) / 2 are deposits.
//!
//! - [`chance`]: seeded random numbers. [`ledger`]: writes it into a ledger. [`recount`]: what a
//!   plain count makes of it.
//! - [`signed`]: signatures for what it spends.

pub mod chance;
pub mod ledger;
pub mod recount;
pub mod signed;

use anyhow::Result;
use bitcoin::absolute::LockTime;
use bitcoin::block::Header;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxMerkleNode, TxOut, Txid, WPubkeyHash, Witness,
};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_core::{Network, ScriptType};

use chance::Chance;

/// How large a treasury is.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// What everything is drawn from.
    pub seed: u64,
    /// The type of its scripts: segwit or taproot.
    pub script_type: ScriptType,
    /// Scripts in use, of both branches together.
    pub scripts: u32,
    /// Coins that are left.
    pub coins: u32,
    /// Transactions.
    pub transactions: u32,
    /// Transactions in a block.
    pub each_block: u32,
}

/// A treasury.
#[derive(Clone, Debug)]
pub struct Treasury {
    /// What was asked for.
    pub spec: Spec,
    /// Its wallet.
    pub wallet: Wallet,
    /// The scripts of the receive branch and of the change branch, by index.
    pub scripts: [Vec<ScriptBuf>; 2],
    /// The history, oldest first, with heights.
    pub history: Vec<(u32, Transaction)>,
}

/// A coin that was made and not spent yet, while the history is written.
struct Open {
    outpoint: OutPoint,
    amount: u64,
}

const SEGWIT: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";
const TAPROOT: &str = "tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/<0;1>/*)";

/// Heights begin here: coins are older than the chain's last hundred blocks only if there are that
/// many.
const FIRST_HEIGHT: u32 = 1;

impl Treasury {
    /// Draws a treasury. It takes some seconds for a million transactions.
    ///
    /// # Errors
    /// Fails where the wallet cannot derive.
    pub fn draw(spec: Spec) -> Result<Self> {
        let descriptor = match spec.script_type {
            ScriptType::Taproot => TAPROOT,
            _ => SEGWIT,
        };
        let wallet = Wallet::from_descriptor(descriptor, "main".parse()?, Network::Regtest, None)?;
        let half = spec.scripts.div_ceil(2);
        let scripts = [
            wallet.scripts(Branch::Receive, 0..half)?,
            wallet.scripts(Branch::Change, 0..half)?,
        ];
        let mut chance = Chance::new(spec.seed);
        let mut deposits = (spec.transactions + spec.coins).div_ceil(2);
        let mut payouts = spec.transactions - deposits;
        let mut open: Vec<Open> = Vec::with_capacity(spec.coins as usize);
        let mut history = Vec::with_capacity(spec.transactions as usize);
        for number in 0..spec.transactions {
            let deposit = open.len() < 2
                || payouts == 0
                || deposits > 0
                    && chance.below(u64::from(deposits + payouts)) < u64::from(deposits);
            let transaction = if deposit {
                deposits -= 1;
                let script = scripts[0][chance.below(u64::from(half)) as usize].clone();
                deposit_to(script, &mut chance)
            } else {
                payouts -= 1;
                let spent = [(); 2].map(|()| {
                    let at = chance.below(open.len() as u64) as usize;
                    open.swap_remove(at)
                });
                let script = scripts[1][chance.below(u64::from(half)) as usize].clone();
                payout(&spent, script, &mut chance)
            };
            let txid = transaction.compute_txid();
            open.push(Open {
                outpoint: OutPoint::new(txid, 0),
                amount: transaction.output[0].value.to_sat(),
            });
            history.push((FIRST_HEIGHT + number / spec.each_block, transaction));
        }
        Ok(Treasury {
            spec,
            wallet,
            scripts,
            history,
        })
    }

    /// Returns the height of the last block.
    pub fn tip(&self) -> u32 {
        self.history.last().map_or(0, |(height, _)| *height)
    }
}

/// Returns the history in blocks, with heights. Nothing but their transactions is meant to be
/// looked at: headers have no work and follow nobody.
pub fn blocks(treasury: &Treasury) -> Vec<(u32, Block)> {
    let mut blocks: Vec<(u32, Block)> = Vec::new();
    for (height, transaction) in &treasury.history {
        if blocks.last().is_none_or(|(last, _)| last != height) {
            let header = Header {
                version: bitcoin::block::Version::TWO,
                prev_blockhash: BlockHash::all_zeros(),
                merkle_root: TxMerkleNode::all_zeros(),
                time: 1_600_000_000 + height,
                bits: CompactTarget::from_consensus(0x207f_ffff),
                nonce: 0,
            };
            let txdata = Vec::new();
            blocks.push((*height, Block { header, txdata }));
        }
        if let Some((_, block)) = blocks.last_mut() {
            block.txdata.push(transaction.clone());
        }
    }
    blocks
}

/// Somebody pays one output to us, and keeps change.
fn deposit_to(script_pubkey: ScriptBuf, chance: &mut Chance) -> Transaction {
    let from = OutPoint::new(
        Txid::from_byte_array(chance.bytes()),
        chance.below(4) as u32,
    );
    let amount = amount(chance);
    let change = TxOut {
        value: Amount::from_sat(10_000 + chance.below(1_000_000)),
        script_pubkey: stranger(chance),
    };
    transaction(
        vec![from],
        vec![
            TxOut {
                value: amount,
                script_pubkey,
            },
            change,
        ],
    )
}

/// We pay somebody, and keep change.
fn payout(spent: &[Open; 2], change: ScriptBuf, chance: &mut Chance) -> Transaction {
    let held: u64 = spent.iter().map(|coin| coin.amount).sum();
    // Between a tenth and nine tenths are kept.
    let kept = held / 10 + chance.below(held * 8 / 10);
    let paid = TxOut {
        value: Amount::from_sat(held - kept - 500),
        script_pubkey: stranger(chance),
    };
    let kept = TxOut {
        value: Amount::from_sat(kept),
        script_pubkey: change,
    };
    transaction(
        spent.iter().map(|coin| coin.outpoint).collect(),
        vec![kept, paid],
    )
}

fn transaction(spent: Vec<OutPoint>, output: Vec<TxOut>) -> Transaction {
    let input = spent.into_iter().map(|previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    });
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: input.collect(),
        output,
    }
}

/// From 20,000 to 20 million satoshis, the small ones as often as the large: an exchange's
/// deposits.
fn amount(chance: &mut Chance) -> Amount {
    let magnitude = [20_000, 200_000, 2_000_000][chance.below(3) as usize];
    Amount::from_sat(magnitude + chance.below(magnitude * 9))
}

pub(crate) fn stranger(chance: &mut Chance) -> ScriptBuf {
    let bytes = chance.bytes();
    let mut hash = [0; 20];
    hash.copy_from_slice(&bytes[..20]);
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash))
}
