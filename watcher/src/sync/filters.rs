//! Which blocks need not be read: those whose compact filter (BIP158) has none of our scripts.
//!
//! A basic filter holds the scripts that a block pays and those whose coins it spends, so a block
//! that does anything to us matches its filter; of others, one in 784,931 does for each script of
//! ours. What is believed is that the node's filters are its blocks' own: nothing in a block proves
//! its filter. That is why the newest blocks are read whole, and why all can be asked for.

use std::sync::Arc;

use bitcoin::bip158::{BitStreamReader, BlockFilter};
use bitcoin::consensus::Decodable;
use bitcoin::{BlockHash, VarInt};

use crate::chain::{Blocks, ChainError};

/// The newest blocks, which are read whole: a day of them.
pub const NEWEST_READ_WHOLE: u32 = 144;
/// With more scripts than this, blocks are read instead: a filter is asked by hashing each script
/// for each block, and each script matches one block in 784,931 for nothing. With as many as this,
/// asking was measured at 5 ms for a full block (`benches/benches/sync.rs`), one block in eight is
/// read for nothing, and reading and searching a block takes 18 ms: half the work is saved. With
/// three times as many, hardly any would be.
pub const MOST_SCRIPTS: usize = 100_000;
/// More than a block of 4,000,000 weight units can have: an output has 36 at least.
const MOST_ELEMENTS: u64 = 112_000;
/// The parameters of basic filters (BIP158): the remainder's bits, and the range for each element.
const P: u8 = 19;
const M: u64 = 784_931;

/// A script to look for.
pub type Needle = Box<[u8]>;

/// What a block's filter says.
#[derive(Debug)]
pub struct Sifted {
    /// The filter, as BIP158 encodes it.
    pub filter: Vec<u8>,
    /// Whether the block has to be read.
    pub wanted: bool,
}

/// Asks for the filters of some blocks, and looks for scripts in the filters; `None` when the
/// source has no filters.
pub async fn sift(
    source: Arc<dyn Blocks>,
    hashes: Vec<BlockHash>,
    needles: Arc<Vec<Needle>>,
) -> Result<Option<Vec<Sifted>>, ChainError> {
    let Some(filters) = source.filters(&hashes).await? else {
        return Ok(None);
    };
    if filters.len() != hashes.len() {
        let what = format!("{} filters for {} blocks", filters.len(), hashes.len());
        return Err(ChainError::Garbage(what));
    }
    let look = move || {
        let mut sifted = Vec::with_capacity(hashes.len());
        for (hash, filter) in hashes.iter().zip(filters) {
            let wanted = matches(&filter, hash, &needles)?;
            sifted.push(Sifted { filter, wanted });
        }
        Ok(Some(sifted))
    };
    match tokio::task::spawn_blocking(look).await {
        Ok(sifted) => sifted,
        Err(error) => Err(ChainError::Garbage(format!(
            "reading filters failed: {error}"
        ))),
    }
}

/// Tells whether a block may pay, or spend a coin of, one of the scripts.
///
/// Fails with [`ChainError::Garbage`] on bytes that are no filter: they must not be taken for one
/// that has nothing.
pub fn matches(filter: &[u8], hash: &BlockHash, needles: &[Needle]) -> Result<bool, ChainError> {
    let garbage = || ChainError::Garbage(format!("the filter of block {hash} is damaged"));
    // `BlockFilter` takes a count that it cannot read for zero, and multiplies any that it can.
    let count = VarInt::consensus_decode(&mut &*filter).map_err(|_| garbage())?;
    if count.0 > MOST_ELEMENTS || (count.0 == 0) != (filter == [0]) {
        return Err(garbage());
    }
    if !is_whole(&filter[count.size()..], count.0) {
        return Err(garbage());
    }
    let scripts = needles.iter().map(|needle| &**needle);
    BlockFilter::new(filter)
        .match_any(hash, scripts)
        .map_err(|_| garbage())
}

/// Tells whether bytes are those of so many elements, and no more. The count is what elements are
/// hashed with: of a filter with another count, scripts that it has are not found, and who looks
/// for them notices nothing.
fn is_whole(elements: &[u8], count: u64) -> bool {
    // An element has its remainder, a bit that ends its quotient, and the quotients of all come to
    // the range by 2^P at most.
    let most_bits = count * u64::from(P + 1) + ((count * M) >> P);
    if elements.len() as u64 > most_bits.div_ceil(8) {
        return false;
    }
    let mut left = elements;
    let mut bits = BitStreamReader::new(&mut left);
    let mut last = 0;
    for _ in 0..count {
        let mut quotient = 0;
        while let Ok(1) = bits.read(1) {
            quotient += 1;
        }
        let Ok(remainder) = bits.read(P) else {
            return false;
        };
        last += (quotient << P) + remainder;
    }
    // What fills the last byte.
    let mut filling = 0;
    while let Ok(bit) = bits.read(1) {
        filling += 1;
        if bit == 1 || filling == 8 {
            return false;
        }
    }
    last < count * M || count == 0
}

#[cfg(test)]
mod tests {
    use bitcoin::hashes::Hash;
    use bitcoin::{Amount, Network, ScriptBuf, TxOut, constants};

    use super::*;

    fn needles(count: u32, seed: u8) -> Vec<Needle> {
        (0..count)
            .map(|number| {
                let mut script = vec![seed; 22];
                script[2..6].copy_from_slice(&number.to_le_bytes());
                script.into()
            })
            .collect()
    }

    /// A block that pays 300 scripts, and its filter.
    fn block() -> (BlockHash, Vec<u8>) {
        let mut block = constants::genesis_block(Network::Regtest);
        for script in needles(300, 1) {
            block.txdata[0].output.push(TxOut {
                value: Amount::ONE_SAT,
                script_pubkey: ScriptBuf::from_bytes(script.into()),
            });
        }
        let none = |_: &bitcoin::OutPoint| -> Result<ScriptBuf, bitcoin::bip158::Error> {
            unreachable!("nothing is spent")
        };
        (
            block.block_hash(),
            BlockFilter::new_script_filter(&block, none)
                .unwrap()
                .content,
        )
    }

    #[test]
    fn each_script_of_a_block_is_found_and_no_other() {
        let (hash, filter) = block();
        for needle in needles(300, 1) {
            assert!(matches(&filter, &hash, &[needle]).unwrap());
        }
        assert!(!matches(&filter, &hash, &needles(300, 2)).unwrap());
        assert!(!matches(&filter, &hash, &[]).unwrap());
        assert!(!matches(&[0], &BlockHash::all_zeros(), &needles(9, 1)).unwrap());
    }

    /// A filter of which something is cut off is never taken for one that has nothing.
    #[test]
    fn a_cut_filter_is_none() {
        let (hash, filter) = block();
        for length in 0..filter.len() {
            matches(&filter[..length], &hash, &needles(1, 2)).unwrap_err();
        }
    }

    #[test]
    fn bytes_that_are_no_filter_are_refused() {
        let (hash, filter) = block();
        let mut many = vec![0xff; 9];
        many.extend(&filter[3..]);
        let mut none = vec![0];
        none.extend(&filter[3..]);
        let ones = [&[1][..], &[0xff; 1 << 20], &[0; 8]].concat();
        let longer = [&filter[..], &[0]].concat();
        let last = [&filter[..filter.len() - 1], &[0xff]].concat();
        assert_eq!(filter[..3], [0xfd, 45, 1], "301 scripts");
        let fewer = [&[0xfd, 44, 1], &filter[3..]].concat();
        let more = [&[0xfd, 46, 1], &filter[3..]].concat();
        for bytes in [
            &[][..],
            &[0xfd],
            &[0xff; 9],
            &[1],
            &many,
            &none,
            &ones,
            &longer,
            &last,
            &fewer,
            &more,
            &filter[..filter.len() - 1],
        ] {
            // Also of a script that it has: one found by chance is no excuse.
            for needle in needles(3, 1).into_iter().chain(needles(3, 2)) {
                matches(bytes, &hash, &[needle]).unwrap_err();
            }
        }
    }
}
