//! `wallet list`, `wallet show` and `wallet mark-used`.

use cofferdam_core::review::INDEX_BOUND;
use cofferdam_core::wallet::{Branch, WalletKind, WalletName};

use super::Screen;
use super::Work;
use super::failure::terminal_failure;
use super::session::{Opening, Session};
use crate::body::Registered;
use crate::error::{Exit, Failure};
use crate::journal::{Event, MarksRecord};
use crate::process::Terminal;
use crate::protocol::{Outcome, WalletFacts};
use serde::{Deserialize, Serialize};

/// Reads or marks registered wallets.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WalletJob {
    /// All of them.
    List,
    /// One of them.
    Show(WalletName),
    /// Moves the marks of how far its addresses are in use.
    MarkUsed(MarkUsedJob),
}

/// Moves the marks of how far a wallet's addresses are in use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MarkUsedJob {
    /// The wallet.
    pub(crate) name: WalletName,
    /// The branches whose mark moves.
    pub(crate) branches: Vec<Branch>,
    /// The highest index in use.
    pub(crate) index: u32,
    /// Whether the mark goes back to it; it only goes ahead otherwise.
    pub(crate) lower: bool,
    /// Whether the operator consented to a large step, or to going back, beforehand.
    pub(crate) yes: bool,
}

impl Work for WalletJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        wallet(open, self, screen)
    }
}

/// Reads or marks registered wallets.
pub(super) fn wallet(
    open: Opening,
    job: WalletJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    match job {
        WalletJob::List => {
            let session = open.read(screen)?;
            let wallets = session
                .body
                .wallets
                .iter()
                .map(|known| facts(&session, known));
            Ok(Outcome::Wallets {
                wallets: wallets.collect(),
            })
        }
        WalletJob::Show(name) => {
            let session = open.read(screen)?;
            let known = session.body.wallet(&name).ok_or_else(|| unknown(&name))?;
            Ok(Outcome::Wallet(facts(&session, known)))
        }
        WalletJob::MarkUsed(job) => mark_used(open, &job, screen),
    }
}

/// Moves marks of how far addresses are in use: a new generation of the vault, after a record in
/// the journal. Where all of them are there already, nothing is written.
fn mark_used(open: Opening, job: &MarkUsedJob, screen: &mut Screen) -> Result<Outcome, Failure> {
    let mut session = open.write(screen)?;
    let known = session
        .body
        .wallet(&job.name)
        .ok_or_else(|| unknown(&job.name))?;
    // Proves that the index is one.
    known.wallet.script_pubkey(Branch::Receive, job.index)?;
    let wallet_id = *known.wallet.id().as_bytes();
    let before = known.seen;
    let mut seen = before;
    for branch in &job.branches {
        let mark = match branch {
            Branch::Receive => &mut seen.receive,
            Branch::Change => &mut seen.change,
        };
        if let Some(step) = Step::of(job, *branch, *mark)? {
            if !job.yes {
                step.confirm(job, *branch)?;
            }
            *mark = Some(job.index);
        }
    }
    if seen != before {
        let registered = session.body.wallets.iter_mut();
        for known in registered.filter(|known| known.wallet.name() == &job.name) {
            known.seen = seen;
        }
        session.commit(vec![Event::MarkedUsed(MarksRecord {
            wallet_id,
            receive: seen.receive,
            change: seen.change,
        })])?;
    }
    let known = session
        .body
        .wallet(&job.name)
        .ok_or_else(|| unknown(&job.name))?;
    Ok(Outcome::Wallet(facts(&session, known)))
}

/// How a mark moves.
enum Step {
    /// Ahead, no farther than outputs are accepted now.
    Short,
    /// Farther ahead: outputs are accepted where none were.
    Long,
    /// Back to a lower index than this one.
    Back(u32),
}

impl Step {
    /// Returns the step from where a branch's mark is; none where it is there already.
    fn of(job: &MarkUsedJob, branch: Branch, mark: Option<u32>) -> Result<Option<Self>, Failure> {
        let index = job.index;
        Ok(match mark {
            Some(mark) if job.lower && index < mark => Some(Step::Back(mark)),
            _ if job.lower => {
                let at = mark.map_or("nowhere".to_owned(), |mark| format!("at {mark}"));
                return Err(Failure::usage(
                    format!(
                        "the {branch} mark of {} is {at}, and {index} is not lower",
                        job.name
                    ),
                    "leave out --lower to move it ahead",
                ));
            }
            Some(mark) if index <= mark => None,
            mark if index > mark.unwrap_or(0).saturating_add(INDEX_BOUND) => Some(Step::Long),
            _ => Some(Step::Short),
        })
    }

    /// Asks whether it is meant, where it is more than an honest payout needs.
    fn confirm(&self, job: &MarkUsedJob, branch: Branch) -> Result<(), Failure> {
        let (name, index) = (&job.name, job.index);
        let what = match self {
            Step::Short => return Ok(()),
            Step::Long => format!(
                "This lets {branch} outputs of {name} stand as far out as index {}. A watcher looks 1,000 beyond the last \
                 one in use, and finds no coin farther out by itself: go on only if your own watcher says that the wallet \
                 has come to index {index}",
                index.saturating_add(INDEX_BOUND).min((1 << 31) - 1)
            ),
            Step::Back(mark) => format!(
                "This moves the {branch} mark of {name} back from {mark} to {index}: {branch} outputs beyond index {} are \
                 refused from then on",
                index.saturating_add(INDEX_BOUND)
            ),
        };
        let question = format!("{what}.\nType {index} to go on: ");
        let answer = Terminal::open()
            .and_then(|mut terminal| terminal.ask(&question))
            .map_err(terminal_failure(
                "so large a step, or one back,",
                "run it on a terminal, or add --yes",
            ))?;
        if answer.trim() == index.to_string() {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Refused,
            "declined",
            "it was not confirmed; the marks are as before",
            format!("type {index} to confirm"),
        ))
    }
}

fn facts(session: &Session, known: &Registered) -> WalletFacts {
    let wallet = &known.wallet;
    let WalletKind::Single(script) = wallet.kind();
    WalletFacts {
        name: wallet.name().to_string(),
        id: wallet.id(),
        network: wallet.network(),
        script,
        descriptor: wallet.descriptor_text(),
        birthday: wallet.birthday().map(|birthday| birthday.to_string()),
        signs: session.body.account(wallet.name()).is_some(),
        seen_receive: known.seen.receive,
        seen_change: known.seen.change,
    }
}

fn unknown(name: &WalletName) -> Failure {
    Failure::usage(format!("there is no wallet {name}"), "see `wallet list`")
}
