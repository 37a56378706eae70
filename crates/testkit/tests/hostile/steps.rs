//! What is done in a case, and what must come of it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use bitcoin::hex::FromHex as _;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_testkit::hostile::{Asked, Case, Step};
use cofferdam_testkit::{Run, Signer};
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::journals::SeenJournal;
use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;
use serde_json::Value;

use crate::template::Templates;

/// What the steps of all cases came to.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    steps: AtomicUsize,
    refused: AtomicUsize,
    unreadable: AtomicUsize,
    warned: AtomicUsize,
    signed: AtomicUsize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        write!(
            f,
            "{} runs as expected; of the runs of sign, {} refused, {} refused for a warning, {} refused as malformed, {} signed",
            of(&self.steps),
            of(&self.refused),
            of(&self.warned),
            of(&self.unreadable),
            of(&self.signed)
        )
    }
}

/// Runs a case on a vault of its own.
pub(crate) fn run(case: &Case, templates: &Templates, counts: &Counts) -> Result<()> {
    let folder = templates.copy(&case.vault)?;
    let signer = Signer::at(folder.path());
    for (number, step) in case.steps.iter().enumerate() {
        let stick = folder.path().join(format!("stick-{number}"));
        fs::create_dir(&stick)?;
        for (name, bytes) in &case.files {
            fs::write(stick.join(name), bytes)?;
        }
        if let Some(asked) = step.asks {
            ask(asked, &signer, &stick.join(&step.files[0]))?;
        }
        if let Some(name) = &step.named {
            fs::rename(stick.join(&step.files[0]), stick.join(name))?;
        }
        take(case, step, &signer, &stick)
            .with_context(|| format!("step {number}, {}", step.command))?;
        counts.steps.fetch_add(1, Ordering::Relaxed);
        if step.command == "sign" {
            let count = match (step.exit, step.error.as_deref()) {
                (0, _) => &counts.signed,
                (_, Some("warning-not-accepted")) => &counts.warned,
                (6, _) => &counts.unreadable,
                _ => &counts.refused,
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Has a bundle ask after the vault's journal.
fn ask(asked: Asked, signer: &Signer, bundle: &Path) -> Result<()> {
    let journal = signer.run(&["journal", "verify"])?.json()?;
    let bytes = |name: &str| Vec::<u8>::from_hex(journal[name].as_str().unwrap_or_default());
    let count = journal["count"].as_u64().context("a count")?;
    let head: [u8; 32] = bytes("head")?.try_into().ok().context("a head")?;
    let (count, head) = match asked {
        Asked::ItsOwn => (count, head),
        Asked::Longer => (count + 10, [7; 32]),
        Asked::Another => (1, [7; 32]),
    };
    let vault_id = bytes("vault_id")?.try_into().ok().context("an id")?;
    let seen = SeenJournal {
        vault_id,
        count,
        head,
    };
    let asking = Bundle::parse(&fs::read(bundle)?)?.asking(vec![seen]);
    Ok(fs::write(bundle, asking.to_bytes())?)
}

fn take(case: &Case, step: &Step, signer: &Signer, stick: &Path) -> Result<()> {
    let out = stick.join("out");
    fs::create_dir(&out)?;
    let before = content(stick.parent().context("a folder")?)?;
    let arguments = arguments(case, step, stick, &out);
    let findings = match &step.swapped_for {
        Some(other) => {
            on_terminal(
                signer,
                &arguments,
                &stick.join(&step.files[0]),
                case.bytes(other),
            )?;
            let signed = signed(&out)?;
            let signed = Parsed::parse(&fs::read(&signed[0])?, &Limits::DEFAULT)?;
            ensure!(
                signed.txid().to_string() == case.txid(&step.files[0]),
                "what was swapped in was signed"
            );
            return Ok(());
        }
        None => findings(step, &signer.run(&arguments)?)?,
    };
    for expected in &step.findings {
        ensure!(
            findings.iter().any(|found| expected.is(found)),
            "no {expected:?} in {findings:#?}"
        );
    }
    ensure!(
        findings.len() == step.findings.len(),
        "{} findings are expected: {findings:#?}",
        step.findings.len()
    );
    let wanted = if step.command == "sign" && step.exit == 0 {
        step.files.len()
    } else {
        0
    };
    ensure!(
        signed(&out)?.len() == wanted,
        "signed files: {:?}",
        signed(&out)?
    );
    if step.command == "inspect" {
        let after = content(stick.parent().context("a folder")?)?;
        ensure!(before == after, "something was written");
    }
    if !step.shown.is_empty() {
        shown(step, &signer.run_for_people(&arguments)?)?;
    }
    Ok(())
}

fn arguments(case: &Case, step: &Step, stick: &Path, out: &Path) -> Vec<String> {
    let mut arguments = vec![step.command.clone()];
    for (number, file) in step.files.iter().enumerate() {
        let name = step.named.as_ref().filter(|_| number == 0).unwrap_or(file);
        arguments.push(stick.join(name).display().to_string());
    }
    if step.command == "sign" {
        arguments.extend(["--out".into(), format!("{}/", out.display())]);
        if step.swapped_for.is_none() {
            arguments.push("--yes".into());
        }
    }
    for argument in &step.arguments {
        arguments.push(match argument.strip_prefix("TXID:") {
            Some(file) => case.txid(file),
            None => argument.clone(),
        });
    }
    arguments
}

/// Checks how a run ended, and returns its findings: all of a review, the refusals of a failure.
fn findings(step: &Step, run: &Run) -> Result<Vec<Value>> {
    let document = match &step.error {
        Some(code) => {
            let error = run.error(step.exit)?;
            ensure!(error["code"] == code.as_str(), "{error:#}");
            error
        }
        None => {
            ensure!(
                run.code == step.exit,
                "exit {}: {}{}",
                run.code,
                run.stdout,
                run.stderr
            );
            let document: Value = serde_json::from_str(&run.stdout)?;
            match step.command.as_str() {
                "sign" => document["review"].clone(),
                _ => document,
            }
        }
    };
    Ok(document["findings"].as_array().cloned().unwrap_or_default())
}

/// What people read has these words, and no character that writes on a screen by itself.
fn shown(step: &Step, run: &Run) -> Result<()> {
    let whole = cofferdam_core::sanitize::unfolded(&run.stdout);
    for words in &step.shown {
        ensure!(
            whole.contains(words.as_str()),
            "no {words:?} in {}",
            run.stdout
        );
    }
    let hostile = |found: char| {
        found.is_control() && found != '\n'
            || matches!(found, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let printed = [&run.stdout, &run.stderr].map(|text| text.chars().find(|found| hostile(*found)));
    ensure!(printed == [None, None], "{printed:?} is printed as it is");
    Ok(())
}

/// Signs on a terminal; the file is exchanged after the review is shown, and before the operator
/// says yes.
fn on_terminal(signer: &Signer, arguments: &[String], file: &Path, other: &[u8]) -> Result<()> {
    let mut command = signer.command()?;
    command.args(arguments);
    let mut session = spawn_command(command, Some(30_000))?;
    session.exp_string("Type yes or no: ")?;
    fs::write(file, other)?;
    session.send_line("yes")?;
    session.exp_eof()?;
    match session.process().wait()? {
        WaitStatus::Exited(_, 0) => Ok(()),
        other => bail!("{other:?}"),
    }
}

fn signed(out: &Path) -> Result<Vec<std::path::PathBuf>> {
    fs::read_dir(out)?.map(|entry| Ok(entry?.path())).collect()
}

/// The content of every file beneath a folder.
fn content(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.display().to_string(), fs::read(&path)?);
            }
        }
    }
    Ok(files)
}
