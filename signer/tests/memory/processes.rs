//! The memory of a program's processes, as root sees it.

use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::needles::Needles;

/// Where a secret was found.
#[derive(Debug)]
#[allow(dead_code, reason = "failures show it")]
pub(crate) struct Hit {
    pub(crate) secret: String,
    pub(crate) form: &'static str,
    pub(crate) process: u32,
    /// The mapping, as `/proc/PID/maps` names it.
    pub(crate) map: String,
    pub(crate) at: u64,
}

/// What a search saw.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) processes: usize,
    /// Bytes.
    pub(crate) searched: u64,
    /// Bytes of secret memory, which the kernel showed not even to root.
    pub(crate) hidden: u64,
    pub(crate) hits: Vec<Hit>,
}

/// CAP_SYS_PTRACE (capabilities(7)), a bit of the effective set.
const MAY_TRACE: u64 = 1 << 19;

/// Tells whether this process may read the memory of another that is not dumpable.
pub(crate) fn may_look() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .unwrap();
    u64::from_str_radix(effective.trim(), 16).unwrap() & MAY_TRACE != 0
}

/// The children of a process, the oldest first.
pub(crate) fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task"));
    let lists = tasks.into_iter().flatten().flatten();
    let lists =
        lists.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
    let children = |list: String| {
        list.split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect::<Vec<u32>>()
    };
    lists.flat_map(children).collect()
}

/// A process and all that descend from it, as far as they run.
pub(crate) struct Processes(Vec<u32>);

impl Processes {
    pub(crate) fn of(root: u32) -> Self {
        let alive = |id: u32| state(id).is_some_and(|state| state != 'Z');
        let mut all = vec![root];
        let mut next = 0;
        while let Some(id) = all.get(next).copied() {
            next += 1;
            all.extend(children(id));
        }
        all.retain(|id| alive(*id));
        Processes(all)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Tells whether one of them is stopped.
    pub(crate) fn one_stands(&self) -> bool {
        self.0.iter().any(|id| state(*id) == Some('T'))
    }

    /// Tells whether a thread of a stopped one is at these addresses, relative to the program's
    /// base.
    pub(crate) fn one_stands_in(&self, addresses: &Range<u64>) -> bool {
        let stands = |id: &u32| state(*id) == Some('T');
        self.0.iter().filter(|id| stands(id)).any(|id| {
            let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
            let base = maps.split_once('-').and_then(|(base, _)| hex(base));
            let at = |pointer: u64| base.and_then(|base| pointer.checked_sub(base));
            threads(*id)
                .iter()
                .filter_map(|(_, syscall)| {
                    hex(syscall.split_whitespace().last()?.strip_prefix("0x")?)
                })
                .any(|pointer| at(pointer).is_some_and(|at| addresses.contains(&at)))
        })
    }

    /// Each thread of each of them: its state, and its system call (proc(5), `stat` and `syscall`).
    pub(crate) fn describe(&self) -> String {
        let threads = self.0.iter().flat_map(|id| threads(*id));
        let lines = threads.map(|(stat, syscall)| format!("{} in {}", stat.trim(), syscall.trim()));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Searches everything that is mapped and readable.
    pub(crate) fn search(&self, needles: &Needles) -> Found {
        let mut found = Found {
            processes: self.0.len(),
            ..Found::default()
        };
        for process in &self.0 {
            let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
            let memory = File::open(format!("/proc/{process}/mem")).unwrap();
            for map in maps.lines() {
                search_map(*process, map, &memory, needles, &mut found);
            }
        }
        found
    }
}

fn search_map(process: u32, map: &str, memory: &File, needles: &Needles, found: &mut Found) {
    let mut words = map.split_whitespace();
    let (start, end) = words.next().unwrap().split_once('-').unwrap();
    let [start, end] = [start, end].map(|text| hex(text).unwrap());
    let access = words.next().unwrap();
    // The kernel's own, the same in all processes.
    if map.ends_with("[vvar]") || map.ends_with("[vvar_vclock]") || map.ends_with("[vsyscall]") {
        return;
    }
    if !access.starts_with('r') {
        assert!(
            access.starts_with("---"),
            "what can be written can be read: {map}"
        );
        return;
    }
    let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
    match memory.read_exact_at(&mut bytes, start) {
        Ok(()) => {
            found.searched += end - start;
            for (secret, form, at) in needles.find(&bytes) {
                let at = start + at as u64;
                found.hits.push(Hit {
                    secret: secret.into(),
                    form,
                    process,
                    map: map.into(),
                    at,
                });
            }
        }
        Err(error) => {
            assert!(map.contains("secretmem"), "{map}: {error}");
            found.hidden += end - start;
        }
    }
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

/// What the kernel says of each thread's state, and of its system call, which ends in its
/// instruction pointer.
fn threads(process: u32) -> Vec<(String, String)> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    tasks
        .map(|task| {
            (
                read(task.path().join("stat")),
                read(task.path().join("syscall")),
            )
        })
        .collect()
}

fn state(process: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}
