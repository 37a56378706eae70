//! Reads blocks ahead, several at once, and hands them out in order.

use std::collections::VecDeque;
use std::sync::Arc;

use bitcoin::{Block, BlockHash};
use tokio::task::JoinHandle;

use crate::chain::{ChainError, ChainSource};

/// Blocks on their way at once; their number bounds the memory for them.
const AHEAD: usize = 6;
/// Hashes asked for in one call.
const HASHES: u32 = 2_000;

/// A stream of blocks.
#[derive(Debug)]
pub struct Fetch {
    source: Arc<dyn ChainSource>,
    /// The height of the next block to hand out.
    next: u32,
    last: u32,
    hashes: VecDeque<BlockHash>,
    /// The height of the next hash to ask for.
    next_hash: u32,
    coming: VecDeque<Coming>,
}

/// A block on its way; dropped, it is not waited for.
#[derive(Debug)]
struct Coming(JoinHandle<Result<Block, ChainError>>);

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fetch {
    /// Reads the blocks from `first` to `last`.
    pub fn new(source: Arc<dyn ChainSource>, first: u32, last: u32) -> Self {
        Fetch {
            source,
            next: first,
            last,
            hashes: VecDeque::new(),
            next_hash: first,
            coming: VecDeque::new(),
        }
    }

    /// Returns the next block with its height; `None` after the last one.
    ///
    /// Fails with [`ChainError::ChainMoved`] when the chain has become shorter.
    pub async fn next(&mut self) -> Result<Option<(u32, Block)>, ChainError> {
        self.read_ahead().await?;
        let Some(mut coming) = self.coming.pop_front() else {
            return Ok(None);
        };
        let block = match (&mut coming.0).await {
            Ok(block) => block?,
            Err(error) => return Err(ChainError::Garbage(format!("reading a block failed: {error}"))),
        };
        let height = self.next;
        self.next += 1;
        Ok(Some((height, block)))
    }

    async fn read_ahead(&mut self) -> Result<(), ChainError> {
        while self.coming.len() < AHEAD {
            if self.hashes.is_empty() && self.next_hash <= self.last {
                let count = HASHES.min(self.last - self.next_hash + 1);
                self.hashes = self.source.block_hashes(self.next_hash, count).await?.into();
                if self.hashes.is_empty() {
                    return Err(ChainError::ChainMoved);
                }
                self.next_hash += self.hashes.len() as u32;
            }
            let Some(hash) = self.hashes.pop_front() else {
                return Ok(());
            };
            let source = Arc::clone(&self.source);
            self.coming
                .push_back(Coming(tokio::spawn(async move { source.block(hash).await })));
        }
        Ok(())
    }
}
