//! The command line: each command parses its arguments, calls a service, and says what came out.
//!
//! - [`reply`]: what a command prints; [`failure`], [`remedies`]: how one fails.
//! - [`files`]: files that are there whole or not at all; [`lists`], [`table`]: lists as text.
//! - [`context`]: the opened data folder that commands work on.
//! - [`chain_args`]: the options that name a chain source.
//! - one file for each command.

pub mod address;
pub mod balance;
pub mod chain_args;
pub mod coins;
pub mod context;
mod failure;
mod files;
mod lists;
pub mod manual;
pub mod payout;
pub mod payout_qr;
mod progress;
pub mod rehearsal;
mod remedies;
pub mod reply;
pub mod scan;
pub mod sync;
mod table;
pub mod wallet;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::error::{CommandError, Error, Exit};
use crate::service::DECODER;
use context::Context;
use reply::Reply;

/// Watches coins and plans payouts; holds no key.
///
/// The keys are on a machine that never touches a network; files or QR codes go between it and this
/// program.
#[derive(Debug, Parser)]
#[command(name = "cofferdam-watcher", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// The data folder [default: $XDG_DATA_HOME/cofferdam, else ~/.local/share/cofferdam].
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Print one JSON document on standard output, and failures as JSON on standard error.
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cofferdam-watcher wallet import main.json
  cofferdam-watcher sync --chain core --rpc-url http://127.0.0.1:8332 \\
    --rpc-cookie ~/.bitcoin/.cookie
  cofferdam-watcher balance --wallet main
  cofferdam-watcher payout create payouts.csv --wallet main --fee-rate 12.5

Exit codes: 0 done, 1 unexpected, 2 usage, 3 refused, 5 ledger damaged, 6 malformed input, 8 chain not ready,
9 busy, 10 storage, 11 funds, 12 conflict, 13 rejected by the network, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Import and show wallets.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// Bring the ledger to the tip of the chain.
    Sync(sync::SyncArgs),
    /// Show what a wallet holds.
    Balance(balance::BalanceArgs),
    /// List a wallet's unspent coins.
    Coins(coins::CoinsArgs),
    /// Show an address of a wallet.
    Address(address::AddressArgs),
    /// Plan payouts, hand them over, send them and follow them.
    #[command(subcommand)]
    Payout(payout::PayoutCommand),
    /// Read signatures or a wallet from QR codes, and import them.
    Scan(scan::ScanArgs),
    /// Work with the rehearsal chain: a regtest chain inside the data folder.
    #[command(subcommand)]
    Rehearsal(rehearsal::RehearsalCommand),
    /// Print a completion script for a shell.
    Completions(manual::CompletionsArgs),
    /// Write the man pages into a folder.
    Man(manual::ManArgs),
    /// Decodes pictures and reads codes for another process of this program.
    #[command(name = DECODER, hide = true)]
    Decoder,
}

/// Runs the program; the whole of `main`.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let json = cli.json;
    if let Command::Decoder = cli.command {
        cofferdam_scanner::decoder::run(std::io::stdin().lock(), std::io::stdout().lock());
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::print(&CommandError::Unexpected(error.to_string()).into(), json);
        }
    };
    let result = runtime.block_on(async {
        tokio::select! {
            result = run(cli) => result,
            () = stop_signal() => Err(CommandError::Interrupted.into()),
        }
    });
    runtime.shutdown_background();
    match result {
        Ok(reply) => reply.print(json),
        Err(error) => failure::print(&error, json),
    }
}

async fn run(cli: Cli) -> Result<Reply, Error> {
    match cli.command {
        Command::Completions(args) => return Ok(manual::completions(&args)),
        Command::Man(args) => return manual::man(&args),
        _ => {}
    }
    let context = Context::open(cli.data.as_deref(), cli.json).await?;
    let result = match cli.command {
        Command::Wallet(command) => wallet::run(&context, command).await,
        Command::Sync(args) => sync::run(&context, args).await,
        Command::Balance(args) => balance::run(&context, args).await,
        Command::Coins(args) => coins::run(&context, args).await,
        Command::Address(args) => address::run(&context, args).await,
        Command::Payout(command) => payout::run(&context, command).await,
        Command::Scan(args) => scan::run(&context, args).await,
        Command::Rehearsal(command) => rehearsal::run(&context, command).await,
        Command::Completions(_) | Command::Man(_) | Command::Decoder => {
            Ok(Reply::raw(String::new()))
        }
    };
    context.service.close().await;
    result
}

/// Resolves when the user or the system asks the process to stop.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Prints what clap has to say: help and version on standard output, mistakes on standard error.
fn usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    // Help has nothing of the arguments in it.
    if !error.use_stderr() || is_help && !json {
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() {
            Exit::Usage as u8
        } else {
            0
        });
    }
    // Without colours: what clap echoes of the arguments must not look like its own.
    let text = error.render().to_string();
    let (message, usage) = match text.rsplit_once("\n\nUsage:") {
        Some((message, usage)) => (message, usage.lines().next().unwrap_or_default().trim()),
        None => (text.as_str(), ""),
    };
    let message: Vec<&str> = message
        .lines()
        .map(|line| line.trim_start_matches("error: ").trim())
        .filter(|line| !line.is_empty())
        .collect();
    let message = message.join(" ");
    let hint = match usage {
        "" => "see --help".to_owned(),
        usage => format!("see --help; usage: {usage}"),
    };
    failure::print(&CommandError::Usage { message, hint }.into(), json)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
