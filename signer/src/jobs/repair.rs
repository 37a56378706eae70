//! `repair --reseal`: sealing a vault anew after it and its journal have parted, or under a
//! generation that writing comes to.

use cofferdam_core::seal::MAX_GENERATION;

use super::Screen;
use super::Work;
use super::behind::{self, Behind};
use super::failure::terminal_failure;
use super::session::{Opening, Session};
use crate::error::{Exit, Failure};
use crate::process::Terminal;
use crate::protocol::{Outcome, Resealed};
use serde::{Deserialize, Serialize};

/// Seals a vault anew that its journal has left behind, or whose generation no writing comes to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ResealJob {
    /// Whether to go on without asking.
    pub(crate) yes: bool,
}

impl Work for ResealJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        reseal(open, self, screen)
    }
}

/// What the operator types to confirm.
const CONFIRMATION: &str = "reseal";

/// Seals the vault anew, where that is needed.
pub(super) fn reseal(
    open: Opening,
    job: ResealJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let mut session = open.write_without_journal(screen)?;
    let words = reasons(&session)?;
    if !words.is_empty() && !job.yes {
        confirm(&words)?;
    }
    sealed_anew(&mut session, words).map(Outcome::Resealed)
}

/// Seals the vault anew for these reasons, or leaves it as it is without any.
pub(super) fn sealed_anew(session: &mut Session, words: Vec<String>) -> Result<Resealed, Failure> {
    let from = session.open.generation();
    if words.is_empty() {
        return Ok(Resealed {
            from_generation: from,
            generation: from,
            beyond: words,
            aside: Vec::new(),
        });
    }
    take(session)?;
    let log = session.whole_journal()?.log();
    let plausible = |generation: u64| {
        if generation < MAX_GENERATION {
            generation
        } else {
            0
        }
    };
    let highest = session
        .path()
        .survey()?
        .highest_plausible(&session.open)
        .max(log.highest_plausible())
        .max(plausible(from));
    let generation = highest + 1;
    let aside = session.commit_reseal(words.clone(), generation)?;
    Ok(Resealed {
        from_generation: from,
        generation,
        beyond: words,
        aside,
    })
}

/// Says why the vault has to be sealed anew; nothing when it need not be.
pub(super) fn reasons(session: &Session) -> Result<Vec<String>, Failure> {
    let log = session.whole_journal()?.log();
    let mut words = match session.behind() {
        Behind::Nothing => Vec::new(),
        Behind::OneWrite(words) if words.is_empty() => {
            vec!["records that the vault does not hold".into()]
        }
        Behind::OneWrite(words) => words.clone(),
        Behind::Refused {
            words,
            policy_untold,
            ..
        } => {
            let mut words = words.clone();
            if *policy_untold {
                words.push(
                    "the policy stays as the vault has it: set again what the words above say"
                        .into(),
                );
            }
            words
        }
    };
    let highest = session.open.generation().max(log.highest_generation());
    if highest >= MAX_GENERATION {
        words.push(format!(
            "generation {highest} is one that no writing comes to"
        ));
    }
    Ok(words)
}

/// Gives the body what the journal knows.
fn take(session: &mut Session) -> Result<(), Failure> {
    let generation = session.open.generation();
    let mut body = session.sealed_body()?;
    let beyond = session
        .whole_journal()?
        .log()
        .beyond(body.checkpoint.count, generation);
    behind::take(&mut body, &beyond)?;
    session.body = body;
    Ok(())
}

fn confirm(words: &[String]) -> Result<(), Failure> {
    let listed: String = words.iter().map(|line| format!("  {line}\n")).collect();
    let question = format!(
        "The vault is sealed anew, and keeps what its journal knows beyond it:\n{listed}Somebody may have put an earlier file \
         back: find out who. Type {CONFIRMATION} to go on: "
    );
    let answer = Terminal::open()
        .and_then(|mut terminal| terminal.ask(&question))
        .map_err(terminal_failure(
            "whether to seal anew",
            "run it on a terminal, or add --yes",
        ))?;
    if answer.trim() == CONFIRMATION {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "declined",
        "it was not confirmed; nothing was changed",
        format!("type {CONFIRMATION} to confirm"),
    ))
}
