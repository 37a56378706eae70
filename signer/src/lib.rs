//! `cofferdam-signer`: the offline half of Cofferdam. It guards the keys, shows what a transaction
//! really does, and signs it. It has no network code, and never runs another program.
//!
//! A library only so that what reads bytes can be fuzzed and measured; nobody else links it.

mod amount;
mod body;
mod cli;
#[doc(hidden)]
pub mod confinement;
mod date;
mod error;
mod files;
mod folder;
#[doc(hidden)]
pub mod fuzzing;
mod jobs;
mod journal;
mod machine;
mod memory_state;
mod policy;
mod process;
mod protocol;
mod screens;
mod selfcheck;
mod signing;
mod standard_input;
mod store;
mod upkeep;
mod workers;

use std::process::ExitCode;

/// Runs the program: the whole of its `main`.
pub fn main() -> ExitCode {
    process::redact_panics();
    cli::output::finish(std::panic::catch_unwind(|| {
        process::forbid_dumps().map_err(error::Failure::unexpected)?;
        process::survive_file_limits().map_err(error::Failure::unexpected)?;
        // Before the command line is read: no byte from outside meets a process that could do more.
        for lacking in process::seal_off() {
            cli::output::progress(&format!(
                "warning: {lacking}; self-check tells the state of each protection"
            ));
        }
        cli::run(cli::parse()?)
    }))
}
