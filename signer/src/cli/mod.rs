//! The command line: one file a command, with its arguments and what the screen process does for
//! it.

mod account;
mod address;
mod backup;
mod completions;
mod context;
mod export;
mod init;
mod inspect;
mod journal;
mod landlock_rules;
mod man;
mod names;
pub(crate) mod output;
mod passphrase;
mod policy;
mod prune;
mod qr;
mod repair;
mod restore;
mod scan;
mod secret_text;
mod self_check;
mod sign;
mod verify;
mod wallet;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use context::Context;
pub(crate) use context::Done;

use crate::error::{Exit, Failure};

/// The offline signer of a Bitcoin treasury: it guards the keys, shows what a transaction really
/// does, and signs it.
#[derive(Debug, Parser)]
#[command(name = "cofferdam-signer", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cofferdam-signer --vault treasury.vault init --network mainnet --words 24 --dice rolls.txt
  cofferdam-signer --vault treasury.vault account add --name main --script segwit
  cofferdam-signer --vault treasury.vault export --account main --format json --out main.json
  cofferdam-signer --vault treasury.vault inspect payout.psbt
  cofferdam-signer --vault treasury.vault sign payout.psbt --out payout.signed.psbt

Exit codes: 0 done, 2 wrong usage, 3 refused, 4 wrong passphrase, 5 damaged, 6 malformed input, 7 machine not fit,
9 busy, 10 storage, 12 in conflict with what is recorded, 130 interrupted.";

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Vault and machine")]
pub(crate) struct Global {
    /// The vault file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) vault: Option<PathBuf>,

    /// Print one JSON document on standard output, and failures as JSON on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) credentials: Credentials,

    /// Work although a network is up, and say so in the journal; the same as --allow-unfit network.
    #[arg(long, global = true)]
    pub(crate) allow_online: bool,

    /// Work although the machine is not fit in these ways, and say so in the journal.
    #[arg(long, global = true, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) allow_unfit: Vec<names::UnfitName>,
}

/// Where the passphrase and what goes with it come from. Without any, the terminal is asked.
#[derive(Clone, Debug, Args)]
pub(crate) struct Credentials {
    /// Read the passphrase from this file (one trailing newline is stripped).
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "passphrase_fd"
    )]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Read the passphrase from this open file descriptor, to its end.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,

    /// The key file that goes with the passphrase.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// Read the second passphrase of a vault under dual control from this file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with_all = ["second_passphrase_fd", "key_file"]
    )]
    pub(crate) second_passphrase_file: Option<PathBuf>,

    /// Read the second passphrase of a vault under dual control from this open file descriptor.
    #[arg(long, global = true, value_name = "N", conflicts_with = "key_file")]
    pub(crate) second_passphrase_fd: Option<u32>,
}

/// The commands; each is described with its arguments.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Restore(restore::Args),
    Account(account::Args),
    Export(export::Args),
    Address(address::Args),
    Wallet(wallet::Args),
    Inspect(inspect::Args),
    Sign(sign::Args),
    Scan(scan::Args),
    Qr(qr::Args),
    Journal(journal::Args),
    Passphrase(passphrase::Args),
    Policy(policy::Args),
    Verify(verify::Args),
    Repair(repair::Args),
    Prune(prune::Args),
    Backup(backup::Args),
    SelfCheck(self_check::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Reads the command line. Help and version are printed here, and end the program.
///
/// # Errors
///
/// Beside what clap finds: arguments that are no text, for they could neither be shown nor written
/// into `--json`.
pub(crate) fn parse() -> Result<Cli, Failure> {
    if std::env::args_os().any(|argument| argument.to_str().is_none()) {
        return Err(Failure::usage(
            "an argument is not UTF-8 text",
            "rename the file, or its folder",
        ));
    }
    Cli::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => error.exit(),
        // The help that stands where there are no arguments: nothing of it is theirs.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !wants_json() => error.exit(),
        _ => {
            // Without colours: what clap echoes of the arguments must not look like its own.
            let text = error.render().to_string();
            let (message, usage) = match text.rsplit_once("\n\nUsage:") {
                Some((message, usage)) => {
                    (message, usage.lines().next().unwrap_or_default().trim())
                }
                None => (text.as_str(), ""),
            };
            let message = message.strip_prefix("error: ").unwrap_or(message);
            let lines: Vec<&str> = message
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect();
            let message = lines.join(" ");
            let hint = match usage {
                "" => "see --help".to_owned(),
                usage => format!("see --help; usage: {usage}"),
            };
            Failure::new(Exit::Usage, "wrong-usage", message, hint)
        }
    })
}

/// Tells whether output shall be JSON, also where the command line cannot be read.
pub(crate) fn wants_json() -> bool {
    std::env::args_os()
        .skip(1)
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json")
}

/// Runs the command that was given.
///
/// Call it from the process's only thread: commands that need the vault fork here.
pub(crate) fn run(cli: Cli) -> Result<Done, Failure> {
    let rules = landlock_rules::of(&cli.command, &cli.global);
    let context = Context::new(cli.global, rules);
    match cli.command {
        Command::Init(args) => init::run(&context, args),
        Command::Restore(args) => restore::run(&context, args),
        Command::Account(args) => account::run(&context, args),
        Command::Export(args) => export::run(&context, args),
        Command::Address(args) => address::run(&context, args),
        Command::Wallet(args) => wallet::run(&context, args),
        Command::Inspect(args) => inspect::run(&context, args),
        Command::Sign(args) => sign::run(&context, args),
        Command::Scan(args) => scan::run(&context, args),
        Command::Qr(args) => qr::run(&context, args),
        Command::Journal(args) => journal::run(&context, args),
        Command::Passphrase(args) => passphrase::run(&context, args),
        Command::Policy(args) => policy::run(&context, args),
        Command::Verify(args) => verify::run(&context, args),
        Command::Repair(args) => repair::run(&context, args),
        Command::Prune(args) => prune::run(&context, args),
        Command::Backup(args) => backup::run(&context, args),
        Command::SelfCheck(args) => self_check::run(&context, args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}
