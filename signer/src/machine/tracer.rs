//! Debuggers.

use std::fs;
use std::io;
use std::path::Path;

/// Returns who traces this process, if anybody does (`TracerPid` in `/proc/self/status`).
pub(super) fn look(proc: &Path) -> io::Result<Option<String>> {
    let status = fs::read_to_string(proc.join("self/status"))?;
    let tracer = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"))
        .ok_or_else(|| io::Error::other("it names no tracer, nor that there is none"))?;
    let is_traced = tracer.trim() != "0";
    Ok(is_traced.then(|| format!("process {} traces the signer", tracer.trim())))
}
