//! What is kept of a checked header.

use bitcoin::BlockHash;
use bitcoin::block::Header;

/// What is kept in memory of a checked header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its hash.
    pub hash: BlockHash,
    /// Its time, in seconds since 1970.
    pub time: u32,
}

impl Link {
    pub(super) fn of(header: &Header) -> Self {
        Link {
            hash: header.block_hash(),
            time: header.time,
        }
    }
}
