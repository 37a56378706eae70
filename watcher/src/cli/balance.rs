//! `balance`.

use clap::Args;

use super::context::Context;
use super::reply::{Reply, btc};
use crate::Error;

/// Arguments of `balance`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cofferdam-watcher --json balance --wallet main

confirmed: in the best chain, mature, and not spent by a transaction in the memory pool
locked:    the part of it that payouts reserve
spendable: confirmed less locked
pending:   on its way, not in a block yet
immature:  from mining, too young to be spent")]
pub struct BalanceArgs {
    /// The wallet's name.
    #[arg(long, value_name = "NAME")]
    wallet: String,
}

/// Runs `balance`.
pub async fn run(context: &Context, args: BalanceArgs) -> Result<Reply, Error> {
    let balance = context.service.balance(&args.wallet).await?;
    let text = [
        ("confirmed", balance.confirmed),
        ("locked", balance.locked),
        ("spendable", balance.spendable),
        ("pending", balance.pending),
        ("immature", balance.immature),
    ]
    .map(|(name, satoshis)| {
        format!(
            "{name:<10} {:>22}\n",
            btc(bitcoin::Amount::from_sat(satoshis))
        )
    })
    .concat();
    Ok(Reply::new(&balance, text))
}
