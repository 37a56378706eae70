//! `account add` and `account list`

use clap::Subcommand;
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::{Birthday, WalletName};

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{AccountJob, AccountListJob, Job};
use crate::protocol::{AccountFacts, Outcome};
use crate::workers::out_of_turn;

/// Add or list the accounts of the vault.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account, and register its wallet under the same name.
    #[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault account add --name main --script segwit
  cofferdam-signer --vault treasury.vault account add --name savings --script taproot \\
    --index 1 --birthday 2026-11-21")]
    Add {
        /// Its name: letters, digits, dots, underscores and hyphens.
        #[arg(long)]
        name: WalletName,

        /// legacy (BIP44), nested (BIP49), segwit (BIP84) or taproot (BIP86).
        #[arg(long)]
        script: ScriptType,

        /// The account's number on that path.
        #[arg(long, default_value_t = 0)]
        index: u32,

        /// The day (UTC) before which it received nothing; unknown if it is not told.
        #[arg(long, value_name = "YYYY-MM-DD")]
        birthday: Option<Birthday>,
    },
    /// List the accounts.
    #[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault account list")]
    List,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let outcome = match args.command {
        Command::Add {
            name,
            script,
            index,
            birthday,
        } => {
            let job = AccountJob {
                name,
                script_type: script,
                index,
                birthday,
            };
            context.run("account add", Job::AccountAdd(job))?
        }
        Command::List => context.run("account list", Job::AccountList(AccountListJob))?,
    };
    let json = outcome.to_json();
    let text = match &outcome {
        Outcome::Account(account) => words(account),
        Outcome::Accounts { accounts } if accounts.is_empty() => {
            "no accounts; make one with `account add`\n".into()
        }
        Outcome::Accounts { accounts } => accounts.iter().map(words).collect(),
        _ => return Err(out_of_turn()),
    };
    Ok(Done::new(json, text).verbatim())
}

fn words(account: &AccountFacts) -> String {
    format!(
        "{}\n  script      {} ({})\n  id          {}\n  descriptor  {}\n",
        account.name, account.script, account.path, account.id, account.descriptor
    )
}
