//! `coins`.

use clap::Args;

use super::context::Context;
use super::reply::{Reply, btc};
use crate::Error;

/// Arguments of `coins`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cofferdam-watcher --json coins --wallet main")]
pub struct CoinsArgs {
    /// The wallet's name.
    #[arg(long, value_name = "NAME")]
    wallet: String,
}

/// Runs `coins`.
pub async fn run(context: &Context, args: CoinsArgs) -> Result<Reply, Error> {
    let entries = context.service.coins(&args.wallet).await?;
    let mut text = String::new();
    for coin in &entries {
        let amount = btc(bitcoin::Amount::from_sat(coin.amount_sat));
        let state = format!("{:?}", coin.state).to_lowercase();
        text.push_str(&format!(
            "{:<67} {amount:>22}  {state:<9} {:>6} conf  {}/{} {}\n",
            coin.outpoint.to_string(),
            coin.confirmations,
            coin.branch,
            coin.index,
            coin.address
        ));
    }
    if entries.is_empty() {
        text.push_str("no coins\n");
    }
    Ok(Reply::verbatim(
        &serde_json::json!({ "coins": entries }),
        text,
    ))
}
