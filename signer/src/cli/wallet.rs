//! `wallet list`, `wallet show` and `wallet seen`

use clap::Subcommand;
use cofferdam_core::wallet::WalletName;

use super::context::{Context, Done, out_of_turn};
use crate::error::Failure;
use crate::protocol::{Job, Outcome, WalletFacts, WalletJob};

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
    /// Tell the vault that indices up to N are in use, so that own outputs as far out are accepted.
    #[command(
        after_help = "Example:\n  cofferdam-signer --vault treasury.vault wallet seen main 25000 --change"
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
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let (command, job) = match args.command {
        Command::List => ("wallet list", WalletJob::List),
        Command::Show { name } => ("wallet show", WalletJob::Show(name)),
        Command::Seen {
            name,
            index,
            change,
            receive,
        } => {
            let change = (change || receive).then_some(change);
            ("wallet seen", WalletJob::Seen { name, index, change })
        }
    };
    let outcome = context.run(command, Job::Wallet(job))?;
    let json = outcome.to_json();
    let text = match &outcome {
        Outcome::Wallet(wallet) => words(wallet),
        Outcome::Wallets { wallets } if wallets.is_empty() => "no wallets; `account add` makes one\n".into(),
        Outcome::Wallets { wallets } => wallets.iter().map(words).collect(),
        _ => return Err(out_of_turn()),
    };
    Ok(Done::new(json, text).verbatim())
}

fn words(wallet: &WalletFacts) -> String {
    let index = |index: Option<u32>| index.map_or("none".to_owned(), |index| index.to_string());
    format!(
        "{}\n  network     {}\n  script      {}\n  id          {}\n  descriptor  {}\n  birthday    {}\n  \
         seen        receive {}, change {}\n",
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
