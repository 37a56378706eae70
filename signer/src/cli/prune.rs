//! `prune`

use cofferdam_core::sanitize::folded;
use serde_json::json;

use super::context::{Context, Done};
use crate::error::{Exit, Failure};
use crate::jobs::terminal_failure;
use crate::process::Terminal;
use crate::screens;
use crate::upkeep::Pruning;

/// What the operator types to confirm.
const CONFIRMATION: &str = "delete";

/// Delete old generations of the vault file, but for the newest two or more.
///
/// It is the only command that deletes. The terminal is asked to confirm by typing; there is no
/// option that does instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cofferdam-signer --vault treasury.vault prune --keep 5")]
pub(crate) struct Args {
    /// How many files stay, the vault itself counted: two or more.
    #[arg(long, value_name = "N", default_value_t = 2)]
    keep: usize,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let _interrupts = context.start().alone()?;
    let plan = Pruning::new(&context.vault()?, args.keep)?;
    let names = |files: &[(std::path::PathBuf, u64)]| -> Vec<_> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    let (stay, go) = (names(plan.stay()), names(plan.go()));
    if go.is_empty() {
        return Ok(Done::new(
            json!({"deleted": [], "kept": stay}),
            "there is nothing to delete\n",
        ));
    }
    let mut question = String::from("These files would be deleted for ever:\n");
    for (path, generation) in plan.go() {
        question.push_str(&format!(
            "  generation {generation}  {}\n",
            screens::path(path)
        ));
    }
    question.push_str(&format!(
        "The newest {} stay. Type {CONFIRMATION} to go on: ",
        screens::counted(stay.len(), "file")
    ));
    let no_terminal = terminal_failure("what to delete", "run it on a terminal");
    let answer = Terminal::open()
        .and_then(|mut terminal| terminal.ask(&folded(&question)))
        .map_err(no_terminal)?;
    if answer.trim() != CONFIRMATION {
        return Err(Failure::new(
            Exit::Refused,
            "declined",
            "it was not confirmed; nothing was deleted",
            format!("type {CONFIRMATION} to confirm"),
        ));
    }
    plan.delete()?;
    Ok(Done::new(
        json!({"deleted": go, "kept": stay}),
        format!(
            "deleted {}, kept {}\n",
            screens::counted(go.len(), "file"),
            stay.len()
        ),
    ))
}
