//! Reviewing files against the wallets and the journal.

use bitcoin::Txid;
use cofferdam_core::Network;
use cofferdam_core::psbt::{Limits, Parsed, PsbtError};
use cofferdam_core::review::{
    Budget, Exceeded, FeeLimits, FindingReport, KnownWallet, MoreFindings, PayeeIndex, Place,
    ReviewContext, Reviewed, Severity, Work, list, review, review_run,
};
use cofferdam_core::wallet::WalletId;
use cofferdam_transport::journals::JournalAnswer;

use super::{amounts, bundle, recall, record};
use crate::body::Body;
use crate::error::FileFinding;
use crate::journal::{Import, Log, Memory, RefusalRecord, TransactionRecord};
use crate::memory_state::MemoryState;
use crate::protocol::{Digest, FileReview, PsbtFile, RunReview, Unlocked};

/// What files are examined against.
pub(crate) struct Surroundings<'a> {
    /// The vault's wallets, and what it knows of its own past.
    pub(crate) body: &'a Body,
    /// What was signed before.
    pub(crate) memory: &'a Memory<'a>,
    /// What was imported of other vaults' journals, and nobody compared with a note yet.
    pub(crate) unconfirmed: &'a [Import],
    /// What the review names as its vault.
    pub(crate) unlocked: Unlocked,
    /// The fee bounds.
    pub(crate) fee_limits: FeeLimits,
    /// Seconds since 1970 by this machine's clock, if it has one.
    pub(crate) now: Option<u64>,
    /// The transactions whose coins the operator said may be taken.
    pub(crate) supersede: &'a [Txid],
    /// The wallet that the files are said to be for, when they came in a bundle.
    pub(crate) bundle: Option<WalletId>,
    /// The vault's journal.
    pub(crate) journal: &'a Log,
    /// What is answered about it to the bundle.
    pub(crate) answers: &'a [JournalAnswer],
}

/// A run of files and everything that is known about it; nobody has judged it yet.
pub(crate) struct Examined {
    pub(super) reviewed: Vec<Reviewed>,
    pub(super) records: Vec<TransactionRecord>,
    review: RunReview,
    #[cfg(test)]
    pub(super) budget: Budget,
}

/// A file of a run cannot be parsed, although the intake could.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub(crate) struct Unparsable {
    /// The file.
    pub(crate) file: String,
    /// What is wrong.
    pub(crate) error: PsbtError,
}

/// Examines a run of files.
pub(crate) fn examine(
    files: &[PsbtFile],
    surroundings: &Surroundings<'_>,
) -> Result<Examined, Unparsable> {
    let body = surroundings.body;
    let wallets: Vec<KnownWallet<'_>> = body
        .wallets
        .iter()
        .map(|known| KnownWallet {
            wallet: &known.wallet,
            highest_change_seen: known.seen.change,
            highest_receive_seen: known.seen.receive,
        })
        .collect();
    let severities = body.policy.severities();
    let (amounts, reason) = body.policy.amounts_in_force(body.memory);
    let payees = PayeeIndex::new(surroundings.memory.payees(), body.network);
    let budget = Budget::default();
    let context = ReviewContext {
        budget: Some(&budget),
        amounts: amounts.into(),
        severities: &severities,
        earlier_payees: &payees,
        now: surroundings.now,
        ..ReviewContext::new(&wallets, surroundings.fee_limits)
    };
    let mut reviewed = Vec::with_capacity(files.len());
    let mut records = Vec::with_capacity(files.len());
    let mut shown = Vec::with_capacity(files.len());
    for file in files {
        let parsed =
            Parsed::parse(&file.bytes.0, &Limits::DEFAULT).map_err(|error| Unparsable {
                file: file.path.display().to_string(),
                error,
            })?;
        let facts = review(parsed, &context);
        let record = record::of(&facts);
        let mut report = facts.report().clone();
        report.findings.extend(recalled(&record, surroundings));
        report
            .findings
            .extend(amounts::findings(&report, facts.parsed(), reason));
        report.findings.extend(
            surroundings
                .bundle
                .and_then(|claimed| bundle::finding(claimed, &report)),
        );
        severities.raise(&mut report.findings);
        report.list_findings();
        shown.push(FileReview {
            file: file.path.clone(),
            sha256: Digest::of(&file.bytes.0),
            report,
        });
        reviewed.push(facts);
        records.push(record);
    }
    let mut run = review_run(&reviewed, &surroundings.fee_limits);
    run.findings
        .extend(without_conflict(&records, surroundings));
    run.findings
        .extend(bundle::journal(surroundings.answers, surroundings.journal));
    severities.raise(&mut run.findings);
    let mut review = RunReview {
        vault: surroundings.unlocked.clone(),
        memory: body.memory,
        amounts,
        review: Digest([0; 32]),
        would_sign: false,
        warnings: Vec::new(),
        totals: run.totals,
        findings: Vec::new(),
        more_findings: run.more_findings,
        files: shown,
    };
    judge(&mut review, run.findings);
    for record in &mut records {
        record.review = review.review.0;
    }
    Ok(Examined {
        reviewed,
        records,
        review,
        #[cfg(test)]
        budget: budget.clone(),
    })
}

impl Examined {
    /// Returns what the operator is shown.
    pub(crate) fn review(&self) -> &RunReview {
        &self.review
    }

    /// Returns the transactions, each once, in order.
    pub(crate) fn txids(&self) -> Vec<Txid> {
        let mut txids = Vec::with_capacity(self.reviewed.len());
        for reviewed in &self.reviewed {
            let txid = reviewed.parsed().txid();
            if !txids.contains(&txid) {
                txids.push(txid);
            }
        }
        txids
    }

    /// Returns what the journal would record of each file, with the codes that speak against it at
    /// a severity.
    pub(crate) fn refused(&self, codes: impl Fn(&FindingReport) -> bool) -> Vec<RefusalRecord> {
        let about_run = self
            .review
            .findings
            .iter()
            .filter(|found| found.file.is_none());
        let run = codes_of(about_run.map(|found| &found.finding), &codes);
        let files = self.review.files.iter().enumerate();
        files
            .filter_map(|(index, file)| {
                let mut found = codes_of(file.report.findings.iter(), &codes);
                found.extend(run.iter().cloned());
                self.refusal(index, &found)
            })
            .collect()
    }

    /// Returns what the journal would record of every file for one reason.
    pub(super) fn refused_by(&self, codes: &[String]) -> Vec<RefusalRecord> {
        let files = 0..self.records.len();
        files
            .filter_map(|index| self.refusal(index, codes))
            .collect()
    }

    fn refusal(&self, index: usize, codes: &[String]) -> Option<RefusalRecord> {
        let transaction = self.reviewed.get(index)?.parsed().unsigned_tx();
        let counts = [transaction.input.len(), transaction.output.len()];
        Some(RefusalRecord::of(self.records.get(index)?, counts, codes))
    }
}

fn codes_of<'a>(
    findings: impl Iterator<Item = &'a FindingReport>,
    wanted: &impl Fn(&FindingReport) -> bool,
) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for finding in findings.filter(|finding| wanted(finding)) {
        if !codes.contains(&finding.code) {
            codes.push(finding.code.clone());
        }
    }
    codes
}

fn recalled(record: &TransactionRecord, surroundings: &Surroundings<'_>) -> Vec<FindingReport> {
    let memory = surroundings.memory;
    let network: Network = surroundings.body.network;
    let mut findings: Vec<FindingReport> = memory
        .recall(record, surroundings.supersede)
        .iter()
        .map(|remembered| recall::finding(remembered, memory, network))
        .collect();
    if surroundings.body.memory == MemoryState::Missing {
        findings.push(recall::no_memory());
    }
    for import in surroundings.unconfirmed {
        findings.push(recall::memory_imported(import, &surroundings.body.policy));
    }
    findings
}

/// The transactions that the operator named as superseded, and that could confirm beside every one
/// of the run.
fn without_conflict(
    records: &[TransactionRecord],
    surroundings: &Surroundings<'_>,
) -> Vec<FindingReport> {
    let memory = surroundings.memory;
    let named = surroundings.supersede.iter();
    named
        .filter(|earlier| {
            !records
                .iter()
                .any(|record| memory.conflict(record, **earlier))
        })
        .map(recall::supersedes_nothing)
        .collect()
}

/// How many bytes a review has at most as JSON, beside those for each payment. In words, which are
/// folded and indented, it has more: 1.22 times as many at most in the search for the worst files.
/// A third more would be 1 MiB, and `scripts/worst-cases` fails beyond it.
const SHOWN: usize = 3 << 18;

/// How many more for each output: in words at most 1 kB.
const SHOWN_FOR_AN_OUTPUT: usize = 750;

/// Fills in what follows from the findings, and last the digest of all of it.
fn judge(review: &mut RunReview, run: Vec<FindingReport>) {
    let about_run = run.into_iter().map(|finding| FileFinding {
        file: None,
        finding,
    });
    let about_files = review.files.iter().flat_map(|file| {
        file.report.findings.iter().map(|finding| FileFinding {
            file: Some(file.file.display().to_string()),
            finding: finding.clone(),
        })
    });
    review.findings = about_run.chain(about_files).collect();
    for left in review
        .files
        .iter()
        .flat_map(|file| &file.report.more_findings)
    {
        MoreFindings::add(
            &mut review.more_findings,
            &left.code,
            left.severity,
            left.count,
        );
    }
    // No code and no severity vanishes.
    list(&mut review.findings, &mut review.more_findings, |found| {
        &found.finding
    });
    let limit = SHOWN + SHOWN_FOR_AN_OUTPUT * outputs(review);
    if settle(review) > limit {
        leave_out(review, limit as u64);
        settle(review);
    }
}

/// Returns how many outputs there are.
fn outputs(review: &RunReview) -> usize {
    let reports = review.files.iter().map(|file| &file.report);
    reports
        .map(|report| {
            report
                .not_shown
                .map_or(report.outputs.len(), |left| left.outputs)
        })
        .sum()
}

/// Refuses a run whose review is longer than is shown, and leaves out what there is too much of.
fn leave_out(review: &mut RunReview, limit: u64) {
    let exceeded = Exceeded {
        work: Work::ShownBytes,
        limit,
    };
    for file in &mut review.files {
        file.report.leave_out();
    }
    let finding = exceeded.finding(Place::Run);
    review.findings.insert(
        0,
        FileFinding {
            file: None,
            finding,
        },
    );
}

/// Says what follows from the findings, and hashes all of it; returns how many bytes that is.
fn settle(review: &mut RunReview) -> usize {
    let findings = review.findings.iter().map(|found| &found.finding);
    review.would_sign = !findings
        .clone()
        .any(|finding| finding.severity == Severity::Refusal);
    review.warnings = codes_of(findings, &|finding| finding.severity == Severity::Warning);
    review.review = Digest([0; 32]);
    let text = serde_json::to_vec(review).expect("a review has only string keys");
    review.review = Digest::of(&text);
    text.len()
}
