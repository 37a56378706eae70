//! Headers, blocks and their filters.

use bitcoin::block::Header;
use bitcoin::{Block, BlockHash};

use super::{Answer, Source};
use crate::tip::Tip;

/// The blocks of a chain. A source is believed about which are best, and about nothing that can be
/// checked: a block's hash, its merkle root and its place after its parent are checked by the
/// caller. A [filter](Self::filters) it cannot check.
pub trait Blocks: Source {
    /// Returns the best block.
    fn tip(&self) -> Answer<'_, Tip>;

    /// Returns the hashes of the best chain's blocks from a height on, at most `count`; fewer where
    /// the chain ends.
    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>>;

    /// Returns the hash of the best chain's block at a height; `None` above the tip.
    fn block_hash(&self, height: u32) -> Answer<'_, Option<BlockHash>> {
        Box::pin(async move { Ok(self.block_hashes(height, 1).await?.first().copied()) })
    }

    /// Returns a block's header.
    fn header(&self, hash: BlockHash) -> Answer<'_, Header>;

    /// Returns the headers of several blocks, in the order asked for.
    fn headers<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Vec<Header>> {
        Box::pin(async move {
            let mut headers = Vec::with_capacity(hashes.len());
            for hash in hashes {
                headers.push(self.header(*hash).await?);
            }
            Ok(headers)
        })
    }

    /// Returns the basic compact filters (BIP158) of several blocks, in the order asked for; `None`
    /// when the source does not have all of them.
    fn filters<'a>(&'a self, _hashes: &'a [BlockHash]) -> Answer<'a, Option<Vec<Vec<u8>>>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns a block whose hash is `hash`.
    fn block(&self, hash: BlockHash) -> Answer<'_, Block>;
}
