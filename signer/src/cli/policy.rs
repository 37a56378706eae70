//! `policy show` and `policy set`

use std::fmt::Write as _;

use clap::Subcommand;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{Job, PolicyJob};
use crate::policy::{Amounts, Change};
use crate::protocol::{Outcome, PolicyFacts};
use crate::workers::out_of_turn;

/// Show or change the operator's rules that are sealed in the vault.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the rules.
    #[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault policy show")]
    Show,
    /// Change one rule.
    ///
    /// A change that permits more than before is asked about on the terminal, by typing. Severities
    /// only go up from their defaults, and fee bounds only down.
    #[command(after_help = "\
Settings:
  amounts proven|remembered                how amounts of segwit v0 coins must be known
  only-signer yes|no                       declare that nothing else signs for the vault's wallets
  severity CODE warning|refusal|default    give a note or warning more weight
  max-fee-sat N|default                    refuse a higher fee
  max-fee-rate N|default                   refuse a higher fee rate, in whole satoshi for a virtual byte
  machine WHAT refuse|warn|allow           go on where the machine is not fit in this way, as --allow-unfit names it

Examples:
  cofferdam-signer --vault treasury.vault policy set severity no-memory refusal
  cofferdam-signer --vault treasury.vault policy set max-fee-sat 200000
  cofferdam-signer --vault treasury.vault policy set only-signer yes --loosen
  cofferdam-signer --vault treasury.vault policy set amounts remembered")]
    Set {
        /// The setting.
        key: String,
        /// Its value.
        #[arg(required = true)]
        value: Vec<String>,
        /// Permit more than before without asking.
        #[arg(long)]
        loosen: bool,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let (command, job) = match args.command {
        Command::Show => ("policy show", PolicyJob::Show),
        Command::Set { key, value, loosen } => {
            let change = Change::parse(&key, &value)?;
            ("policy set", PolicyJob::Set { change, loosen })
        }
    };
    let outcome = context.run(command, Job::Policy(job))?;
    let json = outcome.to_json();
    match &outcome {
        Outcome::Policy(facts) => Ok(Done::new(json, words(facts))),
        _ => Err(out_of_turn()),
    }
}

fn words(facts: &PolicyFacts) -> String {
    let bound = |bound: Option<u64>, unit: &str| {
        bound.map_or("default".to_owned(), |bound| format!("{bound} {unit}"))
    };
    let mut text = String::new();
    let t = &mut text;
    let amounts = match facts.amounts {
        Amounts::Proven => "proven: segwit v0 coins need their previous transactions",
        Amounts::Remembered => {
            "remembered: segwit v0 coins may come without their previous transactions"
        }
    };
    let _ = writeln!(t, "amounts       {amounts}");
    if let Some(reason) = &facts.amounts_reason {
        let _ = writeln!(t, "              NOT IN FORCE: {reason}");
    }
    let _ = writeln!(
        t,
        "only-signer   {}",
        if facts.only_signer { "yes" } else { "no" }
    );
    let _ = writeln!(t, "max-fee-sat   {}", bound(facts.max_fee_sat, "sat"));
    let _ = writeln!(t, "max-fee-rate  {}", bound(facts.max_fee_rate, "sat/vB"));
    for (kind, stance) in facts.machine.permitted() {
        let _ = writeln!(t, "machine       {kind} {stance}");
    }
    for raised in &facts.severities {
        let _ = writeln!(t, "severity      {} {}", raised.code, raised.severity);
    }
    let _ = writeln!(
        t,
        "generation    {}{}",
        facts.generation,
        if facts.changed { ", written now" } else { "" }
    );
    text
}
