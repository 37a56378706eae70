//! Pictures that were made to harm, through the real binaries: each ends in a clear error, the
//! process that looks at them keeps to its budget of time and memory. Good pictures between them
//! are read all the same: see `recordings`.

#![allow(clippy::print_stdout, reason = "counts and maxima are the point")]

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cofferdam_scanner::budget::{FRAME_TIME, MEMORY};
use cofferdam_scanner::{ScanError, Source, Update, Worker, supervise};
use cofferdam_testkit::binaries::watcher_binary;
use cofferdam_testkit::frames::hostile;
use cofferdam_testkit::{Signer, Watcher};
use cofferdam_transport::collect::{Collector, Wanted};
use tempfile::TempDir;

/// The file that is looked at for a minute.
const LONG: &str = "GIF of 20,000 frames in 460 KB, 4K";

/// Hostile files, written to a folder, with their names.
fn written(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let files = hostile().into_iter().enumerate();
    files
        .map(|(number, (name, bytes))| {
            let path = folder.join(format!("{number:02}.bin"));
            std::fs::write(&path, bytes).unwrap();
            (name, path)
        })
        .collect()
}

fn signer(folder: &Path) -> Signer {
    let signer = Signer::init(&folder.join("offline")).unwrap();
    let add = ["account", "add", "--name", "main", "--script", "segwit"];
    signer.run(&add).unwrap().json().unwrap();
    signer
}

/// Scans with both programs at once. Each must end with exit 6, and say why.
fn refused(signer: &Signer, watcher: &Watcher, name: &str, path: &Path) -> [String; 2] {
    let file = path.display().to_string();
    let out = signer.path("out").display().to_string();
    let (offline, online) = std::thread::scope(|scope| {
        let offline = scope.spawn(|| signer.run(&["scan", &file, "--yes", "--out", &out]));
        let online = watcher.run(&["scan", &file, "--name", "x", "--network", "regtest"]);
        (offline.join().unwrap().unwrap(), online.unwrap())
    });
    assert!(!signer.path("out").exists(), "{name}");
    [("signer", offline), ("watcher", online)].map(|(who, run)| {
        let error = run
            .error(6)
            .unwrap_or_else(|error| panic!("{who}: {name}: {error}"));
        assert!(
            ["message", "hint"]
                .iter()
                .all(|part| error[part].as_str().is_some_and(|text| text.len() > 10)),
            "{who}: {name}: {error}"
        );
        error["code"].as_str().unwrap().to_owned()
    })
}

#[test]
fn both_programs_end_with_a_clear_error() {
    let folder = TempDir::new().unwrap();
    let (signer, watcher) = (
        signer(folder.path()),
        Watcher::new(&folder.path().join("online")),
    );
    let files = written(folder.path());
    for (name, path) in files.iter().filter(|(name, _)| *name != LONG) {
        let codes = refused(&signer, &watcher, name, path);
        println!("{name}: {}, {}", codes[0], codes[1]);
    }
}

/// It is within its budget at each of its frames, and would take an hour: but frames that repeat
/// are not read again, and what brings nothing new is given up.
#[test]
fn a_long_film_of_nothing_is_given_up_after_a_minute() {
    let folder = TempDir::new().unwrap();
    let (signer, watcher) = (
        signer(folder.path()),
        Watcher::new(&folder.path().join("online")),
    );
    let files = written(folder.path());
    let (name, path) = files.iter().find(|(name, _)| *name == LONG).unwrap();
    let start = std::time::Instant::now();
    let codes = refused(&signer, &watcher, name, path);
    assert_eq!(codes, ["unreadable-picture", "unreadable-picture"]);
    // A minute, and what a machine with much else to do adds; the whole film takes an hour.
    assert!(
        start.elapsed() < Duration::from_secs(600),
        "{:?}",
        start.elapsed()
    );
    println!("over for both after {:.0} s", start.elapsed().as_secs_f32());
}

/// What a decoder took.
#[derive(Default)]
struct Cost {
    /// Of the processor.
    time: Duration,
    /// Private data beyond what it had when it set its limit, in bytes.
    memory: u64,
}

/// The decoder of the watcher, measured.
fn measured_eye(cost: &Rc<RefCell<Cost>>) -> std::io::Result<Worker> {
    let mut child = Command::new(watcher_binary().expect("a watcher"))
        .arg("look-at-pictures")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take()).expect("pipes");
    let (most, over) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let sampler = std::thread::spawn({
        let (pid, most, over) = (child.id(), most.clone(), over.clone());
        move || {
            while !over.load(Ordering::Relaxed) {
                if let Some(memory) = beyond_start(pid) {
                    most.fetch_max(memory, Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_micros(500));
            }
        }
    });
    let (cost, mut sampler) = (cost.clone(), Some(sampler));
    Ok(Worker {
        tasks: File::from(OwnedFd::from(pipes.0)),
        glances: File::from(OwnedFd::from(pipes.1)),
        end: Box::new(move || {
            let time = processor_time(&child);
            over.store(true, Ordering::Relaxed);
            if let Some(sampler) = sampler.take() {
                sampler.join().expect("the sampler");
            }
            let mut cost = cost.borrow_mut();
            cost.time += time;
            cost.memory = cost.memory.max(most.load(Ordering::Relaxed));
            let _ = child.kill();
            let _ = child.wait();
        }),
    })
}

/// What a process, running or just ended, took of the processor, to a hundredth of a second.
fn processor_time(child: &Child) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    // utime and stime are the fields 14 and 15 (proc_pid_stat(5)); the first here is 3.
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// How much private data a process has beyond what it had when it set its limit; nothing before.
fn beyond_start(pid: u32) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let limit = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max data size"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let used = status
        .lines()
        .find_map(|line| line.strip_prefix("VmData:"))?;
    let used: u64 = used.split_whitespace().next()?.parse().ok()?;
    Some((used * 1024).saturating_sub(limit - MEMORY))
}

#[test]
fn the_eye_keeps_to_its_budget() {
    let folder = TempDir::new().unwrap();
    let files = written(folder.path());
    let (mut slowest, mut largest, mut ended) = ((Duration::ZERO, ""), (0, ""), 0);
    let (mut refused, mut without, mut read) = (0, 0, 0);
    for (name, path) in files.iter().filter(|(name, _)| *name != LONG) {
        let cost = Rc::new(RefCell::new(Cost::default()));
        let mut cuts = 0;
        let result = supervise(
            &[Source::Path(path.clone())],
            &mut Collector::new(Wanted::Anything),
            &mut || measured_eye(&cost),
            &mut |update| cuts += u32::from(matches!(update, Update::Cut { .. })),
        );
        match result {
            Err(ScanError::Source { .. }) => refused += 1,
            Err(ScanError::Nothing { .. }) => without += 1,
            Ok(_) => read += 1,
            Err(error) => panic!("{name}: {error}"),
        }
        let cost = cost.borrow();
        println!(
            "{name}: {} ms, {} KiB, ended {cuts} times",
            cost.time.as_millis(),
            cost.memory / 1024
        );
        // A decoder that was ended is followed by another; each has one frame here. Beside its
        // frame it starts and reads the file, which takes more of a processor that others use too;
        // a frame without its budget takes seconds.
        let decoders = cuts + 1;
        assert!(
            cost.time <= (FRAME_TIME + Duration::from_millis(300)) * decoders,
            "{name}"
        );
        assert!(cost.memory <= MEMORY, "{name}");
        slowest = slowest.max((cost.time / decoders, name));
        largest = largest.max((cost.memory, name));
        ended += cuts;
    }
    println!(
        "{} files: {refused} refused, {without} without a code, {read} read; decoders ended: {ended}",
        files.len() - 1
    );
    println!("most time: {} ms ({})", slowest.0.as_millis(), slowest.1);
    println!("most memory: {} KiB ({})", largest.0 / 1024, largest.1);
}
