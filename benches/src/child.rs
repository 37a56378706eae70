//! Programs that are measured as a whole: their time, and the most memory that they had resident.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// What a program took, and what it said.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// The most that was resident at once, in MiB, of its largest process.
    pub peak_mib: f64,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Runs a program to its end, under Debian's `time`.
///
/// # Errors
/// Fails where the program does, with what it said on standard error.
pub fn run(program: &Path, arguments: &[&str]) -> Result<Ran> {
    run_to(0, program, arguments)
}

/// As [`run`], of a program that must end with this exit status.
///
/// # Errors
/// Fails where it ends otherwise.
pub fn run_to(status: i32, program: &Path, arguments: &[&str]) -> Result<Ran> {
    let told = own_path();
    let began = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["--format=%M", "--quiet", "--output"])
        .arg(&told)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("Debian's package time is needed")?;
    let seconds = began.elapsed().as_secs_f64();
    let peak = fs::read_to_string(&told)?;
    fs::remove_file(&told)?;
    ensure!(
        output.status.code() == Some(status),
        "{} {arguments:?}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let peak: f64 = peak.trim().parse().context("time's format")?;
    Ok(Ran {
        seconds,
        peak_mib: peak / 1024.0,
        stdout: output.stdout,
        stderr: output.stderr,
    })
}

/// A path that no other run uses.
fn own_path() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("cofferdam-time-{}-{number}", std::process::id()))
}
