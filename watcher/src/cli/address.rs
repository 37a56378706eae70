//! `address`.

use clap::Args;
use cofferdam_core::wallet::Branch;

use super::context::Context;
use super::reply::Reply;
use crate::Error;
use crate::service::{AddressPlace, AddressRequest};

/// Arguments of `address`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # the next free address, without reserving it
  cofferdam-watcher address --wallet main
  # the next free address, which is never given out again
  cofferdam-watcher address --wallet main --next
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
    let request = AddressRequest {
        wallet: args.wallet,
        branch: match args.change {
            true => Branch::Change,
            false => Branch::Receive,
        },
        place: match (args.next, args.index) {
            (true, _) => AddressPlace::HandOut,
            (false, Some(index)) => AddressPlace::Index(index),
            (false, None) => AddressPlace::Free,
        },
    };
    let document = context.service.address(&request).await?;
    Ok(Reply::verbatim(
        &document,
        format!("{}\n", document.address),
    ))
}
