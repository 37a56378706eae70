//! What a command prints last: its result on standard output, or its failure on standard error.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use cofferdam_core::sanitize::{folded, json, json_line, line};
use serde_json::Value;

use super::{Done, wants_json};
use crate::error::{Exit, Failure};
use crate::protocol::Looking;
use crate::screens;
use crate::workers::Event;

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
                true => writeln!(io::stderr(), "{}", json_line(&failure.to_json())),
                false => write!(io::stderr(), "{}", words(&failure)),
            };
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// Prints a line on standard error while a command works; nothing with `--json`.
pub(crate) fn progress(text: &str) {
    if !wants_json() {
        let _ = writeln!(io::stderr(), "{}", line(text));
    }
}

/// Tells on standard error what the processes are only to be heard of.
pub(crate) fn hear(event: &Event<'_>) {
    match event {
        Event::Warning(warning) => progress(&format!("warning: {warning}")),
        Event::UnfitButPermitted(kind) => progress(&format!(
            "warning: this machine is not fit ({kind}), and the policy lets it go on"
        )),
        Event::Progress(text) => progress(text),
        Event::Unlocked(unlocked) => progress(&screens::unlocked(unlocked)),
        Event::Looking(how_far) => looking(how_far),
    }
}

/// Tells on standard error how far a scan is: on a terminal in one line that changes; nothing with
/// `--json`.
fn looking(looking: &Looking) {
    if wants_json() {
        return;
    }
    let mut out = io::stderr();
    let is_terminal = out.is_terminal();
    let _ = match looking {
        Looking::Note(note) if is_terminal => writeln!(out, "\r{}\x1b[K", line(note)),
        Looking::Note(note) => writeln!(out, "{}", line(note)),
        Looking::Parts { have, need, rate } if is_terminal => {
            let end = if have == need { "\n" } else { "" };
            write!(
                out,
                "\rread {have} of {need} codes, {rate:.1} a second\x1b[K{end}"
            )
        }
        Looking::Parts { have, need, rate } => {
            writeln!(out, "read {have} of {need} codes, {rate:.1} a second")
        }
    };
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

fn print(done: &Done, as_json: bool) -> Result<(), Failure> {
    let text = match (as_json, &done.json) {
        (true, Value::Null) | (false, _) if done.verbatim => done.text.clone(),
        (true, Value::Null) | (false, _) => folded(&done.text),
        (true, value) => written(value),
    };
    show(&text)?;
    if let Some(warning) = &done.warning {
        let _ = writeln!(io::stderr(), "{}", folded(warning));
    }
    Ok(())
}

/// A document of more bytes than this is written in one line: indentation would make it half as
/// long again.
const INDENTED: usize = 256 * 1024;

fn written(value: &Value) -> String {
    let line = json_line(value);
    match line.len() {
        length if length > INDENTED => line + "\n",
        _ => json(value) + "\n",
    }
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
    let mut text = line(&format!("error: {}", failure.message)) + "\n";
    if !failure.hint.is_empty() {
        text.push_str(&(line(&format!("  to do: {}", failure.hint)) + "\n"));
    }
    text
}
