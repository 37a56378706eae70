//! What is wrong with a chain source's answer.

use bitcoin::{BlockHash, Txid};
use cofferdam_core::Network;

use crate::chain::scripts::BrokenScript;
use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// A chain source tells what cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The chain begins with another block than the network's.
    #[error(
        "the node's chain is not {network}'s: it begins with block {found}, and not {expected}"
    )]
    OtherGenesis {
        /// The network that the node says it works on.
        network: Network,
        /// The network's first block.
        expected: BlockHash,
        /// The node's.
        found: BlockHash,
    },
    /// The chain ends below a block that the network's chain is known to have.
    #[error(
        "the node's chain ends at block {height}, and the network's is known to have block {checkpoint}"
    )]
    BehindCheckpoint {
        /// The height of the node's tip.
        height: u32,
        /// The height of the block that there must be.
        checkpoint: u32,
    },
    /// A header breaks a rule.
    #[error("block {height} ({hash}) is none of the network's: {fault}")]
    Header {
        /// Its height.
        height: u32,
        /// Its hash.
        hash: BlockHash,
        /// The rule.
        fault: HeaderFault,
    },
    /// A block's transactions do not give its header's Merkle root.
    #[error("the transactions of block {0} do not match its header")]
    OtherTransactions(BlockHash),
    /// A block has a transaction twice, or no coinbase, or several, which gives other lists the
    /// same Merkle root (CVE-2012-2459).
    #[error("block {0} does not have each transaction once, behind one coinbase")]
    RepeatedTransactions(BlockHash),
    /// A block's witnesses are not those that its coinbase commits to (BIP141).
    #[error("the witnesses of block {0} do not match its commitment")]
    OtherWitnesses(BlockHash),
    /// A block or a transaction pays more than there is.
    #[error("{0} makes more money than there is")]
    TooMuchMoney(String),
    /// A block spends a coin of ours without a valid signature.
    #[error(
        "block {block} spends a coin of yours without a valid signature: transaction {txid}, {broken}"
    )]
    BrokenSpend {
        /// The block.
        block: BlockHash,
        /// The transaction.
        txid: Txid,
        /// What is wrong with it.
        broken: BrokenScript,
    },
    /// A block spends a coin of ours twice.
    #[error("block {block} spends a coin of yours twice: transaction {txid}")]
    DoubleSpend {
        /// The block.
        block: BlockHash,
        /// The second transaction.
        txid: Txid,
    },
    /// There is more of something than an honest source has.
    #[error("{found} {what} are more than the {limit} that an honest node has at most")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

impl Coded for ProofError {
    fn exit(&self) -> Exit {
        Exit::ChainNotReady
    }

    fn code(&self) -> &'static str {
        match self {
            ProofError::OtherTransactions(_)
            | ProofError::RepeatedTransactions(_)
            | ProofError::TooMuchMoney(_) => "node-garbage",
            ProofError::OtherWitnesses(_) => "block-witnesses",
            ProofError::BrokenSpend { .. } | ProofError::DoubleSpend { .. } => {
                "block-spend-unsigned"
            }
            ProofError::TooMany { .. } => "node-answer-too-large",
            ProofError::OtherGenesis { .. } => "node-genesis",
            ProofError::BehindCheckpoint { .. } => "node-behind",
            ProofError::Header { fault, .. } => match fault {
                HeaderFault::NotLinked => "node-garbage",
                HeaderFault::NoWork => "block-no-work",
                HeaderFault::WrongDifficulty { .. } => "block-difficulty",
                HeaderFault::TooOld { .. } | HeaderFault::TimeWarp => "block-time",
                HeaderFault::TooNew { .. } => "block-in-the-future",
                HeaderFault::OtherCheckpoint { .. } => "block-checkpoint",
            },
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            ProofError::OtherGenesis { .. } => Remedy::MeantNode,
            ProofError::BehindCheckpoint { .. } => Remedy::WaitOrLeave,
            ProofError::Header {
                fault: HeaderFault::TooNew { .. },
                ..
            } => Remedy::CheckClock,
            ProofError::OtherWitnesses(_)
            | ProofError::BrokenSpend { .. }
            | ProofError::DoubleSpend { .. }
            | ProofError::Header { .. } => Remedy::LeaveLyingNode,
            _ => Remedy::CheckRpcPortOrLeave,
        }
    }
}

/// A rule that a header breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// It does not build on the header before it.
    #[error("it does not build on the block before it")]
    NotLinked,
    /// Its hash does not meet the target that it names.
    #[error("it has no proof of work")]
    NoWork,
    /// It names another target than its place demands.
    #[error("its difficulty is {found:#010x}, and must be {expected:#010x}")]
    WrongDifficulty {
        /// The compact target that its place demands.
        expected: u32,
        /// What it names.
        found: u32,
    },
    /// Its time is not above the median of the eleven blocks before it.
    #[error("its time is {time}, not after {median}, the median of the blocks before it")]
    TooOld {
        /// Its time, in seconds since 1970.
        time: u32,
        /// The median.
        median: u32,
    },
    /// Its time is more than two hours ahead of this machine's clock.
    #[error("its time is {time}, more than two hours ahead of this machine's clock, {now}")]
    TooNew {
        /// Its time, in seconds since 1970.
        time: u32,
        /// The clock.
        now: u32,
    },
    /// A period's first block is more than ten minutes older than the block before it (BIP94).
    #[error("it begins a period more than ten minutes before the block before it")]
    TimeWarp,
    /// It stands where the network has another block.
    #[error("the network has another block there: {expected}")]
    OtherCheckpoint {
        /// What the network has there.
        expected: BlockHash,
    },
}
