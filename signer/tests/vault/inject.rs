//! Faults, injected by `strace` into the real binary.
//!
//! The system calls are those that a run without faults makes on the vault's files or on a signed
//! one, and their folder; each is faulted at its first, second, ... call, until a run ends without
//! having met the fault.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Mutex;

use crate::examples::example;
use crate::folder::{Folder, text};

/// The names that a vault's files can have in these tests.
const NAMES: [&str; 9] = [
    "V",
    "V.1",
    "V.2",
    "V.3",
    "V.lock",
    "V.journal",
    "V.aside.1",
    ".V.tmp",
    "out.psbt",
];

/// What the name of a signed file begins with until it is moved into place; a process id and `.tmp`
/// follow.
pub(crate) const SIGNED_TEMPORARY: &str = ".out.psbt.";

/// Which files' system calls are traced and faulted. Calls are counted for each process by itself,
/// so that what the screen does last is only reached where the vault's holder is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// The vault's, in their folder, and `out.psbt` there.
    Vault,
    /// `signed/out.psbt`, and its folder.
    Signed,
}

/// System calls that change something, and can so find a disk full.
pub(crate) const WRITES: [&str; 12] = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fallocate",
    "link",
    "linkat",
    "rename",
    "renameat",
    "renameat2",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Killed,
    Eio,
    Enospc,
}

impl Fault {
    const ALL: [Fault; 3] = [Fault::Killed, Fault::Eio, Fault::Enospc];

    fn expression(self) -> &'static str {
        match self {
            Fault::Killed => "signal=SIGKILL",
            Fault::Eio => "error=EIO",
            Fault::Enospc => "error=ENOSPC",
        }
    }

    fn applies_to(self, syscall: &str) -> bool {
        self != Fault::Enospc || WRITES.contains(&syscall)
    }
}

/// What is faulted, from which state, and what must hold afterwards.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) args: &'static [&'static str],
    pub(crate) template: Folder,
    pub(crate) files: Files,
    /// Which system calls are faulted.
    pub(crate) faulted: fn(&str) -> bool,
    /// A system call that fails throughout, as on a file system that lacks it.
    pub(crate) lacking: Option<(&'static str, &'static str)>,
    /// How many processes touch the files.
    pub(crate) processes: usize,
    pub(crate) check: fn(&After<'_>),
}

/// What a faulted run left.
pub(crate) struct After<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) template: &'a Folder,
    pub(crate) output: &'a Output,
    /// What was done to the vault's files, as strace saw it.
    pub(crate) log: &'a str,
    pub(crate) fault: Fault,
    /// No run before left files of these names and lengths: what comes next is worth trying from
    /// here.
    pub(crate) is_new: bool,
}

impl After<'_> {
    /// Tells whether the process that holds the vault was told that one of these calls failed.
    pub(crate) fn holder_saw_fail(&self, syscalls: &[&str]) -> bool {
        let locks = calls_of(self.log, "flock").next();
        let Some((holder, _)) = locks.and_then(|line| line.split_once(' ')) else {
            return false;
        };
        syscalls.iter().any(|syscall| {
            let mut calls = calls_of(self.log, syscall);
            calls.any(|line| line.starts_with(holder) && line.contains("(INJECTED)"))
        })
    }

    /// Tells whether one of these calls failed.
    pub(crate) fn saw_fail(&self, syscall: &str) -> bool {
        calls_of(self.log, syscall).any(|line| line.contains("(INJECTED)"))
    }

    /// Tells whether the signed file began to be written: its temporary file was made once before,
    /// empty, to try whether it can be, and removed.
    pub(crate) fn release_began(&self) -> bool {
        let made = self.log.lines().filter(|line| line.contains("O_CREAT"));
        made.filter(|line| line.contains(SIGNED_TEMPORARY)).count() > 1
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.output.status.code() == Some(0)
    }
}

/// Faults every system call of the operation, and prints how many faults hit.
pub(crate) fn fault_everywhere(operation: &Operation) {
    let seen = Mutex::new(HashSet::new());
    let lacking = operation
        .lacking
        .map(|(syscall, error)| format!("inject={syscall}:error={error}"));
    let lacking: Vec<&str> = lacking.iter().map(String::as_str).collect();
    let folder = Folder::copy_of(&operation.template);
    let (output, log) = trace(&folder, operation.files, operation.args, &lacking);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}: {}",
        operation.name,
        text(&output.stderr)
    );
    let calls = calls(&log);
    let processes: BTreeSet<_> = calls.iter().map(|(process, _)| process).collect();
    assert_eq!(processes.len(), operation.processes, "{log}");
    let syscalls: BTreeSet<_> = calls.iter().map(|(_, syscall)| syscall.as_str()).collect();
    for needed in ["openat", "write", "fsync"] {
        assert!(
            syscalls.contains(needed),
            "the trace misses {needed}: {syscalls:?}"
        );
    }

    let work: Vec<_> = syscalls
        .iter()
        .filter(|syscall| (operation.faulted)(syscall))
        .filter(|syscall| {
            operation
                .lacking
                .is_none_or(|(lacking, _)| lacking != **syscall)
        })
        .flat_map(|syscall| Fault::ALL.map(|fault| (*syscall, fault)))
        .filter(|(syscall, fault)| fault.applies_to(syscall))
        .collect();
    let queue = Mutex::new(work.into_iter());
    let next = || queue.lock().unwrap().next();
    let fault_all = || {
        let mut hits = 0;
        while let Some((syscall, fault)) = next() {
            for nth in 1.. {
                assert!(nth < 1000, "{syscall} never runs out");
                if !fault_once(operation, &lacking, &seen, syscall, fault, nth) {
                    break;
                }
                hits += 1;
            }
        }
        hits
    };
    let hits: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(fault_all)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    println!(
        "{}: {hits} faults in {} kinds of system calls: {syscalls:?}",
        operation.name,
        syscalls.len()
    );
    let calls = calls
        .iter()
        .filter(|(_, syscall)| (operation.faulted)(syscall))
        .count();
    assert!(hits >= 3 * calls / 2, "{hits} faults for {calls} calls");
}

/// Runs the signer under strace, which logs what is done to the files; returns that log.
///
/// Until a signed file is moved into place, its name has the signer's process id in it. The shell
/// knows that id beforehand: with `-D` strace runs beside the signer, which takes the shell's
/// place.
pub(crate) fn trace(
    folder: &Folder,
    files: Files,
    args: &[&str],
    injections: &[&str],
) -> (Output, String) {
    let (output, log) = try_trace(folder, files, args, injections);
    let log = log.unwrap_or_else(|| {
        panic!(
            "strace could not attach; tests of faults need ptrace to be permitted: {}",
            text(&output.stderr)
        )
    });
    (output, log)
}

/// As [`trace`], without a log where strace did not see the signer to its end.
fn try_trace(
    folder: &Folder,
    files: Files,
    args: &[&str],
    injections: &[&str],
) -> (Output, Option<String>) {
    let log = folder.secret("strace.log");
    let beside = match files {
        Files::Vault => "",
        Files::Signed => "signed/",
    };
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!(
            r#"out={beside}{SIGNED_TEMPORARY}$$.tmp; exec strace -P "$out" -P "./$out" -P "$PWD/$out" "$@""#
        ))
        .args(["strace", "-D", "-f", "-q", "-o"])
        .arg(&log)
        .args(["-e", "trace=all"]);
    let paths: Vec<PathBuf> = match files {
        Files::Vault => NAMES
            .iter()
            .map(|name| folder.path(name))
            .chain([folder.root().to_path_buf(), "out.psbt".into()])
            .collect(),
        Files::Signed => ["signed", "signed/out.psbt"]
            .iter()
            .flat_map(|name| [folder.path(name), name.into()])
            .collect(),
    };
    for path in paths {
        command.arg("-P").arg(path);
    }
    for inject in injections {
        command.args(["-e", inject]);
    }
    command
        .arg(example("readable_signer"))
        .current_dir(folder.root());
    folder.add_args(&mut command, args);
    let output = command
        .output()
        .expect("strace is needed: scripts/install-packages strace");
    let log = whole_calls(&fs::read_to_string(&log).unwrap_or_default());
    let seen_to_its_end = log.contains("+++ ");
    (output, seen_to_its_end.then_some(log))
}

/// Puts each call on one line: where another process comes between, strace writes `name(...
/// <unfinished ...>`, and later `<... name resumed>...` of the same process.
fn whole_calls(log: &str) -> String {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut whole = String::with_capacity(log.len());
    for line in log.lines() {
        let (process, call) = line.split_once(' ').unwrap_or((line, ""));
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            begun.insert(process, start);
            continue;
        }
        let resumed = call
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"));
        let call = match resumed {
            Some((_, rest)) => format!("{}{rest}", begun.remove(process).unwrap_or_default()),
            None => call.to_owned(),
        };
        whole.push_str(&format!("{process} {call}\n"));
    }
    // What a process was killed in never returns.
    for (process, start) in begun {
        whole.push_str(&format!("{process} {start}<unfinished ...>\n"));
    }
    whole
}

#[test]
fn a_call_that_another_process_parts_is_one_call() {
    let log = "7 fsync(3 <unfinished ...>\n8  +++ exited with 0 +++\n\
               7 <... fsync resumed>)   = -1 EIO (Input/output error) (INJECTED)\n9 write(1, <unfinished ...>\n";
    let whole = whole_calls(log);
    assert_eq!(
        calls_of(&whole, "fsync")
            .filter(|line| line.contains("(INJECTED)"))
            .count(),
        1
    );
    assert_eq!(calls(&whole).len(), 2);
}

/// The names of the files in a folder, with their lengths.
type Shape = Vec<(usize, String)>;

fn shape(folder: &Folder) -> Shape {
    let len = |name: &String| folder.read(name).map_or(0, |bytes| bytes.len());
    folder
        .names()
        .into_iter()
        .map(|name| (len(&name), name))
        .collect()
}

/// Returns whether the fault was met.
fn fault_once(
    operation: &Operation,
    lacking: &[&str],
    seen: &Mutex<HashSet<Shape>>,
    syscall: &str,
    fault: Fault,
    nth: usize,
) -> bool {
    let inject = format!("inject={syscall}:{}:when={nth}", fault.expression());
    let injections = [lacking, &[&inject]].concat();
    // Once in thousands of runs strace gives up on a process that is just killed
    // (`ptrace(PTRACE_LISTEN)`: EIO): such a run shows nothing.
    let once = || {
        let folder = Folder::copy_of(&operation.template);
        let (output, log) = try_trace(&folder, operation.files, operation.args, &injections);
        Some((folder, output, log?))
    };
    let seen_run = (0..3).find_map(|_| once());
    let (folder, output, log) = seen_run.expect("strace gives up on each of three runs");
    let hit = match fault {
        Fault::Killed => log.contains("+++ killed by SIGKILL +++"),
        _ => calls_of(&log, syscall).any(|line| line.contains("(INJECTED)")),
    };
    let context = format!("{} with {inject}", operation.name);
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        if !hit {
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        }
        let is_new = seen.lock().unwrap().insert(shape(&folder));
        let template = &operation.template;
        (operation.check)(&After {
            folder: &folder,
            template,
            output: &output,
            log: &log,
            fault,
            is_new,
        });
    }));
    if let Err(panic) = checked {
        eprintln!(
            "{context}: status {}\n{}\n{log}",
            output.status,
            text(&output.stderr)
        );
        std::panic::resume_unwind(panic);
    }
    hit
}

fn calls_of<'a>(log: &'a str, syscall: &'a str) -> impl Iterator<Item = &'a str> {
    log.lines().filter(move |line| {
        let call = line.split_once(' ').map(|(_, call)| call.trim_start());
        call.is_some_and(|call| call.starts_with(syscall) && call[syscall.len()..].starts_with('('))
    })
}

/// The calls of a log, by process, up to each call's name.
pub(crate) fn calls(log: &str) -> Vec<(String, String)> {
    log.lines()
        .filter_map(|line| {
            let (process, rest) = line.split_once(' ')?;
            let (syscall, _) = rest.trim_start().split_once('(')?;
            let is_call = syscall
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (is_call && syscall != "execve").then(|| (process.to_owned(), syscall.to_owned()))
        })
        .collect()
}
