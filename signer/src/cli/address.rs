//! `address`

use cofferdam_core::wallet::WalletName;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{AddressJob, Job};
use crate::protocol::Outcome;
use crate::screens::grouped;
use crate::workers::out_of_turn;

/// Derive an address from the keys' own wallet, or check that a given one is the wallet's.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault address --account main --index 7
  cofferdam-signer --vault treasury.vault address --account main --check bc1q...")]
pub(crate) struct Args {
    /// The account.
    #[arg(long)]
    account: WalletName,

    /// Derive the address at this index.
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    index: Option<u32>,

    /// On the change branch.
    #[arg(long, conflicts_with = "check")]
    change: bool,

    /// Tell at which index this address is, and refuse if it is at none (exit 3).
    #[arg(long, value_name = "ADDRESS")]
    check: Option<String>,

    /// How many indices of each branch --check searches.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    range: u32,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let account = args.account;
    let job = match (args.check, args.index) {
        (Some(address), _) => AddressJob::Check {
            account,
            address,
            range: args.range,
        },
        (None, index) => AddressJob::At {
            account,
            change: args.change,
            index: index.unwrap_or(0),
        },
    };
    let outcome = context.run("address", Job::Address(job))?;
    let json = outcome.to_json();
    let Outcome::Address(facts) = outcome else {
        return Err(out_of_turn());
    };
    let text = format!(
        "{}\n  {}\n  account {}, {} {}, {}\n",
        facts.address,
        grouped(&facts.address),
        facts.account,
        facts.branch,
        facts.index,
        facts.path
    );
    Ok(Done::new(json, text))
}
