//! What the operating system does to a process that goes beyond the decoder's budget. Limits are
//! for good and ends are ends: each case is this program again.

#![allow(clippy::print_stdout, reason = "tests say what the limits came to")]

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cofferdam_scanner::budget::{
    FRAME_TIME, FrameTimer, MEMORY, READING_TIME, be_silent, limit_memory,
};

const KILLED: i32 = 9;
const ABORTED: i32 = 6;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("spin") => spin(),
        Some("spin-in-frames") => spin_in_frames(),
        Some("fill") => fill(),
        Some("fill-within") => fill_within(),
        Some("panic") => panics(),
        _ => cases(),
    }
}

fn cases() {
    let start = Instant::now();
    let spun = this_again("spin");
    assert_eq!(spun.status.signal(), Some(KILLED), "a frame without end");
    assert!(start.elapsed() >= FRAME_TIME);
    println!(
        "a frame without end: ended after {} ms",
        start.elapsed().as_millis()
    );

    let spun = this_again("spin-in-frames");
    assert!(
        spun.status.success(),
        "many frames that keep to their time: {:?}",
        spun.status
    );

    let filled = this_again("fill");
    assert_eq!(filled.status.signal(), Some(ABORTED), "memory without end");
    assert_eq!(filled.stderr, b"", "nothing is said");
    let mib = filled.stdout.len() as u64;
    assert!((MEMORY / 2..=MEMORY).contains(&(mib << 20)), "{mib} MiB");
    println!("memory without end: ended after {mib} MiB");

    let within = this_again("fill-within");
    assert!(
        within.status.success(),
        "half of the memory: {:?}",
        within.status
    );

    let panicked = this_again("panic");
    assert!(!panicked.status.success());
    assert_eq!(panicked.stderr, b"", "nothing is said");
}

fn this_again(case: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.arg(case).stdin(Stdio::null()).output().unwrap()
}

fn limited() -> FrameTimer {
    be_silent().unwrap();
    limit_memory().unwrap();
    let mut timer = FrameTimer::new().unwrap();
    timer.begin().unwrap();
    timer
}

fn spin() {
    let _timer = limited();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(300) {
        std::hint::spin_loop();
    }
}

/// Twice as long as one frame may take, in frames that end when they are told to; and a wait that
/// is no work.
fn spin_in_frames() {
    let mut timer = limited();
    for _ in 0..3 {
        timer.begin().unwrap();
        std::thread::sleep(READING_TIME + Duration::from_millis(50));
        assert!(!timer.out_of_time(), "waiting is not working");
        while !timer.out_of_time() {
            std::hint::spin_loop();
        }
    }
}

/// Takes a MiB after the other, and says so each time.
fn fill() {
    use std::io::Write as _;
    let _timer = limited();
    let mut held = Vec::new();
    for _ in 0..4 * (MEMORY >> 20) {
        held.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        std::io::stdout().write_all(b".").unwrap();
        std::io::stdout().flush().unwrap();
    }
}

fn fill_within() {
    let _timer = limited();
    std::hint::black_box(vec![1_u8; (MEMORY / 2) as usize]);
}

fn panics() {
    let _timer = limited();
    panic!("this must not be read");
}
