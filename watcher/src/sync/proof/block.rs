//! A block's transactions against its header, its witnesses against its commitment.

use bitcoin::hashes::{Hash, sha256d};
use bitcoin::{Block, Transaction, TxMerkleNode, TxOut};
use cofferdam_core::Network;

use super::ProofError;
use crate::sync::checks::{Checks, Rule};
use crate::sync::supply::amounts_are_possible;

/// What an output begins with that commits to the block's witnesses (BIP141).
const COMMITMENT: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];
/// The commitment's output has at least so many bytes.
const COMMITMENT_LENGTH: usize = 38;
/// The first block of mainnet whose witnesses are bound by its commitment (BIP141).
const SEGWIT_MAINNET: u32 = 481_824;

/// Checks what a block itself proves, of all its transactions.
pub fn check(block: &Block, checks: Checks) -> Result<(), ProofError> {
    let hash = block.block_hash();
    if checks.has(Rule::Transactions) {
        let (root, repeated) = merkle_root(&block.txdata);
        if root != Some(block.header.merkle_root) {
            return Err(ProofError::OtherTransactions(hash));
        }
        // One coinbase, in front: the inner nodes of a Merkle tree, shown as transactions of 64
        // bytes, have none.
        let mut coinbases = block.txdata.iter().map(Transaction::is_coinbase);
        if repeated || coinbases.next() != Some(true) || coinbases.any(|is| is) {
            return Err(ProofError::RepeatedTransactions(hash));
        }
    }
    if checks.has(Rule::Amounts) && !block.txdata.iter().all(amounts_are_possible) {
        return Err(ProofError::TooMuchMoney(format!("block {hash}")));
    }
    Ok(())
}

/// Checks that a block's witnesses are those that its coinbase commits to. One without a commitment
/// has none.
///
/// Hashes the whole block; asked only of blocks in which a witness is looked at.
pub fn check_witnesses(block: &Block, network: Network, height: u32) -> Result<(), ProofError> {
    if network == Network::Mainnet && height < SEGWIT_MAINNET {
        return Ok(());
    }
    let is_right = match block.txdata.first().and_then(commitment) {
        Some(found) => expected_commitment(block).as_ref().map(|hash| &hash[..]) == Some(found),
        None => {
            let mut inputs = block
                .txdata
                .iter()
                .flat_map(|transaction| &transaction.input);
            inputs.all(|input| input.witness.is_empty())
        }
    };
    match is_right {
        true => Ok(()),
        false => Err(ProofError::OtherWitnesses(block.block_hash())),
    }
}

/// Returns what a coinbase commits to: its last output that does counts.
fn commitment(coinbase: &Transaction) -> Option<&[u8]> {
    let script = |output: &TxOut| output.script_pubkey.len() >= COMMITMENT_LENGTH;
    let commits = |output: &&TxOut| {
        script(output) && output.script_pubkey.as_bytes().starts_with(&COMMITMENT)
    };
    let output = coinbase.output.iter().rev().find(commits)?;
    output
        .script_pubkey
        .as_bytes()
        .get(COMMITMENT.len()..COMMITMENT_LENGTH)
}

fn expected_commitment(block: &Block) -> Option<[u8; 32]> {
    let witness = &block.txdata.first()?.input.first()?.witness;
    let reserved: [u8; 32] = match witness.len() {
        1 => witness.nth(0)?.try_into().ok()?,
        _ => return None,
    };
    let root = block.witness_root()?;
    Some(Block::compute_witness_commitment(&root, &reserved).to_byte_array())
}

/// Returns the Merkle root of transactions, and whether some level has the same hash twice in a
/// row, which another list gives too.
fn merkle_root(transactions: &[Transaction]) -> (Option<TxMerkleNode>, bool) {
    let mut level: Vec<[u8; 32]> = transactions
        .iter()
        .map(|transaction| transaction.compute_txid().to_byte_array())
        .collect();
    let mut repeated = false;
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| {
                let (left, right) = (pair[0], *pair.last().unwrap_or(&pair[0]));
                repeated |= pair.len() == 2 && left == right;
                sha256d::Hash::hash(&[left, right].concat()).to_byte_array()
            })
            .collect();
    }
    let root = level
        .first()
        .map(|root| TxMerkleNode::from_byte_array(*root));
    (root, repeated)
}

#[cfg(test)]
mod tests {
    use bitcoin::constants::genesis_block;
    use bitcoin::{Amount, ScriptBuf, Witness};

    use super::*;

    fn block(count: u64) -> Block {
        let mut block = genesis_block(bitcoin::Network::Regtest);
        let coinbase = block.txdata[0].clone();
        block.txdata.extend((1..count).map(|number| {
            let mut transaction = coinbase.clone();
            transaction.input[0].previous_output.vout = 0;
            transaction.output[0].value = Amount::from_sat(number);
            transaction
        }));
        block.header.merkle_root = block.compute_merkle_root().unwrap();
        block
    }

    #[test]
    fn roots_are_those_of_the_library() {
        for count in 1..=33 {
            let block = block(count);
            assert_eq!(
                merkle_root(&block.txdata),
                (block.compute_merkle_root(), false),
                "{count}"
            );
            check(&block, Checks::default()).unwrap();
        }
        assert_eq!(merkle_root(&[]), (None, false));
    }

    /// CVE-2012-2459: the last transactions again, where the tree has room for them.
    #[test]
    fn transactions_that_come_twice_are_found_although_the_root_is_right() {
        for (count, again) in [(3, 1), (5, 1), (6, 2), (7, 1), (9, 1), (10, 2), (12, 4)] {
            let mut block = block(count);
            let from = block.txdata.len() - again;
            let repeated = block.txdata[from..].to_vec();
            block.txdata.extend(repeated);
            assert!(block.check_merkle_root(), "{count}");
            let wrong = ProofError::RepeatedTransactions(block.block_hash());
            assert_eq!(check(&block, Checks::default()), Err(wrong), "{count}");
            check(&block, Checks::without(&[Rule::Transactions])).unwrap();
        }
    }

    #[test]
    fn a_block_has_one_coinbase_in_front() {
        let mut two = block(2);
        two.txdata[1] = two.txdata[0].clone();
        two.txdata[1].output[0].value = Amount::ONE_SAT;
        let mut none = block(2);
        none.txdata.remove(0);
        let mut later = block(2);
        later.txdata.swap(0, 1);
        for mut block in [two, none, later] {
            block.header.merkle_root = block.compute_merkle_root().unwrap();
            let wrong = ProofError::RepeatedTransactions(block.block_hash());
            assert_eq!(check(&block, Checks::default()), Err(wrong));
        }
        let mut empty = block(1);
        empty.txdata.clear();
        check(&empty, Checks::default()).unwrap_err();
    }

    /// A block with a witness and its commitment; the library takes one from which all witnesses
    /// were stripped for right.
    #[test]
    fn witnesses_are_those_that_the_coinbase_commits_to() {
        let mut right = block(3);
        right.txdata[1].input[0].witness = Witness::from_slice(&[[7; 64]]);
        right.txdata[0].input[0].witness = Witness::from_slice(&[[0; 32]]);
        let root = right.witness_root().unwrap();
        let commitment = Block::compute_witness_commitment(&root, &[0; 32]);
        let script = [&COMMITMENT[..], commitment.as_byte_array()].concat();
        right.txdata[0].output.push(TxOut {
            value: Amount::ZERO,
            script_pubkey: ScriptBuf::from_bytes(script),
        });
        check_witnesses(&right, Network::Regtest, 7).unwrap();
        check_witnesses(&block(3), Network::Regtest, 7).unwrap();

        let mut altered = right.clone();
        altered.txdata[1].input[0].witness = Witness::from_slice(&[[8; 64]]);
        let mut added = right.clone();
        added.txdata[2].input[0].witness = Witness::from_slice(&[[8; 64]]);
        let mut stripped = right.clone();
        for transaction in &mut stripped.txdata {
            transaction.input[0].witness.clear();
        }
        assert!(stripped.check_witness_commitment());
        let mut one_stripped = right.clone();
        one_stripped.txdata[1].input[0].witness.clear();
        let mut unreserved = right.clone();
        unreserved.txdata[0].input[0].witness = Witness::from_slice(&[[0; 31]]);
        let mut uncommitted = right.clone();
        uncommitted.txdata[0].output.pop();
        for wrong in [
            altered,
            added,
            stripped,
            one_stripped,
            unreserved,
            uncommitted,
        ] {
            let error = ProofError::OtherWitnesses(wrong.block_hash());
            assert_eq!(
                check_witnesses(&wrong, Network::Regtest, 7),
                Err(error.clone())
            );
            assert_eq!(
                check_witnesses(&wrong, Network::Mainnet, SEGWIT_MAINNET),
                Err(error)
            );
            check_witnesses(&wrong, Network::Mainnet, SEGWIT_MAINNET - 1).unwrap();
        }
    }
}
