//! `wallet list`, `wallet show` and `wallet mark-used`

use clap::Subcommand;
use cofferdam_core::wallet::{Branch, WalletName};

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{Job, MarkUsedJob, WalletJob};
use crate::protocol::{Outcome, WalletFacts};
use crate::workers::out_of_turn;

/// List and show the wallets of the vault, or tell how far their addresses were handed out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the wallets.
    #[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault wallet list")]
    List,
    /// Show one wallet.
    #[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault wallet show main")]
    Show {
        /// Its name.
        name: WalletName,
    },
    /// Tell the vault how far the addresses of a branch are in use: own outputs are accepted up to
    /// 10,000 beyond.
    ///
    /// Nothing else moves that bound. A step of more than 10,000, or one back, is asked about on
    /// the terminal, by typing, and every step is recorded in the journal. Ask your own watcher how
    /// far the wallet has come, not whoever sent the payout.
    #[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault wallet mark-used main change 9500
  # asks: a large step
  cofferdam-signer --vault treasury.vault wallet mark-used main change 25000
  cofferdam-signer --vault treasury.vault wallet mark-used main change 400 --lower  # asks")]
    MarkUsed {
        /// The wallet's name.
        name: WalletName,
        /// The branch: receive, or change.
        branch: BranchName,
        /// The highest index in use.
        index: u32,
        /// Move the mark back to this index.
        #[arg(long)]
        lower: bool,
        /// Do not ask about a large step, or one back.
        #[arg(long)]
        yes: bool,
    },
    /// The old name of `mark-used`, on both branches unless one is told.
    #[command(
        hide = true,
        after_help = "Example:\n  cofferdam-signer --vault treasury.vault wallet mark-used main change 9500"
    )]
    Seen {
        /// The wallet's name.
        name: WalletName,
        /// The highest index in use.
        index: u32,
        /// Only on the change branch.
        #[arg(long, conflicts_with = "receive")]
        change: bool,
        /// Only on the receive branch.
        #[arg(long)]
        receive: bool,
        /// Do not ask about a large step.
        #[arg(long)]
        yes: bool,
    },
}

/// A branch, as it is typed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BranchName {
    Receive,
    Change,
}

impl From<BranchName> for Branch {
    fn from(name: BranchName) -> Self {
        match name {
            BranchName::Receive => Branch::Receive,
            BranchName::Change => Branch::Change,
        }
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let (command, job) = match args.command {
        Command::List => ("wallet list", WalletJob::List),
        Command::Show { name } => ("wallet show", WalletJob::Show(name)),
        Command::MarkUsed {
            name,
            branch,
            index,
            lower,
            yes,
        } => {
            let branches = vec![branch.into()];
            mark_used(name, branches, index, lower, yes)
        }
        Command::Seen {
            name,
            index,
            change,
            receive,
            yes,
        } => {
            let branches = match (change, receive) {
                (true, _) => vec![Branch::Change],
                (_, true) => vec![Branch::Receive],
                _ => Branch::ALL.to_vec(),
            };
            mark_used(name, branches, index, false, yes)
        }
    };
    let outcome = context.run(command, Job::Wallet(job))?;
    let json = outcome.to_json();
    let text = match &outcome {
        Outcome::Wallet(wallet) => words(wallet),
        Outcome::Wallets { wallets } if wallets.is_empty() => {
            "no wallets; `account add` makes one\n".into()
        }
        Outcome::Wallets { wallets } => wallets.iter().map(words).collect(),
        _ => return Err(out_of_turn()),
    };
    Ok(Done::new(json, text).verbatim())
}

fn mark_used(
    name: WalletName,
    branches: Vec<Branch>,
    index: u32,
    lower: bool,
    yes: bool,
) -> (&'static str, WalletJob) {
    let job = MarkUsedJob {
        name,
        branches,
        index,
        lower,
        yes,
    };
    ("wallet mark-used", WalletJob::MarkUsed(job))
}

fn words(wallet: &WalletFacts) -> String {
    let index = |index: Option<u32>| index.map_or("none".to_owned(), |index| index.to_string());
    format!(
        "{}\n  network     {}\n  script      {}\n  id          {}\n  descriptor  {}\n  birthday    {}\n  \
         used        receive {}, change {}\n",
        wallet.name,
        wallet.network,
        wallet.script,
        wallet.id,
        wallet.descriptor,
        wallet.birthday.as_deref().unwrap_or("unknown"),
        index(wallet.seen_receive),
        index(wallet.seen_change)
    )
}
