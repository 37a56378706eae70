//! `repair`

use std::path::PathBuf;

use serde_json::json;

use super::context::{Context, Done};
use crate::error::Failure;
use crate::process::Reach;
use crate::screens;
use crate::store::{Repaired, VaultPath};

/// Put the newest intact generation back in the vault's place; needs no passphrase.
///
/// Nothing is deleted: what was there is moved aside. Two intact files of one generation, or of different vaults, are yours
/// to decide with --use.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault repair
  cofferdam-signer --vault treasury.vault repair --use /media/backup/treasury.vault")]
pub(crate) struct Args {
    /// The file to use: any intact vault file.
    #[arg(long = "use", value_name = "FILE")]
    chosen: Option<PathBuf>,
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn reach(&self, reach: Reach) -> Reach {
        self.chosen.iter().fold(reach, Reach::reads)
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let _interrupts = context.alone()?;
    let lock = VaultPath::new(&context.vault()?)?.lock()?;
    Ok(match lock.repair(args.chosen.as_deref())? {
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
