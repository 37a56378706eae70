//! The words of remedies on the command line.

use crate::remedy::Remedy;

/// Returns what to do, in commands and options of this program.
pub(super) fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::TryAgain => "try again".into(),
        Remedy::WaitThenTryAgain => "wait until it has finished, then try again".into(),
        Remedy::Report => "please report this with the command that led to it".into(),
        Remedy::RunAgain => "what was committed is kept; run the command again to continue".into(),
        Remedy::CheckPath => "check the path, its permissions and the free space".into(),
        Remedy::CheckFile => "check that this is the right file".into(),
        Remedy::OtherOut => "choose another --out, or move that file away".into(),
        Remedy::UseNewerProgram => "use the newer program that wrote this data folder".into(),
        Remedy::FreeSpace => "free some space, and check the permissions of the data folder".into(),
        Remedy::FreeSpaceForFiles => "free some space, and check the permissions of the data folder and its files".into(),
        Remedy::RebuildLedger => "coins that a lying node told are read anew by: sync --rescan, with a node that you trust; \
             otherwise restore the data folder from a backup; wallets and coins can also be rebuilt \
             by importing the wallets into a new data folder, but payouts cannot"
                .into(),
        Remedy::WaitForLease => "wait until it has finished; a lease whose process has died is taken over, within a minute \
             if that was on another machine"
                .into(),
        Remedy::LeftToOther => "the other process continues the work; nothing is lost".into(),
        Remedy::NameFolder => "name the folder with --data DIR".into(),
        Remedy::NameAFolder => "name a folder with --data DIR".into(),
        Remedy::KeepOthersOut => "have its owner run chmod go= on it, or run as its owner".into(),
        Remedy::CheckFolder => "check the folder's permissions and the free space".into(),
        Remedy::CorrectSettings => "correct the file, or remove it and name the chain with --chain".into(),
        Remedy::NameChain => "name it: --chain core --rpc-url URL --rpc-cookie FILE, or --chain rehearsal; sync \
             remembers it"
                .into(),
        Remedy::NoNodeForRehearsal => "leave the --rpc options out".into(),
        Remedy::SayCore => "add --chain core".into(),
        Remedy::DescribeNode => "add --rpc-url URL --rpc-cookie FILE".into(),
        Remedy::NameAddress => "add --rpc-url URL".into(),
        Remedy::NameCredentials => "add --rpc-cookie FILE, or --rpc-user USER --rpc-password-file FILE".into(),
        Remedy::StartNode => "start the node, and check --rpc-url; Bitcoin Core needs server=1 in its bitcoin.conf".into(),
        Remedy::WaitForStart => "wait until the node has started, then try again".into(),
        Remedy::WaitForDownload => "wait until the node has caught up, then try again".into(),
        Remedy::UnprunedNode => "use a node that still has these blocks, or import the wallet with a later --birthday if \
             that is true"
                .into(),
        Remedy::CheckCredentials => "check --rpc-cookie (it changes at every start of the node), or --rpc-user and \
             --rpc-password-file"
                .into(),
        Remedy::FindCookie => "is the node running? Bitcoin Core writes its cookie to DATADIR/.cookie, and removes it \
             when it stops"
                .into(),
        Remedy::WriteUrl => "write it like http://127.0.0.1:8332".into(),
        Remedy::KnownNetwork => "use a node on mainnet, testnet4, signet or regtest".into(),
        Remedy::NodeOfNetwork => "use a node on the ledger's network, or another data folder".into(),
        Remedy::CheckRpcPort => "check that --rpc-url is the RPC port of a Bitcoin Core node".into(),
        Remedy::CheckRpcPortOrLeave => "check that --rpc-url is the RPC port of a Bitcoin Core node; sync from another node if it \
             is"
                .into(),
        Remedy::NoImpossibleMoney => "nothing of it was recorded; use a node of your own that you trust, and if coins of earlier \
             syncs are wrong too, sync --rescan with it"
                .into(),
        Remedy::SeeNodesLog => "see the node's log".into(),
        Remedy::NodesReason => "nothing was sent; the reason above is the node's own".into(),
        Remedy::AskLess => "ask for less; regtest's subsidies are 15,000 BTC in all".into(),
        Remedy::RestoreRehearsal => "restore rehearsal.sqlite from a backup, or begin in a new data folder".into(),
        Remedy::ImportWalletFirst => "import one first: cofferdam-watcher wallet import FILE".into(),
        Remedy::FolderForChain => "use another data folder for another chain (--data DIR)".into(),
        Remedy::CheckNodeThenRescan => "check that the node is the right one and honest; if it is, run sync --rescan".into(),
        Remedy::AcceptLessWork => "nothing was undone; wait until the node has caught up, or sync from another node; if you \
             know that its chain is the right one, as after it was reset: sync --accept-less-work"
                .into(),
        Remedy::LeaveLyingNode => "no such block is valid: the node is damaged or lies; nothing of it was recorded; sync from \
             another node"
                .into(),
        Remedy::MeantNode => "check that --rpc-url is the node that you mean; nothing of it was recorded; sync from \
             another node"
                .into(),
        Remedy::WaitOrLeave => "wait until the node has caught up, or sync from another node; nothing was undone"
                .into(),
        Remedy::CheckClock => "check this machine's clock and time zone; if they are right, the node lies: sync from \
             another node"
                .into(),
        Remedy::ImportWallet => "import one with: cofferdam-watcher wallet import FILE".into(),
        Remedy::KnownWallets(names) => format!("the wallets are: {}", names.join(", ")),
        Remedy::OtherName => "give this one another name with --name".into(),
        Remedy::UseWallet(name) => format!("use it as --wallet {name}"),
        Remedy::FolderForNetwork => "use a data folder for each network (--data DIR)".into(),
        Remedy::UseWalletOrFolder(name) => format!("use --wallet {name}, or another data folder"),
        Remedy::CompareReceiptKeys => "the same keys have the same receipt key: export the wallet again from its own signer, and \
             compare"
                .into(),
        Remedy::GapUpTo(most) => format!("use 1 to {most}"),
        Remedy::IndexInRange => "use an index below 2147483648".into(),
        Remedy::WatchIndex { wallet, branch, index } => format!(
                "hand addresses out in order with --next, or have it watched: wallet mark-used \
                 {wallet} {branch} {index}"
            ),
        Remedy::ExportWalletAgain => "export the wallet again with: cofferdam-signer export --account NAME --format json".into(),
        Remedy::FewerCoins => "ask for more, or for fewer coins".into(),
        Remedy::CorrectLines => "correct every line that is listed, then import the file again".into(),
        Remedy::WriteRate => "write satoshi per virtual byte, from 0.1 to 1000".into(),
        Remedy::ChooseRate => "choose the rate yourself, with --fee-rate".into(),
        Remedy::ChooseRateYourself => "do not believe that node's estimates; choose the rate yourself, with --fee-rate".into(),
        Remedy::Sync => "run: cofferdam-watcher sync".into(),
        Remedy::Rescan => "run: cofferdam-watcher sync --rescan".into(),
        Remedy::AcceptWarnings(codes) => {
            let options = codes.iter().map(|code| format!("--accept {code}"));
            let options = options.collect::<Vec<_>>().join(" ");
            format!("read the warnings; if all of it is meant, add {options}")
        },
        Remedy::CancelList(list) => format!("its payments are made already, or can be: cofferdam-watcher payout cancel {list}"),
        Remedy::SeeListOrAgain(list) => format!(
            "see it with: cofferdam-watcher payout show {list}; if it is to be paid once more, add \
             --again"
        ),
        Remedy::PaidOnce => "a payout_id is paid once: remove these rows, or give payments that are owed anew an id of \
             their own"
                .into(),
        Remedy::SeeLists => "see the lists with: cofferdam-watcher payout list".into(),
        Remedy::NotOfHere => "it was made by another program, or from another data folder (--data); a list that is final \
             has no use for it"
                .into(),
        Remedy::ExportList(list) => format!("export it first: cofferdam-watcher payout export {list} --out FILE"),
        Remedy::ImportSigned(list) => format!("have it signed, then: cofferdam-watcher payout import {list} FILE"),
        Remedy::SeeCancelling(list) => format!("see which transaction cancels it: cofferdam-watcher payout show {list}"),
        Remedy::SeeOutcome(list) => format!("see what became of it: cofferdam-watcher payout show {list}"),
        Remedy::GiveSigned => "give the file that the signer wrote".into(),
        Remedy::CopyReturn => "copy the return again, or sign the bundle again".into(),
        Remedy::ExportPsbts => "export it with --format psbt".into(),
        Remedy::SignUnchanged => "have the files of `payout export` signed, unchanged, by the wallet's own signer".into(),
        Remedy::SyncThenSee(list) => format!("sync, then see: cofferdam-watcher payout show {list}"),
        Remedy::SendAgain => "run the same command again: it sends the same bytes".into(),
        Remedy::LowerRate => "ask for a lower --fee-rate, or send the wallet's other coins elsewhere first".into(),
        Remedy::RaisePayments(payments) => {
            let listed = payments.iter().map(|(name, least)| format!("{name} needs {least} sat"));
            format!("raise or remove: {}", listed.collect::<Vec<_>>().join(", "))
        },
        Remedy::CheckAmounts => "check the amounts and their unit".into(),
        Remedy::Fund(name) => format!(
            "fund the wallet, or wait for its unconfirmed coins: cofferdam-watcher balance \
             --wallet {name}"
        ),
        Remedy::SplitCoins { wallet, into, each_sat } => format!(
            "make more coins first: cofferdam-watcher payout split-coins --wallet {wallet} \
             --into {into} --amount-sat {each_sat} --fee-rate RATE"
        ),
        Remedy::RaiseWeight => "raise --max-weight (nodes relay up to 400000), or make the payment in parts".into(),
        Remedy::ShowAgain => "show the codes again, from their beginning".into(),
        Remedy::ShowAsDescriptor => "show the wallet as a descriptor, or as crypto-account".into(),
        Remedy::Told(text) => text.clone(),
    }
}
