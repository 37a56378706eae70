//! Commands that are started, waited for with a deadline, or killed at any moment.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A command that takes longer than this does not end.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How often a process is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// A command that was started, in a process group of its own.
pub(crate) struct Running {
    child: Child,
    told: [PathBuf; 2],
    words: String,
    /// Whether it tells people, and no documents.
    people: bool,
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) words: String,
    status: Option<ExitStatus>,
    killed: bool,
    people: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Running {
    /// Starts a command; what it says goes to files in `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path, number: usize) -> Running {
        let told = ["out", "err"].map(|end| folder.join(format!("{number}.{end}")));
        let [out, err] = told.each_ref().map(|path| File::create(path).unwrap());
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        let words = words.join(" ");
        command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0);
        Running {
            child: command.spawn().unwrap(),
            told,
            people: !words.contains("--json"),
            words,
        }
    }

    /// Waits for its end.
    pub(crate) fn finish(self) -> Ran {
        self.end_after(DEADLINE, false)
    }

    /// Kills it, and all that it started, when so much time has passed, unless it has ended before.
    pub(crate) fn kill_after(self, moment: Duration) -> Ran {
        self.end_after(moment, true)
    }

    fn end_after(mut self, limit: Duration, meant: bool) -> Ran {
        let start = Instant::now();
        let mut status = None;
        while status.is_none() && start.elapsed() < limit {
            status = self.child.try_wait().unwrap();
            if status.is_none() {
                std::thread::sleep(GLANCE.min(limit.saturating_sub(start.elapsed())));
            }
        }
        let killed = status.is_none();
        if killed {
            self.child.kill().unwrap();
            let ended = self.child.wait().unwrap();
            // It may have ended by itself a moment before.
            status = (meant && ended.signal().is_none()).then_some(ended);
            self.wait_for_group();
        }
        let [out, err] = self
            .told
            .map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
        Ran {
            words: self.words,
            killed: meant && status.is_none(),
            people: self.people,
            status,
            out,
            err,
        }
    }

    /// Waits until its workers, which end with it, have ended too.
    fn wait_for_group(&self) {
        let start = Instant::now();
        let group = format!("-{}", self.child.id());
        let alive = || {
            let mut signal = Command::new("kill");
            signal.args(["-0", "--", &group]).stderr(Stdio::null());
            signal.status().is_ok_and(|status| status.success())
        };
        while alive() && start.elapsed() < DEADLINE {
            std::thread::sleep(GLANCE);
        }
    }
}

impl Ran {
    pub(crate) fn killed(&self) -> bool {
        self.killed
    }

    /// Tells whether it ended by itself, and well.
    pub(crate) fn done(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Returns the document of a command that succeeded.
    pub(crate) fn document(&self) -> Option<Value> {
        if self.status?.code() != Some(0) {
            return None;
        }
        serde_json::from_str(&self.out).ok()
    }

    /// Returns the error of a command that failed, and its exit code.
    pub(crate) fn error(&self) -> Option<Value> {
        let start = self.err.find("{\"error\"")?;
        let mut document: Value = serde_json::from_str(self.err[start..].trim()).ok()?;
        Some(document["error"].take())
    }

    /// Returns the code of the error, or nothing.
    pub(crate) fn code(&self) -> String {
        let error = self.error().unwrap_or_default();
        error["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Tells what no command may do, whatever befell its files.
    pub(crate) fn wrong(&self) -> Option<String> {
        if self.killed {
            return None;
        }
        let end = format!("{} {}", self.out.trim(), self.err.trim());
        let Some(status) = self.status else {
            return Some(format!(
                "does not end in {DEADLINE:?}: {} {end}",
                self.words
            ));
        };
        match status.code() {
            None => Some(format!("ended by {status}: {} {end}", self.words)),
            Some(_) if self.err.contains("panicked") => {
                Some(format!("a panic: {} {end}", self.words))
            }
            Some(1 | 101) => Some(format!("exit 1: {} {end}", self.words)),
            Some(_) if self.people => None,
            Some(0) if self.document().is_none() => {
                Some(format!("exit 0 without a document: {} {end}", self.words))
            }
            Some(0) => None,
            Some(_) if self.code().is_empty() => {
                Some(format!("no error is told: {} {end}", self.words))
            }
            Some(_) => None,
        }
    }
}
