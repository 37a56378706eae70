//! `repair`

use std::path::PathBuf;

use serde_json::json;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::jobs::{Job, ResealJob};
use crate::process::LandlockRules;
use crate::protocol::Outcome;
use crate::screens;
use crate::upkeep::{self, Repaired};
use crate::workers::out_of_turn;

/// Put the newest intact generation back in the vault's place; needs no passphrase.
///
/// Nothing is deleted: what was there is moved aside. Two intact files of one generation, or of
/// different vaults, are yours to decide with --use.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault repair
  cofferdam-signer --vault treasury.vault repair --use /media/backup/treasury.vault
  cofferdam-signer --vault treasury.vault repair --reseal")]
pub(crate) struct Args {
    /// The file to use: any intact file of this vault.
    #[arg(long = "use", value_name = "FILE", conflicts_with = "reseal")]
    chosen: Option<PathBuf>,
    /// Unlock the vault and seal it anew with what its journal knows beyond it, or where its
    /// generation is one that no writing comes to; asks first.
    #[arg(long)]
    reseal: bool,
    /// Seal anew without asking.
    #[arg(long, requires = "reseal")]
    yes: bool,
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        self.chosen.iter().fold(rules, LandlockRules::reads)
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    if args.reseal {
        return reseal(context, args.yes);
    }
    let _interrupts = context.start().alone()?;
    let repaired = upkeep::repair(&context.vault()?, args.chosen.as_deref())?;
    Ok(match repaired {
        Repaired::NothingToDo { generation } => Done::new(
            json!({"repaired": false, "generation": generation}),
            format!("the vault is sound, generation {generation}; nothing was changed\n"),
        ),
        Repaired::From {
            source,
            generation,
            highest,
            aside,
        } => {
            let mut text = format!(
                "the vault is generation {generation} again, from {}\n",
                screens::path(&source)
            );
            for (from, to) in &aside {
                text.push_str(&format!(
                    "moved {} to {}\n",
                    screens::path(from),
                    screens::path(to)
                ));
            }
            if highest > generation {
                text.push_str(&format!(
                    "what was written after generation {generation}, up to {highest}, is not in it\n"
                ));
            }
            text.push_str(
                "the journal is held against it when it is next unlocked: what that knows beyond it is taken over or refused\n",
            );
            let aside: Vec<_> = aside
                .iter()
                .map(|(from, to)| json!({"from": from, "to": to}))
                .collect();
            Done::new(
                json!({
                    "repaired": true,
                    "generation": generation,
                    "source": source,
                    "highest_generation": highest,
                    "aside": aside,
                }),
                text,
            )
        }
    })
}

fn reseal(context: &Context, yes: bool) -> Result<Done, Failure> {
    let outcome = context.run("repair --reseal", Job::Reseal(ResealJob { yes }))?;
    let Outcome::Resealed(resealed) = &outcome else {
        return Err(out_of_turn());
    };
    let mut text = match resealed.beyond.is_empty() {
        true => format!(
            "vault and journal agree, generation {}; nothing was changed\n",
            resealed.generation
        ),
        false => format!(
            "the vault is generation {} now, from generation {}\n",
            resealed.generation, resealed.from_generation
        ),
    };
    for line in &resealed.beyond {
        text.push_str(&format!("  {line}\n"));
    }
    for (from, to) in &resealed.aside {
        text.push_str(&format!(
            "moved {} to {}\n",
            screens::path(from),
            screens::path(to)
        ));
    }
    Ok(Done::new(outcome.to_json(), text))
}
