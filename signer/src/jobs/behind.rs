//! Bringing a vault up to what its journal knows, or refusing to.

use crate::body::Body;
use crate::error::{Exit, Failure};
use crate::journal::Beyond;
use crate::memory_state::MemoryState;

/// What a journal knows beyond its vault.
#[derive(Debug)]
pub(super) enum Behind {
    /// Nothing.
    Nothing,
    /// One write, in these words: an interruption leaves it, and so does the file of the generation
    /// before. The body has it.
    OneWrite(Vec<String>),
    /// More, or what cannot be done over again: an earlier file was put back.
    Refused {
        /// What it says, for people.
        words: Vec<String>,
        /// Whether a change of the policy is known in words alone.
        policy_untold: bool,
        /// The refusal.
        failure: Box<Failure>,
    },
}

/// Gives the body what one write more than the vault's has, or says why not.
///
/// # Errors
///
/// When the journal's state is of a newer program.
pub(super) fn brought_up(
    body: &mut Body,
    beyond: &Beyond<'_>,
    generation: u64,
) -> Result<Behind, Failure> {
    if beyond.is_empty() {
        return Ok(Behind::Nothing);
    }
    let words = beyond.words();
    let policy_untold = beyond.policy_untold();
    if beyond.writes() > 1 || policy_untold || beyond.credential_changed() {
        let failure = Box::new(refused(&words, generation));
        return Ok(Behind::Refused {
            words,
            policy_untold,
            failure,
        });
    }
    take(body, beyond)?;
    Ok(Behind::OneWrite(words))
}

/// Takes over what the journal knows of the body beyond the vault.
pub(super) fn take(body: &mut Body, beyond: &Beyond<'_>) -> Result<(), Failure> {
    match beyond.state() {
        Some(state) => body.take_state(state)?,
        // An earlier program kept no state. What was imported then may have been worth nothing.
        None if beyond.imported() && body.memory == MemoryState::Complete => {
            body.memory = MemoryState::Imported;
        }
        None => {}
    }
    Ok(())
}

/// Says what was written, in one line.
pub(super) fn said(words: &[String]) -> String {
    match words {
        [] => "records alone".into(),
        words => words.join("; "),
    }
}

fn refused(words: &[String], generation: u64) -> Failure {
    Failure::new(
        Exit::Damaged,
        "vault-behind-journal",
        format!(
            "the vault is generation {generation}, and its journal knows of later writes: an earlier file of the vault was put \
             back ({})",
            said(words)
        ),
        "bring the newest file back with `repair`, or `repair --use FILE` from a backup; if there is none, `repair --reseal` \
         goes on with this one and takes from the journal what it knows",
    )
}
