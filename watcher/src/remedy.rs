//! What a user can do about a failure, as a value: each face words it for those who use it.

use cofferdam_core::wallet::Branch;

/// What can be done about a failure. Which words, commands or buttons that takes is the face's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing is wrong: the same again.
    TryAgain,
    /// Another process works; it ends by itself.
    WaitThenTryAgain,
    /// A fault of this program.
    Report,
    /// What was committed is kept.
    RunAgain,
    /// A file that was named cannot be used.
    CheckPath,
    /// A file is larger than anything it could hold.
    CheckFile,
    /// Something is there already.
    OtherOut,
    /// A newer program wrote the data folder.
    UseNewerProgram,
    /// The data folder cannot be written.
    FreeSpace,
    /// The files of the data folder cannot be written.
    FreeSpaceForFiles,
    /// The ledger is damaged.
    RebuildLedger,
    /// Another process holds a lease.
    WaitForLease,
    /// Another process took the work over.
    LeftToOther,
    /// No data folder was named, and there is no default.
    NameFolder,
    /// What was named is no folder.
    NameAFolder,
    /// Others can reach the data folder.
    KeepOthersOut,
    /// The data folder cannot be used.
    CheckFolder,
    /// The settings cannot be read.
    CorrectSettings,
    /// No chain source was named yet.
    NameChain,
    /// The rehearsal chain has no RPC server.
    NoNodeForRehearsal,
    /// A node was described, and no kind of chain named.
    SayCore,
    /// The node is not described.
    DescribeNode,
    /// The node's address is missing.
    NameAddress,
    /// The node's credentials are missing.
    NameCredentials,
    /// The node does not answer.
    StartNode,
    /// The node is starting.
    WaitForStart,
    /// The node has not caught up.
    WaitForDownload,
    /// The node has deleted the blocks.
    UnprunedNode,
    /// The node does not know the credentials.
    CheckCredentials,
    /// The file of the credentials cannot be read.
    FindCookie,
    /// The address does not parse.
    WriteUrl,
    /// The node is on a network that is not supported.
    KnownNetwork,
    /// The node is on another network than the ledger.
    NodeOfNetwork,
    /// What answers is no node.
    CheckRpcPort,
    /// What answers may be no node, or lies.
    CheckRpcPortOrLeave,
    /// The node shows more money than there is.
    NoImpossibleMoney,
    /// The node refuses, and its log says why.
    SeeNodesLog,
    /// The network refuses; the message has the reason.
    NodesReason,
    /// The faucet's subsidies are spent.
    AskLess,
    /// The rehearsal chain is damaged.
    RestoreRehearsal,
    /// There is no wallet to search for.
    ImportWalletFirst,
    /// The ledger follows another chain.
    FolderForChain,
    /// More would be undone than a reorganisation undoes.
    CheckNodeThenRescan,
    /// The node's chain has less work.
    AcceptLessWork,
    /// The node shows what cannot be.
    LeaveLyingNode,
    /// The node's chain begins otherwise.
    MeantNode,
    /// The node is behind what is known.
    WaitOrLeave,
    /// A block's time lies ahead of this machine's.
    CheckClock,
    /// There are no wallets.
    ImportWallet,
    /// The wallets there are.
    KnownWallets(Vec<String>),
    /// A wallet's name is taken.
    OtherName,
    /// The wallet is there, under this name.
    UseWallet(String),
    /// The ledger is of another network.
    FolderForNetwork,
    /// This wallet has the same keys.
    UseWalletOrFolder(String),
    /// A wallet's receipt key changed.
    CompareReceiptKeys,
    /// The largest gap.
    GapUpTo(u32),
    /// Indices end at 2^31.
    IndexInRange,
    /// The index is not watched.
    WatchIndex {
        /// The wallet.
        wallet: String,
        /// Its branch.
        branch: Branch,
        /// The index.
        index: u32,
    },
    /// A wallet's file cannot be read.
    ExportWalletAgain,
    /// The parts are dust.
    FewerCoins,
    /// The list has problems.
    CorrectLines,
    /// The fee rate is out of bounds.
    WriteRate,
    /// The node has no estimate.
    ChooseRate,
    /// The node's estimate is no fee rate.
    ChooseRateYourself,
    /// The wallet was not searched to the end.
    Sync,
    /// The ledger lacks what the chain has.
    Rescan,
    /// The codes of the warnings that were not accepted.
    AcceptWarnings(Vec<&'static str>),
    /// The list to cancel: others pay what it pays.
    CancelList(String),
    /// The list that pays the same.
    SeeListOrAgain(String),
    /// Identifiers were planned before.
    PaidOnce,
    /// No list has the id.
    SeeLists,
    /// No open list has the transaction.
    NotOfHere,
    /// The list, which nobody has signed yet.
    ExportList(String),
    /// The list, which is with the signer.
    ImportSigned(String),
    /// The list, which is being cancelled.
    SeeCancelling(String),
    /// The list, which came to its end.
    SeeOutcome(String),
    /// A file is nothing that a signer wrote.
    GiveSigned,
    /// A return is damaged.
    CopyReturn,
    /// The transactions do not go into a bundle.
    ExportPsbts,
    /// Signed files were refused.
    SignUnchanged,
    /// The list whose transaction the node refuses.
    SyncThenSee(String),
    /// Sending stopped in the middle.
    SendAgain,
    /// A replacement costs more than there is.
    LowerRate,
    /// What payments are called that are dust, and the least satoshi of each.
    RaisePayments(Vec<(String, u64)>),
    /// The payments come to more than there is.
    CheckAmounts,
    /// The wallet that lacks money.
    Fund(String),
    /// The wallet has too few coins.
    SplitCoins {
        /// The wallet.
        wallet: String,
        /// How many coins.
        into: usize,
        /// The amount of each, in satoshi.
        each_sat: u64,
    },
    /// The coins are too small for one transaction.
    RaiseWeight,
    /// What was scanned is not whole.
    ShowAgain,
    /// The wallet in the codes cannot be read.
    ShowAsDescriptor,
    /// What a part below the watcher, or a face itself, says.
    Told(String),
}
