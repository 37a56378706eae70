//! What holds the signer's processes, for the tests that show that it holds.

use std::io;
use std::path::Path;

use crate::process;

/// Takes from this thread what every process of the signer does without. Returns what the kernel
/// lacks.
pub fn seal_off() -> Vec<String> {
    process::seal_off()
}

/// Confines this thread to reading `read` and changing files in `change`, as the process with the
/// keys is.
///
/// # Errors
///
/// When the kernel refuses what it said it knows.
pub fn confine(read: &Path, change: &Path) -> io::Result<()> {
    process::confine(
        &process::LandlockRules::default()
            .reads(read)
            .changes(change),
    )
    .map(|_| ())
}

/// Leaves this thread the system calls of the process that looks at pictures.
///
/// # Errors
///
/// When the kernel has no seccomp filters.
pub fn only_look() -> io::Result<()> {
    process::only_look()
}
