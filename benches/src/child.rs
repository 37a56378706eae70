//! Programs that are measured as a whole: their time, and the most memory that they had resident.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
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
}

/// Runs a program to its end, under Debian's `time`.
///
/// # Errors
/// Fails where the program does, with what it said on standard error.
pub fn run(program: &Path, arguments: &[&str]) -> Result<Ran> {
    let told = tempfile()?;
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
        output.status.success(),
        "{} {arguments:?}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let peak: f64 = peak.trim().parse().context("time's format")?;
    Ok(Ran {
        seconds,
        peak_mib: peak / 1024.0,
        stdout: output.stdout,
    })
}

fn tempfile() -> Result<std::path::PathBuf> {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Ok(std::env::temp_dir().join(format!("cofferdam-time-{}-{number}", std::process::id())))
}
