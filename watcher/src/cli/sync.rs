//! `sync`.

use clap::Args;

use super::chain_args::ChainArgs;
use super::context::Context;
use super::progress::ProgressLine;
use super::reply::Reply;
use crate::Error;
use crate::service::SyncRequest;
use cofferdam_core::count::counted;

/// Arguments of `sync`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher sync --chain core --rpc-url http://127.0.0.1:8332 \\
    --rpc-cookie ~/.bitcoin/.cookie
  cofferdam-watcher sync --chain rehearsal
  cofferdam-watcher sync            # as the last time

It can be stopped at any time, and continues where it was, with --every-block too until it is done.")]
pub struct SyncArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// Forget what the chain told, and search again from the wallets' birthdays. Payouts and handed
    /// out addresses stay.
    #[arg(long)]
    rescan: bool,
    /// Read every block whole. Else, where the node has filters (bitcoind -blockfilterindex),
    /// blocks more than a day old are read only when their filter may have something of yours.
    #[arg(long)]
    every_block: bool,
    /// Follow the node although its chain has no more work than what this ledger has seen, and undo
    /// what it does not have: as after a regtest or signet was reset. Of two chains the one with
    /// more work is the network's: on mainnet this is for nobody.
    #[arg(long)]
    accept_less_work: bool,
}

/// Runs `sync`.
pub async fn run(context: &Context, args: SyncArgs) -> Result<Reply, Error> {
    let request = SyncRequest {
        source: args.chain.into(),
        rescan: args.rescan,
        every_block: args.every_block,
        accept_less_work: args.accept_less_work,
    };
    let progress = ProgressLine::new(context.progress);
    let report = context.service.sync(&request, &progress).await?;
    drop(progress);
    let skipped = match report.skipped {
        0 => String::new(),
        skipped => format!(" ({skipped} of them by their filters alone)"),
    };
    let unproven = match report.unproven {
        0 => String::new(),
        unproven => format!(
            "{} in the memory pool spend coins of yours without a proven signature, and are not believed: \
             a node that works right has none such, but of joint taproot transactions\n",
            counted(unproven, "transaction")
        ),
    };
    let text = format!(
        "synced to block {} ({})\n{} searched{skipped}, {} undone, {} of ours in the memory pool\n{unproven}",
        report.height,
        report.hash,
        counted(report.blocks, "block"),
        report.undone,
        counted(report.pool, "transaction")
    );
    let cut = match report.cut {
        0 => String::new(),
        cut => format!(
            "{} paid so many addresses far apart that not all beyond them were looked for in it; strangers do that to make work. If they are \
             your own, look again: sync --rescan\n",
            counted(cut, "block")
        ),
    };
    Ok(Reply::new(&report, text + &cut))
}
