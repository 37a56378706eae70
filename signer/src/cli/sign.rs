//! `sign`

use std::collections::HashSet;
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use cofferdam_transport::psbt_file::{looks_like_psbt, return_name, signed_name};
use cofferdam_transport::returned::looks_like_return;
use serde_json::{Value, json};

use super::context::{Context, Done};
use super::inspect::LimitArgs;
use super::output;
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::jobs::terminal_failure;
use crate::jobs::{Job, SignJob};
use crate::process::{LandlockRules, Terminal};
use crate::protocol::{Consent, Digest, Outcome, ReturnFile, RunReview, SignedFile, Unlocked};
use crate::screens;
use crate::workers::{Inputs, Step, Workers, out_of_turn};

/// Review PSBTs and sign them: all of them or none.
///
/// The review is shown, and the terminal is asked. Without a terminal, --yes says yes; it accepts
/// notes only, and each warning needs its own --accept. Signed files are <stem>.signed.psbt, in the
/// encoding and PSBT version in which they came. Of a bundle, the signatures go into one file
/// <stem>.return, with a receipt. A different file is never overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault sign payout.psbt --out payout.signed.psbt
  cofferdam-signer --vault treasury.vault sign payouts/ --out signed/
  cofferdam-signer --vault treasury.vault sign payout.bundle --out payout.return
  cofferdam-signer --vault treasury.vault sign payout.psbt --expect other/payout.signed.psbt
  cofferdam-signer --vault v --passphrase-file p --json sign payout.psbt --out signed.psbt \\
    --yes --accept paid-before")]
pub(crate) struct Args {
    /// PSBTs (binary, base64 or hex, told by content), folders of them, or one bundle; - is
    /// standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where the signed PSBT goes: a file for one, a folder for several; by default, beside each
    /// PSBT. Or where the return of a bundle goes.
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    out: Option<PathBuf>,

    /// Write the signed PSBTs of a bundle instead of a return, for another program than Cofferdam's
    /// watcher.
    #[arg(long)]
    psbts: bool,

    /// Sign only if the result is, byte for byte, what another machine with the same keys made of
    /// the same files: its signed PSBTs, or a folder of them; may be given several times.
    /// Signatures are deterministic, so that a difference means that one of the two machines is not
    /// to be trusted.
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    expect: Vec<PathBuf>,

    #[command(flatten)]
    consent: ConsentArgs,
}

/// How the operator's consent is had, and what a review is held against.
#[derive(Debug, clap::Args)]
pub(crate) struct ConsentArgs {
    /// Sign without asking, if there is no warning that is not accepted.
    #[arg(long)]
    yes: bool,

    /// Accept the warning of this code; may be given several times.
    #[arg(long, value_name = "CODE")]
    accept: Vec<String>,

    #[command(flatten)]
    limits: LimitArgs,
}

impl ConsentArgs {
    /// Refuses early what could only be asked in vain.
    pub(super) fn check_terminal(&self) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        match Terminal::open() {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::usage(
                format!("approval is asked on the terminal, and there is none ({error})"),
                "add --yes, or run it on a terminal",
            )),
        }
    }
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        match &self.out {
            Some(out) => rules.writes(out),
            None => self
                .files
                .iter()
                .fold(rules, |rules, file| rules.writes(file)),
        }
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    context.check_standard_input(args.files.iter().chain(&args.expect))?;
    let mut workers = context.start().workers(true)?;
    args.consent.check_terminal()?;
    let compares = !args.expect.is_empty();
    let inputs = workers.read_with(args.files, args.expect)?;
    let targets = targets(&places(&inputs, args.psbts)?, args.out.as_deref())?;
    check_room(&targets, &inputs)?;
    let run = review_and_sign(context, &mut workers, "sign", inputs, args.consent)?;
    let mut done = run.write(args.psbts, &targets)?;
    if compares {
        done.text
            .push_str("confirmed: another machine made the same, byte for byte\n");
    }
    if let Some(object) = done.json.as_object_mut() {
        object.insert("confirmed".into(), json!(compares));
    }
    Ok(done)
}

/// A run that was reviewed, approved and signed; nothing of it is written yet.
pub(super) struct SignedRun {
    pub(super) review: Box<RunReview>,
    pub(super) signed: Vec<SignedFile>,
    pub(super) returned: Option<ReturnFile>,
    /// Where the vault stands after it: what is to be noted.
    pub(super) vault: Unlocked,
}

impl SignedRun {
    /// Writes the return of a bundle, or the signed PSBTs.
    pub(super) fn write(&self, psbts: bool, targets: &[PathBuf]) -> Result<Done, Failure> {
        let written = match &self.returned {
            Some(returned) if !psbts => {
                written_return(&self.review, &self.signed, returned, targets)
            }
            _ => written(&self.review, &self.signed, targets),
        };
        written
            .map(|done| self.to_note(done))
            .map_err(|failure| Failure {
                message: format!("{}; it is signed, and the journal says so", failure.message),
                hint: format!("{}; signed again, the same bytes come out", failure.hint),
                ..failure
            })
    }

    /// Says where the vault stands now. A receipt says the same, but nobody shows a receipt of
    /// PSBTs.
    pub(super) fn to_note(&self, mut done: Done) -> Done {
        done.text
            .push_str(&format!("note this: {}\n", screens::unlocked(&self.vault)));
        if let Some(object) = done.json.as_object_mut() {
            object.insert("vault".into(), json!(self.vault));
        }
        done
    }
}

/// Checks that what will be signed can be written, before anybody is asked and the journal says
/// that it was signed.
pub(super) fn check_room(targets: &[PathBuf], inputs: &Inputs) -> Result<(), Failure> {
    // A signature and its key take some 110 bytes, of an input that has some 150.
    let needed = |bytes: usize| 2 * bytes as u64 + 4096;
    let begins = |start: &[u8]| looks_like_psbt(start) || looks_like_return(start);
    let sizes = inputs.files.iter().map(|file| file.bytes.0.len());
    let sizes: Vec<u64> = match (targets.len(), inputs.files.len()) {
        (targets, files) if targets == files && inputs.bundle.is_none() => {
            sizes.map(needed).collect()
        }
        // Of a bundle, the signatures alone.
        _ => vec![4096; targets.len()],
    };
    let mut pairs = targets.iter().zip(sizes);
    pairs.try_for_each(|(target, bytes)| files::probe(target, bytes, begins))
}

/// Shows the review, has the operator's consent, and signs: all or nothing.
pub(super) fn review_and_sign(
    context: &Context,
    workers: &mut Workers<'_>,
    command: &str,
    inputs: Inputs,
    given: ConsentArgs,
) -> Result<SignedRun, Failure> {
    let job = Job::Sign(SignJob {
        files: inputs.files,
        bundle: inputs.bundle,
        max_fee_sat: given.limits.max_fee_sat,
        supersede: given.limits.supersede,
        expected: inputs.expected,
    });
    workers.begin(context.credentials()?, command, job)?;
    let Step::Review(review) = workers.next()? else {
        return Err(out_of_turn());
    };
    let text = screens::review(&review);
    if !output::is_json() {
        output::show(&text)?;
    }
    if review.would_sign {
        let consent = match given.yes {
            true => Consent::Sign {
                review: review.review,
                accept: given.accept,
            },
            false => ask(&review, &text, given.accept)?,
        };
        workers.send(&consent)?;
    }
    let (mut signed, mut returned) = (Vec::new(), None);
    let vault = loop {
        match workers.next()? {
            Step::Signed(file) => signed.push(file),
            Step::Returned(file) => returned = Some(file),
            Step::Done(Outcome::Signed(vault)) => break vault,
            Step::Done(_) | Step::Review(_) => return Err(out_of_turn()),
        }
    };
    Ok(SignedRun {
        review,
        signed,
        returned,
        vault,
    })
}

/// Returns where each output goes unless --out says otherwise; PSBTs of a bundle go beside the
/// bundle.
pub(super) fn places(inputs: &Inputs, psbts: bool) -> Result<Vec<PathBuf>, Failure> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_owned();
    let beside = |path: &Path, file: &Path| path.with_file_name(signed_name(&name(file)));
    let files = inputs.files.iter().map(|file| file.path.as_path());
    match &inputs.bundle {
        Some(bundle) if psbts => Ok(files.map(|file| beside(&bundle.path, file)).collect()),
        Some(bundle) => Ok(vec![
            bundle.path.with_file_name(return_name(&name(&bundle.path))),
        ]),
        None if psbts => Err(Failure::usage(
            "--psbts is for a bundle",
            "leave it out: of PSBTs, signed PSBTs are written in any case",
        )),
        None => Ok(files.map(|file| beside(file, file)).collect()),
    }
}

/// Writes the return of a bundle.
fn written_return(
    review: &RunReview,
    signed: &[SignedFile],
    returned: &ReturnFile,
    targets: &[PathBuf],
) -> Result<Done, Failure> {
    let [target] = targets else {
        return Err(out_of_turn());
    };
    files::write(target, &returned.bytes.0, Existing::Keep)?;
    let mut text = String::new();
    for file in signed {
        text.push_str(&format!(
            "signed {} ({})\n",
            file.txid,
            screens::counted(file.signatures, "signature")
        ));
    }
    text.push_str(&format!(
        "return: {}, with a receipt\n",
        screens::path(target)
    ));
    let outputs: Vec<_> = signed
        .iter()
        .map(|file| signed_json(file, Some(target)))
        .collect();
    Ok(Done::new(
        json!({
            "signed": outputs,
            "review": review,
            "return": {
                "out": target,
                "sha256": Digest::of(&returned.bytes.0),
                "receipt": returned.receipt,
            },
        }),
        text,
    ))
}

/// Says what was signed; `sha256` is that of the signed PSBT, whether it is written or not.
pub(super) fn signed_json(file: &SignedFile, out: Option<&Path>) -> Value {
    json!({
        "file": file.path,
        "out": out,
        "unsigned_txid": file.txid,
        "signatures": file.signatures,
        "sha256": Digest::of(&file.psbt.0),
    })
}

/// Writes what was signed, all files or none.
fn written(
    review: &RunReview,
    signed: &[SignedFile],
    targets: &[PathBuf],
) -> Result<Done, Failure> {
    if signed.len() != targets.len() {
        return Err(out_of_turn());
    }
    let pairs: Vec<(PathBuf, &[u8])> = signed
        .iter()
        .zip(targets)
        .map(|(file, target)| (target.clone(), file.psbt.0.as_slice()))
        .collect();
    files::write_all(&pairs, Existing::Keep)?;
    let mut text = String::new();
    let mut outputs = Vec::new();
    for (file, target) in signed.iter().zip(targets) {
        text.push_str(&format!(
            "signed {} ({}): {}\n",
            file.txid,
            screens::counted(file.signatures, "signature"),
            screens::path(target)
        ));
        outputs.push(signed_json(file, Some(target)));
    }
    Ok(Done::new(
        json!({"signed": outputs, "review": review}),
        text,
    ))
}

/// Asks the operator about each warning, and then about all of it.
fn ask(review: &RunReview, text: &str, mut accept: Vec<String>) -> Result<Consent, Failure> {
    let failed = terminal_failure("approval", "add --yes, or run it on a terminal");
    let asked = || -> std::io::Result<Consent> {
        let mut terminal = Terminal::open()?;
        // Nobody is asked about what went elsewhere.
        if output::is_json() || !std::io::stdout().is_terminal() {
            terminal.show(text)?;
        }
        for code in &review.warnings {
            if accept.contains(code) {
                continue;
            }
            let answer = terminal.ask(&format!("Accept the warning {code}? Type yes or no: "))?;
            if answer.trim() != "yes" {
                return Ok(Consent::Decline);
            }
            accept.push(code.clone());
        }
        let answer = terminal.ask(&question(review))?;
        Ok(match answer.trim() {
            "yes" => Consent::Sign {
                review: review.review,
                accept,
            },
            _ => Consent::Decline,
        })
    };
    asked().map_err(failed)
}

fn question(review: &RunReview) -> String {
    let amount =
        |amount: Option<bitcoin::Amount>| amount.map_or("an unknown amount".into(), screens::btc);
    format!(
        "Sign {}?\n  {} leave the wallet, and {} in fees.\nType yes or no: ",
        match review.files.len() {
            1 => "this transaction".to_owned(),
            count => format!("these {count} transactions"),
        },
        amount(review.totals.leaves),
        amount(review.totals.fee)
    )
}

/// Names each output: its place, unless `out` says otherwise.
pub(super) fn targets(places: &[PathBuf], out: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let folder = match out {
        None => None,
        Some(out) if out.is_dir() => Some(out),
        Some(out) if out.as_os_str().to_string_lossy().ends_with('/') => {
            fs::create_dir_all(out).map_err(|error| Failure::writing(out, &error))?;
            Some(out)
        }
        Some(out) if places.len() == 1 => return single(out),
        Some(out) => {
            return Err(Failure::usage(
                format!(
                    "{} files cannot be signed into the one file {}",
                    places.len(),
                    out.display()
                ),
                "name a folder that exists, or end its name with a slash",
            ));
        }
    };
    let mut targets = Vec::with_capacity(places.len());
    let mut seen = HashSet::new();
    for place in places {
        let target = match folder {
            Some(folder) => folder.join(place.file_name().unwrap_or_default()),
            None => place.clone(),
        };
        if !seen.insert(target.clone()) {
            return Err(Failure::usage(
                format!(
                    "two of the files would both be signed into {}",
                    target.display()
                ),
                "rename one of them, or sign them in two runs",
            ));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn single(out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(Failure::new(
            Exit::Storage,
            "cannot-write",
            format!("there is no folder {}", folder.display()),
            "make the folder first",
        ));
    }
    Ok(vec![out.to_owned()])
}

#[cfg(test)]
mod tests {
    use cofferdam_core::wallet::WalletId;

    use super::*;
    use crate::protocol::{Blob, BundleFile, PsbtFile};

    fn psbts(paths: [&str; 2]) -> Inputs {
        let file = |path: &str| PsbtFile {
            path: path.into(),
            bytes: Blob::default(),
        };
        Inputs {
            files: paths.map(file).into(),
            bundle: None,
            expected: None,
        }
    }

    #[test]
    fn signed_files_keep_the_stem() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = places(&psbts(["in/a.psbt", "in/b.txt"]), false).unwrap();
        assert_eq!(
            targets(&inputs, Some(folder.path())).unwrap(),
            [
                folder.path().join("a.signed.psbt"),
                folder.path().join("b.signed.psbt")
            ]
        );
        assert_eq!(
            targets(&inputs, None).unwrap(),
            [Path::new("in/a.signed.psbt"), Path::new("in/b.signed.psbt")]
        );
        let made = format!("{}/new/", folder.path().display());
        assert_eq!(
            targets(&inputs[..1], Some(Path::new(&made))).unwrap(),
            [Path::new(&made).join("a.signed.psbt")]
        );
        assert!(Path::new(&made).is_dir());
    }

    #[test]
    fn one_file_for_several_inputs_is_wrong_usage() {
        let inputs = places(&psbts(["a.psbt", "b.psbt"]), false).unwrap();
        let failure = targets(&inputs, Some(Path::new("out.psbt"))).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        let same = places(&psbts(["x/a.psbt", "y/a.psbt"]), false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            targets(&same, Some(folder.path())).unwrap_err().exit,
            Exit::Usage
        );
        let one = targets(&inputs[..1], Some(Path::new("out.psbt"))).unwrap();
        assert_eq!(one, [Path::new("out.psbt")]);
    }

    #[test]
    fn outputs_of_a_bundle_stand_beside_it() {
        let mut inputs = psbts(["usb/po.bundle/po-1.psbt", "usb/po.bundle/po-2.psbt"]);
        assert_eq!(places(&inputs, true).unwrap_err().exit, Exit::Usage);
        inputs.bundle = Some(BundleFile {
            path: "usb/po.bundle".into(),
            wallet_id: WalletId::from_bytes([1; 32]),
            seen: None,
        });
        assert_eq!(
            places(&inputs, false).unwrap(),
            [Path::new("usb/po.return")]
        );
        let signed = places(&inputs, true).unwrap();
        assert_eq!(
            signed,
            [
                Path::new("usb/po-1.signed.psbt"),
                Path::new("usb/po-2.signed.psbt")
            ]
        );
    }
}
