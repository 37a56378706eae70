//! `address`.

use clap::Args;
use cofferdam_core::wallet::Branch;

use super::context::Context;
use super::reply::Reply;
use crate::error::{CommandError, Error};
use crate::store::{scripts, wallets as rows};
use crate::{addresses, wallets};

/// Arguments of `address`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher address --wallet main            # the next free address, without reserving it
  cofferdam-watcher address --wallet main --next     # the next free address, which is never given out again
  cofferdam-watcher address --wallet main --index 7
  cofferdam-watcher address --wallet main --change

Have the signer confirm an address before giving it to somebody:
  cofferdam-signer --vault V address --account main --check ADDRESS")]
pub struct AddressArgs {
    /// The wallet's name.
    #[arg(long, value_name = "NAME")]
    wallet: String,
    /// Hand out the next free address: it is never given out again.
    #[arg(long, conflicts_with = "index")]
    next: bool,
    /// The address of this index.
    #[arg(long, value_name = "N")]
    index: Option<u32>,
    /// An address of the change branch.
    #[arg(long)]
    change: bool,
}

/// Runs `address`.
pub async fn run(context: &Context, args: AddressArgs) -> Result<Reply, Error> {
    let branch = if args.change {
        Branch::Change
    } else {
        Branch::Receive
    };
    let (record, index) = if args.next {
        let mut write = context.store.write().await?;
        let record = wallets::find(&mut write, &args.wallet).await?;
        let index = addresses::reserve(&mut write, &record, branch).await?;
        write.commit().await?;
        (record, index)
    } else {
        let mut view = context.store.read().await?;
        let record = wallets::find(&mut view, &args.wallet).await?;
        let state = rows::branch(&mut view, record.no, branch).await?;
        let index = args.index.unwrap_or(state.next_index);
        if index >= state.covered && !scripts::is_told(&mut view, record.no, branch, index).await? {
            return Err(CommandError::Usage {
                message: format!(
                    "index {index} is not watched: the {branch} branch is watched below {}",
                    state.covered
                ),
                hint: format!(
                    "hand addresses out in order with --next, or have it watched: wallet mark-used {} {branch} {index}",
                    args.wallet
                ),
            }
            .into());
        }
        (record, index)
    };
    let address = record
        .wallet
        .address(branch, index)
        .map_err(|error| CommandError::Usage {
            message: error.to_string(),
            hint: "use an index below 2147483648".into(),
        })?;
    let document =
        serde_json::json!({ "address": address.to_string(), "index": index, "branch": branch });
    Ok(Reply::verbatim(&document, format!("{address}\n")))
}
