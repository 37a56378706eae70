//! `verify`

use std::path::{Path, PathBuf};

use cofferdam_core::sanitize::neutralised;
use serde_json::{Value, json};

use super::context::{Context, Done};
use crate::error::{Exit, Failure};
use crate::process::LandlockRules;
use crate::screens;
use crate::upkeep::{self, FileFacts};

/// Check vault files for damage; needs no passphrase.
///
/// Without files, the vault that --vault names and its earlier generations are checked. The exit
/// code is 5 when a file is damaged, and 6 when one is no vault or of a newer format. A file that
/// passes is whole; whether somebody put another vault in its place, only unlocking tells.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault verify
  cofferdam-signer verify /media/backup/treasury.vault*")]
pub(crate) struct Args {
    /// The files; by default, the vault's.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        self.files.iter().fold(rules, LandlockRules::reads)
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let _interrupts = context.start().alone()?;
    let checked = match args.files.as_slice() {
        [] => upkeep::check_vault(&context.vault()?)?,
        files => upkeep::check_files(files),
    };
    let whole = checked.vault;
    let files = checked.files.into_iter();
    let files: Vec<(PathBuf, Result<Value, Failure>)> = files
        .map(|(path, facts)| (path, facts.map(|facts| facts_json(&facts))))
        .collect();
    let failures = files
        .iter()
        .filter_map(|(_, facts)| facts.as_ref().err())
        .chain(whole.as_ref().err());
    let exit = failures
        .map(|failure| failure.exit)
        .max_by_key(|exit| rank(*exit));
    let shown: Vec<Value> = files
        .iter()
        .map(|(path, facts)| to_json(path, facts))
        .collect();
    let mut text: String = files
        .iter()
        .map(|(path, facts)| to_text(path, facts))
        .collect();
    if let Err(failure) = &whole {
        text.push_str(&format!("{}\n", neutralised(&failure.message)));
    }
    Ok(Done {
        exit: exit.map_or(0, |exit| exit as u8),
        ..Done::new(
            json!({
                "sound": exit.is_none(),
                "problem": whole.err().map(|failure| failure.to_json()["error"].take()),
                "files": shown,
            }),
            text,
        )
    })
}

/// Damage outweighs everything else that can be wrong with a file.
fn rank(exit: Exit) -> u8 {
    match exit {
        Exit::Damaged => 3,
        Exit::Malformed => 2,
        _ => 1,
    }
}

fn facts_json(facts: &FileFacts) -> Value {
    let slots = facts.slots.iter().map(|slot| {
        json!({
            "id": slot.id.to_string(),
            "opened_by": slot.slot_type.to_string(),
            "memory_kib": slot.cost.memory_kib(),
            "passes": slot.cost.passes(),
            "lanes": slot.cost.lanes(),
        })
    });
    json!({
        "vault_id": facts.vault_id.to_string(),
        "generation": facts.generation,
        "length": facts.len,
        "slots": slots.collect::<Vec<_>>(),
    })
}

fn to_json(path: &Path, facts: &Result<Value, Failure>) -> Value {
    match facts {
        Ok(facts) => {
            let mut shown = json!({"file": path, "intact": true});
            if let (Value::Object(shown), Value::Object(facts)) = (&mut shown, facts) {
                shown.extend(facts.clone());
            }
            shown
        }
        Err(failure) => json!({"file": path, "intact": false, "error": failure.to_json()["error"]}),
    }
}

fn to_text(path: &Path, facts: &Result<Value, Failure>) -> String {
    match facts {
        Ok(facts) => {
            let mut text = format!(
                "intact   {}  vault {}, generation {}\n",
                screens::path(path),
                facts["vault_id"].as_str().unwrap_or_default(),
                facts["generation"]
            );
            for slot in facts["slots"].as_array().into_iter().flatten() {
                text.push_str(&format!(
                    "         slot {}: {}\n",
                    slot["id"].as_str().unwrap_or_default(),
                    slot["opened_by"].as_str().unwrap_or_default()
                ));
            }
            text
        }
        Err(failure) => format!(
            "DAMAGED  {}  {}\n",
            screens::path(path),
            neutralised(&failure.message)
        ),
    }
}
