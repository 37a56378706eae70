//! Swap devices that are on.

use std::fs;
use std::io;
use std::path::Path;

/// Returns the active swap devices, but for compressed memory (zram), which reaches no disk.
pub(super) fn look(proc: &Path) -> io::Result<Option<String>> {
    let swaps = match fs::read_to_string(proc.join("swaps")) {
        // A kernel without swap has no such file.
        Err(error) if error.kind() == io::ErrorKind::NotFound && proc.join("self/net").exists() => {
            String::new()
        }
        result => result?,
    };
    let on: Vec<&str> = swaps
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !name.starts_with("/dev/zram"))
        .collect();
    Ok((!on.is_empty()).then(|| format!("swap is on ({})", on.join(", "))))
}
