//! `inspect` and `sign`.

use std::collections::HashMap;
use std::time::Instant;

use bitcoin::Amount;
use cofferdam_core::keys::MasterKey;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::review::FeeLimits;
use cofferdam_memory::ordinary;
use cofferdam_transport::journals::JournalAnswer;
use cofferdam_transport::returned::{Return, VaultState};

use super::Screen;
use super::Work;
use super::session::{Opening, Session, facts, now};
use crate::error::{Exit, Failure};
use crate::journal::{Event, Memory, RefusalRecord, unconfirmed};
use crate::protocol::{
    Answer, Blob, BundleFile, Consent, Outcome, PsbtFile, ReturnFile, SignedFile, Unlocked,
};
use crate::signing::{
    Consented, Disagreement, Examined, Expected, NotConsented, Signed, SigningWallet, Surroundings,
    consented, examine, journal_answers, permit, sign as make,
};
use cofferdam_core::count::counted;
use serde::{Deserialize, Serialize};

/// Reviews PSBTs, and signs them if the operator approves.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SignJob {
    /// The files.
    pub(crate) files: Vec<PsbtFile>,
    /// What the bundle says that they came in; its signatures go back in a return.
    pub(crate) bundle: Option<BundleFile>,
    /// A fee limit for each transaction, below the default one.
    pub(crate) max_fee_sat: Option<u64>,
    /// The ids of signed transactions that these may take coins from.
    pub(crate) supersede: Vec<bitcoin::Txid>,
    /// What another machine made of the same files, to compare with; none to compare nothing.
    pub(crate) expected: Option<Vec<PsbtFile>>,
}

/// Reviews PSBTs, and signs nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InspectJob(pub(crate) SignJob);

impl Work for SignJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        sign(open, self, screen)
    }
}

impl Work for InspectJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        inspect(open, self.0, screen)
    }
}

/// Reviews files. Never writes.
pub(super) fn inspect(
    open: Opening,
    job: SignJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let session = open.inspect(screen)?;
    let examined = ordinary(|| examined(&session, &job))?;
    ordinary(|| screen.tell(&Answer::Review(Box::new(examined.review().clone()))))?;
    Ok(Outcome::Finished {})
}

/// Reviews files and signs them, if the operator approves: all or none.
pub(super) fn sign(open: Opening, job: SignJob, screen: &mut Screen) -> Result<Outcome, Failure> {
    let mut session = open.write(screen)?;
    let examined = ordinary(|| examined(&session, &job))?;
    let expected = job
        .expected
        .as_deref()
        .map(|files| ordinary(|| Expected::of(files, &examined.txids())));
    let expected = expected
        .transpose()
        .map_err(|reason| disagreement(&reason, "nothing was signed"))?;
    ordinary(|| screen.tell(&Answer::Review(Box::new(examined.review().clone()))))?;
    let permitted = match permit(examined) {
        Ok(permitted) => permitted,
        Err(refused) => {
            record_refusals(&mut session, refused.records, screen)?;
            return Err(Failure {
                findings: refused.review.refusals(),
                ..Failure::new(
                    Exit::Refused,
                    "refused",
                    "the review refuses; nothing was signed",
                    "read the findings; sign only what an honest watcher would have made",
                )
            });
        }
    };
    let consent: Consent = screen.hear()?;
    // The operator may have read for an hour.
    if let (Consent::Sign { .. }, Err(unfit)) = (&consent, session.look_again()) {
        record_refusals(
            &mut session,
            permitted.refused(std::slice::from_ref(&unfit.code)),
            screen,
        )?;
        return Err(unfit);
    }
    let approved = match consented(permitted, &consent, &job.supersede) {
        Ok(approved) => approved,
        Err((reason, permitted)) => {
            record_refusals(&mut session, permitted.refused(&reason.codes()), screen)?;
            return Err(not_approved(&reason));
        }
    };
    let events = ordinary(|| approved.events());
    let generation = session.commit(events)?;
    let stands = Unlocked {
        vault_id: session.open.vault_id().to_string(),
        generation,
        journal: Some(facts(&session.body.checkpoint)),
    };
    let start = Instant::now();
    let signed = signed(&session, approved)?;
    if let Some(expected) = &expected {
        let kept = "no signature left this machine, and the journal has the approval all the same";
        ordinary(|| expected.confirm(&signed)).map_err(|reason| disagreement(&reason, kept))?;
    }
    let signatures: usize = signed.iter().map(|signed| signed.signatures).sum();
    screen.progress(format!(
        "made and verified {} in {:.1} ms",
        counted(signatures, "signature"),
        start.elapsed().as_secs_f64() * 1000.0
    ))?;
    let returned = match &job.bundle {
        Some(bundle) => {
            let bytes = returned(&session, generation, bundle, &job.files, &signed)?;
            let receipt = stands.clone();
            Some(ReturnFile { bytes, receipt })
        }
        None => None,
    };
    // Whoever else got at the vault meanwhile may have signed what this run did not see.
    session.check()?;
    for (file, signed) in job.files.iter().zip(signed) {
        screen.tell(&Answer::Signed(SignedFile {
            path: file.path.clone(),
            txid: signed.txid,
            signatures: signed.signatures,
            psbt: Blob(signed.psbt),
        }))?;
    }
    if let Some(returned) = returned {
        screen.tell(&Answer::Returned(returned))?;
    }
    Ok(Outcome::Signed(stands))
}

fn examined(session: &Session, job: &SignJob) -> Result<Examined, Failure> {
    let journal = session.journal()?;
    let memory = Memory::of(journal.log().entries());
    let unconfirmed = unconfirmed(journal.log().entries());
    for txid in &job.supersede {
        if memory.get(*txid).is_none() {
            return Err(Failure::usage(
                format!("the journal knows no signed transaction {txid}"),
                "name the transaction that the review's refusal names",
            ));
        }
    }
    let fee_limits = session.body.policy.lower(FeeLimits::DEFAULT);
    let fee_limits = match job.max_fee_sat {
        Some(limit) => fee_limits.lowered_to(Amount::from_sat(limit)),
        None => fee_limits,
    };
    let answers = match &job.bundle {
        Some(bundle) => answers(session, bundle)?.unwrap_or_default(),
        None => Vec::new(),
    };
    let surroundings = Surroundings {
        body: &session.body,
        memory: &memory,
        unconfirmed: &unconfirmed,
        unlocked: session.unlocked(),
        fee_limits,
        now: Some(now()),
        supersede: &job.supersede,
        bundle: job.bundle.as_ref().map(|bundle| bundle.wallet_id),
        journal: journal.log(),
        answers: &answers,
    };
    examine(&job.files, &surroundings).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            "malformed-psbt",
            error,
            "copy the file again, or export it again from where it came",
        )
    })
}

fn signed(session: &Session, approved: Consented) -> Result<Vec<Signed>, Failure> {
    let body = &session.body;
    let master = MasterKey::from_seed(&session.seed, body.network)?;
    let needed = approved.wallets();
    let mut keys = HashMap::new();
    for account in &body.accounts {
        let Some(known) = body
            .wallet(&account.name)
            .filter(|known| needed.contains(&known.wallet.id()))
        else {
            continue;
        };
        let key = master.account(account.script_type, account.index)?;
        if key.is_account_of(&known.wallet) {
            keys.insert(
                known.wallet.id(),
                SigningWallet {
                    wallet: &known.wallet,
                    key,
                },
            );
        }
    }
    make(approved, &keys).map_err(Failure::unexpected)
}

/// Answers what a bundle asks about this vault's journal; none where it asks nothing.
fn answers(session: &Session, bundle: &BundleFile) -> Result<Option<Vec<JournalAnswer>>, Failure> {
    let (log, vault_id) = (session.journal()?.log(), session.open.vault_id());
    let asked = bundle.seen.as_deref();
    Ok(asked.map(|seen| journal_answers(seen, vault_id, log)))
}

/// Makes the return of a bundle that was recorded and signed, with its receipt.
fn returned(
    session: &Session,
    generation: u64,
    bundle: &BundleFile,
    files: &[PsbtFile],
    signed: &[Signed],
) -> Result<Blob, Failure> {
    let parse = |bytes: &[u8]| Parsed::parse(bytes, &Limits::DEFAULT).map_err(Failure::unexpected);
    // Public, and large.
    let returned = ordinary(|| {
        let mut pairs = Vec::with_capacity(files.len());
        for (file, signed) in files.iter().zip(signed) {
            pairs.push((parse(&file.bytes.0)?, parse(&signed.psbt)?));
        }
        let pairs = pairs.iter().map(|(unsigned, signed)| (unsigned, signed));
        Return::of(bundle.wallet_id, pairs).map_err(Failure::unexpected)
    })?;
    let body = &session.body;
    let key = MasterKey::from_seed(&session.seed, body.network)?.receipt_key()?;
    let vault = VaultState {
        vault_id: session.open.vault_id(),
        generation,
        journal_count: body.checkpoint.count,
        journal_head: body.checkpoint.head,
    };
    let answers = answers(session, bundle)?;
    let returned = returned.with_receipt(vault, answers, |hash| key.sign(hash))?;
    Ok(Blob(returned.to_bytes()))
}

/// Records a refusal. That it cannot be recorded does not change that it is one.
fn record_refusals(
    session: &mut Session,
    refusals: Vec<RefusalRecord>,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let events = refusals.into_iter().map(Event::Declined);
    if let Err(failure) = session.commit(events.collect()) {
        screen.progress(format!(
            "warning: the refusal could not be recorded: {}",
            failure.message
        ))?;
    }
    Ok(())
}

/// Two machines do not agree, or what was given cannot be compared.
fn disagreement(reason: &Disagreement, left: &str) -> Failure {
    let (code, hint) = match reason {
        Disagreement::Differs { .. } => (
            "expectation-differs",
            "one of the two machines, or the way between them, is not to be trusted: send neither result, and find out which",
        ),
        _ => (
            "expectation-unusable",
            "give --expect the signed PSBTs that the other machine made of these very files, one of each",
        ),
    };
    let exit = match reason {
        Disagreement::Differs { .. } => Exit::Refused,
        _ => Exit::Malformed,
    };
    Failure::new(exit, code, format!("{reason}; {left}"), hint)
}

fn not_approved(reason: &NotConsented) -> Failure {
    match reason {
        NotConsented::Declined => Failure::new(
            Exit::Refused,
            "declined",
            reason,
            "run it again to look at it once more",
        ),
        NotConsented::OtherReview { .. } => Failure::unexpected(reason),
        NotConsented::Warnings(codes) => Failure::new(
            Exit::Refused,
            "warning-not-accepted",
            reason,
            format!(
                "read the warnings; to sign all the same, add {}",
                codes
                    .iter()
                    .map(|code| format!("--accept {code}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
        ),
    }
}
