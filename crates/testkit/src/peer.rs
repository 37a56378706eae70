//! Other people's implementations of the QR formats, in Python and JavaScript.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A program that answers requests in JSON, one a line. It ends when this is dropped.
#[derive(Debug)]
pub struct Peer {
    /// The language it is written in.
    pub language: &'static str,
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts one peer for each language, in the environment of `scripts/interop-env`, which is
    /// made where there is none.
    ///
    /// # Errors
    /// Fails when the environment cannot be made, or a program does not start.
    pub fn start_all() -> Result<Vec<Self>> {
        Ok(vec![Self::python()?, Self::javascript()?])
    }

    /// Starts the one in Python, which alone knows registry types.
    ///
    /// # Errors
    /// As [`Peer::start_all`].
    pub fn python() -> Result<Self> {
        let mut program = Command::new(environment()?.join("python/bin/python"));
        program.arg(programs().join("peer.py"));
        Self::start("Python", program)
    }

    fn javascript() -> Result<Self> {
        let mut program = Command::new("node");
        program.arg(programs().join("peer.mjs")).arg(environment()?);
        Self::start("JavaScript", program)
    }

    fn start(language: &'static str, mut program: Command) -> Result<Self> {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program:?} does not start"))?;
        Ok(Self {
            language,
            requests: child.stdin.take().context("no standard input")?,
            answers: BufReader::new(child.stdout.take().context("no standard output")?),
            child,
        })
    }

    /// Asks for one thing, as `scripts/interop-peers/peer.py` describes it.
    ///
    /// # Errors
    /// Fails when the peer fails, or ends.
    pub fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.requests, "{request}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value =
            serde_json::from_str(&line).with_context(|| format!("no answer: {line}"))?;
        if let Some(error) = answer.get("error") {
            bail!("{}: {error}", self.language);
        }
        Ok(answer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts")
}

fn programs() -> PathBuf {
    scripts().join("interop-peers")
}

fn environment() -> Result<PathBuf> {
    let made = Command::new(scripts().join("interop-env"))
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(made.status.success(), "scripts/interop-env failed");
    Ok(String::from_utf8(made.stdout)?.trim_end().into())
}
