//! `policy show` and `policy set`.

use super::Screen;
use super::Work;
use super::failure::terminal_failure;
use super::session::{Opening, Session};
use crate::error::{Exit, Failure};
use crate::journal::Event;
use crate::policy::{Change, SettingError};
use crate::process::Terminal;
use crate::protocol::{Outcome, PolicyFacts, SeverityFacts};
use serde::{Deserialize, Serialize};

/// Shows or changes the policy.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum PolicyJob {
    /// Shows it.
    Show,
    /// Changes one setting.
    Set {
        /// The change.
        change: Change,
        /// Whether it may permit more than before without asking.
        loosen: bool,
    },
}

impl Work for PolicyJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        policy(open, self, screen)
    }
}

/// What the operator types to confirm that a change permits more.
const CONFIRMATION: &str = "loosen";

/// Shows or changes the policy.
pub(super) fn policy(
    open: Opening,
    job: PolicyJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    match job {
        PolicyJob::Show => {
            let session = open.read(screen)?;
            Ok(Outcome::Policy(facts(&session, None)))
        }
        PolicyJob::Set { change, loosen } => set(open, &change, loosen, screen),
    }
}

/// Changes one setting: a new generation of the vault, after a record in the journal. The same
/// value again changes nothing.
fn set(
    open: Opening,
    change: &Change,
    loosen: bool,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let mut session = open.write(screen)?;
    let before = session.body.policy.clone();
    let after = change.made(&before, session.body.memory)?;
    if after == before {
        return Ok(Outcome::Policy(facts(&session, None)));
    }
    let words = change.words(&before);
    if before.is_loosened_by(&after) && !loosen {
        confirm(&words)?;
    }
    session.body.policy = after;
    let generation = session.commit(vec![Event::PolicyChanged(vec![words])])?;
    Ok(Outcome::Policy(facts(&session, Some(generation))))
}

fn confirm(words: &str) -> Result<(), Failure> {
    let question = format!(
        "This permits more than before: {words}.\nRead docs/guides/operator/rules.md first. Type {CONFIRMATION} to go on: "
    );
    let answer = Terminal::open()
        .and_then(|mut terminal| terminal.ask(&question))
        .map_err(terminal_failure(
            "what permits more than before",
            "run it on a terminal, or add --loosen",
        ))?;
    if answer.trim() == CONFIRMATION {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "declined",
        "it was not confirmed; the policy is as before",
        format!("type {CONFIRMATION} to confirm"),
    ))
}

/// `written` is the generation that a change was written as.
fn facts(session: &Session, written: Option<u64>) -> PolicyFacts {
    let policy = &session.body.policy;
    let (amounts_in_force, reason) = policy.amounts_in_force(session.body.memory);
    PolicyFacts {
        amounts: policy.amounts,
        amounts_in_force,
        amounts_reason: reason.map(|reason| reason.to_string()),
        only_signer: policy.only_signer,
        severities: policy
            .severities
            .iter()
            .map(|(code, raised)| SeverityFacts {
                code: code.clone(),
                severity: *raised,
            })
            .collect(),
        max_fee_sat: policy.fee.max_sat,
        max_fee_rate: policy.fee.max_sat_per_vb,
        machine: policy.machine.clone(),
        generation: written.unwrap_or(session.open.generation()),
        changed: written.is_some(),
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        match error {
            SettingError::NotAllowed(_) => Failure::new(
                Exit::Refused,
                "amounts-not-allowed",
                error,
                "see docs/guides/operator/rules.md for what remembered amounts need",
            ),
            error => Failure::usage(error, "see `policy set --help` for settings and values"),
        }
    }
}
