//! What a command prints last: its result on standard output, or its failure on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use cofferdam_core::review::neutralised;
use serde_json::Value;

use crate::cli::{Done, wants_json};
use crate::error::{Exit, Failure};

/// Prints what a command ended with, and returns its exit code.
pub(crate) fn finish(result: std::thread::Result<Result<Done, Failure>>) -> ExitCode {
    let json = wants_json();
    let printed = match result {
        Ok(Ok(done)) => print(&done, json).map(|()| done.exit),
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(Failure::unexpected("the program ended its work early")),
    };
    match printed {
        Ok(exit) => ExitCode::from(exit),
        Err(failure) => {
            // When standard error is gone there is nobody left to tell.
            let _ = match json {
                true => writeln!(io::stderr(), "{}", failure.to_json()),
                false => write!(io::stderr(), "{}", words(&failure)),
            };
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// Prints a line on standard error while a command works; nothing with `--json`.
pub(crate) fn progress(text: &str) {
    if !wants_json() {
        let _ = writeln!(io::stderr(), "{}", neutralised(text));
    }
}

/// Tells whether output shall be JSON.
pub(crate) fn is_json() -> bool {
    wants_json()
}

/// Prints text on standard output before a command's end.
pub(crate) fn show(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(unprintable)
}

fn print(done: &Done, json: bool) -> Result<(), Failure> {
    let text = match (json, &done.json) {
        (true, Value::Null) | (false, _) => done.text.clone(),
        (true, value) => format!("{value:#}\n"),
    };
    show(&text)?;
    if let Some(warning) = &done.warning {
        let _ = writeln!(io::stderr(), "{warning}");
    }
    Ok(())
}

fn unprintable(error: io::Error) -> Failure {
    Failure::new(
        Exit::Storage,
        "cannot-write",
        format!("cannot write to standard output: {error}"),
        "check where the output goes",
    )
}

fn words(failure: &Failure) -> String {
    let mut text = format!("error: {}\n", neutralised(&failure.message));
    if !failure.hint.is_empty() {
        text.push_str(&format!("  to do: {}\n", neutralised(&failure.hint)));
    }
    text
}
