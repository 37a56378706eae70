//! The consensus rules of regtest that are not about scripts.
//!
//! Pure: the caller finds the coins and the chain's times. Reasons are named as Bitcoin Core names
//! them.

use std::collections::HashSet;

use bitcoin::blockdata::script::Builder;
use bitcoin::{Amount, Block, CompactTarget, OutPoint, ScriptBuf, Target, Transaction, absolute};

/// The most weight of a block, and so of a transaction (BIP141).
pub const MAX_BLOCK_WEIGHT: u64 = 4_000_000;
/// The most signature operations of a block, weighted (BIP141).
pub const MAX_SIGOP_COST: usize = 80_000;
/// Blocks from a coinbase to the first block that may spend it.
pub const COINBASE_MATURITY: u32 = 100;
/// Blocks between halvings of the subsidy, on regtest.
pub const HALVING_INTERVAL: u32 = 150;
/// How far a block's time may be ahead of the clock, in seconds.
const MAX_FUTURE: u32 = 2 * 60 * 60;

/// Returns the proof of work's target on regtest, where it never changes.
pub fn bits() -> CompactTarget {
    Target::MAX_ATTAINABLE_REGTEST.to_compact_lossy()
}

/// A coin as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// Its amount.
    pub amount: Amount,
    /// Its script.
    pub script: ScriptBuf,
    /// The height of its block.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// The median time of the block before its own (BIP68 counts from there).
    pub median_time_before: u32,
}

/// Where a transaction is to stand: in a block of this height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block's height.
    pub height: u32,
    /// The median time of the block before it (BIP113).
    pub median_time_before: u32,
}

/// A rule is broken. The text is Bitcoin Core's name for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

fn broken<T>(rule: &str) -> Result<T, Broken> {
    Err(Broken(rule.into()))
}

/// Checks what can be checked of a transaction alone.
pub fn check_alone(transaction: &Transaction) -> Result<(), Broken> {
    if transaction.input.is_empty() {
        return broken("bad-txns-vin-empty");
    }
    if transaction.output.is_empty() {
        return broken("bad-txns-vout-empty");
    }
    if transaction.base_size() as u64 * 4 > MAX_BLOCK_WEIGHT {
        return broken("bad-txns-oversize");
    }
    let mut sum = Amount::ZERO;
    for output in &transaction.output {
        if output.value > Amount::MAX_MONEY {
            return broken("bad-txns-vout-toolarge");
        }
        sum = match sum.checked_add(output.value) {
            Some(sum) if sum <= Amount::MAX_MONEY => sum,
            _ => return broken("bad-txns-txouttotal-toolarge"),
        };
    }
    let mut seen = HashSet::with_capacity(transaction.input.len());
    if !transaction
        .input
        .iter()
        .all(|input| seen.insert(input.previous_output))
    {
        return broken("bad-txns-inputs-duplicate");
    }
    if transaction.is_coinbase() {
        let length = transaction
            .input
            .first()
            .map_or(0, |input| input.script_sig.len());
        if !(2..=100).contains(&length) {
            return broken("bad-cb-length");
        }
    } else if seen.contains(&OutPoint::null()) {
        return broken("bad-txns-prevout-null");
    }
    Ok(())
}

/// Checks a transaction that is no coinbase against the coins it spends, in the order of its
/// inputs, and returns its fee. The transaction must have passed [`check_alone`]; scripts are not
/// checked here.
pub fn check_spends(
    transaction: &Transaction,
    coins: &[Coin],
    place: Place,
) -> Result<Amount, Broken> {
    if !is_final(transaction, place) {
        return broken("bad-txns-nonfinal");
    }
    if coins.len() != transaction.input.len() {
        return broken("bad-txns-inputs-missingorspent");
    }
    let mut paid_in = Amount::ZERO;
    for coin in coins {
        if coin.coinbase && place.height.saturating_sub(coin.height) < COINBASE_MATURITY {
            return broken("bad-txns-premature-spend-of-coinbase");
        }
        paid_in = match paid_in.checked_add(coin.amount) {
            Some(sum) if coin.amount <= Amount::MAX_MONEY && sum <= Amount::MAX_MONEY => sum,
            _ => return broken("bad-txns-inputvalues-outofrange"),
        };
    }
    if !sequence_locks_pass(transaction, coins, place) {
        return broken("non-BIP68-final");
    }
    let paid_out: Amount = transaction.output.iter().map(|output| output.value).sum();
    match paid_in.checked_sub(paid_out) {
        Some(fee) => Ok(fee),
        None => broken("bad-txns-in-belowout"),
    }
}

/// Lock time, by the median time of the block before (BIP113).
fn is_final(transaction: &Transaction, place: Place) -> bool {
    let passed = match transaction.lock_time {
        absolute::LockTime::Blocks(height) => height.to_consensus_u32() < place.height,
        absolute::LockTime::Seconds(time) => time.to_consensus_u32() < place.median_time_before,
    };
    passed
        || transaction
            .input
            .iter()
            .all(|input| input.sequence.0 == u32::MAX)
}

/// Relative lock times (BIP68).
fn sequence_locks_pass(transaction: &Transaction, coins: &[Coin], place: Place) -> bool {
    const DISABLED: u32 = 1 << 31;
    const IN_TIME: u32 = 1 << 22;
    const VALUE: u32 = 0xffff;
    const SECONDS_SHIFT: u32 = 9;

    // The version is compared as unsigned.
    if (transaction.version.0 as u32) < 2 {
        return true;
    }
    transaction.input.iter().zip(coins).all(|(input, coin)| {
        let sequence = input.sequence.0;
        if sequence & DISABLED != 0 {
            return true;
        }
        let value = sequence & VALUE;
        if sequence & IN_TIME != 0 {
            let seconds = u64::from(value) << SECONDS_SHIFT;
            u64::from(coin.median_time_before) + seconds <= u64::from(place.median_time_before)
        } else {
            u64::from(coin.height) + u64::from(value) <= u64::from(place.height)
        }
    })
}

/// What a block's place in the chain demands of its header.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    /// The hash of the block before.
    pub hash: bitcoin::BlockHash,
    /// Its height.
    pub height: u32,
    /// Its median time.
    pub median_time: u32,
}

/// Checks a block but for its transactions' coins.
pub fn check_block(block: &Block, parent: Parent, now: u32) -> Result<(), Broken> {
    let header = &block.header;
    if header.prev_blockhash != parent.hash {
        return broken("prev-blk-not-found");
    }
    if header.bits != bits() {
        return broken("bad-diffbits");
    }
    if header.validate_pow(header.target()).is_err() {
        return broken("high-hash");
    }
    if header.time <= parent.median_time {
        return broken("time-too-old");
    }
    if header.time > now.saturating_add(MAX_FUTURE) {
        return broken("time-too-new");
    }
    if header.version.to_consensus() < 4 {
        return broken("bad-version");
    }
    let Some((coinbase, others)) = block.txdata.split_first() else {
        return broken("bad-blk-length");
    };
    if !coinbase.is_coinbase() {
        return broken("bad-cb-missing");
    }
    if others.iter().any(Transaction::is_coinbase) {
        return broken("bad-cb-multiple");
    }
    // Equal transactions give other lists the same root (CVE-2012-2459).
    let mut seen = HashSet::with_capacity(block.txdata.len());
    if !block
        .txdata
        .iter()
        .all(|transaction| seen.insert(transaction.compute_txid()))
    {
        return broken("bad-txns-duplicate");
    }
    if !block.check_merkle_root() {
        return broken("bad-txnmrklroot");
    }
    if block.weight().to_wu() > MAX_BLOCK_WEIGHT {
        return broken("bad-blk-weight");
    }
    if !commits_to_witnesses(block) {
        return broken("bad-witness-merkle-match");
    }
    for transaction in &block.txdata {
        check_alone(transaction)?;
    }
    let height = parent.height + 1;
    let place = Place {
        height,
        median_time_before: parent.median_time,
    };
    if !is_final(coinbase, place) {
        return broken("bad-txns-nonfinal");
    }
    // BIP34
    let prefix = Builder::new().push_int(i64::from(height)).into_script();
    let starts = coinbase
        .input
        .first()
        .is_some_and(|input| input.script_sig.as_bytes().starts_with(prefix.as_bytes()));
    if !starts {
        broken("bad-cb-height")
    } else {
        Ok(())
    }
}

/// A block with witnesses commits to them (BIP141); one without needs no commitment, but one that
/// is there must be right.
fn commits_to_witnesses(block: &Block) -> bool {
    const MARK: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];
    let committed = block.txdata.first().is_some_and(|coinbase| {
        coinbase
            .output
            .iter()
            .any(|output| output.script_pubkey.as_bytes().starts_with(&MARK))
    });
    let has_witness = block.txdata.iter().any(|transaction| {
        transaction
            .input
            .iter()
            .any(|input| !input.witness.is_empty())
    });
    if committed {
        block.check_witness_commitment()
    } else {
        !has_witness
    }
}

/// Checks what a coinbase pays itself.
pub fn check_reward(coinbase: &Transaction, height: u32, fees: Amount) -> Result<(), Broken> {
    let claimed: Amount = coinbase.output.iter().map(|output| output.value).sum();
    match subsidy(height).checked_add(fees) {
        Some(reward) if claimed <= reward => Ok(()),
        _ => broken("bad-cb-amount"),
    }
}

/// Returns the subsidy of a block.
pub fn subsidy(height: u32) -> Amount {
    let halvings = height / HALVING_INTERVAL;
    Amount::from_sat(50_0000_0000_u64.checked_shr(halvings).unwrap_or(0))
}

/// Returns the median of the times of a block and the ten before it (BIP113), whatever their order.
pub fn median_time(times: &mut [u32]) -> u32 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}
